#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The groups, the SID and the UPN of an Active Directory decide, with each mechanism."""

import base64
import pathlib
import sys

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import federation
import lab
import samba_dc
from samba_dc import DOMAIN_LOCAL, GLOBAL, MAIL, NO_PAC, UNIVERSAL, group, service, user

ATTRIBUTES = """[attributes.groups]
from = [{ mechanism = "krb5", name = "urn:mspac:logon-info", form = "pac-groups" }]
[attributes.sid]
from = [{ mechanism = "krb5", name = "urn:mspac:logon-info", form = "pac-sid" }]
[attributes.upn]
from = [{ mechanism = "krb5", name = "urn:mspac:upn-dns-info", form = "pac-upn" }]
[services.default]
"""
CLIENT = """[attributes.client]
from = [{ mechanism = "krb5", name = "urn:mspac:client-info", form = "pac-client-info" }]
"""
SEEN = ("groups", "sid", "upn")
# Buffers of the PAC as properties, in base64, and the number by which Samba's reader knows each.
BUFFERS = {"*urn:mspac:logon-info": 1, "*urn:mspac:client-info": 10, "*urn:mspac:upn-dns-info": 12}
# Group 0 to 299 have both users, 300 to 1599 one.
MANY = {"few": 300, "many": 1600}


