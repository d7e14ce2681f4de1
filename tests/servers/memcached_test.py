#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""memcached -S, which speaks SASL in its binary protocol; the client is memcached_client.py."""

import concurrent.futures
import os
import pathlib
import sys

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import lab

MECHANISMS = ("GSSAPI", "GS2-KRB5")
PASSES = [(module, mechanism) for module in lab.CLIENT_MODULES for mechanism in MECHANISMS]
CLIENT = lab.SOURCE / "tests/servers/memcached_client.py"
AUTH_FAILURE = "^the server refused, status 0x20: Auth failure"
# memcached logs no user's name: alice gets in here, and no other user, which shows it.
POLICY = """# Only alice keeps things here.
[services.memcached]
require = ["peer.principal=alice@EXAMPLE.COM"]
"""


class Memcached(lab.ServerTest):
    SERVER = "memcached"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.realm.add_user("bob")
        cls.realm.add_service("other/localhost")
        cls.tickets = {"alice": None, "bob": cls.realm.kinit("bob")}
        cls.write("policy.toml", POLICY)
        cls.server = cls.memcached("ours", cls.server_env, f"""
mech_list: GSSAPI GS2-KRB5
service_principal: memcached/localhost
gssloop_policy: {cls.path("policy.toml")}
""")

    @classmethod
    def memcached(cls, name, make_env, configuration):
        cls.write(f"{name}/memcached.conf", configuration.lstrip())
        # memcached does not run as root, unless it is told so.
        who = ["-u", "root"] if os.geteuid() == 0 else []
        return cls.serve(lambda ports: ["memcached", *who, "-S", "-v", "-l", "127.0.0.1",
                                        "-p", ports[0]],
                         f"{name}.log", env=make_env(SASL_CONF_PATH=cls.path(name)))

    def client(self, *words, module="gssloop", user="alice", server=None):
        """Tells libsasl the user's name, because the stock GS2 does not take that from the ticket."""
        server = server or self.server
        named = ["--user", user] if module == "stock" else []
        return lab.run([sys.executable, "-B", CLIENT, *named, *words[:-1], server.port,
                        *words[-1].split()], self.client_env(module, self.tickets[user]))

    def assertRefusedAs(self, done, shown, logged, start):
        """The client got no further than its login, and the server's log says why."""
        self.assertRefused(done, shown)
        self.assertNotIn("Authenticated", done.output)
        self.assertNotIn("stored", done.output)
        self.server.wait_for_log(logged, start)

    def test_login(self):
        for module, mechanism in PASSES:
            with self.cell("libsasl", module, mechanism, "alice logs in, sets and gets"):
                done = self.client(f"mechanisms login={mechanism} set=key={module} get=key",
                                   module=module)
                self.assertDone(done)
                self.assertEqual(done.output.splitlines(), [
                    "GSSAPI GS2-KRB5", f"{mechanism}, SSF 0: Authenticated", "stored", module])

    def test_logins_at_once(self):
        # memcached has four threads, and each of them serves many connections.
        for mechanism in MECHANISMS:
            with self.cell("libsasl", "gssloop", mechanism, "logins at once keep apart"):
                users = ["alice", "bob"] * 4
                with concurrent.futures.ThreadPoolExecutor(len(users)) as pool:
                    all_done = pool.map(lambda user: self.client(
                        f"login={mechanism} set={user}=1", user=user), users)
                    for user, done in zip(users, all_done):
                        self.assertEqual(bool(done), user == "alice", done.output)
                        self.assertEqual("stored" in done.output, user == "alice")

    def test_nothing_without_a_login(self):
        for command in ("set=key=value", "get=key"):
            with self.cell("libsasl", "none", "none", f"{command[:3]} before the login is refused"):
                self.assertRefused(self.client(command), AUTH_FAILURE)

    def test_policy(self):
        for module, mechanism in PASSES:
            with self.cell("libsasl", module, mechanism, "bob is refused by the policy"):
                start = len(self.server.log())
                done = self.client(f"login={mechanism} set=key=bob", module=module, user="bob")
                self.assertRefusedAs(done, AUTH_FAILURE + "[.]?$",
                    f'{mechanism} login to memcached/localhost .*failed: the policy refuses '
                    f'"bob": require at {self.path("policy.toml")}:3:12 is false', start)

    def test_acting_as_another(self):
        for module, mechanism in PASSES:
            with self.cell("libsasl", module, mechanism, "alice may not act as bob"):
                start = len(self.server.log())
                done = self.client("--act-as", "bob", f"login={mechanism} set=key=value",
                                   module=module)
                self.assertRefusedAs(done, AUTH_FAILURE, "sasl result code: +-1[34]", start)

    def test_damaged_login(self):
        for module, mechanism in PASSES:
            with self.cell("libsasl", module, mechanism, "a login changed on its way is refused"):
                start = len(self.server.log())
                done = self.client("--garble", f"login={mechanism} set=key=value", module=module)
                # The server sends Kerberos' error, so that the client's own module says it.
                failure = "Decrypt integrity check failed"
                self.assertRefusedAs(done, failure, f"{mechanism} login to .*{failure}", start)

    def test_forged_header(self):
        for header in ("y,,", "n,a=bob,"):
            for module in lab.CLIENT_MODULES:
                with self.cell("libsasl", module, "GS2-KRB5", f"the header {header} is refused"):
                    start = len(self.server.log())
                    done = self.client("--header", header, "login=GS2-KRB5 set=key=value",
                                       module=module)
                    self.assertRefusedAs(done, "refused",
                                         "GS2-KRB5 login to .* failed: .*header", start)

    def test_ticket_for_another_service(self):
        for module, mechanism in PASSES:
            with self.cell("libsasl", module, mechanism, "a ticket for another service is refused"):
                start = len(self.server.log())
                done = self.client("--service", "other@localhost",
                                   f"login={mechanism} set=key=value", module=module)
                # The keytab has the other service's key as well: service_principal counts.
                self.assertRefusedAs(done, "refused", f"{mechanism} login to .* failed: .*request "
                                     "ticket server other/localhost", start)

    def test_layers(self):
        for module in lab.CLIENT_MODULES:
            with self.cell("libsasl", module, "GSSAPI", "no layer for a client that insists on it: "
                           "memcached sets no limits, and libsasl's own are 0"):
                done = self.client("--min-ssf", 56, "login=GSSAPI set=key=value", module=module)
                self.assertRefused(done, "^libsasl refused, -15: .*mechanism too weak")

    def test_stock_server(self):
        server = self.memcached("stock", self.stock_server_env, "mech_list: GSSAPI GS2-KRB5\n")
        for mechanism in MECHANISMS:
            with self.cell("libsasl", "gssloop", mechanism, "alice logs in, sets and gets",
                           server="memcached (stock module)"):
                done = self.client(f"login={mechanism} set=key=value get=key", server=server)
                self.assertDone(done, f"^{mechanism}, SSF 0: Authenticated\nstored\nvalue$")


if __name__ == "__main__":
    lab.main(__file__, services=["memcached/localhost"],
             needs=["memcached", "krb5kdc", "kadmin.local", "kinit"])
