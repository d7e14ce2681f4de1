#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Logins with EAP through libsasl, and what a policy decides by what a RADIUS server says."""

import base64
import pathlib
import sys

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import eap
import sasl_pair
from eap import AFFILIATION, ASSERTION, CLASS, EPPN, FILTER_ID, MECHANISMS, USER_NAME

BADAUTH = -13
ROBIN, KIM = "robin@university.example", "kim@university.example"
REQUIRED = r"policy refuses \S+: require at \S+policy\.toml:\d+:\d+ is "


def source(name, mechanism="EAP-AES128", **more):
    """A source of a policy."""
    keys = {"mechanism": mechanism, "name": name} | more
    return "{ " + ", ".join(f'{key} = "{value}"' for key, value in keys.items()) + " }"


def policy(service="", top="", **attributes):
    """A policy with these local attributes, lists of sources, and these lines about IMAP."""
    lines = [top]
    lines += [f"[attributes.{name}]\nfrom = [{', '.join(sources)}]"
              for name, sources in attributes.items()]
    return "\n".join([*lines, "[services.imap]", service, ""])


def require(rule, **attributes):
    return policy(f"require = ['{rule}']", **attributes)


class Logins(eap.EapTest):
    """With the RADIUS server of the guide."""

    def test_complete_logins(self):
        for mechanism in MECHANISMS:
            with self.decision(mechanism, "none", "robin admitted", attribute="User-Name"):
                messages = []
                login = self.log_in(mechanism, change=lambda _, it: messages.append(it) or it)
                seen = self.assertAdmitted(login, ROBIN)
                self.assertEqual((seen["user"], seen["peer"], seen["ssf"]), (ROBIN, ROBIN, 0))
                self.assertEqual(len([it for it in messages if it]), 10)

    def test_the_application_gives_name_and_password(self):
        refused = "(?m)^EAP-AES128 login to imap@localhost failed: gss_accept_sec_context: " \
                  "Invalid credential was supplied .Authentication rejected by RADIUS server"
        for name, password, user in ((ROBIN, eap.PASSWORD, ROBIN), (KIM, eap.PASSWORD, KIM),
                                     (ROBIN, "wrong", None),
                                     ("nobody@university.example", eap.PASSWORD, None)):
            with self.decision("EAP-AES128", "none", f"{name}: {'admitted' if user else 'refused'}",
                               attribute="User-Name"):
                login = self.log_in(name=name, password=password)
                if user:
                    self.assertAdmitted(login, user)
                else:
                    self.assertRefused(login, refused)
                    # Not that of a server that could not prove itself.
                    self.assertEqual(self.client.last["code"], BADAUTH)
                    self.assertIn("Authentication rejected by RADIUS server", self.client.said())

    def test_without_a_password_nothing_is_sent(self):
        here, there = self.pair(password=None)
        self.assertEqual(sasl_pair.log_in(here, there, "EAP-AES128")[1], None)
        self.assertRegex(here.said(), "Missing default password")

    def test_the_client_may_act_as_another_user(self):
        rules = policy('authorize = ["staff=staff"]', staff=[source(FILTER_ID)])
        for name, is_staff in ((ROBIN, True), (KIM, False)):
            with self.decision("EAP-AES128", "authorize staff=staff", attribute="Filter-Id",
                               outcome=f"{name} acts as shared: {'yes' if is_staff else 'no'}"):
                login = self.log_in(policy=rules, name=name, user="shared", server={"proxy": 0})
                if is_staff:
                    self.assertEqual(self.assertAdmitted(login, ROBIN)["user"], "shared")
                else:
                    self.assertRefused(login, f'"{KIM}" asked to act as "shared", but the policy')

    def test_without_a_radius_server(self):
        self.radius.stop()
        self.assertRefused(self.log_in(), r"gss_accept_sec_context: .*Connection refused")


