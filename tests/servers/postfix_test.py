#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Postfix, its own client and smtptest, set up as docs/postfix.md says."""

import pathlib
import re
import smtplib
import ssl
import sys

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import indicators
import lab
import postfix
import tls
from guide import Guide

HOST = "mail.example.com"
MODULES = list(lab.CLIENT_MODULES)
PASSES = [(module, mechanism) for module in MODULES for mechanism in ("GSSAPI", "GS2-KRB5")]
# How the satellite logs in otherwise than the guide says: what is in its sasl_passwd, and the
# options of another smtp. Mail to a domain of this name goes that way.
GS2 = "-o smtp_sasl_mechanism_filter=gs2-krb5"
WAYS = {"gs2": ("satellite:", GS2),
        "password": (f"alice:{lab.PASSWORD}", GS2),
        "wrong": ("alice:wrong", GS2),
        "rule": (f"carol:{lab.PASSWORD}", GS2),
        "unused": (f"alice:{lab.PASSWORD}", ""),
        "other": ("alice:", "")}


class Postfix(indicators.IndicatorsTest, postfix.GuidedPostfix):
    SERVER = "Postfix"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.guide = Guide("postfix.md", {
            f"smtp/{HOST}": "smtp/localhost", "/etc/krb5.conf": postfix.KRB5_CONF,
            "/etc/krb5.conf".lstrip("/"): postfix.KRB5_CONF.lstrip("/"), HOST: "localhost"})
        keytab = str(cls.path("smtp.keytab"))
        *on_kdc, chown, chmod = [command.line for command in cls.guide.commands("What you need")]
        for line in on_kdc:
            assert lab.run(["sh", "-c", line.replace("/etc/postfix/smtp.keytab", keytab)])
        cls.owned = f"{chown}\n{chmod}\n"
        cls.tickets = {"alice": cls.realm.kinit("alice")}
        for user in ("carol", "satellite"):
            cls.realm.add_user(user)
            cls.tickets[user] = cls.realm.kinit(user)
        tls.make_certificate(cls.path("mail.pem"), cls.path("mail.key"))
        cls.server = cls.watched = cls.make_server("server", cls.doctor())

    @classmethod
    def doctor(cls):
        (command,) = cls.guide.commands("When it fails")
        cls.doctor_command = command
        # By root: the other users of the namespace cannot reach the program.
        line = command.line.replace("sudo -u postfix ", "").replace(
            "gssloop", f"KRB5_CONFIG={postfix.KRB5_CONF} {lab.GSSLOOP}", 1)
        return f"{line} > /var/log/doctor 2>&1 || true\n"

    def smtptest(self, options, module="gssloop", user="alice", data=""):
        return self.smtptest_line(f"smtptest {options} -p submission localhost", module, user, data)

    def smtptest_line(self, line, module="gssloop", user="alice", data=""):
        """A line of the guide as the user; what is to be sent after the login is `data`."""
        self.log_start = len(self.watched.log())
        line = line.replace("smtptest", lab.find("smtptest"), 1).replace(
            "-p submission", f"-p {self.watched.port}")
        done = lab.run(["sh", "-c", line], self.client_env(module, self.tickets[user]), data)
        return lab.Done(done.status, done.output.replace("\r\n", "\n"))

    def assertLogged(self, pattern):
        self.watched.wait_for_log(pattern, self.log_start)

    def assertMaySend(self, module, mechanism, options="-t ''", ssf=256):
        """Alice logs in, may send to the world as herself only."""
        done = self.smtptest(f"{options} -m {mechanism}", module, data="".join(
            f"MAIL FROM:<{sender}@example.com>\r\nRCPT TO:<x@example.org>\r\nRSET\r\n"
            for sender in ("alice", "bob")))
        self.assertDone(done, rf"S: 235 [^\n]*\nAuthenticated.\nSecurity strength factor: {ssf}\n",
                        "\n250 2.1.5 Ok\n", "\n553 5.7.1 .*: not owned by user alice\n")
        self.assertLogged(f"sasl_method={mechanism}, sasl_username=alice\n")

    def use_rule(self, more):
        if more:
            self.watched = self.make_server("indicators", rules=more)
            self.addCleanup(self.watched.stop)
        else:
            self.watched = self.server
        return self.guide.file("/etc/postfix/policy.toml") + more

    def assertAdmits(self, user):
        done = self.smtptest("-t '' -m GSSAPI", user=user)
        self.assertDone(done, r"S: 235 [^\n]*\nAuthenticated.\n")

    def assertRefuses(self, user, logged):
        self.assertKeptOut(self.smtptest("-t '' -m GSSAPI", user=user), "S: 535 5.7.8 ", logged)

    def assertKeptOut(self, done, told, *logged):
        self.assertRegex(done.output, told)
        self.assertRegex(done.output, r"\nAuthentication failed\. ")
        for pattern in logged:
            self.assertLogged(pattern)

    def test_the_guide(self):
        kinit, command = self.guide.commands("The client")
        self.assertEqual(kinit.line, "kinit alice")
        with self.cell("smtptest", "gssloop", "GSSAPI", command.line.split(" ", 1)[1]):
            done = self.smtptest_line(command.line)
            self.assertTrue(command.matches(done.output), done.output)
        doctor = self.path("server/log/doctor").read_text()
        self.assertTrue(self.doctor_command.matches(doctor), doctor)

    def test_alice_sends_as_herself(self):
        for module, mechanism in PASSES:
            with self.cell("smtptest", module, mechanism, "STARTTLS, no binding; sends as herself"):
                self.assertMaySend(module, mechanism)

    def test_a_server_with_the_stock_module(self):
        self.watched = self.make_server("stock", module=lab.CLIENT_MODULES["stock"])
        self.SERVER = "Postfix (stock module)"
        for mechanism in ("GSSAPI", "GS2-KRB5"):
            with self.cell("smtptest", "gssloop", mechanism, "sends as herself"):
                self.assertMaySend("gssloop", mechanism)

    def test_what_is_refused(self):
        with self.cell("smtplib", "none", "none", "a client without a login cannot relay"):
            with smtplib.SMTP("127.0.0.1", self.server.port, timeout=lab.PATIENCE) as smtp:
                smtp.ehlo()
                self.assertFalse(smtp.has_extn("auth"))
                smtp.mail("x@example.net")
                self.assertEqual(smtp.rcpt("x@example.org"),
                                 (554, b"5.7.1 <x@example.org>: Relay access denied"))
        for module, mechanism in PASSES:
            with self.cell("smtptest", module, mechanism, "no login without TLS"):
                done = self.smtptest(f"-m {mechanism}", module)
                self.assertKeptOut(done, "S: 503 5.5.1 Error: authentication not enabled")
            with self.cell("smtptest", module, mechanism, "not as another user"):
                done = self.smtptest(f"-t '' -m {mechanism} -u bob", module)
                if (module, mechanism) == ("stock", "GS2-KRB5"):  # it has no authzid
                    self.assertKeptOut(done, "Authentication failed. no mechanism available")
                else:
                    self.assertKeptOut(done, "S: 535 5.7.8 Error: authentication failed: ")
        for module in MODULES:
            with self.cell("smtptest", module, "GS2-KRB5-PLUS", "refused: Postfix has no binding"):
                done = self.smtptest("-t '' -m GS2-KRB5-PLUS", module)
                self.assertKeptOut(done, "S: 535 .*: channel binding failure")

    def replay(self, server):
        """What Postfix says and logs when a client's first message comes a second time."""
        self.watched = server
        done = self.smtptest("-t '' -m GSSAPI")
        message = re.search(r"^C: AUTH GSSAPI\nS: 334 \nC: (\S+)$", done.output, re.MULTILINE)[1]
        start = len(server.log())
        context = ssl.create_default_context(cafile=self.path("mail.pem"))
        with smtplib.SMTP("127.0.0.1", server.port, timeout=lab.PATIENCE) as smtp:
            smtp._host = "localhost"
            smtp.starttls(context=context)
            smtp.ehlo()
            code, _text = smtp.docmd(f"AUTH GSSAPI {message}")
            if code == 334:
                smtp.docmd("*")
        server.wait_for_log("disconnect from", start)
        return code, server.log()[start:]

    def test_what_counts_as_a_failed_login(self):
        self.addCleanup(setattr, self, "watched", self.server)
        other = self.make_server("silent", more="gssloop_error_token: no\n")
        self.addCleanup(other.stop)
        line = r"warning: localhost\[127.0.0.1\]: SASL GSSAPI authentication {}"
        for server, expected, word in ((self.server, 334, "aborted"), (other, 535, "failed")):
            with self.cell("smtplib", "none", "GSSAPI", f"a replay is logged as {word}"):
                code, log = self.replay(server)
                self.assertEqual(code, expected)
                self.assertRegex(log, line.format(word))
                self.assertIn(f"authentication {word}", (lab.SOURCE / "docs/postfix.md").read_text())

    def test_who_gets_in(self):
        (command,) = self.guide.commands("Who gets in")
        for module, mechanism in PASSES:
            with self.cell("smtptest", module, mechanism, "carol is refused, by rule"):
                line = command.line.replace("GSSAPI", mechanism)
                done = self.smtptest_line(line, module, "carol")
                self.assertTrue(command.matches(done.output), done.output)
                self.assertLogged(rf'{mechanism} login .* the policy refuses "carol": '
                                  'deny at /etc/postfix/policy.toml:3:9 is true\n')

    def test_in_a_chroot(self):
        set_up = "\n".join(self.commands("A server that changes its root"))
        flags = "noanonymous,noplaintext,noactive,nodictionary,mutual_auth"
        self.watched = self.make_server(
            "chroot", set_up, f" -o smtpd_tls_auth_only=no -o smtpd_sasl_security_options={flags}")
        self.SERVER = "Postfix in a chroot"
        for module, mechanism in PASSES:
            with self.cell("smtptest", module, mechanism, "sends as herself"):
                self.assertMaySend(module, mechanism)
            with self.cell("smtptest", module, mechanism, "the policy holds, which is outside"):
                done = self.smtptest(f"-t '' -m {mechanism}", module, "carol")
                self.assertKeptOut(done, "S: 535 .*: authorization failure",
                                   'the policy refuses "carol": deny at ')
            with self.cell("smtptest", module, mechanism, "no TLS: no layer either"):
                self.assertMaySend(module, mechanism, options="", ssf=0)
        for module in MODULES:
            with self.cell("smtptest", module, "GSSAPI", "no layer for a client that demands one"):
                done = self.smtptest("-m GSSAPI -k 1 -l 256", module)
                self.assertLogged(r"disconnect from localhost\[127\.0\.0\.1\]")
                self.assertKeptOut(done, "Authentication failed. mechanism too weak for this user")

    def test_a_chroot_without_a_key(self):
        chroot, *_ = self.commands("A server that changes its root")
        self.watched = self.make_server("empty", chroot, " -v", "log_level: 4\n")
        self.SERVER = "Postfix in a chroot"
        with self.cell("smtptest", "gssloop", "GSSAPI", "no key, nothing offered"):
            done = self.smtptest("-t '' -m GSSAPI")
            self.assertIn("failure: prot layer failure", done.output)
            self.assertLogged("GSSAPI is not offered: no credential for smtp@localhost with keytab "
                              "/etc/postfix/smtp.keytab: .*keytab' not found")
            self.assertLogged("fatal: no SASL authentication mechanisms")

    # Postfix as a client.

    def make_satellite(self, module):
        heading = "A Postfix that logs in"
        port = str(self.server.port)
        files = {"sasl_passwd": self.guide.file("/etc/postfix/sasl_passwd", heading)
                 .replace("submission", port)}
        self.realm.kadmin(f"ktadd -norandkey -k {self.path('client.keytab')} satellite")
        for path, name in (("client.keytab", "client.keytab"), ("ca.pem", "mail.pem")):
            files[path] = self.path(name).read_bytes()
        maps, ways = [], []
        for way, (entry, options) in WAYS.items():
            files[f"sasl_passwd.{way}"] = f"[localhost]:{port} {entry}\n"
            maps.append(f"{way}.test={way}:[localhost]:{port}")
            ways.append(f"postconf -M -e '{way}/unix = {way} unix - - n - - smtp {options} "
                        f"-o smtp_sasl_password_maps=texthash:/etc/postfix/sasl_passwd.{way}'")
        set_up = [line.replace("submission", port) for line in self.commands(heading)] + ways
        return self.start(f"satellite.{module}", files, lab.CLIENT_MODULES[module], "\n".join(
            ["chown postfix /etc/postfix/client.keytab", *set_up, postfix.ENVIRONMENT,
             "postconf -M -e '127.0.0.1:PORT/inet = 127.0.0.1:PORT inet n - n - - smtpd'",
             f"postconf -e 'transport_maps = inline:{{ {', '.join(maps)} }}'", ""]))

    def relay(self, satellite, way, sender):
        """What came of a mail that the satellite sends that way: its log's line about it."""
        self.log_start = len(self.server.log())
        queued = self.send(satellite.port, sender, f"x@{way}.test")
        return satellite.wait_for_log(rf"{queued}: to=.*")[0]

    def assertRelayed(self, line, mechanism, user):
        self.assertRegex(line, r"status=sent \(250 2\.0\.0 Ok: queued as ")
        self.assertLogged(f"sasl_method={mechanism}, sasl_username={user}\n")

    def test_a_postfix_that_logs_in(self):
        for module in MODULES:
            satellite = self.make_satellite(module)
            for way, mechanism in (("guide", "GSSAPI"), ("gs2", "GS2-KRB5")):
                with self.cell("Postfix's smtp", module, mechanism, "by keytab, as satellite"):
                    line = self.relay(satellite, way, "root@satellite.example.com")
                    self.assertRelayed(line, mechanism, "satellite")
            if module == "stock":
                self.stock_passes_over_names(satellite)
            else:
                self.names_and_passwords(satellite)

    def names_and_passwords(self, satellite):
        def cell(way, shown):
            mechanism = "GS2-KRB5" if WAYS[way][1] == GS2 else "GSSAPI"
            return self.cell("Postfix's smtp", "gssloop", mechanism, shown)
        with cell("password", "as alice, by name and password"):
            line = self.relay(satellite, "password", "alice@example.com")
            self.assertRelayed(line, "GS2-KRB5", "alice")
        no_ticket = "finding a credential for alice failed: .*no usable Kerberos ticket"
        for way, shown, logged in (
                ("wrong", "a wrong password", "credential for alice .* the password is wrong"),
                ("unused", "alice and her password, which GSSAPI does not use", no_ticket),
                ("other", "alice, but only satellite's ticket", no_ticket)):
            with cell(way, f"{shown}: deferred"):
                start = len(satellite.log())
                line = self.relay(satellite, way, "alice@example.com")
                self.assertRegex(line, r"status=deferred \(SASL authentication failed; cannot ")
                satellite.wait_for_log(logged, start)
        with cell("rule", "carol is refused, by rule"):
            line = self.relay(satellite, "rule", "carol@example.com")
            self.assertRegex(line, r"status=deferred .* 535 .*: authorization failure\)")
            self.assertLogged('the policy refuses "carol"')

    def stock_passes_over_names(self, satellite):
        for way in ("unused", "other"):
            with self.cell("Postfix's smtp", "stock", "GSSAPI", f"{WAYS[way][0]} is passed over"):
                line = self.relay(satellite, way, "alice@example.com")
                self.assertRegex(line, "status=bounced .*: not owned by user satellite")


if __name__ == "__main__":
    lab.main(__file__, services=["imap/localhost"], options=["--defaults"],
             needs=["smtptest", "postfix", "unshare", "openssl", "krb5kdc", "kadmin.local",
                    "kinit"])
