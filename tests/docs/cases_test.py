#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The project's own policies pass `gssloop policy test`: the examples, with the cases beside them, and
each policy of README.md and the guides, with its cases in the folder cases.

No rule is without a case: if the test changes any rule so that it no longer restricts or permits,
a case fails.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import moonshot

BUILD = pathlib.Path(os.environ.get("GSSLOOP_BUILDDIR", ".")).absolute()
SOURCE = pathlib.Path(os.environ.get("GSSLOOP_SRCDIR", ".")).absolute()
EXAMPLES = (SOURCE / "examples/policy.toml", SOURCE / "examples/demo/federation.toml")
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


class Cases(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.policy = pathlib.Path(folder.name, "policy.toml")
        self.env = {**os.environ, "KRB5_CONFIG": "/dev/null"}
        # Policies may name its mechanisms, which the machine must know then.
        if module := moonshot.find_module():
            self.env |= moonshot.environment(module, pathlib.Path(folder.name, "mech.conf"))

    def decide(self, cases, *options):
        """The status and what the command printed."""
        done = subprocess.run([BUILD / "tools/gssloop", "policy", "test", "--policy", self.policy,
                               *options, cases], capture_output=True, text=True, timeout=60,
                              check=False, env=self.env)
        return done.returncode, done.stdout + done.stderr

    def check(self, cases, text):
        self.policy.write_text(text, encoding="utf-8")
        status, said = self.decide(cases, "--strict")
        self.assertEqual(status, 0, said)
        _, said = self.decide(cases, "--json")
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
        status, said = self.decide(cases)
        self.assertEqual(status, 1, f"no case fails without the rule {rule['rule']}: {said}")

    def test_the_examples(self):
        for example in EXAMPLES:
            with self.subTest(policy=example.name):
                self.assertGreater(self.check(example.with_suffix(".test.toml"),
                                              example.read_text(encoding="utf-8")), 0)

    def test_the_policies_of_the_guides(self):
        shown = shown_policies()
        self.assertGreater(len(shown), 6)
        self.assertEqual({path.name.removesuffix(".test.toml") for path in CASES.iterdir()},
                         set(shown), "each policy of a page has a file of cases, and no other")
        for name, text in shown.items():
            with self.subTest(policy=name):
                if "EAP-AES" in text and moonshot.find_module() is None:
                    self.skipTest("moonshot-gss-eap is neither unpacked nor installed")
                self.assertGreater(self.check(CASES / f"{name}.test.toml", text), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
