#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Constrained delegation with MIT's KDC: tickets that a service got for a user, and a server that gets
tickets in the names of its users."""

import pathlib
import sys
import time

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import federation
import lab
import ldap_kdc
import sasl_pair

WEB, IMAP, LDAP, SMTP = "http/localhost", "imap/localhost", "ldap/localhost", "smtp/localhost"
NO_RULE = "# no rule\n"
ASSURANCE = """[attributes.assurance]
from = [{ mechanism = "krb5", name = "auth-indicators" }]
[services.default]
require = ["assurance=spake"]
"""
HAS_PAC = """[attributes.pac]
from = [{ mechanism = "krb5", name = "urn:mspac:client-info", form = "pac-client-info" }]
[services.default]
require = ["pac~\\"* alice\\""]
"""


class ConstrainedTest(federation.FederationTest):
    ATTRIBUTE = "auth-indicators"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kdc = ldap_kdc.LdapKdc(cls)
        cls.kdc.kadmin("addprinc", "-pw", lab.PASSWORD, "+requires_preauth", "alice")
        for service in (WEB, IMAP, LDAP, SMTP):
            cls.kdc.add_service(service)
        # WEB can get tickets for users who did not log in to it, and use them at IMAP.
        cls.kdc.kadmin("modprinc", "+ok_to_auth_as_delegate", "+requires_preauth", WEB)
        cls.kdc.allow(WEB, IMAP)
        cls.kdc.allow(IMAP, LDAP)
        cls.known = {"KRB5_CONFIG": cls.kdc.env["KRB5_CONFIG"]}
        cls.alice = cls.kdc.kinit("alice", "-f")

    def log_in(self, mechanism, policy, ccache, service=IMAP, **more):
        return super().log_in(mechanism, policy, ccache, client_env=self.known,
                              service=service.split("/")[0],
                              server_env=self.known | {"KRB5_KTNAME": self.kdc.keytab(service)},
                              **more)


class ForUsers(ConstrainedTest):
    """A service logs in with the tickets that it got by S4U2Self and S4U2Proxy."""

    SOURCE = "MIT KDC, a ticket for alice"

    def test_a_rule_decides(self):
        web = self.kdc.kinit(WEB, "-f", "-k", "-t", self.kdc.keytab(WEB))
        ticket = self.kdc.for_user(web, "alice", IMAP)
        for mechanism in federation.MECHANISMS:
            with self.decision(mechanism, "none", "as alice"):
                self.assertAdmitted(self.log_in(mechanism, NO_RULE, ticket), "alice")
            with self.decision(mechanism, 'pac~"* alice"', "admitted: the PAC is verified",
                               attribute="urn:mspac:client-info"):
                self.assertAdmitted(self.log_in(mechanism, HAS_PAC, ticket), "alice")
            with self.decision(mechanism, "assurance=spake", "refused: alice did not log in"):
                login = self.log_in(mechanism, ASSURANCE, ticket)
                self.assertRefused(login, r'policy refuses "alice": require at \S+ is false')
            with self.decision(mechanism, "assurance=spake", "alice herself: admitted",
                               source="MIT KDC, alice's ticket"):
                self.assertAdmitted(self.log_in(mechanism, ASSURANCE, self.alice), "alice")

    def test_the_kdc_decides(self):
        web = self.kdc.kinit(WEB, "-f", "-k", "-t", self.kdc.keytab(WEB))
        imap = self.kdc.kinit(IMAP, "-f", "-k", "-t", self.kdc.keytab(IMAP))
        for service, ccache, target in ((WEB, web, SMTP), (IMAP, imap, LDAP)):
            with self.decision("none", "krbAllowedToDelegateTo, ok_to_auth_as_delegate",
                               f"{service} to {target}, by S4U2Self: no ticket"):
                with self.assertRaisesRegex(AssertionError, "constrained delegation failed"):
                    self.kdc.for_user(ccache, "alice", target)


class InUsersNames(ConstrainedTest):
    """A server whose application passes a credential for both uses (GSS_C_BOTH) gets tickets in the
    names of its users, and ccache_store keeps what it needs for them."""

    SOURCE = "MIT KDC, the server's own delegation"

    def imap_server(self, credential, **config):
        """An IMAP server; with a credential for both uses, it gets a ticket with its keytab."""
        keytab = self.kdc.keytab(IMAP)
        given = {"credential": credential} if credential else {}
        return self.peer("server", **given, **config, options={
            "ccache_store": f"FILE:{self.path('%U')}", "keytab": keytab,
            "gssloop_policy": self.write("policy.toml", HAS_PAC)}, env=self.known | {
                "KRB5_KTNAME": keytab, "KRB5CCNAME": "MEMORY:own", "KRB5_CLIENT_KTNAME": keytab})

    def login_of(self, mechanism, server, ccache=None):
        return self.log_in_to(server, mechanism, ccache or self.alice, self.known,
                              **self.bound(mechanism))

    def bound(self, mechanism):
        return sasl_pair.binding(critical=True) if mechanism.endswith("-PLUS") else {}

    def test_with_a_credential_for_both_uses(self):
        for mechanism in federation.MECHANISMS:
            stored = f"FILE:{self.path('alice')}"
            with self.decision(mechanism, "GSS_C_BOTH", "nothing forwarded: a credential stored"):
                server = self.imap_server("both", **self.bound(mechanism))
                seen = self.assertAdmitted(self.login_of(mechanism, server), "alice")
                self.assertTrue(seen["delegated"])
            with self.decision(mechanism, "GSS_C_BOTH", "with it: ldap as alice, smtp refused"):
                self.assertAdmitted(self.log_in(mechanism, NO_RULE, stored, LDAP), "alice")
                self.assertSendsNothing(mechanism, stored, "KDC can't fulfill requested option",
                                        self.known, service="smtp")
            with self.decision(mechanism, "GSS_C_BOTH", "the server's own ticket is beside it"):
                listed = lab.run(["klist", "-c", stored], self.kdc.env)
                self.assertDone(listed, f"for client {IMAP}@{lab.REALM}")

    def test_what_is_known_of_the_login(self):
        for mechanism in federation.MECHANISMS:
            server = self.imap_server("both", **self.bound(mechanism))
            self.assertAdmitted(self.login_of(mechanism, server), "alice")
            with self.decision(mechanism, "assurance=spake", "ldap: admitted, alice logged in"):
                login = self.log_in(mechanism, ASSURANCE, f"FILE:{self.path('alice')}", LDAP)
                self.assertAdmitted(login, "alice")

    def test_without_it(self):
        for mechanism in federation.MECHANISMS:
            with self.decision(mechanism, "the module's own credential", "nothing is stored"):
                server = self.imap_server(None, **self.bound(mechanism))
                seen = self.assertAdmitted(self.login_of(mechanism, server), "alice")
                self.assertFalse(seen["delegated"])
                self.assertFalse(self.path("alice").exists())

    def test_a_ticket_that_is_not_forwardable(self):
        ticket = self.kdc.kinit("alice", "-F")
        for mechanism in federation.MECHANISMS:
            with self.decision(mechanism, "GSS_C_BOTH, not forwardable", "stored, ldap: no ticket"):
                server = self.imap_server("both",
                                          **self.bound(mechanism))
                self.assertAdmitted(self.login_of(mechanism, server, ticket), "alice")
                self.assertSendsNothing(mechanism, f"FILE:{self.path('alice')}",
                                        "KDC can't fulfill requested option", self.known,
                                        service="ldap")

    def test_it_ends_with_the_servers_ticket(self):
        """No accept gets a new ticket for a credential that the application keeps."""
        self.assertAdmitted(self.login_of("GSSAPI", self.imap_server(None)), "alice")
        self.kdc.kadmin("modprinc", "-maxlife", "4 seconds", IMAP)
        self.addCleanup(self.kdc.kadmin, "modprinc", "-maxlife", "1 day", IMAP)
        server = self.imap_server("both")
        server.ask("list")  # it has its ticket now
        time.sleep(5)
        with self.decision("GSSAPI", "GSS_C_BOTH, own ticket expired", "stored, ldap: no ticket"):
            self.assertAdmitted(self.login_of("GSSAPI", server), "alice")
            self.assertSendsNothing("GSSAPI", f"FILE:{self.path('alice')}", "expired", self.known,
                                    service="ldap")


if __name__ == "__main__":
    if lack := ldap_kdc.missing():
        lab.skip(lack)
    federation.main(__file__, services=["host/localhost"], needs=[
        "krb5kdc", "kadmin.local", "kinit", "klist", "kvno", "slapd", "ldapadd", "ldapmodify"])
