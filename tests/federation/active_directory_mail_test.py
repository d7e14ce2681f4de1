#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Users in many groups of an Active Directory, whose tickets are long: through the line limits of
Cyrus IMAP and Postfix."""

import base64
import imaplib
import os
import pathlib
import pwd
import smtplib
import ssl
import sys
import unittest

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import samba_dc  # first: it makes the next ones known
import lab
import postfix
import tls
from guide import Guide
from samba_dc import GLOBAL, MAIL, REALM, group, service, user

BIN = "/usr/lib/cyrus/bin"
IMAPD = lab.find(f"{BIN}/imapd") or f"{lab.UNPACKED}/cyrus-imapd{BIN}/imapd"
CYRUS = "cyrus" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
MANY = {"few": 300, "many": 1600}
RULES = """[attributes.groups]
from = [{{ mechanism = "krb5", name = "urn:mspac:logon-info", form = "pac-groups" }}]
[aliases]
last-group = "{sid}"
[services.{service}]
require = ["groups=last-group"]
"""
IMAPD_CONF = """configdirectory: {home}/lib
partition-default: {home}/spool
cyrus_user: {user}
servername: {host}
failedloginpause: 0
sasl_mech_list: GSSAPI GS2-KRB5 GSS-SPNEGO
sasl_maximum_layer: 0
sasl_keytab: {keytab}
sasl_gssloop_policy: {policy}
"""


class MailTest(samba_dc.DomainTest):
    ATTRIBUTE = "pac-groups"
    LENGTHS = {"few": 3000, "many": 12288}  # 12288 is what Postfix takes by default
    OBJECTS = [*map(user, ("alice", *MANY)),
               *[group(f"g{i}", GLOBAL, *[name for name, number in MANY.items() if i < number])
                 for i in range(max(MANY.values()))],
               service("srv-imap", f"imap/{MAIL}"), service("srv-smtp", f"smtp/{MAIL}")]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tickets = {name: cls.domain.kinit(name) for name in ("alice", *MANY)}

    def client(self, service, name):
        """Our client, and a function from the server's messages to its own; `sent` has the lengths
        of these. Cyrus SASL's imtest and smtptest have no room for long ones."""
        client = self.peer("client", service=service, host=MAIL,
                           env={"KRB5CCNAME": self.tickets[name]})
        self.sent = []

        def answer(mechanism, challenge):
            said = (client.ask("step", challenge) if self.sent else
                    client.ask("start", mechanism=mechanism))
            self.sent.append(len(said["out"] or b""))
            return said["out"] or b""
        return answer

    def assertAdmitsLongTickets(self, log_in):
        """log_in(mechanism, name) says whether the server admits a user."""
        for mechanism in ("GSSAPI", "GS2-KRB5"):
            for name, number in MANY.items():
                with self.decision(mechanism, self.RULE, f"{name}, in {number} groups: admitted"):
                    self.assertTrue(log_in(mechanism, name), self.server.log()[-2000:])
                    self.assertGreater(max(self.sent), self.LENGTHS[name])
            with self.decision(mechanism, self.RULE, "alice, in none of them: refused"):
                start = len(self.server.log())
                self.assertFalse(log_in(mechanism, "alice"))
                self.server.wait_for_log('policy refuses "alice": require at ', start)


class Imap(MailTest):
    SOURCE = "Active Directory, Cyrus IMAP"
    RULE = "groups=last-group"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name in ("lib/db", "lib/socket", "spool"):
            cls.path(name).mkdir(parents=True)
        policy = cls.write("policy.toml", RULES.format(sid=cls.sids["g299"], service="imap"))
        conf = cls.write("imapd.conf", IMAPD_CONF.format(
            home=cls.folder, user=CYRUS, host=MAIL, policy=policy,
            keytab=cls.domain.keytab(f"imap/{MAIL}")))
        words = [*lab.not_as_root(CYRUS), f"{BIN}/master", "-D", "-C", conf, "-M",
                 cls.path("cyrus.conf"), "-p", cls.path("master.pid")]
        cls.server = cls.serve(
            lambda ports: words, "syslog", prepare=lambda ports: cls.write(
                "cyrus.conf", f"START {{\n  recover cmd=\"{BIN}/ctl_cyrusdb -C {conf} -r\"\n}}\n"
                f"SERVICES {{\n  imap cmd=\"{IMAPD} -C {conf}\" "
                f"listen=\"127.0.0.1:{ports[0]}\"\n}}\n"),
            env=cls.server_env(**lab.logged_by_syslog(cls.path("syslog"))))

    def log_in_to_imap(self, mechanism, name):
        answer = self.client("imap", name)
        with imaplib.IMAP4(MAIL, self.server.port) as imap:
            try:
                imap.authenticate(mechanism, lambda challenge: answer(mechanism, challenge))
            except imaplib.IMAP4.error:
                return False
            return imap.state == "AUTH"

    def test_long_tickets(self):
        self.assertAdmitsLongTickets(self.log_in_to_imap)


class Smtp(MailTest, postfix.GuidedPostfix):
    SOURCE = "Active Directory, Postfix"
    RULE = "groups=last-group"

    @classmethod
    def setUpClass(cls):
        if not cls.has_users():
            raise unittest.SkipTest("Postfix needs ranges in /etc/subuid and /etc/subgid")
        super().setUpClass()
        cls.guide = Guide("postfix.md", {"mail.example.com": MAIL, "EXAMPLE.COM": REALM})
        cls.owned = "".join(f"{line}\n" for line in [
            command.line for command in cls.guide.commands("What you need")][-2:])
        cls.path("smtp.keytab").write_bytes(cls.domain.keytab(f"smtp/{MAIL}").read_bytes())
        cls.certificate = cls.path("mail.pem")
        tls.make_certificate(cls.certificate, cls.path("mail.key"), MAIL)
        policy = RULES.format(sid=cls.sids["g299"], service="smtp")
        cls.server = cls.make_server("server", policy=policy)
        cls.guide = None  # its own test uses all of it

    @staticmethod
    def has_users():
        """Whether the namespace has other users than root."""
        lines = pathlib.Path("/proc/self/uid_map").read_text().splitlines()
        return sum(int(line.split()[2]) for line in lines) >= 65536

    def log_in_to_smtp(self, mechanism, name):
        answer = self.client("smtp", name)
        context = ssl.create_default_context(cafile=self.certificate)
        with smtplib.SMTP(MAIL, self.server.port, timeout=lab.PATIENCE) as smtp:
            smtp.starttls(context=context)
            smtp.ehlo()
            code, said = smtp.docmd("AUTH", mechanism)
            while code == 334:
                message = answer(mechanism, base64.b64decode(said))
                code, said = smtp.docmd(base64.b64encode(message).decode())
            return code == 235

    def test_long_tickets(self):
        self.assertAdmitsLongTickets(self.log_in_to_smtp)


if __name__ == "__main__":
    samba_dc.main(__file__, needs=[f"{BIN}/master", IMAPD])
