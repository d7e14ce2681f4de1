#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""./run demo-federation: its page, users whom the machine cannot show, and what it leaves."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import demo
import lab
import xml_report

PATIENCE = 300  # seconds; a domain controller starts
HEIGHT, WIDTH = 50, 100  # of the page


class Page:
    """What the demo wrote."""

    def __init__(self, done):
        self.text, self.progress = done.stdout, done.stderr
        self.lines = done.stdout.splitlines()

    def policy(self):
        """The lines of the policy by their number, as the page shows them."""
        number = 0
        for line in self.lines:
            if f"{line}  ".startswith(f"{number + 1:2}  "):
                number += 1
                yield number, line[4:]

    def rows(self):
        """{user: (gets in as, the rule from its place on)}"""
        policy = dict(self.policy())
        start = next(i for i, line in enumerate(self.lines) if line.startswith("  user "))
        columns = [self.lines[start].index(name) for name in ("user", "gets in as", "rule at")]
        found = {}
        for line in self.lines[start + 1:]:
            user, result, place = (line[a:b].strip() for a, b in zip(columns, columns[1:] + [None]))
            if place.startswith("federation.toml:"):
                row, column = map(int, place.split(":")[1:])
                found[user.split("  ")[0]] = (result, policy[row][column - 1:])
        return found


class Demo(unittest.TestCase):
    def setUp(self):
        # It finds the packages beside the sources, and the programs in the build tree.
        self.env = os.environ | {"GSSLOOP_SRCDIR": str(lab.SOURCE),
                                 "GSSLOOP_BUILDDIR": str(lab.BUILD)}
        for name in ("GSSLOOP_REALM", "GSSLOOP_SAMBA"):
            self.env.pop(name, None)
        self.temporary = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(self.temporary.rmdir)  # fails if anything is left
        self.env["TMPDIR"] = str(self.temporary)

    def start(self):
        return subprocess.Popen(["/usr/bin/python3", "-B", demo.__file__], env=self.env, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, start_new_session=True)

    def page(self, status=0):
        with self.start() as process:
            done = subprocess.CompletedProcess([], None, *process.communicate(timeout=PATIENCE))
        if process.returncode == xml_report.SKIPPED:
            self.skipTest(done.stdout)
        self.assertEqual(process.returncode, status, done.stdout + done.stderr)
        return Page(done)

    def test_the_page(self):
        reasons = demo.left_out()
        page = self.page()
        self.assertLessEqual(len(page.lines), HEIGHT)
        self.assertLessEqual(max(map(len, page.lines)), WIDTH)
        shown = "\n".join(text for _, text in page.policy())
        policy = demo.POLICY.read_text(encoding="utf-8").rstrip("\n")
        self.assertEqual(shown.splitlines()[:15], policy.splitlines()[:15])
        self.assertEqual(len(shown.splitlines()), len(policy.splitlines()))
        rows = page.rows()
        wanted = [it for it in demo.LOGINS if it.who not in reasons]
        self.assertEqual(len(rows), len(wanted), page.text)
        for login in wanted:
            result, rule = rows[login.who + (f", as {login.acts_as}" if login.acts_as else "")]
            self.assertEqual(result, login.result)
            # require and authorize begin at a quote.
            self.assertRegex(rule, f'^"[^"]*{login.rule}')
        for name, reason in reasons.items():
            self.assertRegex(page.text, f"(?m)^ .*{name}.* left out; {reason}$")
        self.assertIn("==> starting a KDC", page.progress)

    def leave_out_what_is_unpacked(self):
        """Nothing is unpacked beside sources elsewhere."""
        elsewhere = tempfile.TemporaryDirectory()
        self.addCleanup(elsewhere.cleanup)
        for entry in lab.SOURCE.iterdir():
            if entry.name != ".cache":
                pathlib.Path(elsewhere.name, entry.name).symlink_to(entry)
        self.env["GSSLOOP_SRCDIR"] = elsewhere.name

    def test_users_whom_the_machine_cannot_show(self):
        if any((pathlib.Path("/usr/sbin") / name).exists() for name in ("samba", "freeradius")):
            self.skipTest("samba or freeradius is installed")
        self.leave_out_what_is_unpacked()
        page = self.page()
        self.assertIn("  carol and dave left out; neither installed nor unpacked: samba-ad-dc and "
                      "samba-ad-provision\n", page.text)
        self.assertIn("  robin and kim left out; neither unpacked nor installed: moonshot-gss-eap, "
                      "freeradius", page.text)
        self.assertLessEqual({"alice", "alice, as archive"}, set(page.rows()))

    def test_a_login_that_goes_otherwise(self):
        """A module that libsasl cannot find."""
        self.leave_out_what_is_unpacked()
        self.env["GSSLOOP_PLUGIN_DIR"] = "/nonexistent"
        page = self.page(status=1)
        self.assertNotIn("Who gets in", page.text)
        self.assertIn("=> NOT as expected: alice", page.text)

    def test_a_signal_leaves_nothing(self):
        # While the domain is made, if it can be, and while the server runs.
        for number, status, moment in ((signal.SIGINT, 130, "Active Directory|logs in"),
                                       (signal.SIGTERM, 143, "logs in")):
            if number == signal.SIGTERM:
                self.leave_out_what_is_unpacked()
            with self.subTest(signal=number), self.start() as process:
                while not re.search(moment, line := process.stderr.readline()):
                    self.assertTrue(line, "the demo ended")
                self.assertNotEqual(list(self.temporary.iterdir()), [])
                os.killpg(process.pid, number)
                said = process.communicate(timeout=lab.PATIENCE)
                self.assertEqual(process.returncode, status)
                self.assertNotIn("Traceback", said[1])
                lab.wait_until(lambda: not list(self.temporary.iterdir()), "an empty folder")


if __name__ == "__main__":
    # A shell has background jobs ignore SIGINT; what they start inherits that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(xml_report.run_tests())
