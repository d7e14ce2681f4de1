#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""How a user authenticated to MIT's KDC decides: certificates, one-time passwords, FAST, SPAKE,
what a service requires of its tickets, and anonymous tickets."""

import glob
import pathlib
import sys
import unittest

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import federation
import indicators
import lab
import pkinit
import radius_stub
import sasl_pair

NO_ANONYMOUS = 0x10  # SASL_SEC_NOANONYMOUS
CODE = "755224"  # of a token
HAS_OTP = bool(glob.glob("/usr/lib*/*/krb5/plugins/preauth/otp.so"))
KDC_CONF = """[libdefaults]
spake_preauth_groups = edwards25519
[realms]
EXAMPLE.COM = {{
  spake_preauth_indicator = spake
  pkinit_indicator = pkinit
  pkinit_indicator = smartcard
}}
[otp]
tokens = {{
  server = 127.0.0.1:{port}
  secret = {secret}
  indicator = otp
  indicator = second-factor
}}
"""
FAST_CONF = "[realms]\nEXAMPLE.COM = {\nencrypted_challenge_indicator = fast\n}\n"
POLICY = """[attributes.assurance]
from = [{{ mechanism = "krb5", name = "auth-indicators" }}]

[services.imap]
require = ["{rule}"]
"""
RULES = {"certificate": "assurance=pkinit & assurance=smartcard",
         "one-time password": "assurance=otp & assurance=second-factor",
         "password, SPAKE": "assurance=spake", "password, FAST": "assurance=fast"}


class KdcTest(federation.FederationTest):
    """Tests with a KDC that has these lines, and the tickets that it gives."""

    ATTRIBUTE = "auth-indicators"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        secret = cls.write("radius.secret", "between the two\n")
        cls.radius = radius_stub.RadiusStub("between the two", {"carol": {CODE}})
        cls.addClassCleanup(cls.radius.stop)
        cls.kdc = indicators.Kdc(cls, KDC_CONF.format(port=cls.radius.port, secret=secret))
        cls.known = {"KRB5_CONFIG": cls.kdc.env["KRB5_CONFIG"]}  # to clients

    def log_in(self, mechanism, policy, ccache, requested=(), **more):
        return super().log_in(mechanism, policy, ccache, requested, client_env=self.known, **more)


class Ways(KdcTest):
    """Each way to authenticate satisfies its own rule, and no other."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for user in ("bob", "dave"):
            cls.realm.add_user(user)
        cls.realm.add_user("erin", requires_preauth=False)
        fast = indicators.Kdc(cls, FAST_CONF, "fast")
        cls.tickets = {
            "certificate": ("alice", cls.kdc.kinit("alice", *pkinit.options(cls, "alice"))),
            "password, SPAKE": ("bob", cls.kdc.kinit("bob")),
            "password, FAST": ("dave", fast.kinit("dave", "-T", fast.kinit("@" + lab.REALM, "-n")))}
        if HAS_OTP:
            cls.set_up_otp()
            cls.tickets["one-time password"] = ("carol", cls.one_time(CODE))

    @classmethod
    def set_up_otp(cls):
        # She has no password. The KDC asks RADIUS, in a channel that FAST makes.
        cls.realm.kadmin("addprinc -nokey +requires_preauth carol")
        assert lab.run(["kadmin.local", "-r", lab.REALM, "setstr", "carol", "otp",
                        '[{"type": "tokens", "username": "carol"}]'])
        cls.armor = cls.kdc.kinit("@" + lab.REALM, "-n")

    @classmethod
    def one_time(cls, code):
        return cls.kdc.kinit("carol", "-T", cls.armor, password=code)

    def test_rules(self):
        ways = list(self.tickets)
        for mechanism in federation.MECHANISMS:
            for way, other in zip(ways, ways[1:] + ways[:1]):
                user, ticket = self.tickets[way]
                words = RULES[way].replace("assurance=", "").split(" & ")
                with self.decision(mechanism, RULES[way], f"{user} admitted", source=way):
                    login = self.log_in(mechanism, POLICY.format(rule=RULES[way]), ticket,
                                        ["assurance"])
                    seen = self.assertAdmitted(login, user)
                    self.assertEqual(sorted(seen["properties"]["assurance"]), sorted(words))
                with self.decision(mechanism, RULES[other], f"{user} refused", source=way):
                    login = self.log_in(mechanism, POLICY.format(rule=RULES[other]), ticket)
                    self.assertRefused(login, f'policy refuses "{user}": require at ')

    def test_without_preauthentication(self):
        """The KDC cannot know who asked."""
        ticket = self.kdc.kinit("erin")
        for mechanism in federation.MECHANISMS:
            for rule in RULES.values():
                with self.decision(mechanism, rule, "erin refused",
                                   source="password, no pre-authentication"):
                    login = self.log_in(mechanism, POLICY.format(rule=rule), ticket)
                    self.assertRefused(login, 'policy refuses "erin": require at '
                                              r"\S+policy.toml:5:12 is false")

    @unittest.skipUnless(HAS_OTP, "not installed: krb5-otp, for one-time passwords")
    def test_a_code_is_good_once(self):
        with self.decision("none", "none", "the same code again: no ticket",
                           source="one-time password"):
            with self.assertRaisesRegex(AssertionError, "(?i)preauthentication failed"):
                self.one_time(CODE)
            self.assertEqual(set(self.radius.users), {"carol"})


