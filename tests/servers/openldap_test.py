#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""slapd and its clients, set up as docs/openldap.md says: which users get in, under which names and
in which layer."""

import pathlib
import re
import sys

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import indicators
import lab
import openldap
import pkinit
from guide import Guide
from openldap import MECHANISMS, STRONGEST, OpenLdap, dn

PASSES = [(module, mechanism) for module in lab.CLIENT_MODULES for mechanism in MECHANISMS]
NOT_AUTHORIZED = r"Insufficient access \(50\)\n\s*additional info: SASL\(-14\): " \
                 r"authorization failure: not authorized\n*$"


class TheGuide(OpenLdap):
    """Every block of the guide, in its order."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.guide = cls.book

    def follow(self, heading, user="alice"):
        """Runs the commands of a user under the heading, which end and say what the guide says."""
        for command in self.guide.commands(heading):
            if command.line.startswith("kinit "):
                user = command.line.split()[1]
                self.assertIn(user, self.tickets)
                continue
            shown = re.sub(r":\d+", "", command.line)  # ports, which differ each time
            with self.cell(self.program(command), "gssloop", self.mechanism(command), shown):
                done = lab.run(["sh", "-c", command.line], self.ldap_env(user=user))
                self.assertTrue(command.matches(done.output), (command, done.output))

    @staticmethod
    def program(command):
        return next(word for word in command.line.split() if "=" not in word)

    @staticmethod
    def mechanism(command):
        return re.search(r"-Y (\S+)", command.line)[1]

    def logged(self, heading):
        """The lines of the log under the heading were really written."""
        for line in self.book.log_lines(heading):
            with self.subTest(heading=heading, line=line):
                self.server.wait_for_log(line)

    def test_1_the_client(self):
        self.follow("The client")
        self.follow("Layers")
        self.follow("Acting as another user")

    def test_2_who_gets_in(self):
        self.follow("Who gets in")
        self.logged("Who gets in")

    def test_3_channel_binding(self):
        self.use_policy("Channel binding")
        self.addCleanup(self.use_policy, "The server")
        self.follow("Channel binding")

    def test_4_when_it_fails(self):
        self.logged("When it fails")
        (doctor,) = self.guide.commands("When it fails")
        with self.cell("gssloop doctor", "gssloop", "all", "finds nothing wrong with slapd"):
            done = lab.run(["sh", "-c", doctor.line], self.server_environment())
            self.assertDone(done)
            self.assertTrue(doctor.matches(done.output), (doctor, done.output))


