#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The tables of docs/attributes.md: each attribute that a real mechanism lists is there, and each
rule admits a user who has it."""

import dataclasses
import pathlib
import re
import sys

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import eap
import federation
import lab
import sasl_pair

PAGE = lab.SOURCE / "docs/attributes.md"
# What MIT's KDC does not write; the page shows invented values.
NOT_OF_MIT = {"groups", "sid", "upn", "requestor"}
LISTED = re.compile(r"(?m)^gssloop: attribute (\S.*): authenticated, (?:in)?complete, (\d+) value")


@dataclasses.dataclass
class Row:
    word: str
    name: str
    values: str
    form: str
    rule: str


def rows(heading):
    """The rows of the table under the heading."""
    text = re.search(rf"(?ms)^## {heading}$(.*?)(?=^## |\Z)", PAGE.read_text(encoding="utf-8"))[1]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")]
             for line in text.splitlines() if line.startswith("| `")]
    return [Row(*(cell.strip("` ") for cell in (row[0], row[1], row[2], row[3], row[6])))
            for row in cells]


def policy(mechanism, row):
    # A word in a rule needs no quotes; a string in single quotes has no escapes.
    return (f"[attributes.{row.word}]\nfrom = [{{ mechanism = '{mechanism}', name = '{row.name}', "
            f"form = '{row.form}' }}]\n[services.imap]\nrequire = ['{row.rule}']\n")


class Kerberos(federation.FederationTest):
    SOURCE = "MIT KDC"

    def test_what_the_mechanism_lists_is_on_the_page(self):
        server = self.peer("server", options={"log_level": 5})
        client = self.peer("client", env={"KRB5CCNAME": self.realm.kinit("alice")})
        self.assertEqual(sasl_pair.log_in(client, server, "GS2-KRB5")[1], federation.OK)
        listed = {name for name, _ in LISTED.findall(server.said())}
        table = {row.name for row in rows("Kerberos") if row.word not in NOT_OF_MIT}
        with self.decision("GS2-KRB5", "none", "all on the page", attribute="all"):
            self.assertEqual(listed - {"urn:mspac:19"}, table)

    def test_each_rule(self):
        ticket = self.realm.kinit("alice")
        for row in rows("Kerberos"):
            is_here = row.word not in NOT_OF_MIT
            with self.decision("GS2-KRB5", row.rule, attribute=row.name, outcome="alice " + (
                    "admitted" if is_here else "refused: not in the ticket")):
                login = self.log_in("GS2-KRB5", policy("krb5", row), ticket)
                if is_here:
                    self.assertAdmitted(login, "alice")
                else:
                    self.assertRefused(login, "require at .* is false")


class Eap(eap.EapTest):
    def test_what_the_mechanism_lists_is_on_the_page(self):
        table = {row.name: row for row in rows("EAP")}
        for mechanism in eap.MECHANISMS:
            with self.decision(mechanism, "none", "all on the page", attribute="all"):
                login = self.log_in(mechanism)
                listed = dict(LISTED.findall(login[0].said()))
                self.assertEqual(set(listed), set(table))
                for name, count in listed.items():
                    if int(count) > 1:
                        self.assertIn("several", table[name].values, name)

    def test_each_rule(self):
        for row in rows("EAP"):
            with self.decision("EAP-AES128", row.rule, "robin admitted", attribute=row.name):
                login = self.log_in(policy=policy("EAP-AES128", row))
                self.assertAdmitted(login, "robin@university.example")


if __name__ == "__main__":
    eap.main(__file__)
