#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""slapd whose users log in with EAP, as docs/federation.md says."""

import pathlib
import sys

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import eap
import lab
import openldap


class TheGuide(eap.WithRadius, openldap.OpenLdap):
    """Every block of the guide."""

    @classmethod
    def make_folder(cls):
        super().make_folder()
        cls.set_up_radius()
        cls.guide = cls.federation
        cls.guide.replacements |= {"/etc/ldap": cls.path("etc"), openldap.HOST: "localhost"}
        cls.write("etc/sasl2/slapd.conf", cls.guide.file("/etc/ldap/sasl2/slapd.conf"))
        cls.use_policy_text(cls.guide.file("/etc/ldap/policy.toml", "The server"))

    @classmethod
    def server_environment(cls):
        return super().server_environment() | {key: str(it) for key, it in cls.env.items()}

    def client(self):
        return lab.environment(
            SASL_PATH=lab.CLIENT_MODULES["gssloop"], KRB5CCNAME="FILE:/nonexistent",
            HOME=self.folder, LDAPCONF=self.path("etc/ldap.conf"), **self.env)

    def test_the_client(self):
        for command in self.guide.commands("The client"):
            line = command.line.replace("ldaps://localhost",
                                        self.book.replaced(f"ldaps://{openldap.HOST}"))
            words = command.line.split()
            mechanism, user = words[words.index("-Y") + 1], words[words.index("-U") + 1]
            outcome = "admitted" if "dn:" in command.expected else "refused"
            with self.subTest(source="FreeRADIUS, slapd", mechanism=mechanism, outcome=outcome,
                              attribute="eduPersonScopedAffiliation",
                              rule=f"the policy of the guide, {user}"):
                done = lab.run(["sh", "-c", line], self.client())
                self.assertTrue(command.matches(done.output), (command, done.output))
                self.assertEqual(done.status == 0, outcome == "admitted", done.output)
        for line in self.guide.log_lines("The client"):
            self.server.wait_for_log(line)

    def test_users_who_hide_their_names(self):
        self.radius.stop()
        eap.hide_names(self.radius)
        self.start_radius()
        heading = "Users who hide their names"
        self.use_policy_text(self.guide.file("/etc/ldap/policy.toml", heading))
        self.change_config("replace: olcSaslSecProps", "olcSaslSecProps: noplain,minssf=128")
        url = self.book.replaced(f"ldaps://{openldap.HOST}")
        for user, is_admitted in (("robin", True), ("kim", False)):
            with self.subTest(source="FreeRADIUS without User-Name, slapd", mechanism="EAP-AES128",
                              attribute="eduPersonPrincipalName", rule="identity eppn",
                              outcome=f"{user} {'admitted' if is_admitted else 'refused'}"):
                done = lab.run(["ldapwhoami", "-Q", "-Y", "EAP-AES128", "-H", url, "-w",
                                eap.PASSWORD, "-U", f"{user}@university.example"], self.client())
                self.assertEqual(done.status == 0, is_admitted, done.output)
                if is_admitted:
                    self.assertIn("dn:uid=robin@university.example,cn=eap-aes128", done.output)


if __name__ == "__main__":
    eap.main(__file__, ["ldap/localhost"], openldap.NEEDS)
