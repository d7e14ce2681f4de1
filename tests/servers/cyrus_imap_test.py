#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Cyrus IMAP and imtest, set up as docs/cyrus-imap.md says."""

import base64
import os
import pathlib
import pwd
import re
import socket
import sys

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import debian
import indicators
import lab
import tls
from guide import Guide

HOST = "mail.example.com"
BIN = "/usr/lib/cyrus/bin"
# No other IMAP server can be installed beside it, so ./run only unpacks it.
IMAPD = lab.find(f"{BIN}/imapd") or f"{lab.UNPACKED}/cyrus-imapd{BIN}/imapd"
USER = "cyrus" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
# Where Debian's files say that Cyrus IMAP's own files are, and where the test's are.
FOLDERS = {"/var/lib/cyrus": "lib", "/var/spool/cyrus/mail": "spool", "/run/cyrus": "lib",
           "/var/spool": "spool"}
OWN = "cyrus_user: {user}\nfailedloginpause: 0\n"
# The services of the test: the line of Debian's cyrus.conf that each is like, and its imapd.conf.
SERVICES = {"imap": ("imap", "imapd"), "imaps": ("imaps", "imapd"), "strict": ("imap", "strict"),
            "tls12": ("imaps", "tls12"), "layers": ("imap", "layers"),
            "confidential": ("imap", "confidential")}
MODULES = list(lab.CLIENT_MODULES)