class Attributes(eap.EapTest):
    """As properties of the application."""

    def test_raw_names(self):
        names = {USER_NAME: [ROBIN.encode()], FILTER_ID: [b"staff", "Bücherei".encode()],
                 CLASS: [b"\x00\x01\x02\xff"], EPPN: [ROBIN.encode()],
                 AFFILIATION: [b"staff@university.example", b"member@university.example"]}
        for mechanism in MECHANISMS:
            raw = policy(top=f'raw-attributes = ["{mechanism}"]')
            login = self.log_in(mechanism, raw, requested=[f"*{name}" for name in names])
            seen = self.assertAdmitted(login, ROBIN)["properties"]
            for name, values in names.items():
                with self.decision(mechanism, "raw-attributes", f"base64, {len(values)} values",
                                   attribute=name):
                    self.assertEqual([base64.b64decode(it) for it in seen[f"*{name}"]], values)

    def test_forms(self):
        forms = policy(
            'publish = "all"', user=[source(USER_NAME)], filter=[source(FILTER_ID)],
            octets=[source(CLASS, form="hex")], binary=[source(CLASS, form="base64")],
            eppn=[source(EPPN)], xml=[source(ASSERTION)])
        wanted = {"user": [ROBIN], "filter": ["staff", "Bücherei"], "octets": ["000102ff"],
                  "binary": ["AAEC/w=="], "eppn": [ROBIN]}
        login = self.log_in(policy=forms, requested=[*wanted, "xml"])
        seen = self.assertAdmitted(login, ROBIN)["properties"]
        for name, values in wanted.items():
            with self.decision("EAP-AES128", "publish", f"{name}: {values}", attribute=name):
                self.assertEqual(seen[name], values)
        self.assertIn("<saml:Issuer>https://idp.university.example</saml:Issuer>", seen["xml"][0])

    def test_octets_are_no_text(self):
        wrong = policy('publish = "all"\nrequire = ["exists octets"]', octets=[source(CLASS)])
        with self.decision("EAP-AES128", "exists octets (form text)", "unknown: robin refused",
                           attribute="Class"):
            self.assertRefused(self.log_in(policy=wrong), REQUIRED + "unknown")


class Rules(eap.EapTest):
    """What decides."""

    ROWS = (  # attribute, source, rule, who is admitted
        ("Filter-Id", source(FILTER_ID), "it=staff", ROBIN),
        ("Filter-Id", source(FILTER_ID), "it=Bücherei", ROBIN),
        ("Filter-Id", source(FILTER_ID), "it=student", KIM),
        ("Filter-Id", source(FILTER_ID, issuer="university.example"), "it=staff", ROBIN),
        ("Filter-Id", source(FILTER_ID, issuer="other.example"), "it=staff", None),
        ("Filter-Id", source(FILTER_ID, issuer="University.example"), "it=staff", None),
        ("Filter-Id", source(FILTER_ID, "EAP-AES256"), "it=staff", None),
        ("Filter-Id", source(FILTER_ID, "krb5"), "it=staff", None),
        ("Class", source(CLASS, form="hex"), "it=000102ff", ROBIN),
        ("eduPersonPrincipalName", source(EPPN), "it~*@university.example", ROBIN),
        ("eduPersonPrincipalName", source(EPPN), "it~*@other.example", None),
        ("eduPersonScopedAffiliation", source(AFFILIATION), "it=member@university.example", ROBIN),
        ("eduPersonScopedAffiliation", source(AFFILIATION, issuer="university.example"),
         "it=staff@university.example", ROBIN),
        ("eduPersonScopedAffiliation", source(AFFILIATION, issuer="other.example"),
         "it=staff@university.example", None),
        ("none", source(FILTER_ID), "peer.realm=other.example", None),
        ("none", source(FILTER_ID), "peer.channel-bound=yes", None))

    def test_rules(self):
        for name, origin, rule, admitted in self.ROWS:
            for user in (ROBIN, KIM) if "Filter" in name else (ROBIN,):
                outcome = f"{user} {'admitted' if user == admitted else 'refused'}"
                issuer = origin.partition("issuer = ")[2].strip(' "}')
                with self.decision("EAP-AES128", rule + (f", issuer {issuer}" if issuer else ""),
                                   outcome, attribute=name):
                    login = self.log_in(policy=require(rule, it=[origin]), name=user)
                    if user == admitted:
                        self.assertAdmitted(login, user)
                    else:
                        self.assertRefused(login, REQUIRED + "false")

    def test_both_mechanisms_as_sources(self):
        both = require("it=staff", it=[source(FILTER_ID, it) for it in MECHANISMS])
        for mechanism in MECHANISMS:
            with self.decision(mechanism, "it=staff", "robin admitted", attribute="Filter-Id"):
                self.assertAdmitted(self.log_in(mechanism, both), ROBIN)

    def test_identity_by_attribute(self):
        only_one = "must have exactly one value, but has "
        rows = (("eppn", EPPN, ROBIN, None), ("eppn", EPPN, KIM, only_one + "0"),
                ("filter", FILTER_ID, ROBIN, only_one + "2"),
                ("octets", CLASS, ROBIN, "the attribute octets is unknown"))
        for name, full_name, user, problem in rows:
            text = policy(f'identity = {{ attribute = "{name}" }}', **{name: [source(full_name)]})
            with self.decision("EAP-AES128", f"identity {name}", attribute=name,
                               outcome=f"{user}: {'refused' if problem else 'admitted'}"):
                login = self.log_in(policy=text, name=user)
                if problem:
                    self.assertRefused(login, problem)
                else:
                    self.assertAdmitted(login, ROBIN)


