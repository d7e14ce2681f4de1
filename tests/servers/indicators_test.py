#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The KDC of docs/indicators.md: which tickets have an indicator, and how to see it."""

import pathlib
import sys

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import indicators
import lab
import pkinit
from guide import Guide

FAST = "[realms]\nEXAMPLE.COM = {\nencrypted_challenge_indicator = fast\n}\n"


class Indicators(lab.ServerTest):
    SERVER = "krb5kdc"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keytab = cls.path("imap.keytab")
        cls.realm.add_service("imap/localhost", cls.keytab)
        cls.guide = Guide(indicators.PAGE, {
            "/etc/imap.keytab": cls.keytab, "mail.example.com": "localhost",
            "gssloop attributes": f"{lab.GSSLOOP} attributes"})
        cls.guide.file("/etc/gssloop/policy.toml")  # which the guides' tests use
        cls.realm.add_user("carol", requires_preauth=False)
        lines = cls.guide.edited(indicators.KDC_CONF, "")
        cls.strong = indicators.Kdc(cls, lines)

    def attributes(self, ccache):
        """What the command of the page says with this ticket."""
        *_, command = self.guide.commands("See that it is there")
        done = lab.run(["sh", "-c", command.line], lab.environment(KRB5CCNAME=ccache))
        self.assertDone(done, "^peer: ")
        return command, done

    def assertIndicator(self, ccache, word):
        _, done = self.attributes(ccache)
        if word:
            self.assertRegex(done.output,
                             rf'(?m)^auth-indicators\n  authenticated, .*\n    "{word}"$')
        else:
            self.assertNotIn("auth-indicators", done.output)

    def cell(self, shown):
        return super().cell("gssloop attributes", "none", "none", shown)

    def test_debians_kdc(self):
        """The realm of these tests says no more of pre-authentication than Debian's kdc.conf."""
        template = pathlib.Path("/usr/share/krb5-kdc/kdc.conf.template").read_text()
        for word in ("indicator", "spake", "preauth_groups", "pkinit"):
            self.assertNotIn(word, template)
        self.assertIn("default_principal_flags = +preauth", template)

    def test_the_page(self):
        (restart, modify) = self.guide.commands("What the KDC needs")
        self.assertEqual(restart.line, "systemctl restart krb5-kdc")
        done = lab.run(["sh", "-c", modify.line])
        self.assertTrue(modify.matches(done.output), done.output)
        kinit, _ = self.guide.commands("See that it is there")
        self.assertEqual(kinit.line, "kinit alice")
        with self.cell("SPAKE: as the page shows"):
            command, done = self.attributes(self.strong.kinit("alice"))
            self.assertTrue(command.matches(done.output), done.output)

    def test_the_defaults(self):
        with self.cell("a password, MIT's defaults: no indicator"):
            self.assertIndicator(self.realm.kinit("alice"), "")
        with self.cell("a certificate, MIT's defaults: no indicator"):
            options = pkinit.options(self, "alice")
            self.assertIndicator(self.realm.kinit("alice", *options), "")

    def test_each_way(self):
        with self.cell("a certificate: pkinit"):
            options = pkinit.options(self, "alice")
            self.assertIndicator(self.strong.kinit("alice", *options), "pkinit")
        with self.cell("a user without requires_preauth: no indicator"):
            self.assertIndicator(self.strong.kinit("carol"), "")
        with self.cell("SPAKE inside FAST: spake"):
            armor = self.strong.kinit("alice")
            self.assertIndicator(self.strong.kinit("alice", "-T", armor), "spake")

    def test_fast(self):
        kdc = indicators.Kdc(self, FAST, "fast")
        armor = kdc.kinit("alice")
        with self.cell("a password, encrypted_challenge_indicator alone: no indicator"):
            self.assertIndicator(armor, "")
        with self.cell("a password inside FAST: fast"):
            self.assertIndicator(kdc.kinit("alice", "-T", armor), "fast")


if __name__ == "__main__":
    lab.main(__file__, services=["host/localhost"], options=["--defaults", "--pkinit"],
             needs=["krb5kdc", "kadmin.local", "kinit", "openssl"])
