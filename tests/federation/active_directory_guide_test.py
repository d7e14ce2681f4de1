#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The steps of docs/active-directory.md, on a Samba domain controller and with its tickets."""

import os
import pathlib
import re
import sys

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import samba_dc  # first: it makes the next two known
import lab
from guide import Guide
from samba_dc import GLOBAL, UNIVERSAL, group, user

SID = "S-1-5-21-1004336348-1177238915-682003330-1105"  # of mail-users, on the page
POLICY = "/etc/imap-policy.toml"


class ActiveDirectoryGuide(samba_dc.DomainTest):
    SOURCE = "Active Directory, as the guide says"
    ATTRIBUTE = "pac-groups"
    RULE = "groups=mail-users"
    OBJECTS = [*map(user, ("alice", "bob", "carol")), group("sales", GLOBAL, "alice"),
               group("mail-users", UNIVERSAL, "sales")]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.guide = Guide("active-directory.md", {
            "/root/": f"{cls.folder}/", "/etc/": f"{cls.folder}/", SID: cls.sids["mail-users"],
            "gssloop attributes": f"{lab.GSSLOOP} attributes",
            "gssloop policy": f"{lab.GSSLOOP} policy"})
        cls.guide_folder = cls.folder
        for path in ("/root/aes.ldif", "/etc/krb5.conf", POLICY):
            cls.path(pathlib.Path(path).name).write_text(cls.guide.file(path))
        # Without a DNS, the addresses of the KDCs come from the test's.
        os.environ["KRB5_CONFIG"] = f"{cls.path('krb5.conf')}:{os.environ['KRB5_CONFIG']}"
        cls.options = dict(re.findall(r"(?m)^(\w+): (.*)$", cls.guide.file("/etc/sasl2/imap.conf")))
        cls.tickets = {"bob": cls.domain.kinit("bob")}  # before he is in the group
        cls.follow("The account and the keytab")

    @classmethod
    def follow(cls, heading):
        """Runs the commands, each of which must say what the page shows."""
        for command in cls.guide.commands(heading):
            password = samba_dc.ADMIN_PASSWORD if command.is_root else samba_dc.PASSWORD
            ccache = f"FILE:{cls.guide_folder}/ccache.{'root' if command.is_root else 'user'}"
            done = lab.run(["sh", "-c", command.line], data=password + "\n",
                           env=cls.client_env(ccache=ccache, LDAPCONF="/nonexistent"))
            assert done and command.matches(done.output), (command, done.output)

    def log_in(self, mechanism, name):
        server = self.peer("server", host=samba_dc.MAIL, requested=["groups"],
                           options=self.options, env={"KRB5CCNAME": "FILE:/nonexistent"})
        return self.log_in_to(server, mechanism, self.tickets[name], host=samba_dc.MAIL)

    def test_the_page(self):
        self.follow("The server")
        with self.decision("GSSAPI", "LDAP", "ldapsearch: as the page shows", "none"):
            self.follow("LDAP of Active Directory")
        self.tickets["alice"] = self.domain.kinit("alice")
        for mechanism in ("GSSAPI", "GS2-KRB5", "GSS-SPNEGO"):
            with self.decision(mechanism, self.RULE, "alice admitted, the alias in the property"):
                seen = self.assertAdmitted(self.log_in(mechanism, "alice"), "alice")
                self.assertIn("mail-users", seen["properties"]["groups"])
            with self.decision(mechanism, self.RULE, "bob refused"):
                (line,) = self.guide.log_lines("Groups")
                self.assertRefused(self.log_in(mechanism, "bob"), line)
        self.domain.start_winbind()
        self.follow("Groups")
        for mechanism in ("GSSAPI", "GS2-KRB5", "GSS-SPNEGO"):
            with self.decision(mechanism, self.RULE, "bob in the group, old ticket: refused"):
                self.assertRefused(self.log_in(mechanism, "bob"), "require at ")
        self.tickets["bob"] = self.domain.kinit("bob")
        for mechanism in ("GSSAPI", "GS2-KRB5", "GSS-SPNEGO"):
            with self.decision(mechanism, self.RULE, "bob in the group, new ticket: admitted"):
                self.assertAdmitted(self.log_in(mechanism, "bob"), "bob")


if __name__ == "__main__":
    samba_dc.main(__file__, needs=["ldapmodify", "ldapsearch", "klist"])