class CyrusImap(indicators.IndicatorsTest, lab.ServerTest):
    SERVER = "Cyrus IMAP"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.guide = Guide("cyrus-imap.md", {
            f"imap/{HOST}": "imap/localhost", "/etc/ssl/certs": cls.folder,
            "/etc/ssl/private": cls.folder, "/etc/": f"{cls.folder}/", HOST: "localhost",
            "chown cyrus": f"chown {os.getuid()}"})
        for command in cls.guide.commands("What you need"):
            assert lab.run(["sh", "-c", command.line])
        cls.tickets = {}
        for user in ("alice", "ALICE", "bob", "webmail", "cyrus", "carol"):
            if user != "alice":
                cls.realm.add_user(user)
            cls.tickets[user] = cls.realm.kinit(user)
        tls.make_certificate(cls.path("mail.pem"), cls.path("mail.key"))
        cls.use_rule("")
        cls.cyrus_conf()
        cls.server = cls.watched = cls.make_server("ours", lab.SERVER_MODULE)
        cls.plain, cls.imaps, cls.strict, cls.tls12, cls.layers, cls.confidential = cls.server.ports
        with socket.create_connection(("127.0.0.1", cls.plain), lab.PATIENCE) as connection:
            banner = connection.recv(4096).decode()
        version = re.search(r"Cyrus IMAP (\d+)\.(\d+)", banner)
        # Later, the tagged OK is in the layer.
        cls.has_layers = (int(version[1]), int(version[2])) < (3, 10)

    @classmethod
    def cyrus_conf(cls):
        """The options of imapd for imap and imaps in Debian's file, after the guide's command."""
        conf = cls.write("cyrus.conf", debian.file("/etc/cyrus.conf", "cyrus-common"))
        edit, restart = cls.guide.commands("The server")
        assert restart.line == "systemctl restart cyrus-imapd"
        assert lab.run(["sh", "-c", edit.line])
        cls.imapd_options = dict(re.findall(
            r'(?m)^\s*(imaps?)\s+cmd="imapd([^"]*)"\s+listen="\1"', conf.read_text()))

    @classmethod
    def services(cls, home, ports):
        """The lines of the test's cyrus.conf for services at these ports."""
        return "".join(
            f'  {name} cmd="{IMAPD} -C {home}/{conf}.conf{cls.imapd_options[like]}" '
            f'listen="127.0.0.1:{port}"\n'
            for (name, (like, conf)), port in zip(SERVICES.items(), ports))

    @classmethod
    def use_rule(cls, more):
        text = cls.guide.file("/etc/cyrus-policy.toml") + more
        cls.write("policy.new", text).rename(cls.path("cyrus-policy.toml"))
        return text

    def assertAdmits(self, user):
        done = self.imtest("-s -m GSSAPI", user=user)
        self.assertLoggedIn(done, "alice", "GSSAPI+TLS", 256)

    def assertRefuses(self, user, logged):
        self.assertKeptOut(self.imtest("-s -m GSSAPI", user=user), "A01 NO authorization failure",
                           logged)

    @classmethod
    def make_server(cls, folder, module, more=""):
        """Cyrus IMAP with all services; the one in `folder` uses the SASL module, and has `more` in
        its configuration."""
        home = cls.path(folder)
        for name in ("lib/db", "lib/socket", "spool"):
            (home / name).mkdir(parents=True)
        conf = debian.file("/etc/imapd.conf", "cyrus-common")
        for heading in ("The server", "The client"):
            conf = cls.guide.edited("/etc/imapd.conf", conf, heading)
        conf += OWN.format(user=USER) + more
        for theirs, ours in FOLDERS.items():
            conf = conf.replace(f" {theirs}", f" {home}/{ours}")
        strict = cls.guide.edited("/etc/imapd.conf", conf, "Security layers")
        without = "sasl_maximum_layer: 0\n"
        assert without in conf
        for name, text in {"imapd": conf, "tls12": conf + "tls_versions: tls1_2\n",
                           "strict": strict, "layers": conf.replace(without, ""),
                           "confidential": strict.replace(without, "")}.items():
            (home / f"{name}.conf").write_text(text)
        words = [*lab.not_as_root(USER), f"{BIN}/master", "-D", "-C", home / "imapd.conf",
                 "-M", home / "cyrus.conf", "-p", home / "master.pid"]
        return cls.serve(
            lambda ports: words, f"{folder}/syslog", num_ports=6,
            prepare=lambda ports: (home / "cyrus.conf").write_text(
                f"START {{\n  recover cmd=\"{BIN}/ctl_cyrusdb -C {home}/imapd.conf -r\"\n}}\n" +
                f"SERVICES {{\n{cls.services(home, ports)}}}\n"),
            ready=lambda ports: all(map(lab.listens, ports)),
            env=cls.server_env(SASL_PATH=module, **lab.logged_by_syslog(home / "syslog")))

    def imtest(self, options, module="gssloop", user="alice", port=None, data=""):
        """imtest as the user; what is to be sent after the login is `data`."""
        return self.imtest_line(f"imtest {options} localhost", module, user, port, data)

    def imtest_line(self, line, module="gssloop", user="alice", port=None, data=""):
        """The same for a line of the guide, to a port of the test's."""
        port = port or (self.imaps if " -s " in line else self.plain)
        line = line.replace("imtest ", f"{BIN}/imtest -p {port} ", 1)
        self.log_start = len(self.watched.log())
        return lab.run(["sh", "-c", line], self.client_env(module, self.tickets[user]), data)

    def assertLogged(self, pattern):
        """The server logged this since imtest was started last."""
        self.watched.wait_for_log(pattern, self.log_start)

    def assertLoggedIn(self, done, user, mechanism, ssf):
        """Logged in: the client with this strength of protection, the server as this user."""
        self.assertDone(done, rf"\nAuthenticated\.\nSecurity strength factor: {ssf}\n")
        self.assertLogged(rf"login: localhost \[127.0.0.1\] {user} {re.escape(mechanism)} User ")

    def assertKeptOut(self, done, told, *logged):
        """Refused: the client was told this, and the server logged that, and no login."""
        self.assertRegex(done.output, told)
        self.assertRegex(done.output, r"\nAuthentication failed\. ")
        for pattern in logged:
            self.assertLogged(pattern)
        self.assertNotIn("User logged in", self.watched.log()[self.log_start:])

    def policy(self, line):
        return re.escape(f"{self.path('cyrus-policy.toml')}:{line}")

    def test_the_guide(self):
        kinit, *commands = self.guide.commands("The client")
        self.assertEqual(kinit.line, "kinit alice")
        (with_layer,) = self.guide.commands("Security layers")
        for command in [*commands, *([with_layer] if self.has_layers else [])]:
            mechanism = re.search("-m ([^ ]+)", command.line)[1]
            with self.cell("imtest", "gssloop", mechanism, command.line.split(" ", 1)[1]):
                port = self.layers if command is with_layer else None
                done = self.imtest_line(command.line, port=port)
                self.assertTrue(command.matches(done.output), done.output)

    def test_layers(self):
        rows = [("-l 0", 0), ("", 1), ("-l 256", 256), ("-l 256 -k 256", 256), ("-l 1 -k 1", 1)]
        for module in MODULES:
            for options, ssf in rows if self.has_layers else rows[:1]:
                with self.cell("imtest", module, "GSSAPI", f"imtest {options}: SSF {ssf}"):
                    done = self.imtest(f"-m GSSAPI {options}", module, port=self.layers)
                    self.assertLoggedIn(done, "alice", "GSSAPI", ssf)
            with self.cell("imtest", module, "GSSAPI", "2 to 128: AES-256 has no such layer"):
                done = self.imtest("-m GSSAPI -k 2", module, port=self.layers)
                self.assertKeptOut(done, "Authentication failed. mechanism too weak for this user")
            with self.cell("imtest", module, "GS2-KRB5", "no layer: SSF 0"):
                self.assertLoggedIn(self.imtest("-m GS2-KRB5", module), "alice", "GS2-KRB5", 0)
            with self.cell("imtest", module, "GS2-KRB5", "no layer for who demands one"):
                done = self.imtest("-m GS2-KRB5 -l 256 -k 1", module)
                self.assertKeptOut(done, "Authentication failed. no mechanism available")

    def test_a_server_without_layers(self):
        for module in MODULES:
            with self.cell("imtest", module, "GSSAPI", "sasl_maximum_layer: 0, SSF 0"):
                done = self.imtest("-m GSSAPI -l 256", module)
                self.assertLoggedIn(done, "alice", "GSSAPI", 0)
            with self.cell("imtest", module, "GSSAPI", "sasl_maximum_layer: 0, not confidential"):
                done = self.imtest("-m GSSAPI -l 256 -k 2", module)
                self.assertKeptOut(done, "Authentication failed. mechanism too weak for this user")

    def test_an_ok_in_the_layer(self):
        """What the guide says of 3.10. If this fails, layers work again."""
        if self.has_layers:
            self.skipTest("this Cyrus IMAP has layers that work")
        for module in MODULES:
            with self.cell("imtest", module, "GSSAPI", "3.10: the client cannot read the OK"):
                start = len(self.watched.log())
                # It may wait for ever.
                done = lab.run([f"{BIN}/imtest", "-p", self.layers, "-m", "GSSAPI", "localhost"],
                               self.client_env(module, self.tickets["alice"]), patience=5)
                self.assertNotIn("\nAuthenticated.", done.output)
                self.watched.wait_for_log("alice GSSAPI User logged in", start)

    def test_a_server_that_demands_confidentiality(self):
        for module in MODULES:
            if self.has_layers:
                with self.cell("imtest", module, "GSSAPI", "sasl_minimum_layer: 2, SSF 256"):
                    done = self.imtest("-m GSSAPI -l 256", module, port=self.confidential)
                    self.assertLoggedIn(done, "alice", "GSSAPI", 256)
            with self.cell("imtest", module, "GSSAPI", "sasl_minimum_layer: 2, not integrity"):
                done = self.imtest("-m GSSAPI", module, port=self.confidential)
                self.assertKeptOut(done, "Authentication failed. mechanism too weak for this user")
            with self.cell("imtest", module, "GSSAPI", "and sasl_maximum_layer: 0: only TLS"):
                done = self.imtest("-m GSSAPI -l 256", module, port=self.strict)
                self.assertKeptOut(done, "Authentication failed. ")
            with self.cell("imtest", module, "GS2-KRB5", "sasl_minimum_layer: 2, not without TLS"):
                done = self.imtest("-m GS2-KRB5", module, port=self.strict)
                self.assertNotIn("AUTH=GS2-KRB5", done.output.splitlines()[0])
                self.assertKeptOut(done, "Server did not advertise AUTH=GS2-KRB5")
            with self.cell("imtest", module, "GS2-KRB5-PLUS", "sasl_minimum_layer: 2, with TLS"):
                done = self.imtest("-t '' -m GS2-KRB5-PLUS", module, port=self.strict)
                self.assertLoggedIn(done, "alice", "GS2-KRB5+TLS", 256)

    def test_tls(self):
        versions = [("-s", self.imaps, "TLSv1.3"), ("-t ''", self.plain, "TLSv1.3"),
                    ("-s", self.tls12, "TLSv1.2")]
        for module in MODULES:
            for options, port, version in versions:
                for mechanism, header in (("GS2-KRB5-PLUS", "p=tls-unique,,"), ("GS2-KRB5", "n,,"),
                                          ("GSSAPI", None)):
                    with self.cell("imtest", module, mechanism, f"imtest {options}, {version}"):
                        done = self.imtest(f"{options} -m {mechanism}", module, port=port)
                        logged = mechanism.removesuffix("-PLUS") + "+TLS"
                        self.assertLoggedIn(done, "alice", logged, 256)
                        self.assertIn(version, done.output)
                        sent = re.search("AUTHENTICATE [A-Z0-9-]+ ([^ \n]+)", done.output)[1]
                        if header:
                            self.assertEqual(base64.b64decode(sent)[:len(header)].decode(), header)

    def test_somebody_in_between(self):
        certificate, key = self.path("relay.crt"), self.path("relay.key")
        tls.make_certificate(certificate, key)
        pem = self.write("relay.pem", certificate.read_text() + key.read_text())
        with tls.Relay(self.imaps, pem) as relay:
            for module in MODULES:
                with self.cell("imtest", module, "GS2-KRB5-PLUS", "not through another's TLS"):
                    done = self.imtest("-s -m GS2-KRB5-PLUS", module, port=relay.port)
                    # The server's answer is Kerberos' error token, and the client gives up.
                    self.assertKeptOut(done, "C: [*]\r", "different channels")
                with self.cell("imtest", module, "GS2-KRB5", "no binding: neither side notices"):
                    done = self.imtest("-s -m GS2-KRB5", module, port=relay.port)
                    self.assertLoggedIn(done, "alice", "GS2-KRB5+TLS", 256)

    def test_what_counts_as_a_failed_login(self):
        certificate, key = self.path("counted.crt"), self.path("counted.key")
        tls.make_certificate(certificate, key)
        pem = self.write("counted.pem", certificate.read_text() + key.read_text())
        self.addCleanup(setattr, self, "watched", self.server)
        option = "sasl_gssloop_error_token: no\n"
        self.assertIn(option.strip(), (lab.SOURCE / "docs/cyrus-imap.md").read_text())
        other = self.make_server("silent", lab.SERVER_MODULE, option)
        self.addCleanup(other.stop)
        for server, told, is_counted in ((self.server, "C: [*]\r", False),
                                         (other, "S: A01 NO ", True)):
            self.watched = server
            with self.cell("imtest", "gssloop", "GS2-KRB5-PLUS", "relayed: badlogin or not"), \
                    tls.Relay(server.ports[1], pem) as relay:
                start = len(server.log())
                done = self.imtest("-s -m GS2-KRB5-PLUS", port=relay.port)
                self.assertKeptOut(done, told, "different channels")
                server.wait_for_log("extractor_destroy", start)
                self.assertEqual("badlogin" in server.log()[start:], is_counted)

    def test_mail(self):
        text = "".join(f"line {number}: {'x' * (number % 70)}\r\n" for number in range(6000))
        mail = f"From: alice\r\nSubject: long\r\n\r\n{text}"
        for module in MODULES:
            rows = [("", 1, self.layers), ("-l 256", 256, self.layers)] if self.has_layers else []
            for options, ssf, port in [("", 0, self.plain), *rows]:
                with self.cell("imtest", module, "GSSAPI", f"{len(mail)} octets, SSF {ssf}"):
                    box = f"INBOX.{module}{ssf}"
                    done = self.imtest(f"-m GSSAPI {options}", module, port=port, data="".join([
                        f"a CREATE {box}\r\nb APPEND {box} {{{len(mail)}+}}\r\n{mail}\r\n",
                        f"c SELECT {box}\r\nd FETCH 1 BODY[]\r\n"]))
                    self.assertLoggedIn(done, "alice", "GSSAPI", ssf)
                    # Python's own newlines: imtest's output is read as it is.
                    self.assertIn(f"BODY[] {{{len(mail)}}}\r\n{mail})\r\n", done.output)

    def test_a_server_with_the_stock_module(self):
        server = self.make_server("stock", lab.CLIENT_MODULES["stock"])
        self.addCleanup(server.stop)
        self.SERVER = "Cyrus IMAP (stock module)"
        self.watched = server
        _, imaps, _, _, layers, _ = server.ports
        rows = [("", 1), ("-l 256", 256)] if self.has_layers else []
        for options, ssf in [("-l 0", 0), *rows]:
            with self.cell("imtest", "gssloop", "GSSAPI", f"imtest {options}: SSF {ssf}"):
                done = self.imtest(f"-m GSSAPI {options}", port=layers)
                self.assertLoggedIn(done, "alice", "GSSAPI", ssf)
        for mechanism in ("GSSAPI", "GS2-KRB5", "GS2-KRB5-PLUS"):
            with self.cell("imtest", "gssloop", mechanism, "imtest -s"):
                done = self.imtest(f"-s -m {mechanism}", port=imaps)
                self.assertLoggedIn(done, "alice", mechanism.removesuffix("-PLUS") + "+TLS", 256)

    def test_who_gets_in(self):
        (command,) = self.guide.commands("Who gets in")
        for module in MODULES:
            for mechanism in ("GSSAPI", "GS2-KRB5"):
                with self.cell("imtest", module, mechanism, "carol is refused, by rule"):
                    line = command.line.replace("GSSAPI", mechanism)
                    done = self.imtest_line(line, module, "carol")
                    self.assertTrue(command.matches(done.output), done.output)
                    self.assertKeptOut(done, "A01 NO authorization failure",
                                   f'"carol": deny at {self.policy("3:9")} is true')
        with self.cell("imtest", "gssloop", "GSSAPI", "ALICE is not alice"):
            done = self.imtest("-s -m GSSAPI", user="ALICE")
            self.assertLoggedIn(done, "ALICE", "GSSAPI+TLS", 256)

    def test_acting_as_somebody_else(self):
        (command,) = self.guide.commands("Acting as another user")
        passes = [("gssloop", "GSSAPI"), ("gssloop", "GS2-KRB5"), ("stock", "GSSAPI")]
        for module, mechanism in passes:
            def act(user, other):
                line = command.line.replace("GSSAPI", mechanism).replace("-u alice", f"-u {other}")
                return self.imtest_line(line, module, user)
            for user in ("webmail", "cyrus"):
                with self.cell("imtest", module, mechanism, f"{user} acts as alice"):
                    done = act(user, "alice")
                    self.assertTrue(command.matches(done.output), done.output)
                    self.assertLoggedIn(done, "alice", f"{mechanism}+TLS", 256)
            with self.cell("imtest", module, mechanism, "bob may not act as alice"):
                self.assertKeptOut(act("bob", "alice"), "A01 NO authentication failure",
                               "user bob is not allowed to proxy")
            with self.cell("imtest", module, mechanism, "webmail may not act as the administrator"):
                self.assertKeptOut(act("webmail", "cyrus"), "A01 NO authorization failure",
                               '"webmail" asked to act as "cyrus", but the policy does not allow '
                               f'it: authorize at {self.policy("4:14")} is false\n')
        with self.cell("imtest", "stock", "GS2-KRB5", "the stock gs2 client has no authzid"):
            done = self.imtest("-m GS2-KRB5 -u alice", "stock", "webmail")
            self.assertKeptOut(done, "Authentication failed. no mechanism available")

    def test_the_doctor(self):
        (command,) = self.guide.commands("When it fails")
        line = command.line.replace("sudo -u cyrus ", "").replace("gssloop", lab.GSSLOOP, 1)
        # The file and the prefix of this application.
        of_cyrus = "--app cyrus-imapd"
        self.assertIn(of_cyrus, line)
        line = line.replace(of_cyrus, f"--conf {self.path('ours/imapd.conf')} --prefix sasl_")
        done = lab.run(["sh", "-c", line], self.server_env())
        self.assertDone(done)
        self.assertTrue(command.matches(done.output), done.output)
        self.assertIn(str(self.path("cyrus.keytab")), done.output)


if __name__ == "__main__":
    lab.main(__file__, services=["imap/localhost"], options=["--defaults"],
             needs=["imtest", f"{BIN}/master", IMAPD, "openssl", "krb5kdc", "kadmin.local",
                    "kinit"])
