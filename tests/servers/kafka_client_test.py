#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""kcat, and so librdkafka, which logs in with sasl_client_start. The broker is kafka_broker.py:
real ones are Java, and know nothing of libsasl."""

import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import lab

BROKER = lab.SOURCE / "tests/servers/kafka_broker.py"
POLICY = """# Bob stays outside.
[services.kafka]
deny = ["peer.principal=bob@EXAMPLE.COM"]
"""


class Kafka(lab.ServerTest):
    SERVER = "broker on libsasl"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.realm.add_user("bob")
        cls.tickets = {"alice": None, "bob": cls.realm.kinit("bob"), "nobody": "FILE:/nonexistent"}
        cls.write("policy.toml", POLICY)
        cls.write("kafka.conf", "mech_list: GSSAPI GS2-KRB5\n"
                                f"gssloop_policy: {cls.path('policy.toml')}\n")
        cls.server = cls.broker("ours", cls.server_env)

    @classmethod
    def broker(cls, name, make_env, *options):
        return cls.serve(lambda ports: [sys.executable, "-B", BROKER, ports[0], *options],
                         f"{name}.log", env=make_env(SASL_CONF_PATH=cls.folder))

    def words(self, server=None, **settings):
        """The command that lists what the broker has. librdkafka would run kinit, which is not its
        business here."""
        given = {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanisms": "GSSAPI",
                 "sasl.kerberos.service.name": "kafka", "sasl.kerberos.kinit.cmd": "true",
                 "broker.address.family": "v4"}
        given |= {name.replace("_", "."): value for name, value in settings.items()}
        return ["kcat", "-L", "-m", str(lab.PATIENCE), "-b",
                f"localhost:{(server or self.server).port}",
                *(word for name, value in given.items() for word in ("-X", f"{name}={value}"))]

    def kcat(self, module="gssloop", user="alice", **settings):
        return lab.run(self.words(**settings), self.client_env(module, self.tickets[user]))

    def assertNotLetIn(self, module, user, *parts, **settings):
        """kcat says all of the parts, and tries again, until it is stopped; no user gets in.
        Returns what the broker logged."""
        start, said = len(self.server.log()), self.path("kcat.log")
        with open(said, "wb") as log, subprocess.Popen(
                self.words(**settings), env=self.client_env(module, self.tickets[user]),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log) as client:
            try:
                for part in parts:
                    lab.wait_until(lambda: re.search(part, said.read_text()),
                                   f"kcat to say {part!r}; it said: {said.read_text()}")
            finally:
                client.kill()
        self.assertNotIn("Metadata for", said.read_text())
        logged = self.server.log()[start:]
        self.assertNotIn("logged in", logged)
        return logged

    def test_login(self):
        for module in lab.CLIENT_MODULES:
            with self.cell("librdkafka", module, "GSSAPI", "alice logs in, and sees her topic"):
                start = len(self.server.log())
                self.assertDone(self.kcat(module), ' 1 topics:\n  topic "of-alice" with')
                self.server.wait_for_log("(?m)^alice logged in with GSSAPI, SSF 0$", start)

    def test_older_form(self):
        server = self.broker("raw", self.server_env, "--raw")
        for module in lab.CLIENT_MODULES:
            with self.cell("librdkafka", module, "GSSAPI", "alice logs in with bare tokens"):
                self.assertDone(self.kcat(module, server=server), 'topic "of-alice"')

    def test_layers(self):
        server = self.broker("layer", self.server_env, "--layer")
        for module in lab.CLIENT_MODULES:
            with self.cell("librdkafka", module, "GSSAPI", "takes none of the layers that it gets"):
                start = len(server.log())
                self.assertDone(self.kcat(module, server=server), 'topic "of-alice"')
                server.wait_for_log("(?m)^alice logged in with GSSAPI, SSF 0$", start)

    def test_user_name(self):
        for module in lab.CLIENT_MODULES:
            with self.cell("librdkafka", module, "GSSAPI", "sasl.username=alice is alice"):
                self.assertDone(self.kcat(module, sasl_username="alice"), 'topic "of-alice"')
        with self.cell("librdkafka", "gssloop", "GSSAPI", "sasl.username=bob wants bob's ticket"):
            self.assertNotLetIn("gssloop", "alice", "finding a credential for bob failed: .*run kinit",
                                sasl_username="bob")
            self.assertNotIn("the application's callback", self.path("kcat.log").read_text())
        with self.cell("librdkafka", "stock", "GSSAPI", "sasl.username=bob is passed over, as "
                       "GSSAPI there takes the name from the ticket alone"):
            self.assertDone(self.kcat("stock", sasl_username="bob"), 'topic "of-alice"')

    def test_policy(self):
        for module in lab.CLIENT_MODULES:
            with self.cell("librdkafka", module, "GSSAPI", "bob is refused by the policy"):
                logged = self.assertNotLetIn(
                    module, "bob", "SASL authentication error: [^:]*: [^:]*: not authorized [(]")
                self.assertNotIn("policy", self.path("kcat.log").read_text())
                # The broker logs this before it answers.
                self.assertRegex(
                    logged, 'GSSAPI login to kafka@localhost .*failed: the policy refuses '
                    f'"bob": deny at {re.escape(str(self.path("policy.toml")))}:3:9 is true')

    def test_no_ticket(self):
        for module, text in (("gssloop", "there is no usable Kerberos ticket: run kinit"),
                             ("stock", "No Kerberos credentials available")):
            with self.cell("librdkafka", module, "GSSAPI", "without a ticket there is no login"):
                self.assertNotLetIn(module, "nobody", text)

    def test_gs2(self):
        for module in lab.CLIENT_MODULES:
            with self.cell("librdkafka", module, "GS2-KRB5", "librdkafka has GSSAPI alone"):
                done = self.kcat(module, sasl_mechanisms="GS2-KRB5")
                self.assertFalse(done)
                self.assertIn("Unsupported SASL mechanism: GS2-KRB5", done.output)

    def test_stock_server(self):
        server = self.broker("stock", self.stock_server_env)
        with self.cell("librdkafka", "gssloop", "GSSAPI", "alice logs in, and sees her topic",
                       server="broker on libsasl (stock module)"):
            self.assertDone(self.kcat(server=server), 'topic "of-alice"')


if __name__ == "__main__":
    lab.main(__file__, services=["kafka/localhost"],
             needs=["kcat", "krb5kdc", "kadmin.local", "kinit"])