class ActiveDirectory(samba_dc.DomainTest):
    SOURCE = "Active Directory"
    OBJECTS = [
        *map(user, ("alice", "bob", *MANY)),
        # alice is in all of them: by herself, and by each through the one before.
        group("sales", GLOBAL, "alice"), group("mail-users", UNIVERSAL, "sales"),
        group("mail-admins", DOMAIN_LOCAL, "mail-users"),
        *[group(f"g{i}", GLOBAL, *[name for name, number in MANY.items() if i < number])
          for i in range(max(MANY.values()))],
        service("srv-imap", f"imap/{MAIL}"),
        service("srv-plain", f"smtp/{MAIL}", control=samba_dc.ACCOUNT | NO_PAC)]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keys = {"KRB5_KTNAME": cls.domain.keytab(f"imap/{MAIL}", f"smtp/{MAIL}")}
        cls.tickets = {name: cls.domain.kinit(name) for name in ("alice", "bob", *MANY)}

    def log_in(self, mechanism, rule, name, aliases="", **more):
        rules = f"require = ['{rule}']\npublish = ['groups', 'sid', 'upn']\n"
        return super().log_in(mechanism, ATTRIBUTES + rules + aliases, self.tickets[name], SEEN,
                              server_env=self.keys, **more)

    def assertDecides(self, mechanism, attribute, rule, shown):
        with self.decision(mechanism, shown, "alice admitted", attribute):
            self.assertAdmitted(self.log_in(mechanism, rule, "alice"), "alice")
        with self.decision(mechanism, shown, "bob refused", attribute):
            self.assertRefused(self.log_in(mechanism, rule, "bob"),
                               r'policy refuses "bob": require at \S+policy.toml:8:12 ')

    def test_a_group_decides(self):
        kinds = {"sales": "a global group", "mail-users": "a universal group, nested",
                 "mail-admins": "a domain-local group, nested twice"}
        for mechanism in federation.MECHANISMS:
            for name, kind in kinds.items():
                self.assertDecides(mechanism, "pac-groups", f"groups={self.sids[name]}", kind)

    def test_the_user_decides(self):
        for mechanism in federation.MECHANISMS:
            self.assertDecides(mechanism, "pac-sid", f"sid={self.sids['alice']}", "a user's SID")
            self.assertDecides(mechanism, "pac-upn", "upn=alice@ad.example.com", "a user's UPN")

    def test_the_properties(self):
        for mechanism in federation.MECHANISMS:
            with self.decision(mechanism, "none", "all groups are properties", "pac-groups"):
                seen = self.assertAdmitted(self.log_in(mechanism, "upn=alice@ad.example.com",
                                                       "alice"), "alice")
                groups = ("Domain Users", "sales", "mail-users", "mail-admins")
                self.assertLessEqual({self.sids[name] for name in groups},
                                     set(seen["properties"]["groups"]))
                self.assertEqual(seen["properties"]["sid"], [self.sids["alice"]])
                self.assertEqual(seen["properties"]["upn"], ["alice@ad.example.com"])

    def test_names_for_sids(self):
        aliases = "".join(["[aliases]\n", *[f'{name} = "{self.sids[name]}"\n'
                                            for name in ("mail-admins", "alice", "g0")]])
        for mechanism in federation.MECHANISMS:
            rule = "groups=mail-admins & sid=alice"
            with self.decision(mechanism, rule, "alice admitted, names in properties", "aliases"):
                login = self.log_in(mechanism, rule, "alice", aliases)
                seen = self.assertAdmitted(login, "alice")["properties"]
                self.assertEqual(seen["sid"], [self.sids["alice"], "alice"])
                self.assertIn("mail-admins", seen["groups"])
                self.assertNotIn("g0", seen["groups"])
            with self.decision(mechanism, rule, "bob refused", "aliases"):
                self.assertRefused(self.log_in(mechanism, rule, "bob", aliases), "require at ")

    def test_many_groups(self):
        for mechanism in federation.MECHANISMS:
            for name, number in MANY.items():
                last = self.sids[f"g{number - 1}"]
                with self.decision(mechanism, f"the last of {number} groups", f"{name} admitted",
                                   "pac-groups"):
                    login = self.log_in(mechanism, f"groups={last}", name)
                    seen = self.assertAdmitted(login, name)
                    self.assertGreater(len(seen["properties"]["groups"]), number)
            with self.decision(mechanism, "a group of 1600 that few lacks", "few refused",
                               "pac-groups"):
                login = self.log_in(mechanism, f"groups={self.sids['g300']}", "few")
                self.assertRefused(login, 'policy refuses "few": ')

    def read_by_samba(self, properties):
        """What Samba's reader says of the buffers, a list of texts for each."""
        lines = [f"{kind} {base64.b64decode(properties[name][0]).hex()}\n"
                 for name, kind in BUFFERS.items()]
        buffers, answers = self.write("buffers", "".join(lines)), self.path("answers")
        done = lab.run(["/usr/bin/python3", "-B", lab.SOURCE / "tests/interop/pac_oracle.py",
                        "judge", buffers, answers])
        self.assertTrue(done, done.output)
        return [line.split(" ") for line in answers.read_text().splitlines()]

    def test_samba_reads_the_same(self):
        """In the real PAC of each user, by the reader that tests/interop feeds with made ones."""
        policy = CLIENT + ATTRIBUTES
        for name, ticket in self.tickets.items():
            login = super().log_in("GS2-KRB5", policy, ticket, (*SEEN, "client", *BUFFERS),
                                   server_env=self.keys)
            seen = self.assertAdmitted(login, name)["properties"]
            logon, client, upn = self.read_by_samba(seen)
            with self.decision("GS2-KRB5", "none", f"{name}: Samba reads the same groups",
                               "pac-groups, pac-sid"):
                self.assertEqual(seen["groups"] + seen["sid"], logon)
                self.assertGreater(len(seen["groups"]), MANY.get(name, 0))
            with self.decision("GS2-KRB5", "none", f"{name}: Samba reads the same", "pac-upn"):
                self.assertEqual([seen["upn"][0].encode().hex(), *seen["sid"]], [upn[0], upn[-1]])
            with self.decision("GS2-KRB5", "none", f"{name}: Samba reads the same",
                               "pac-client-info"):
                (text,) = seen["client"]
                time, _, user_name = text.partition(" ")
                self.assertEqual([user_name.encode().hex(), time], client)

    def test_a_service_whose_tickets_have_no_pac(self):
        for mechanism in federation.MECHANISMS:
            with self.decision(mechanism, "require a group", "no PAC: alice refused", "pac-groups"):
                login = self.log_in(mechanism, f"groups={self.sids['sales']}", "alice",
                                    service="smtp")
                self.assertRefused(login, 'policy refuses "alice": require at ')


if __name__ == "__main__":
    samba_dc.main(__file__)
