#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Users of other Kerberos realms: two-way, one-way and transited trust, and what a policy can say
of a realm."""

import pathlib
import sys

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import federation
import indicators
import realms
from lying_realm import LyingRealm
from realms import FAR, HOSTS, ISSUER, LOCAL, ONE, OTHER

NO_RULE = "# no rule\n"
RULE = '[services.imap]\nrequire = ["{}"]\n'
ASSURANCE = """[attributes.assurance]
from = [{ mechanism = "krb5", name = "auth-indicators" }]
[services.imap]
require = ["assurance=spake"]
"""


class Trust(realms.RealmsTest):
    def test_two_ways(self):
        here, there = self.admin(LOCAL), self.admin(OTHER)
        for mechanism in federation.MECHANISMS:
            self.SOURCE = f"{OTHER}, trusted both ways"
            with self.decision(mechanism, "none", f"admin@{OTHER} in {LOCAL}: as admin@{OTHER}"):
                self.assertAdmitted(self.log_in(mechanism, NO_RULE, there), f"admin@{OTHER}")
            with self.decision(mechanism, "none", f"admin@{LOCAL} in {OTHER}: as admin@{LOCAL}"):
                self.assertAdmitted(self.log_in_at(OTHER, mechanism, here), f"admin@{LOCAL}")
            with self.decision(mechanism, "none", f"admin@{OTHER} in {OTHER}: as admin"):
                self.assertAdmitted(self.log_in_at(OTHER, mechanism, there), "admin")

    def test_one_way(self):
        here, there = self.admin(LOCAL), self.admin(ONE)
        self.SOURCE = f"{ONE}, trusted one way"
        for mechanism in federation.MECHANISMS:
            with self.decision(mechanism, "none", f"admin@{ONE} in {LOCAL}: as admin@{ONE}"):
                self.assertAdmitted(self.log_in(mechanism, NO_RULE, there), f"admin@{ONE}")
        for mechanism in federation.MECHANISMS:
            with self.decision(mechanism, "none", f"admin@{LOCAL} in {ONE}: no ticket"):
                self.assertSendsNothing(
                    mechanism, here, f"Server krbtgt/{ONE}@{LOCAL} not found in Kerberos database"
                    ".*shares no key with its realm", self.known, host=HOSTS[ONE])

    def test_rules(self):
        self.SOURCE = "realms that are trusted"
        tickets = {realm: self.admin(realm) for realm in (LOCAL, OTHER, ONE)}
        for mechanism in federation.MECHANISMS:
            for rule, policy in ((f"peer.realm={OTHER}", RULE.format(f"peer.realm={OTHER}")),
                                 (f"issuer {OTHER}", ISSUER.format(OTHER))):
                for realm, ticket in tickets.items():
                    outcome = "admitted" if realm == OTHER else "refused"
                    with self.decision(mechanism, rule, f"admin@{realm}: {outcome}",
                                       attribute="realm, urn:mspac:client-info"):
                        login = self.log_in(mechanism, policy, ticket)
                        if realm == OTHER:
                            self.assertAdmitted(login, f"admin@{OTHER}")
                        else:
                            self.assertRefused(login, "policy refuses .*: require at ")


    def test_indicators_stay_at_home(self):
        here, there = self.admin(LOCAL), self.admin(OTHER)
        self.SOURCE, self.ATTRIBUTE = "MIT KDC, password (SPAKE)", "auth-indicators"
        for mechanism in federation.MECHANISMS:
            with self.decision(mechanism, "assurance=spake", f"admin@{LOCAL}: admitted"):
                self.assertAdmitted(self.log_in(mechanism, ASSURANCE, here), "admin")
            with self.decision(mechanism, "assurance=spake", f"admin@{OTHER}: refused in {LOCAL}"):
                login = self.log_in(mechanism, ASSURANCE, there)
                self.assertRefused(login, "policy refuses .*: require at ")
            with self.decision(mechanism, "assurance=spake", f"admin@{OTHER}: admitted in {OTHER}"):
                login = self.log_in_at(OTHER, mechanism, there, ASSURANCE)
                self.assertAdmitted(login, "admin")


class Transited(realms.RealmsTest):
    """Users of FAR come through OTHER: where the KDC and the server say so in [capaths]."""

    ATTRIBUTE = "realm, transited realms"
    SOURCE = f"{FAR}, through {OTHER}"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.strict = indicators.Kdc(cls, name="strict", change=realms.without_path)
        lenient = "[realms]\nEXAMPLE.COM = {\nreject_bad_transit = false\n}\n"
        cls.lenient = indicators.Kdc(cls, lenient, "lenient", realms.without_path)

    def test_the_kdc_decides(self):
        for mechanism in federation.MECHANISMS:
            with self.decision(mechanism, "capaths of the KDC: the way", f"as admin@{FAR}"):
                login = self.log_in(mechanism, NO_RULE, self.admin(FAR))
                self.assertAdmitted(login, f"admin@{FAR}")
        for mechanism in federation.MECHANISMS:
            with self.decision(mechanism, "capaths of the KDC: none", "no ticket"):
                self.assertSendsNothing(mechanism, self.admin(FAR), "KDC policy rejects request",
                                        self.through(self.strict))

    def test_the_server_decides(self):
        """The KDC gives a ticket, and leaves it to the server to look where it came through."""
        known = self.through(self.lenient)
        strict = self.strict.env["KRB5_CONFIG"]
        for mechanism in federation.MECHANISMS:
            with self.decision(mechanism, "capaths of the server: none", "refused"):
                login = self.log_in(mechanism, NO_RULE, self.admin(FAR), client_env=known,
                                    server_env={"KRB5_CONFIG": strict})
                self.assertRefused(login, "Illegal cross-realm ticket")
            with self.decision(mechanism, "capaths of the server: the way", f"as admin@{FAR}"):
                login = self.log_in(mechanism, NO_RULE, self.admin(FAR), client_env=known,
                                    server_env=self.known)
                self.assertAdmitted(login, f"admin@{FAR}")
            with self.decision(mechanism, f"peer.realm={LOCAL} | peer.realm={OTHER}", "refused"):
                policy = RULE.format(f"peer.realm={LOCAL} | peer.realm={OTHER}")
                login = self.log_in(mechanism, policy, self.admin(FAR), client_env=known,
                                    server_env=self.known)
                self.assertRefused(login, "policy refuses .*: require at ")

    def test_a_realm_in_between_can_lie(self):
        # OTHER has the key that it shares with FAR, and so can make any user of FAR. No rule can
        # see that; no user comes that way if [capaths] does not have it.
        lie = LyingRealm(self, FAR)
        self.SOURCE = f"{OTHER}, which claims to be {FAR}"
        rule = f"peer.realm={FAR}"
        for mechanism in federation.MECHANISMS:
            with self.decision(mechanism, rule, f"capaths with the way: as admin@{FAR}"):
                login = self.log_in(mechanism, RULE.format(rule), lie.ticket())
                self.assertAdmitted(login, f"admin@{FAR}")
            with self.decision(mechanism, rule, "capaths without it: no ticket"):
                self.assertSendsNothing(mechanism, lie.ticket(), "KDC policy rejects request",
                                        self.through(self.strict))

    def test_no_realm_can_make_a_local_user(self):
        # OTHER has the key that it shares with LOCAL, too. LOCAL's KDC takes none of its own users
        # from elsewhere, also if it does not look at the realms in between.
        lie = LyingRealm(self, LOCAL)
        self.SOURCE = f"{OTHER}, which claims to be {LOCAL}"
        for mechanism in federation.MECHANISMS:
            for rule, known in (("none", self.known),
                                ("reject_bad_transit = false", self.through(self.lenient))):
                with self.decision(mechanism, rule, "no ticket"):
                    self.assertSendsNothing(mechanism, lie.ticket(),
                                            "KDC policy rejects request", known)


if __name__ == "__main__":
    federation.main(__file__, services=["imap/localhost"], options=realms.KDC_OPTIONS,
                    needs=["krb5kdc", "kadmin.local", "kinit"])
