#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The project's own policies pass `gssloop policy test`: the example that packages install, with the
cases beside it, and each policy of README.md and the guides, with its cases in the folder cases.

No rule is without a case: if the test changes any rule so that it no longer restricts or permits,
a case fails.
"""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

BUILD = pathlib.Path(os.environ.get("GSSLOOP_BUILDDIR", ".")).absolute()
SOURCE = pathlib.Path(os.environ.get("GSSLOOP_SRCDIR", ".")).absolute()
EXAMPLE = SOURCE / "examples/policy.toml"
CASES = SOURCE / "tests/docs/cases"
PAGES = [SOURCE / "README.md", *sorted(SOURCE.glob("docs/*.md"))]
# What a rule becomes: a require and a deny let everyone pass, an authorize permits nothing.
VOID = {"require": "peer.ssf>=0", "deny": "!peer.ssf>=0", "authorize": "!peer.ssf>=0"}


def shown_policies():
    """{"openldap": text, "openldap-2": text, ...}"""
    shown = {}
    for page in PAGES:
        blocks = re.findall(r"^```toml\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S)
        for number, text in enumerate(blocks, 1):
            shown[page.stem + (f"-{number}" if number > 1 else "")] = text
    return shown


def test_policy(cases, policy, *options):
    """The status and what the command printed."""
    done = subprocess.run([BUILD / "tools/gssloop", "policy", "test", "--policy", policy, *options,
                           cases], capture_output=True, text=True, timeout=60, check=False,
                          env={**os.environ, "KRB5_CONFIG": "/dev/null"})
    return done.returncode, done.stdout + done.stderr


class Cases(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.policy = pathlib.Path(folder.name, "policy.toml")

    def check(self, cases, text):
        self.policy.write_text(text, encoding="utf-8")
        status, said = test_policy(cases, self.policy, "--strict")
        self.assertEqual(status, 0, said)
        _, said = test_policy(cases, self.policy, "--json")
        rules = json.loads(said)["rules"]
        for rule in rules:
            self.check_that_it_counts(cases, text, rule)
        return len(rules)

    def check_that_it_counts(self, cases, text, rule):
        lines = text.splitlines(keepends=True)
        line = lines[rule["line"] - 1]
        start = rule["column"]  # after the quote, from 0
        end = start + len(rule["rule"])
        self.assertEqual(line[start:end], rule["rule"])
        lines[rule["line"] - 1] = line[:start] + VOID[rule["kind"]] + line[end:]
        self.policy.write_text("".join(lines), encoding="utf-8")
        status, said = test_policy(cases, self.policy)
        self.assertEqual(status, 1, f"no case fails without the rule {rule['rule']}: {said}")

    def test_the_example(self):
        self.assertGreater(self.check(EXAMPLE.with_suffix(".test.toml"),
                                      EXAMPLE.read_text(encoding="utf-8")), 0)

    def test_the_policies_of_the_guides(self):
        shown = shown_policies()
        self.assertGreater(len(shown), 6)
        self.assertEqual({path.name.removesuffix(".test.toml") for path in CASES.iterdir()},
                         set(shown), "each policy of a page has a file of cases, and no other")
        for name, text in shown.items():
            with self.subTest(policy=name):
                self.assertGreater(self.check(CASES / f"{name}.test.toml", text), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