class Logins(OpenLdap):
    @staticmethod
    def layer(module, mechanism, limit):
        """The strength of the layer under max_ssf = limit."""
        # Cyrus SASL's GSS-SPNEGO knows two states only.
        if (module, mechanism, limit) == ("stock", "GSS-SPNEGO", 1):
            return 256
        return min(limit, STRONGEST[mechanism])

    def test_layers(self):
        self.demand("minssf=0")
        for module, mechanism in PASSES:
            for limit in (0, 1, 256):
                ssf = self.layer(module, mechanism, limit)
                with self.cell("ldapwhoami", module, mechanism, f"maxssf={limit}: SSF {ssf}"):
                    start = len(self.server.log())
                    done = self.whoami(mechanism, "-O", f"maxssf={limit}", module=module)
                    self.assertIs(done, "alice", ssf, mechanism, start)

    def test_a_layer_is_demanded(self):
        self.demand("minssf=128")
        for module, mechanism in PASSES:
            for limit in (0, 1, 256):
                ssf = self.layer(module, mechanism, limit)
                if ssf < 128:
                    with self.cell("ldapwhoami", module, mechanism,
                                   f"maxssf={limit} is refused by the server's minssf=128"):
                        start = len(self.server.log())
                        done = self.whoami(mechanism, "-O", f"maxssf={limit}", module=module)
                        self.assertRefused(done, "^ldap_sasl_interactive_bind: |\\nldap_sasl")
                        self.assertNotIn("BIND dn=\"uid=", self.server.log()[start:])
        with self.cell("ldapwhoami", "gssloop", "GS2-KRB5", "minssf=56 of the client: not tried"):
            self.assertRefused(self.whoami("GS2-KRB5", "-O", "minssf=56"), "No worthy mechs found")

    def test_acting_as_somebody_else(self):
        self.demand("minssf=0")
        for module, mechanism in PASSES:
            loses_wish = mechanism == "GSS-SPNEGO" or (module, mechanism) == ("stock", "GS2-KRB5")
            for wish in ("u:bob", "dn:" + dn("bob")):
                shown = ("stays alice, since the wish is not sent: "
                         f"{'RFC 4178 has no room' if mechanism == 'GSS-SPNEGO' else 'it is lost'}"
                         if loses_wish else "becomes bob, as authzTo says")
                with self.cell("ldapwhoami -X", module, mechanism, f"alice as {wish} {shown}"):
                    done = self.whoami(mechanism, "-X", wish, module=module)
                    self.assertIs(done, "alice" if loses_wish else "bob", STRONGEST[mechanism])
            for user, wish in () if loses_wish else (("alice", "u:carol"), ("bob", "u:alice")):
                with self.cell("ldapwhoami -X", module, mechanism, f"{user} as {wish} is refused"):
                    done = self.whoami(mechanism, "-X", wish, module=module, user=user)
                    self.assertRefused(done, NOT_AUTHORIZED)


    def test_no_key_of_that_name(self):
        self.change_config("replace: olcSaslHost", "olcSaslHost: elsewhere.example.com")
        self.addCleanup(self.change_config, "replace: olcSaslHost", "olcSaslHost: localhost")
        for module, mechanism in PASSES:
            with self.cell("ldapwhoami", module, mechanism, "no key for olcSaslHost: not offered"):
                done = self.whoami(mechanism, module=module)
                self.assertRefused(done, r"SASL\(-4\): no mechanism available: ")

    def test_no_ticket(self):
        for mechanism in ("GSSAPI", "GSS-SPNEGO"):
            for options in ([], ["-Q"]):
                with self.cell("ldapwhoami", "gssloop", mechanism, f"{options}, no ticket: told"):
                    done = self.whoami(mechanism, *options, KRB5CCNAME="FILE:/nonexistent")
                    self.assertRefused(done, "ticket: run kinit|on a client, run kinit")
                    self.assertNotIn("Please enter", done.output)
        with self.cell("ldapwhoami -Q", "gssloop", "GS2-KRB5", "no ticket, no password: refused"):
            self.assertRefused(self.whoami("GS2-KRB5", "-Q", KRB5CCNAME="FILE:/nonexistent"))


