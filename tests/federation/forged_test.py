#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Tickets made with the service's key, but not by a KDC: what is not verified never is a property
and never satisfies a rule, and what is verified but malformed is unknown."""

import dataclasses
import pathlib
import sys

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import federation
import lab

FORGE = str(lab.BUILD / "tests/kdc/forge_ticket")
LOGON_INFO, CLIENT_INFO = "urn:mspac:logon-info", "urn:mspac:client-info"
GROUP = "S-1-5-21-1-2-3-1105"
DEFINITIONS = f"""[attributes.groups]
from = [{{ mechanism = "krb5", name = "{LOGON_INFO}", form = "pac-groups" }}]
[attributes.assurance]
from = [{{ mechanism = "krb5", name = "auth-indicators" }}]
[services.imap]
publish = ["groups", "assurance"]
"""
PROPERTIES = ["groups", "assurance", "*auth-indicators", "*" + LOGON_INFO, "*" + CLIENT_INFO]
IN_GROUP, NOT_IN_GROUP = f"require groups={GROUP}", f"require !groups={GROUP}"
DENIED_GROUP = "deny groups=S-1-5-21-1-2-3-1106"
OTP, NOT_OTP, DENIED_PASSWORD = "require assurance=otp", "require !assurance=otp", \
    "deny assurance=password"
FALSE, UNKNOWN = "is false", r"is unknown \("


def policy(rule):
    kind, _, text = rule.partition(" ")
    return DEFINITIONS + (f'{kind} = ["{text}"]\n' if text else "")


@dataclasses.dataclass
class Case:
    """A ticket, and what a policy decides about it: {rule: why it is refused; None: admitted}."""
    what: str
    options: str
    rules: dict
    properties: set  # those that the application gets where it is admitted
    attribute: str = LOGON_INFO


WITH_GROUP = "--pac good --group 1105"
UNVERIFIED = {"": None, IN_GROUP: UNKNOWN, NOT_IN_GROUP: UNKNOWN, DENIED_GROUP: UNKNOWN}
ABSENT = {"": None, OTP: FALSE, NOT_OTP: None, DENIED_PASSWORD: None}
CASES = [
    Case("a PAC signed with the key", WITH_GROUP, {
        "": None, IN_GROUP: None, NOT_IN_GROUP: FALSE, DENIED_GROUP: None},
         {"groups", "*" + LOGON_INFO, "*" + CLIENT_INFO}),
    Case("no PAC", "", {"": None, IN_GROUP: FALSE, NOT_IN_GROUP: None, DENIED_GROUP: None}, set()),
    Case("a PAC with another key's signature", "--pac bad --group 1105", UNVERIFIED, set()),
    Case("the PAC of another user", WITH_GROUP + " --pac-client bob", UNVERIFIED, set()),
    Case("the PAC of an older ticket", WITH_GROUP + " --pac-of-another-time", UNVERIFIED, set()),
    Case("a signed PAC that is cut short", WITH_GROUP + " --short-logon-info", UNVERIFIED,
         {"*" + LOGON_INFO, "*" + CLIENT_INFO}),
    Case("a signed PAC with two lists of groups", WITH_GROUP + " --second-logon-info", UNVERIFIED,
         {"*" + CLIENT_INFO}),
    Case("indicators with a good verifier", "--indicator otp", {
        "": None, OTP: None, NOT_OTP: FALSE, DENIED_PASSWORD: None},
         {"assurance", "*auth-indicators"}, "auth-indicators"),
    Case("indicators with another key's verifier", "--indicator otp --indicators bad", ABSENT,
         set(), "auth-indicators"),
    Case("indicators with a good verifier, one of them not UTF-8",
         "--indicator otp --indicator \udcff", {
             "": None, OTP: None, NOT_OTP: FALSE, DENIED_PASSWORD: UNKNOWN},
         {"assurance", "*auth-indicators"}, "auth-indicators"),
    Case("an indicator with a good verifier that is not UTF-8", "--indicator \udcff",
         {"": None, OTP: UNKNOWN, NOT_OTP: UNKNOWN, DENIED_PASSWORD: UNKNOWN}, set(),
         "auth-indicators"),
    Case("indicators without a CAMMAC", "--indicator otp --indicators missing", ABSENT, set(),
         "auth-indicators"),
]


class Forged(federation.FederationTest):
    SOURCE = "a stolen keytab"

    def forge(self, *options):
        ccache = f"FILE:{self.path('forged')}"
        done = lab.run([FORGE, *options, ccache], lab.environment())
        self.assertEqual(done.status, 0, done.output)
        return ccache

    def check(self, case, mechanism, rule, reason):
        ticket = self.forge(*case.options.split())
        login = self.log_in(mechanism, policy(rule), ticket, PROPERTIES)
        if reason is None:
            properties = self.assertAdmitted(login, "alice")["properties"]
            # The attribute of a policy has two names.
            found = {name for name, values in properties.items() if values}
            self.assertEqual(found - {"*groups", "*assurance"}, case.properties)
        else:
            kind, _, text = rule.partition(" ")
            self.assertRefused(login, rf'policy refuses "alice": {kind} at \S+ {reason}')
            self.assertNotIn(GROUP, login[0].said().replace(text, ""))

    def test_what_is_signed_and_what_is_not(self):
        for case in CASES:
            for mechanism in federation.MECHANISMS:
                for rule, reason in case.rules.items():
                    outcome = "admitted" if reason is None else (
                        "refused: unknown" if reason == UNKNOWN else "refused")
                    with self.decision(mechanism, rule or "none", f"{case.what}: {outcome}",
                                       attribute=case.attribute):
                        self.check(case, mechanism, rule, reason)

    def test_a_cammac_without_a_verifier(self):
        ticket = self.forge("--indicator", "otp", "--indicators", "no-verifier")
        for mechanism in federation.MECHANISMS:
            with self.decision(mechanism, OTP, "a CAMMAC without a verifier: refused",
                               attribute="auth-indicators"):
                _, is_admitted = self.log_in(mechanism, policy(OTP), ticket)
                self.assertFalse(is_admitted)

    def test_any_name(self):
        """A user who has the service's key is any user to it. No name is taken for another one."""
        escape = "contains a backslash escape"
        rows = (("admin", lab.REALM, "admin", None),
                ("admin", "OTHER.TEST", "admin@OTHER.TEST", None),
                ("admin@" + lab.REALM, "OTHER.TEST", None, escape),
                ("admin@" + lab.REALM, lab.REALM, None, escape),
                ("admin ", lab.REALM, None, "begins or ends with white space"),
                ("", lab.REALM, None, "names a realm, but no user"))
        for client, realm, admitted, reason in rows:
            ticket = self.forge("--client", client, "--realm", realm)
            for mechanism in federation.MECHANISMS:
                with self.decision(mechanism, "none", f"admitted as {admitted}" if admitted else
                                   "refused", attribute=f'the name "{client}" of {realm}'):
                    login = self.log_in(mechanism, "# no rules\n", ticket)
                    if admitted:
                        self.assertAdmitted(login, admitted)
                    else:
                        self.assertRefused(login, reason)


if __name__ == "__main__":
    federation.main(__file__, services=["imap/localhost"], needs=["krb5kdc"])
