# SPDX-License-Identifier: BSD-2-Clause
"""The tables of docs/migrate-from-stock.md, and logins by either module to compare with them."""

import os
import re

from libsasl import OK
from sasl_pair import OURS, STOCK, STOCK_MODULES, LoginTest, log_in, unchanged
from troubleshooting_page import read

PAGE = "docs/migrate-from-stock.md"
THEIRS, THIS = "Cyrus SASL's", "this module"
MECHANISMS = ("GSSAPI", "GSS-SPNEGO", "GS2-KRB5")
# Without callbacks, their GS2 client cannot use the default ticket.
NOBODY = {"answers": {"user": "", "authname": ""}}


def tables():
    """Every table of the page: (the header's cells, the rows' cells)."""
    blocks = re.findall(r"(?:^ *\|.*\n)+", read(PAGE), re.MULTILINE)
    split = lambda line: [cell.strip() for cell in line.strip().strip("|").split("|")]
    found = []
    for block in blocks:
        lines = block.splitlines()
        found.append((split(lines[0]), [split(line) for line in lines[2:]]))
    assert len(found) > 10, len(found)
    return found


def table(*header):
    found = [rows for head, rows in tables() if head[:len(header)] == list(header)]
    assert len(found) == 1, (header, [head for head, _ in tables()])
    return found[0]


class Comparison(LoginTest):
    """A login by either module, in a realm with another one that it trusts."""

    def setUp(self):
        super().setUp()
        self.modules = {THEIRS: self.path("theirs"), THIS: OURS, "beside": self.path("beside")}
        # A plugin without a user: without any plugin, their GS2 refuses each user.
        theirs = [f"{STOCK}/{name}" for name in STOCK_MODULES + ("libsasldb.so",)]
        self.link(self.modules[THEIRS], theirs)
        self.link(self.modules["beside"], theirs + [f"{OURS}/libgssloop_sasl.so"])

    @staticmethod
    def link(folder, modules):
        os.mkdir(folder)
        for module in modules:
            os.symlink(module, os.path.join(folder, os.path.basename(module)))

    def sides(self, client, server, mechanism, here=None, there=None, change=unchanged,
              far=None,
              client_env=None, server_env=None):
        """Logs in; the codes and the two peers."""
        here = {**NOBODY, **(here or {})}
        there = dict(there or {})
        there["options"] = {"sasldb_path": self.path("nobody"), "log_level": 5,
                            **there.get("options", {})}
        a = self.peer("client", self.modules[client], client_env, **here)
        b = self.peer("server", self.modules[server], server_env, **there)
        codes = log_in(a, b, mechanism, change, far)
        return codes, a, b

    def outcome(self, *args, **more):
        """The server's result, which counts."""
        codes, _a, _b = self.sides(*args, **more)
        return "in" if codes[1] == OK else "refused"

    def compare(self, header, measurements, columns=(THEIRS, THIS)):
        rows = table(*header, columns[0])
        self.assertEqual({row[0] for row in rows}, set(measurements))
        for row in rows:
            for module, cell in zip(columns, row[1:]):
                with self.subTest(row=row[0], module=module):
                    self.assertEqual(measurements[row[0]](module), cell)
