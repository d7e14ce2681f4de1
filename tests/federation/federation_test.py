#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""slapd whose users log in with EAP, as docs/federation.md says."""

import pathlib
import sys

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import eap
import freeradius
import lab
import openldap

ROBIN, KIM, MALLORY = "robin@university.example", "kim@university.example", "mallory@other.example"


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

    def test_1_the_client(self):
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

    def whoami(self, user, home=None):
        """Logs in a user of this RADIUS server; the client knows its certificate."""
        known = {"GSSLOOP_EAP_CERTIFICATE": (home or self.radius).fingerprint}
        return lab.run(["ldapwhoami", "-Q", "-Y", "EAP-AES128", "-w", eap.PASSWORD, "-U", user,
                        "-H", self.book.replaced(f"ldaps://{openldap.HOST}")],
                       self.client() | known)

    def test_2_a_proxy(self):
        """The server of another organisation says that its user is robin, and on the staff."""
        home = freeradius.Radius(type(self), "home")
        self.follow("The RADIUS server", home)
        home.change("mods-config/files/authorize", (ROBIN, MALLORY))
        home.change("sites-available/inner-tunnel",
                    ("User-Name := &User-Name", f'User-Name := "{ROBIN}"'))
        home.start()
        self.addCleanup(home.stop)
        self.guide.replacements |= {"192.0.2.20": "127.0.0.1", "port = 1812": f"port = {home.port}"}
        self.radius.stop()
        self.follow("If it forwards requests", self.radius)
        call = ("\t\tnames_of_their_realm\n", "\t\tok\n")
        for outcome, changes in (("mallory admitted as robin", call), ("refused", call[::-1])):
            self.radius.change("sites-available/default", changes)
            self.start_radius()
            with self.subTest(source="a proxy, and a RADIUS server that lies", outcome=outcome,
                              mechanism="EAP-AES128", attribute="User-Name, SAML",
                              rule="the policy of the guide"):
                done = self.whoami(MALLORY, home)
                self.assertEqual(done.status == 0, outcome != "refused", done.output)
                if outcome != "refused":
                    self.assertIn(f"dn:uid={ROBIN},cn=eap-aes128", done.output)
            if outcome == "refused":
                self.assertIn("names_of_their_realm", self.radius.log())
                self.assertTrue(self.whoami(ROBIN), "the own users are not concerned")
            self.radius.stop()
        # A home server that tells the truth.
        home.stop()
        home.change("sites-available/inner-tunnel",
                    (f'User-Name := "{ROBIN}"', "User-Name := &User-Name"))
        home.start()
        self.radius.change("proxy.conf", (self.guide.replacements["port = 1812"],
                                          f"port = {home.port}"))
        self.start_radius()
        self.use_policy_text('[services.ldap]\nrequire = ["peer.realm=other.example"]\n')
        self.addCleanup(self.use_policy_text,
                        self.guide.file("/etc/ldap/policy.toml", "The server"))
        with self.subTest(source="a proxy, and an honest RADIUS server", mechanism="EAP-AES128",
                          attribute="User-Name", rule="peer.realm=other.example",
                          outcome="mallory admitted"):
            self.assertIn(f"dn:uid={MALLORY},cn=eap-aes128", self.whoami(MALLORY, home).output)

    def test_3_users_who_hide_their_names(self):
        self.radius.stop()
        eap.hide_names(self.radius)
        self.start_radius()
        heading = "Users who hide their names"
        self.use_policy_text(self.guide.file("/etc/ldap/policy.toml", heading))
        self.change_config("replace: olcSaslSecProps", "olcSaslSecProps: noplain,minssf=128")
        for user, is_admitted in ((ROBIN, True), (KIM, False)):
            with self.subTest(source="FreeRADIUS without User-Name, slapd", mechanism="EAP-AES128",
                              attribute="eduPersonPrincipalName", rule="identity eppn",
                              outcome=f"{user} {'admitted' if is_admitted else 'refused'}"):
                done = self.whoami(user)
                self.assertEqual(done.status == 0, is_admitted, done.output)
                if is_admitted:
                    self.assertIn(f"dn:uid={ROBIN},cn=eap-aes128", done.output)


if __name__ == "__main__":
    eap.main(__file__, ["ldap/localhost"], openldap.NEEDS)
