#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Tickets that a service got for a user from an Active Directory (S4U2Self, S4U2Proxy): a policy sees
whether the user authenticated, and the rules of docs/attributes.md decide by that."""

import pathlib
import re
import sys

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import federation
import lab
import samba_dc
import sasl_pair
from libsasl import OK
from samba_dc import GLOBAL, MAIL, group, service, user

WEB, FORM = f"http/{MAIL}", f"form/{MAIL}"
TRUSTED_TO_AUTHENTICATE = 0x1000000  # userAccountControl: any user, who need not log in to it
BY_USER, BY_SERVICE = "S-1-18-1", "S-1-18-2"
FOR_ALICE = "of srv-web, for alice"
ATTRIBUTES = """[attributes.groups]
from = [{ mechanism = "krb5", name = "urn:mspac:logon-info", form = "pac-groups" }]
[services.imap]
publish = ["groups"]
"""


def page():
    """The policy of docs/attributes.md."""
    text = (lab.SOURCE / "docs/attributes.md").read_text(encoding="utf-8")
    return re.search(r"(?s)```toml\n(.*?)```", text)[1]


class ServiceForUser(samba_dc.DomainTest):
    ATTRIBUTE = "pac-groups"
    OBJECTS = [
        user("alice"), group("sales", GLOBAL, "alice"),
        service("srv-imap", f"imap/{MAIL}"), service("srv-smtp", f"smtp/{MAIL}"),
        *[user(name, f"servicePrincipalName: {principal}", f"msDS-AllowedToDelegateTo: imap/{MAIL}",
               f"msDS-SupportedEncryptionTypes: {samba_dc.AES}", control=control,
               upn=f"{principal}@{samba_dc.REALM}")
          for name, principal, control in (
              ("srv-web", WEB, samba_dc.ACCOUNT | TRUSTED_TO_AUTHENTICATE),
              ("srv-form", FORM, samba_dc.ACCOUNT))]]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keys = {"KRB5_KTNAME": cls.domain.keytab(f"imap/{MAIL}")}
        cls.web = cls.domain.kinit(WEB, "-f")
        cls.tickets = {"alice's own": cls.domain.kinit("alice"),
                       FOR_ALICE: cls.for_alice(cls.web, f"imap/{MAIL}"),
                       "of srv-web, to which alice logged in": cls.of_login()}

    @classmethod
    def for_alice(cls, ccache, target):
        """A ticket of alice, who did not log in, that a service got with its ccache."""
        got = f"FILE:{cls.path('for-alice-to-' + target.replace('/', '-'))}"
        done = lab.run(["kvno", "-c", ccache, "-U", "alice", "-P", "--out-cache", got, target])
        if not done or "delegation failed" in done.output:
            raise AssertionError(done.output)
        return got

    @classmethod
    def of_login(cls):
        """What a service stores of alice's login if its credential is for both uses."""
        web, alice = [sasl_pair.Peer(role, sasl_pair.OURS, env, service="http", host=MAIL, **more)
                      for role, env, more in (
                          ("server", {"KRB5_KTNAME": cls.domain.keytab(WEB), "KRB5CCNAME": cls.web},
                           {"credential": "both",
                            "options": {"ccache_store": f"FILE:{cls.path('stored-%U')}"}}),
                          ("client", {"KRB5CCNAME": cls.domain.kinit("alice", "-f")}, {}))]
        codes = sasl_pair.log_in(alice, web, "GSSAPI")
        if codes != (OK, OK):
            raise AssertionError(web.said())
        alice.end()
        web.end()
        return f"FILE:{cls.path('stored-alice')}"

    def decide(self, rule, policy, admitted):
        """With each mechanism, the policy admits the holders of these tickets, and no others."""
        for mechanism in federation.MECHANISMS:
            for kind, ticket in self.tickets.items():
                outcome = "admitted" if kind in admitted else "refused"
                with self.decision(mechanism, rule, f"alice {outcome}", source=f"a ticket {kind}"):
                    login = self.log_in(mechanism, policy, ticket, ["groups"],
                                        server_env=self.keys)
                    if kind in admitted:
                        seen = self.assertAdmitted(login, "alice")["properties"]["groups"]
                        self.assertIn(self.sids["sales"], seen)
                        mark, other = ((BY_SERVICE, BY_USER) if kind == FOR_ALICE else
                                       (BY_USER, BY_SERVICE))
                        self.assertIn(mark, seen)
                        self.assertNotIn(other, seen)
                    else:
                        self.assertRefused(login, 'policy refuses "alice": '
                                           rf"{rule.split()[0]} at \S+ is ")

    def test_the_application_sees_it(self):
        self.decide("none", ATTRIBUTES, set(self.tickets))

    def test_a_rule_decides(self):
        own = set(self.tickets) - {FOR_ALICE}
        self.decide(f"deny groups={BY_SERVICE}",
                    ATTRIBUTES + f'deny = ["groups={BY_SERVICE}"]\n', own)
        self.decide(f"require groups={BY_USER}",
                    ATTRIBUTES + f'require = ["groups={BY_USER}"]\n', own)
        self.decide(f"require groups={BY_SERVICE}",
                    ATTRIBUTES + f'require = ["groups={BY_SERVICE}"]\n', {FOR_ALICE})
        self.decide("require groups=asserted-by-kdc, as the page has it", page(), own)

    def test_a_ticket_without_a_pac(self):
        """Why the page says `require`: the user can leave the mark out, and the groups with it."""
        ticket = self.domain.kinit("alice", "--no-request-pac")
        for mechanism in federation.MECHANISMS:
            with self.decision(mechanism, "the page's", "alice refused", source="a ticket, no PAC"):
                login = self.log_in(mechanism, page(), ticket, server_env=self.keys)
                self.assertRefused(login, r'policy refuses "alice": require at \S+ is false')

    def test_the_controller_decides(self):
        for service_of, ccache, target, why in (
                ("srv-web", self.web, f"smtp/{MAIL}", "to another service"),
                ("srv-form", self.domain.kinit(FORM, "-f"), f"imap/{MAIL}",
                 "for a user who did not log in")):
            with self.decision("none", "msDS-AllowedToDelegateTo, userAccountControl",
                               f"{why}: no ticket", source=service_of):
                with self.assertRaisesRegex(AssertionError, "delegation failed"):
                    self.for_alice(ccache, target)


if __name__ == "__main__":
    samba_dc.main(__file__, needs=["kvno"])