class OuterIdentity(eap.EapTest):
    """FreeRADIUS as Debian installs it, except that it returns the attributes: the name is the
    outer identity, in which Moonshot's client tells the realm only."""

    SOURCE = "FreeRADIUS, outer identity"

    @classmethod
    def configure_radius(cls):
        super().configure_radius()
        eap.forget_inner_name(cls.radius)

    def test_it_is_no_name(self):
        with self.decision("EAP-AES128", "none", "refused: all users have it",
                           attribute="User-Name"):
            self.assertRefused(self.log_in(),
                               'the name "@university.example" names a realm, but no user')

    def test_an_attribute_names_the_user(self):
        text = policy('identity = { attribute = "eppn" }\n'
                      'require = ["peer.realm=university.example"]', eppn=[source(EPPN)])
        with self.decision("EAP-AES128", "identity eppn", "robin admitted", attribute="eppn"):
            self.assertAdmitted(self.log_in(policy=text), ROBIN)


class NoName(eap.EapTest):
    """A RADIUS server that keeps the name to itself: the peer is anonymous to the mechanism."""

    SOURCE = "FreeRADIUS, no User-Name"

    @classmethod
    def configure_radius(cls):
        super().configure_radius()
        eap.hide_names(cls.radius)

    def test_anonymous(self):
        guest = policy('anonymous = "guest"\nrequire = ["it=staff"]', it=[source(FILTER_ID)])
        with self.decision("EAP-AES128", "none", "refused", attribute="none"):
            self.assertRefused(self.log_in(), "the peer is anonymous")
        for user, is_staff in ((ROBIN, True), (KIM, False)):
            with self.decision("EAP-AES128", "anonymous = guest, it=staff", attribute="Filter-Id",
                               outcome=f"{user}: {'guest' if is_staff else 'refused'}"):
                login = self.log_in(policy=guest, name=user)
                if is_staff:
                    self.assertAdmitted(login, "guest")
                else:
                    self.assertRefused(login, REQUIRED + "false")

    def test_no_realm_and_no_issuer(self):
        text = policy('anonymous = "guest"\nrequire = ["it=staff"]',
                      it=[source(FILTER_ID, issuer="university.example")])
        with self.decision("EAP-AES128", "it=staff, issuer university.example", "refused",
                           attribute="Filter-Id"):
            self.assertRefused(self.log_in(policy=text), REQUIRED + "false")


if __name__ == "__main__":
    eap.main(__file__)