class Policy(indicators.IndicatorsTest, OpenLdap):
    """What the KDC says about how the ticket was got decides which user gets in."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.demand("minssf=0")
        lines = Guide(indicators.PAGE).file(indicators.KDC_CONF)
        strong = indicators.Kdc(cls, lines + lines.replace("EXAMPLE.COM", "OTHER.COM"))
        cls.tickets["bob by SPAKE"] = strong.kinit("bob")
        cls.tickets["alice by certificate"] = strong.kinit("alice", *pkinit.options(cls, "alice"))
        cls.tickets["alice@OTHER.COM"] = strong.kinit("alice@OTHER.COM")

    @classmethod
    def use_rule(cls, more):
        return cls.use_policy_text(cls.book.file("/etc/ldap/policy.toml", "The server") + more)

    def assertAdmits(self, user):
        self.assertIs(self.whoami("GSSAPI", user=user), user.split(",")[0], 256)

    def assertRefuses(self, user, logged):
        start = len(self.server.log())
        self.assertRefused(self.whoami("GSSAPI", user=user), NOT_AUTHORIZED)
        self.server.wait_for_log(logged, start)

    def test_who_gets_in(self):
        policy = self.use_rule("\n" + indicators.rule())
        self.addCleanup(self.use_rule, "")
        for module, mechanism in PASSES:
            for user in ("bob by SPAKE", "alice by certificate"):
                with self.cell("ldapwhoami", module, mechanism, f"{user} gets in"):
                    done = self.whoami(mechanism, module=module, user=user)
                    self.assertIs(done, user.split()[0], STRONGEST[mechanism])
            with self.cell("ldapwhoami", module, mechanism,
                           "bob by MIT's defaults is refused; the log names the rule"):
                self.check_refused("bob", module, mechanism,
                                   f"require at FILE:{indicators.line_of_rule(policy)}:12 is false")

    def check_refused(self, user, module, mechanism, rule):
        start = len(self.server.log())
        self.assertRefused(self.whoami(mechanism, module=module, user=user), NOT_AUTHORIZED)
        self.server.wait_for_log(
            rf"SASL \[conn=\d+\] Error: {mechanism} login to ldap@localhost with keytab \S+ "
            rf'failed: the policy refuses "{user}": '
            f"{rule.replace('FILE', str(self.path('etc/policy.toml')))}", start)
        self.assertNotIn("BIND dn=\"uid=", self.server.log()[start:])

    def test_another_realm(self):
        self.addCleanup(self.use_rule, "")
        for module, mechanism in PASSES:
            with self.cell("ldapwhoami", module, mechanism, "alice@OTHER.COM is not of the realm"):
                self.check_refused("alice@OTHER.COM", module, mechanism,
                                   "require at FILE:2:12 is false")
        self.use_policy_text(indicators.rule())
        for module, mechanism in PASSES:
            with self.cell("ldapwhoami", module, mechanism,
                           "alice@OTHER.COM is refused: her realm's indicators are not ours"):
                self.check_refused("alice@OTHER.COM", module, mechanism,
                                   "require at FILE:5:12 is false")
        self.use_policy_text("# Everybody.\n")
        for module, mechanism in PASSES:
            with self.cell("ldapwhoami", module, mechanism, "alice@OTHER.COM is not our alice"):
                done = self.whoami(mechanism, module=module, user="alice@OTHER.COM")
                name = rf"uid=alice@other\.com,cn={mechanism.lower()},cn=auth"
                self.assertDone(done, rf"(?m)^dn:{name}$")

    def test_the_policy_may_refuse_to_act_as_somebody(self):
        self.use_rule("authorize = ['authid=alice & authzid=u:bob']\n")
        self.addCleanup(self.use_rule, "")
        for mechanism in ("GSSAPI", "GS2-KRB5"):
            with self.cell("ldapwhoami -X", "gssloop", mechanism, "the policy allows u:bob"):
                self.assertIs(self.whoami(mechanism, "-X", "u:bob"), "bob", STRONGEST[mechanism])
            with self.cell("ldapwhoami -X", "gssloop", mechanism,
                           "the policy does not allow dn:uid=bob, which is another name to it"):
                start = len(self.server.log())
                done = self.whoami(mechanism, "-X", "dn:" + dn("bob"))
                self.assertRefused(done, NOT_AUTHORIZED)
                self.server.wait_for_log(r"authorize at \S+policy.toml:4:14 is false", start)

    def test_a_broken_policy_refuses(self):
        self.use_policy_text("[services.ldap]\nrequire = [\n")
        self.addCleanup(self.use_rule, "")
        for module, mechanism in PASSES:
            with self.cell("ldapwhoami", module, mechanism, "a policy cut short refuses all"):
                start = len(self.server.log())
                self.assertRefused(self.whoami(mechanism, module=module))
                self.server.wait_for_log(rf"SASL .*{self.path('etc/policy.toml')}:\d+", start)


class AgainstTheStockModule(OpenLdap):
    """Our client logs in to a slapd that has Cyrus SASL's own module."""

    SERVER = "slapd (stock module)"
    MODULE = lab.CLIENT_MODULES["stock"]
    SASL_OPTIONS = "mech_list: GSSAPI GSS-SPNEGO GS2-KRB5 EXTERNAL\nkeytab: {keytab}\n"

    def test_logins(self):
        self.demand("minssf=0")
        for mechanism in MECHANISMS:
            for limit in (0, 1, 256):
                ssf = min(limit, STRONGEST[mechanism])
                with self.cell("ldapwhoami", "gssloop", mechanism, f"maxssf={limit}: SSF {ssf}"):
                    start = len(self.server.log())
                    done = self.whoami(mechanism, "-O", f"maxssf={limit}")
                    self.assertIs(done, "alice", ssf, mechanism, start)
            for options in (["-ZZ"], ["-H", self.url("ldaps")]):
                with self.cell("ldapwhoami", "gssloop", mechanism,
                               f"over TLS ({options[0]}) with channel binding"):
                    name = mechanism if mechanism != "GS2-KRB5" else "GS2-KRB5-PLUS"
                    self.assertIs(self.whoami(name, *options), "alice", STRONGEST[mechanism])
            if mechanism != "GSS-SPNEGO":
                with self.cell("ldapwhoami -X", "gssloop", mechanism, "alice as bob"):
                    done = self.whoami(mechanism, "-X", "u:bob")
                    self.assertIs(done, "bob", STRONGEST[mechanism])
                with self.cell("ldapwhoami -X", "gssloop", mechanism, "bob as alice is refused"):
                    self.assertRefused(self.whoami(mechanism, "-X", "u:alice", user="bob"),
                                       NOT_AUTHORIZED)


if __name__ == "__main__":
    lab.main(__file__, services=[], needs=openldap.NEEDS,
             options=["--defaults", "--pkinit", "--foreign", "OTHER.COM"])
