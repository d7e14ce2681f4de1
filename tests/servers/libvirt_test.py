#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""libvirtd and virsh, set up as docs/libvirt.md says, with libvirt's test driver for QEMU's."""

import contextlib
import os
import pathlib
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import unittest

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import debian
import indicators
import lab
from guide import Guide
from tap import Tap

HOST = "kvm.example.com"
NOT_ROOT = 65534
ALICE_BY_GSSAPI = (r"(?m)Using SASL mechanism GSSAPI\.[\s\S]*negotiated an SSF of 256[\s\S]*"
                   r" identity=alice$")
PASSES = [(module, mechanism) for module in lab.CLIENT_MODULES
          for mechanism in ("GSSAPI", "GS2-KRB5")]
QUESTION = "Please enter your authentication name:"


def is_hidden(terminal):
    """True where the terminal does not show what is typed: an earlier answer is lost."""
    return not termios.tcgetattr(terminal)[3] & termios.ECHO


def login_at_terminal(words, env, name, password):
    """What a program says at a terminal whose user answers each question, up to its colon."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(words[0], words, env)
    said, answered_len, answers = b"", 0, [name, password]
    try:
        # Where the program is gone, reading is an error.
        with contextlib.suppress(OSError):
            while select.select([terminal], [], [], lab.PATIENCE)[0]:
                said += os.read(terminal, 4096)
                if answers and said[answered_len:].rstrip().endswith(b":"):
                    answered_len = len(said)
                    if len(answers) == 1:
                        lab.wait_until(lambda: is_hidden(terminal), "the question for a password")
                    os.write(terminal, answers.pop(0).encode() + b"\n")
    finally:
        os.close(terminal)
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return said.decode()


class Libvirt(indicators.IndicatorsTest, lab.ServerTest):
    SERVER = "libvirtd"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.as_user = []
        if os.geteuid() == 0:
            # As root, libvirtd is the system's: it behaves as if it ran as another user.
            cls.as_user = ["unshare", "--user", f"--map-user={NOT_ROOT}", f"--map-group={NOT_ROOT}"]
            if not (tried := lab.run([*cls.as_user, "true"])):
                raise unittest.SkipTest("root, and no user namespace: " + tried.output.strip())
        cls.guide = Guide("libvirt.md", {
            "/etc/libvirt": cls.path("etc"), "/etc/pki": cls.path("pki"),
            f"libvirt/{HOST}": "libvirt/localhost", f"libvirt@{HOST}": "libvirt@localhost"})
        cls.path("etc").mkdir()
        for command in cls.guide.commands("What you need"):
            assert lab.run(["sh", "-c", command.line])
        cls.path("home").mkdir()
        cls.make_users()
        cls.make_certificates()
        cls.use_rule("")
        cls.write("sasl2/libvirt.conf", cls.edited("/etc/sasl2/libvirt.conf"))
        cls.settings = cls.edited("/etc/libvirt/libvirtd.conf")
        cls.server = cls.libvirtd("ours", cls.server_env)
        cls.guide.replacements |= {f"qemu+tcp://{HOST}/system": cls.uri("tcp"),
                                   f"qemu+tls://{HOST}/system?": cls.uri("tls") + "&"}

    @classmethod
    def edited(cls, path):
        """Debian's file after the guide's steps. Since Debian 13, other packages have it."""
        return cls.guide.edited(path, debian.file(path, "libvirt-daemon", "libvirt-daemon-common",
                                                  "libvirt-daemon-system"))

    @classmethod
    def use_rule(cls, more):
        text = cls.guide.file("/etc/libvirt/policy.toml") + more
        cls.write("etc/policy.new", text).rename(cls.path("etc/policy.toml"))
        return text

    def assertAdmits(self, user):
        self.assertDone(self.virsh(f"virsh -c {self.uri('tcp')} list", user=user), "running")

    def assertRefuses(self, user, logged):
        start = len(self.server.log())
        self.assertRefused(self.virsh(f"virsh -c {self.uri('tcp')} list", user=user))
        self.server.wait_for_log(logged, start)

    @classmethod
    def make_users(cls):
        cls.realm.add_user("bob")
        cls.realm.add_user("carol")
        cls.tickets = {user: cls.realm.kinit(user) for user in ("alice", "bob", "carol")}
        cls.tickets["nobody"] = "FILE:/nonexistent"

    @classmethod
    def make_certificates(cls):
        """An authority that clients trust, and the server's certificate."""
        new_key = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                   "-nodes", "-x509", "-days", "2"]
        authority, authority_key = cls.path("pki/CA/cacert.pem"), cls.path("pki/cakey.pem")
        server_key = cls.path("pki/libvirt/private/serverkey.pem")
        for folder in (authority.parent, server_key.parent):
            folder.mkdir(parents=True)
        for words in (
                [*new_key, "-subj", "/CN=authority", "-keyout", authority_key, "-out", authority,
                 "-addext", "keyUsage=critical,keyCertSign"],
                [*new_key, "-subj", "/CN=localhost", "-keyout", server_key, "-CA", authority,
                 "-CAkey", authority_key, "-out", cls.path("pki/libvirt/servercert.pem"),
                 "-addext", "subjectAltName=DNS:localhost",
                 "-addext", "extendedKeyUsage=serverAuth",
                 "-addext", "basicConstraints=critical,CA:FALSE"]):
            done = lab.run(words)
            assert done, done.output

    @classmethod
    def libvirtd(cls, name, make_env, **changes):
        """A libvirtd with folders of its own, and the guide's settings with those of a test."""
        run, home = cls.path(f"{name}/run"), cls.path(f"{name}/home")
        run.mkdir(parents=True, mode=0o700)
        home.mkdir()

        def prepare(ports):
            cls.write(f"{name}/libvirtd.conf", cls.settings + f"""
listen_tcp = 1
listen_tls = 1
listen_addr = "127.0.0.1"
tcp_port = "{ports[0]}"
tls_port = "{ports[1]}"
log_filters = "1:daemon.remote 3:*"
log_outputs = "1:stderr"
""")

        return cls.serve(lambda _: [*cls.as_user, lab.find("libvirtd"), "--listen", "-f",
                                    cls.path(f"{name}/libvirtd.conf")],
                         f"{name}.log", num_ports=2, prepare=prepare,
                         ready=lambda ports: all(map(lab.listens, ports)),
                         env=make_env(**{"SASL_CONF_PATH": cls.path("sasl2")} | changes, HOME=home,
                                      LC_ALL="C", XDG_RUNTIME_DIR=run, XDG_CONFIG_HOME=None,
                                      XDG_CACHE_HOME=None))

    def virsh_env(self, module="gssloop", user="alice"):
        return self.client_env(module, self.tickets[user], HOME=self.path("home"), LC_ALL="C",
                               XDG_RUNTIME_DIR=self.path("home"), XDG_CONFIG_HOME=None,
                               XDG_CACHE_HOME=None)

    def virsh(self, line, module="gssloop", user="alice"):
        """Runs a line as the user, who answers questions for a name."""
        return lab.run(["sh", "-c", line], self.virsh_env(module, user), data=f"{user}\n")

    @classmethod
    def uri(cls, transport, server=None):
        """Without pkipath, a client looks into /etc for the authority that it trusts."""
        port = (server or cls.server).ports[transport == "tls"]
        query = f"?pkipath={cls.path('pki/CA')}" if transport == "tls" else ""
        return f"test+{transport}://localhost:{port}/default{query}"

    def one(self, heading):
        """The only command under a heading of the guide."""
        command, = self.guide.commands(heading)
        return command

    def shown_log(self, heading):
        """The log lines that the guide shows under the heading."""
        return [self.guide.replaced(block.text).strip() for block in self.guide.blocks
                if block.heading == heading and block.language == "text"]

    def test_the_guide(self):
        kinit, command, admin = self.guide.commands("The client")
        self.assertEqual(kinit.line, "kinit alice")
        for module in lab.CLIENT_MODULES:
            with self.cell("virsh", module, "GSSAPI", "alice logs in over TCP, with SSF 256"):
                start = len(self.server.log())
                done = self.virsh(command.line, module)
                self.assertTrue(done and command.matches(done.output), done.output)
                found = self.server.wait_for_log(ALICE_BY_GSSAPI, start)[0]
                for line in self.shown_log("Who gets in")[2:]:
                    self.assertIn(line, found)
            with self.cell("virsh", module, "GSSAPI", "virt-admin names alice"):
                self.check_client_info(admin, module)

    def check_client_info(self, command, module):
        env = self.virsh_env(module)
        socket_file = self.path("ours/run/libvirt/libvirt-admin-sock")
        admin = [*self.as_user, "virt-admin", "-c", f"libvirtd:///session?socket={socket_file}"]
        with subprocess.Popen(["virsh", "-c", self.uri("tcp"), "event", "--all", "--loop"], env=env,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as client:
            try:
                number, = lab.wait_until(
                    lambda: re.findall(r"(?m)^ *(\d+) +tcp",
                                       lab.run([*admin, "client-list", "libvirtd"], env).output),
                    "virt-admin to list the client")
                words = command.line.split()
                self.assertEqual(words[:-1], ["virt-admin", "client-info", "libvirtd"])
                # It is known as soon as it connects, and has a name as soon as it is logged in.
                info = lab.wait_until(
                    lambda: (said := lab.run([*admin, *words[1:-1], number], env).output) and
                    "sasl_user_name" in said and said, "virt-admin to name the user")
                self.assertTrue(command.matches(info), info)
            finally:
                client.terminate()

    def test_user_of_the_uri(self):
        for module in lab.CLIENT_MODULES:
            with self.cell("virsh", module, "GSSAPI", "bob@ in the URI is alice by her ticket"):
                start = len(self.server.log())
                uri = self.uri("tcp").replace("//", "//bob@", 1)
                self.assertDone(self.virsh(f"virsh -c {uri} list", module), "running")
                self.server.wait_for_log("(?m) identity=alice$", start)

    def test_layer_on_the_wire(self):
        for module in lab.CLIENT_MODULES:
            with self.cell("virsh", module, "GSSAPI", "all but the login is encrypted on the wire"):
                tap = Tap(self.server.port)
                self.addCleanup(tap.close)
                done = self.virsh(f"virsh -c test+tcp://localhost:{tap.port}/default dumpxml test",
                                  module)
                self.assertDone(done, "<domain type='test'")
                self.assertIn(b"GSSAPI", tap.seen)
                for word in (b"domain", b"test:///default"):
                    self.assertNotIn(word, tap.seen)

    def check_large_messages(self, module, server):
        """A domain's description of a million characters goes there and back, in many packets."""
        text = "".join(f"{number:07} " for number in range(1 << 17))
        domain = self.write("large.xml", "<domain type='test'><name>large</name>"
                            "<memory>1024</memory><os><type>hvm</type></os>"
                            f"<description>{text}</description></domain>")
        done = self.virsh(f"virsh -c {self.uri('tcp', server)} 'define {domain}; dumpxml large'",
                          module)
        self.assertEqual(done.status, 0, done.output[:1000])
        self.assertTrue(f"<description>{text}</description>" in done.output)

    def test_large_messages(self):
        for module in lab.CLIENT_MODULES:
            with self.cell("virsh", module, "GSSAPI", "a message of 1 MiB crosses the layer"):
                self.check_large_messages(module, self.server)

    def test_gs2_without_tls(self):
        command = self.one("Layers")
        for module in lab.CLIENT_MODULES:
            with self.cell("virsh", module, "GS2-KRB5", "not offered over TCP, where libvirtd "
                           "demands a layer and GS2 has none"):
                start = len(self.server.log())
                done = self.virsh(command.line, module)
                self.assertTrue(done.status and command.matches(done.output), done.output)
                self.server.wait_for_log("Available mechanisms for client: 'GSSAPI'", start)

    def test_tls(self):
        command = self.one("TLS")
        for module, mechanism in PASSES:
            with self.cell("virsh", module, mechanism, "alice logs in over TLS, without a layer"):
                start = len(self.server.log())
                by_default = f"virsh -c '{self.uri('tls')}' list"
                done = self.virsh(command.line if mechanism == "GS2-KRB5" else by_default, module)
                # The stock GS2 asks for a name, although the ticket has it.
                output = done.output.replace(QUESTION, "")
                self.assertTrue(done and command.matches(output), done.output)
                asks = (module, mechanism) == ("stock", "GS2-KRB5")
                self.assertEqual(output != done.output, asks)
                found = self.server.wait_for_log(
                    rf"(?m)Using SASL mechanism {mechanism}\.[\s\S]* identity=alice$", start)[0]
                self.assertNotIn("negotiated an SSF", found)
                self.assertIn("Setting external SSF 256", self.server.log()[start:])

    def test_who_gets_in(self):
        command = self.one("Who gets in")
        by_list, by_policy, *_ = self.shown_log("Who gets in")
        gs2 = self.one("TLS").line
        for module, mechanism in PASSES:
            for user, logged, rule in (("bob", by_list, "sasl_allowed_username_list"),
                                       ("carol", by_policy, "the policy")):
                with self.cell("virsh", module, mechanism, f"{user} is refused by {rule}"):
                    start = len(self.server.log())
                    done = self.virsh(command.line if mechanism == "GSSAPI" else gs2, module, user)
                    output = done.output.replace(QUESTION, "")
                    self.assertTrue(done.status and command.matches(output), done.output)
                    logged = logged.replace("GSSAPI", mechanism)
                    self.server.wait_for_log(re.escape(logged), start)
                    self.assertNotIn(" identity=alice", self.server.log()[start:])

    def test_no_ticket(self):
        for module in lab.CLIENT_MODULES:
            with self.cell("virsh", module, "GSSAPI", "without a ticket there is no login"):
                done = self.virsh(f"virsh -c {self.uri('tcp')} list", module, "nobody")
                self.assertRefused(done, "authentication failed: Failed to start SASL negotiation")
                self.assertNotIn(QUESTION, done.output)
                if module == "gssloop":
                    self.assertIn("run kinit", done.output)

    def test_password_instead_of_a_ticket(self):
        with self.cell("virsh", "gssloop", "GS2-KRB5", "alice types name and password instead"):
            start = len(self.server.log())
            env = self.virsh_env(user="nobody")
            words = ["virsh", "-c", self.uri("tls") + "&auth=sasl.GS2-KRB5", "list"]
            said = login_at_terminal(words, env, "alice", lab.PASSWORD)
            self.assertRegex(said, "running")
            self.server.wait_for_log(
                r"(?m)Using SASL mechanism GS2-KRB5\.[\s\S]* identity=alice$", start)
        with self.cell("virsh", "gssloop", "GS2-KRB5", "a wrong password is no login"):
            start = len(self.server.log())
            said = login_at_terminal(words, env, "alice", "wrong")
            self.assertRegex(said, "authentication failed: Failed to start SASL negotiation")
            self.assertNotIn("identity=", self.server.log()[start:])

    def test_doctor(self):
        command = self.one("When it fails")
        if not (lab.BUILD / "tools/gssloop").exists():
            self.skipTest("configured with --disable-tools")
        env = lab.environment(SASL_PATH=lab.SERVER_MODULE, SASL_CONF_PATH=self.path("sasl2"),
                              PATH=f"{lab.BUILD / 'tools'}:{os.environ['PATH']}")
        done = lab.run(["sh", "-c", command.line], env)
        self.assertTrue(done and command.matches(done.output), done.output)

    def test_no_key(self):
        text = self.path("sasl2/libvirt.conf").read_text()
        self.write("nokey/sasl2/libvirt.conf", re.sub("keytab: .*", "keytab: /nonexistent", text))
        server = self.libvirtd("nokey", self.server_env, SASL_CONF_PATH=self.path("nokey/sasl2"))
        logged, = self.shown_log("When it fails")
        for module in lab.CLIENT_MODULES:
            with self.cell("virsh", module, "GSSAPI", "a server without a key offers nothing"):
                start = len(server.log())
                self.assertRefused(self.virsh(f"virsh -c {self.uri('tcp', server)} list", module),
                                   "authentication failed: authentication failed")
                server.wait_for_log(re.escape(logged), start)

    def test_stock_server(self):
        server = self.libvirtd("stock", self.stock_server_env)
        for transport, mechanism in (("tcp", "GSSAPI"), ("tls", "GS2-KRB5")):
            with self.cell("virsh", "gssloop", mechanism, f"alice logs in over {transport.upper()}",
                           server="libvirtd (stock module)"):
                start = len(server.log())
                uri = self.uri(transport, server)
                uri += f"&auth=sasl.{mechanism}" if transport == "tls" else ""
                self.assertDone(self.virsh(f"virsh -c '{uri}' list"), "running")
                server.wait_for_log(rf"(?m)mechanism {mechanism}\.[\s\S]* identity=alice$", start)
        with self.cell("virsh", "gssloop", "GSSAPI", "a message of 1 MiB crosses the layer",
                       server="libvirtd (stock module)"):
            self.check_large_messages("gssloop", server)


if __name__ == "__main__":
    lab.main(__file__, services=["host/localhost"], options=["--defaults"],
             needs=["libvirtd", "virsh", "virt-admin", "openssl", "krb5kdc", "kadmin.local",
                    "kinit"])
