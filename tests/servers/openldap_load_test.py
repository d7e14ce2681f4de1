#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""slapd under load: 10 MiB through each layer in both directions, and a hundred clients at once."""

import base64
import pathlib
import random
import re
import subprocess
import sys

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import lab
import openldap
from openldap import STRONGEST, OpenLdap, dn
from tap import Tap

MIB = 1 << 20
PICTURE_LEN = 256 << 10
SMALL_PACKETS = "maxssf=256,maxbufsize=4096"
LAYERS = [("GSSAPI", "maxssf=256"), ("GSSAPI", "maxssf=1"), ("GSSAPI", SMALL_PACKETS),
          ("GSS-SPNEGO", "maxssf=256"), ("GSS-SPNEGO", "maxssf=1")]


class BigResult(OpenLdap):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.change_config("replace: olcDbNoSync", "olcDbNoSync: TRUE",
                          entry="olcDatabase={1}mdb,cn=config")  # the disk is not what is tested
        # Alice may write what lies below her own entry; else it is as Debian has it.
        cls.change_config("add: olcAccess", f"olcAccess: {{0}}to dn.subtree={dn('alice')} "
                          f"by dn.exact={dn('alice')} write by * read",
                          entry="olcDatabase={1}mdb,cn=config")

    @staticmethod
    def pictures(seed):
        """10 MiB, in 40 values that no two runs of the test share."""
        source = random.Random(f"{seed} {random.random()}")
        return [source.randbytes(PICTURE_LEN) for _ in range(10 * MIB // PICTURE_LEN)]

    @staticmethod
    def ldif(base, pictures):
        lines = [f"dn: {base}\nobjectClass: organizationalUnit\n"]
        lines += [f"dn: cn={number},{base}\nobjectClass: inetOrgPerson\nsn: Example\n"
                  f"jpegPhoto:: {base64.b64encode(picture).decode()}\n"
                  for number, picture in enumerate(pictures)]
        return "\n".join(lines)

    def through(self, tap, module, mechanism, limit, program, *words, data=""):
        name = self.chosen_name(module, mechanism)
        return lab.run([program, "-Q", "-Y", mechanism, *name, "-O", limit, "-H",
                        f"ldap://localhost:{tap.port}", *words], self.ldap_env(module), data)

    def exchange(self, module, mechanism, limit, base):
        """Stores 10 MiB and fetches them again; returns what was sent, came back and went by."""
        tap = Tap(self.server.port)
        self.addCleanup(tap.close)
        pictures = self.pictures(base)
        login = (tap, module, mechanism, limit)
        self.assertDone(self.through(*login, "ldapadd", data=self.ldif(base, pictures)))
        done = self.through(*login, "ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-b", base, "-s",
                            "one", "jpegPhoto")
        self.assertDone(done)
        found = dict(re.findall(r"dn: cn=(\d+),.*\njpegPhoto:: (\S+)\n", done.output))
        fetched = [base64.b64decode(found.get(str(number), "")) for number in range(len(pictures))]
        return pictures, fetched, tap.seen

    def check(self, module, mechanism, limit, is_visible):
        base = f"ou={module} {mechanism} {limit.replace(',', ' ').replace('=', ' ')},{dn('alice')}"
        pictures, fetched, seen = self.exchange(module, mechanism, limit, base)
        self.assertTrue(pictures == fetched)  # not assertEqual, which would print them
        self.assertEqual([pictures[7][100:200] in seen, pictures[37][:100] in seen],
                         [is_visible] * 2)

    def test_10_mib_each_way(self):
        self.demand("minssf=0")
        for module in lab.CLIENT_MODULES:
            for mechanism, limit in LAYERS:
                if (module, mechanism) == ("stock", "GSS-SPNEGO"):
                    continue
                is_visible = limit == "maxssf=1"
                shown = "visible" if is_visible else "hidden"
                with self.cell("ldapadd, ldapsearch", module, mechanism,
                               f"10 MiB each way, {limit}, {shown}"):
                    self.check(module, mechanism, limit, is_visible)

    def test_stock_spnego(self):
        """Cyrus SASL's GSS-SPNEGO knows no layer of integrity alone, and sends what it is given in
        one packet, whatever its length."""
        self.demand("minssf=0")
        with self.cell("ldapadd", "stock", "GSS-SPNEGO",
                       "packets beyond the server's maxbufsize: the layer is closed"):
            start = len(self.server.log())
            with self.assertRaises(AssertionError):
                self.exchange("stock", "GSS-SPNEGO", "maxssf=256", f"ou=too much,{dn('alice')}")
            self.server.wait_for_log("a received packet announces [0-9]{6} bytes; the limit is ",
                                     start)
        self.demand("minssf=0,maxbufsize=16777215")
        with self.cell("ldapadd, ldapsearch", "stock", "GSS-SPNEGO",
                       "10 MiB each way, maxssf=256, hidden, the server's maxbufsize=16777215"):
            self.check("stock", "GSS-SPNEGO", "maxssf=256", False)

    def test_spnego_negotiates_no_size(self):
        self.demand("minssf=0")
        for module in lab.CLIENT_MODULES:
            with self.cell("ldapsearch", module, "GSS-SPNEGO",
                           "maxbufsize=4096 is not told the server: long packets end the session"):
                done = lab.run(["ldapsearch", "-Q", "-LLL", "-Y", "GSS-SPNEGO", "-O", SMALL_PACKETS,
                                "-s", "base", "-b", "cn=Subschema", "+"], self.ldap_env(module))
                self.assertRefused(done, r"Can't contact LDAP server \(-1\)")
                self.assertNotIn("dn: ", done.output)


class ManyClients(OpenLdap):
    NUM_CLIENTS = 100
    # By turns: module, mechanism, options, and the layer's strength.
    KINDS = (("gssloop", "GSSAPI", []), ("stock", "GSSAPI", []), ("gssloop", "GSS-SPNEGO", []),
             ("stock", "GSS-SPNEGO", []), ("gssloop", "GS2-KRB5-PLUS", ["-ZZ"]))
    USERS = [f"user{number}" for number in range(20)]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.change_config("add: olcAccess",
                          "olcAccess: {0}to attrs=description by self write by * read",
                          entry="olcDatabase={1}mdb,cn=config")
        for user in cls.USERS:
            cls.realm.add_user(user)
            cls.tickets[user] = cls.realm.kinit(user)
        cls.change_as_admin("\n".join(
            f"dn: {dn(user)}\nobjectClass: inetOrgPerson\ncn: {user}\nsn: Example\n"
            for user in cls.USERS))

    def start_client(self, number):
        """A client that logs in at once, and waits for what it is to change."""
        user = self.USERS[number % len(self.USERS)]
        module, mechanism, options = self.kind(number)
        options = [*self.chosen_name(module, mechanism, user), *options]
        process = subprocess.Popen(
            ["ldapmodify", "-Q", "-Y", mechanism, *options],
            env=self.ldap_env(module, user), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.addCleanup(process.kill)
        return user, process

    def kind(self, number):
        return self.KINDS[number // len(self.USERS) % len(self.KINDS)]

    def logins(self):
        return len(re.findall(r'BIND dn="uid=user\d+,\S+ mech=', self.server.log()[self.start:]))

    def num_open(self):
        """How many connections have come since the start and are still there."""
        log = self.server.log()[self.start:]
        accepted = set(re.findall(r"(conn=\d+) fd=\d+ ACCEPT", log))
        return len(accepted - set(re.findall(r"(conn=\d+) fd=\d+ closed", log)))

    def finish_client(self, number, user, process):
        """Each changes its own entry, which only its user may."""
        change = f"dn: {dn(user)}\nchangetype: modify\nadd: description\ndescription: {number}\n"
        output, _ = process.communicate(change.encode(), timeout=lab.PATIENCE)
        self.assertEqual(process.returncode, 0, output.decode())

    def test_a_hundred_clients_at_once(self):
        self.start = len(self.server.log())
        clients = [self.start_client(number) for number in range(self.NUM_CLIENTS)]
        lab.wait_until(lambda: self.logins() == self.NUM_CLIENTS, "all clients to be logged in")
        self.assertEqual(self.num_open(), self.NUM_CLIENTS)
        for number, client in enumerate(clients):
            self.finish_client(number, *client)
        done = lab.run(["ldapsearch", "-Q", "-LLL", "-Y", "GSSAPI", "(description=*)",
                        "description", "modifiersName"], self.ldap_env())
        self.assertDone(done)
        self.check_entries(done.output)

    def check_entries(self, ldif):
        entries = {user: entry for user in self.USERS for entry in ldif.split("\n\n")
                   if f"dn: {dn(user)}\n" in entry + "\n"}
        for kind in range(len(self.KINDS)):
            module, mechanism, options = self.KINDS[kind]
            with self.cell("ldapmodify", module, mechanism,
                           "20 of 100 clients at once; each is who it should be"):
                for number, user in enumerate(self.USERS, kind * len(self.USERS)):
                    self.assertRegex(entries[user], f"(?m)^description: {number}$")
                    self.assertIn(f"modifiersName: {dn(user)}", entries[user])
                    self.assertEqual(entries[user].count("description:"), len(self.KINDS))
        # And with the layers that they should have.
        found = re.findall(r'BIND dn="uid=user\d+,\S+ mech=(\S+) bind_ssf=(\d+) ',
                           self.server.log()[self.start:])
        self.assertEqual({(mechanism, int(ssf)) for mechanism, ssf in found},
                         set(STRONGEST.items()))


if __name__ == "__main__":
    lab.main(__file__, services=[], needs=openldap.NEEDS)