class RequireAuth(KdcTest):
    """The KDC gives tickets for a service only to users who authenticated as it requires."""

    SOURCE = "MIT KDC, require_auth"
    ANY = "[services.imap]\n"

    def fresh(self):
        return {"certificate": self.kdc.kinit("alice", *pkinit.options(self, "alice")),
                "password": self.kdc.kinit("alice")}

    def test_it_decides(self):
        before = self.fresh()["password"]
        self.assertAdmitted(self.log_in("GSSAPI", self.ANY, before), "alice")
        self.realm.kadmin("setstr imap/localhost require_auth pkinit")
        self.addCleanup(self.realm.kadmin, "delstr imap/localhost require_auth")
        for mechanism in federation.MECHANISMS:
            tickets = self.fresh()
            with self.decision(mechanism, "require_auth pkinit", "a certificate: admitted"):
                self.assertAdmitted(self.log_in(mechanism, self.ANY, tickets["certificate"]),
                                    "alice")
            with self.decision(mechanism, "require_auth pkinit", "a password: no ticket"):
                self.assertSendsNothing(mechanism, tickets["password"],
                                        "KDC policy rejects request", self.known)
        with self.decision("GSSAPI", "require_auth pkinit", "a password, a ticket from before it "
                           "was set: admitted"):
            self.assertAdmitted(self.log_in("GSSAPI", self.ANY, before), "alice")
        with self.decision("GSSAPI", "assurance=pkinit", "the same ticket: refused"):
            login = self.log_in("GSSAPI", POLICY.format(rule="assurance=pkinit"), before)
            self.assertRefused(login, "require at ")


class Anonymous(KdcTest):
    """A ticket of `kinit -n`, which has no name and, though PKINIT gave it, no indicator."""

    SOURCE = "MIT KDC, kinit -n"
    GUEST = '[services.imap]\nanonymous = "guest"\n'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ticket = cls.kdc.kinit("@" + lab.REALM, "-n")

    def test_it_decides(self):
        for mechanism in federation.MECHANISMS:
            with self.decision(mechanism, "none", "refused"):
                self.assertRefused(self.log_in(mechanism, "# no rule\n", self.ticket),
                                   "the peer is anonymous")
            with self.decision(mechanism, 'anonymous = "guest"', "admitted as guest"):
                seen = self.assertAdmitted(self.log_in(mechanism, self.GUEST, self.ticket,
                                                       ["assurance"]), "guest")
                self.assertEqual(seen["properties"], {"assurance": []})
            rule = "assurance=pkinit"
            with self.decision(mechanism, rule, "refused"):
                policy = POLICY.format(rule=rule) + 'anonymous = "guest"\n'
                self.assertRefused(self.log_in(mechanism, policy, self.ticket),
                                   r'refuses "guest": require at \S+:5:12')
            with self.decision(mechanism, "peer.anonymous=no", "refused"):
                policy = POLICY.format(rule="peer.anonymous=no") + 'anonymous = "guest"\n'
                self.assertRefused(self.log_in(mechanism, policy, self.ticket), "require at ")

    def test_the_application_forbids_it(self):
        forbids = sasl_pair.limits(flags=NO_ANONYMOUS)["props"]
        for mechanism in federation.MECHANISMS:
            config = (sasl_pair.binding(critical=True) if mechanism.endswith("-PLUS") else {})
            server = self.peer("server", **config, props={"flags": NO_ANONYMOUS}, options={
                "gssloop_policy": self.write("policy.toml", self.GUEST)})
            with self.decision(mechanism, "SASL_SEC_NOANONYMOUS of the server", "refused"):
                login = self.log_in_to(server, mechanism, self.ticket, self.known, **config)
                self.assertRefused(login, "but the application forbids anonymous logins")
            with self.decision(mechanism, "SASL_SEC_NOANONYMOUS of the client", "nothing sent"):
                self.assertSendsNothing(mechanism, self.ticket,
                                        "the ticket is anonymous, but the application forbids",
                                        self.known, props={"flags": NO_ANONYMOUS})

    def test_the_kdc_forbids_it(self):
        """Anonymous tickets are for the channel of FAST only."""
        lines = KDC_CONF.format(port=1, secret="none")
        lines += f"[realms]\n{lab.REALM} = {{\nrestrict_anonymous_to_tgt = true\n}}\n"
        kdc = indicators.Kdc(self, lines, "restricted")
        self.known = {"KRB5_CONFIG": kdc.env["KRB5_CONFIG"]}
        ticket = kdc.kinit("@" + lab.REALM, "-n")
        armored = kdc.kinit("alice", "-T", ticket)
        for mechanism in federation.MECHANISMS:
            with self.decision(mechanism, "restrict_anonymous_to_tgt", "no ticket"):
                self.assertSendsNothing(mechanism, ticket, "KDC policy rejects request",
                                        self.known)
            with self.decision(mechanism, "restrict_anonymous_to_tgt",
                               "a password in a channel of the ticket: alice admitted"):
                self.assertAdmitted(self.log_in(mechanism, "# no rule\n", armored), "alice")


if __name__ == "__main__":
    federation.main(__file__, services=["imap/localhost"], options=["--defaults", "--anonymous"],
                    needs=["krb5kdc", "kadmin.local", "kinit", "openssl"])
