#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The `admin` of another realm is never the local `admin`: not by auth_to_local, not by libsasl's
user_realm, not by the case of letters, and not by asking for it.

What happens without the defence is shown first: with Cyrus SASL's own module, or with a setting
that gives the name away.
"""

import pathlib
import sys

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import federation
import realms
import sasl_pair
from libsasl import OK
from realms import ISSUER, LOCAL, OTHER, SMALL

NO_RULE = "# no rule\n"
STRIP = "RULE:[1:$1]"  # takes every realm away
STRIP_OWN = r"RULE:[1:$1@$0](.*@EXAMPLE\.COM)s/@.*//"
LOCAL_NAMES = '[services.imap]\nidentity = "auth-to-local"\n'
OWN_REALM = f'require = ["peer.realm={LOCAL}"]\n'
NO_LOCAL_NAME = "auth-to-local gives the principal no local name"
SAME_REALM = "the peer's realm is foreign, but has the same name as the application's own"


class ForeignAdmin(realms.RealmsTest):
    SOURCE = f"{OTHER}, trusted"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tickets = {realm: cls.kdc.kinit(f"admin@{realm}") for realm in (LOCAL, OTHER, SMALL)}

    def rules(self, *of_local):
        """The server's environment with these auth_to_local."""
        lines = "".join(f"    auth_to_local = {rule}\n" for rule in of_local)
        text = f"[realms]\n  {LOCAL} = {{\n{lines}  }}\n"
        return {"KRB5_CONFIG": f"{self.write('rules.conf', text)}:{self.known['KRB5_CONFIG']}"}

    def test_without_more(self):
        for mechanism in federation.MECHANISMS:
            for realm, name in ((LOCAL, "admin"), (OTHER, f"admin@{OTHER}"),
                                (SMALL, f"admin@{SMALL}")):
                with self.decision(mechanism, "none", f"admin@{realm}: as {name}"):
                    login = self.log_in(mechanism, NO_RULE, self.tickets[realm])
                    self.assertAdmitted(login, name)

    def test_letters(self):
        policy = "[services.imap]\n" + OWN_REALM
        for mechanism in federation.MECHANISMS:
            for realm in (OTHER, SMALL):
                with self.decision(mechanism, f"peer.realm={LOCAL}", f"admin@{realm}: refused"):
                    login = self.log_in(mechanism, policy, self.tickets[realm])
                    self.assertRefused(login, f'policy refuses "admin@{realm}": require at ')
            with self.decision(mechanism, f"issuer {LOCAL}", f"admin@{SMALL}: refused",
                               attribute="urn:mspac:client-info"):
                login = self.log_in(mechanism, ISSUER.format(LOCAL), self.tickets[SMALL])
                self.assertRefused(login, f'policy refuses "admin@{SMALL}": require at ')
            with self.decision(mechanism, f"issuer {LOCAL}", f"admin@{LOCAL}: admitted",
                               attribute="urn:mspac:client-info"):
                login = self.log_in(mechanism, ISSUER.format(LOCAL), self.tickets[LOCAL])
                self.assertAdmitted(login, "admin")

    def test_auth_to_local(self):
        def cell(rule, identity, outcome):
            return self.decision(mechanism, f"auth_to_local = {rule}, {identity}", outcome,
                                 attribute="peer.local-name")

        for mechanism in federation.MECHANISMS:
            for realm in (OTHER, SMALL):
                ticket, name = self.tickets[realm], f"admin@{realm}"
                with cell(STRIP, "identity auth-to-local", f"the attack: {name} is admin"):
                    login = self.log_in(mechanism, LOCAL_NAMES, ticket,
                                        server_env=self.rules(STRIP))
                    self.assertAdmitted(login, "admin")
                with cell(STRIP, "identity auth-to-local, and the realm", f"{name} refused"):
                    login = self.log_in(mechanism, LOCAL_NAMES + OWN_REALM, ticket,
                                        server_env=self.rules(STRIP))
                    self.assertRefused(login, "require at ")
                with cell(STRIP, "no identity", f"as {name}"):
                    login = self.log_in(mechanism, NO_RULE, ticket, server_env=self.rules(STRIP))
                    self.assertAdmitted(login, name)
                for rule in ("DEFAULT", STRIP_OWN):
                    with cell(rule, "identity auth-to-local", f"{name} refused"):
                        login = self.log_in(mechanism, LOCAL_NAMES, ticket,
                                            server_env=self.rules(rule))
                        self.assertRefused(login, NO_LOCAL_NAME)
            for rule in ("DEFAULT", STRIP_OWN):
                with cell(rule, "identity auth-to-local", f"admin@{LOCAL} is admin"):
                    login = self.log_in(mechanism, LOCAL_NAMES, self.tickets[LOCAL],
                                        server_env=self.rules(rule))
                    self.assertAdmitted(login, "admin")

    def names(self, mechanism, user_realm, modules):
        """The name of each realm's admin at a server whose application has this realm."""
        names = {}
        for realm, ticket in self.tickets.items():
            server = self.peer("server", modules=modules, realm=user_realm, env={
                "KRB5CCNAME": "FILE:/nonexistent", "KRB5_CONFIG": self.known["KRB5_CONFIG"]})
            _, is_admitted = self.log_in_to(server, mechanism, ticket, self.known)
            names[realm] = server.ask("learn")["authid"] if is_admitted else server.said()
        return names

    def test_user_realm(self):
        """libsasl puts it behind a name without a realm."""
        for mechanism in ("GSSAPI", "GS2-KRB5"):
            with self.decision(mechanism, f"user_realm {OTHER}, Cyrus SASL's module",
                               f"the attack: admin@{OTHER} is admin@{LOCAL}"):
                names = self.names(mechanism, OTHER, sasl_pair.STOCK)
                self.assertEqual([names[OTHER], names[LOCAL]], 2 * [f"admin@{OTHER}"])
        for mechanism in ("GSSAPI", "GS2-KRB5", "GSS-SPNEGO"):
            # An application takes a realm for a domain, whose letters have no case.
            for user_realm, foreign in ((OTHER, OTHER), (OTHER.lower(), OTHER), (LOCAL, SMALL),
                                        (SMALL, SMALL)):
                with self.decision(mechanism, f"user_realm {user_realm}",
                                   f"admin@{foreign} refused, admin@{LOCAL} admitted"):
                    names = self.names(mechanism, user_realm, sasl_pair.OURS)
                    self.assertIn(SAME_REALM, names[foreign])
                    self.assertEqual(names[LOCAL], f"admin@{user_realm}")

    def ask_for_admin(self, mechanism, policy, authzid="admin", **more):
        """admin@OTHER asks to act as another name."""
        server = self.peer("server", options={"gssloop_policy": self.write("policy.toml", policy)},
                           env={"KRB5CCNAME": "FILE:/nonexistent"}, **more)
        self.log_in_to(server, mechanism, self.tickets[OTHER], self.known,
                       answers={"user": authzid})
        return server

    def test_authorization_identity(self):
        # GSS-SPNEGO transmits none.
        for mechanism in ("GSSAPI", "GS2-KRB5"):
            with self.decision(mechanism, "an application that permits all",
                               f"the attack: admin@{OTHER} acts as admin"):
                server = self.ask_for_admin(mechanism, NO_RULE, proxy=OK)
                self.assertEqual(server.ask("learn")["user"], "admin")
            for rule in ("authorize = []", 'authorize = ["peer.realm=EXAMPLE.COM"]'):
                for authzid in ("admin", f"admin@{LOCAL}", f"ADMIN@{OTHER}"):
                    with self.decision(mechanism, rule, f"admin@{OTHER} as {authzid}: refused"):
                        server = self.ask_for_admin(mechanism, f"[services.imap]\n{rule}\n",
                                                    authzid, proxy=OK)
                        self.assertLess(server.last["code"], 0)
                        self.assertIn("authorize at ", server.said())
            with self.decision(mechanism, "none, and an application without an own decision",
                               "refused"):
                server = self.ask_for_admin(mechanism, NO_RULE)
                self.assertLess(server.last["code"], 0)


if __name__ == "__main__":
    federation.main(__file__, services=["imap/localhost"], options=realms.KDC_OPTIONS,
                    needs=["krb5kdc", "kadmin.local", "kinit"])
