#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""docs/keytabs.md with MIT Kerberos: the keytabs that its commands make, and how to look at them."""

import glob
import pathlib
import re
import sys

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import lab
from guide import Guide

HOST = "mail.example.com"
# The servers of which the page says that Debian confines none but libvirtd.
PROFILES = re.compile(r"slapd|postfix|smtpd|master|imapd|cyrus|svnserve|dovecot")


class Keytabs(lab.ServerTest):
    SERVER = "krb5kdc"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.guide = Guide("keytabs.md", {
            "/etc/": f"{cls.folder}/", HOST: "localhost",
            "gssloop doctor": f"{lab.GSSLOOP} doctor"})
        for command in cls.guide.commands("MIT Kerberos"):
            assert lab.run(["sh", "-c", command.line])

    def run_line(self, line):
        env = self.client_env() if line.startswith("kvno") else self.server_env(
            KRB5CCNAME=self.realm.kinit("alice"), KRB5_KTNAME="FILE:/nonexistent")
        return lab.run(["sh", "-c", line], env)

    def listed(self, name):
        return self.run_line(f"klist -ke {self.path(name)}").output.splitlines()[1:]

    def test_the_page(self):
        for command in self.guide.commands("See that it is right"):
            program = pathlib.Path(command.line.split()[0]).name
            with self.cell(program, "none", "none", "says what the page shows"):
                done = self.run_line(command.line)
                self.assertTrue(done and command.matches(done.output), (command, done.output))

    def test_the_same_key(self):
        with self.cell("kadmin.local", "none", "none", "-norandkey: the same key in both keytabs"):
            self.assertEqual(self.listed("second.keytab"), self.listed("imap.keytab"))

    def test_a_new_key(self):
        old = self.path("old.keytab")
        self.realm.add_service("smtp/localhost", old)
        self.realm.kadmin(f"ktadd -k {self.path('new.keytab')} smtp/localhost")
        with self.cell("gssloop doctor", "gssloop", "none", "a new key: the old keytab is stale"):
            done = self.run_line(f"{lab.GSSLOOP} doctor --keytab {old} smtp@localhost")
            self.assertRefused(done)
            self.assertNotIn("0 problems", done.output)

    def test_apparmor(self):
        with self.cell("dpkg", "none", "none", "Debian has no AppArmor profile for these servers"):
            names = [pathlib.Path(path).name for path in
                     glob.glob(f"{lab.UNPACKED}/*/etc/apparmor.d/*")]
            done = lab.run(["dpkg-query", "-L", *lab.run(
                ["dpkg-query", "-W", "-f", "${Package} ", "slapd", "postfix", "cyrus-common",
                 "subversion"]).output.split()])
            names += re.findall(r"(?m)^/etc/apparmor\.d/(\S+)$", done.output)
            self.assertEqual([name for name in names if PROFILES.search(name)], [])


if __name__ == "__main__":
    lab.main(__file__, services=["host/localhost"],
             needs=["klist", "kvno", "krb5kdc", "kadmin.local", "kinit"])
