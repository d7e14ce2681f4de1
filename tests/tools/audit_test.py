#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""gssloop audit: what counts as a line of a trail, and which lines it shows and counts."""

import json
import os
import pathlib
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from peers import run

DONE, FAILED, USAGE, NOT_TRIED = range(4)
RULE = "/etc/gssloop/policy.toml:3:9"


def record(second=0, result="admitted", **more):
    """A line as the module writes it, without its end."""
    members = {"time": f"2026-11-30T03:25:{second:02}.007Z", "result": result, "pid": 4711,
               "service": "imap", "mechanism": "GS2-KRB5", "peer": f"192.0.2.7;{40000 + second}",
               "principal": "alice@EXAMPLE.TEST", "authid": "alice", "authzid": "alice", **more}
    return json.dumps({name: value for name, value in members.items() if value is not None},
                      separators=(",", ":"))


REFUSED = {"result": "refused", "reason": "the policy refuses it", "error": "not authorized",
           "rule_key": "deny", "rule": RULE}


class Audit(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.folder = pathlib.Path(self.scratch.name)

    def write(self, *lines, name="trail"):
        path = self.folder / name
        path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        return str(path)

    def shown(self, *arguments, status=DONE):
        """The lines on standard output, and standard error."""
        done = run("audit", *arguments)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout.decode().splitlines(), done.stderr.decode()

    def seconds(self, *arguments):
        """The seconds in the times of the lines that are shown."""
        lines, _said = self.shown(*arguments, "--json")
        return [int(json.loads(line)["time"][17:19]) for line in lines]

    def test_for_a_person(self):
        trail = self.write(record(1), record(2, authzid="bob", **REFUSED),
                           record(3, "refused", authid=None, principal=None, authzid="root",
                                  reason="it is a replay"))
        lines, said = self.shown(trail)
        self.assertEqual(lines, [
            "2026-11-30T03:25:01.007Z  admitted  imap  GS2-KRB5  alice  from 192.0.2.7;40001",
            "2026-11-30T03:25:02.007Z  refused  imap  GS2-KRB5  alice as bob  from 192.0.2.7;40002"
            f"  by deny at {RULE}: the policy refuses it",
            "2026-11-30T03:25:03.007Z  refused  imap  GS2-KRB5  claims to be root"
            "  from 192.0.2.7;40003: it is a replay"])
        self.assertEqual(said, "3 lines, 3 matches: 1 admitted, 2 refused\n")

    def test_each_filter(self):
        trail = self.write(record(1), record(2, **REFUSED), record(3, "abandoned", service="smtp"),
                           record(4, authid="bob", authzid="carol", principal="bob@OTHER.TEST",
                                  mechanism="GSSAPI"),
                           record(5, **{**REFUSED, "rule": "/etc/gssloop/policy.toml:30:9"}))
        for arguments, expected in (
                ([], [1, 2, 3, 4, 5]),
                (["--admitted"], [1, 4]),
                (["--refused"], [2, 5]),
                (["--abandoned"], [3]),
                (["--service", "smtp"], [3]),
                (["--mechanism", "GSSAPI"], [4]),
                (["--user", "carol"], [4]),
                (["--user", "bob"], [4]),
                (["--user", "bob@OTHER.TEST"], [4]),
                (["--user", "bo"], []),
                (["--rule", RULE], [2]),
                (["--rule", "/etc/gssloop/policy.toml:3"], [2]),
                (["--rule", "/etc/gssloop/policy.toml"], [2, 5]),
                (["--rule", "/etc/gssloop/policy"], []),
                (["--since", "2026-11-30T03:25:04Z"], [4, 5]),
                (["--since", "2026-11-30 03:25:04"], [4, 5]),
                (["--until", "2026-11-30T03:25:03"], [1, 2]),
                (["--since", "2026-11-30", "--until", "2026-11-30T03:26"], [1, 2, 3, 4, 5]),
                (["--until", "2026-11-30"], []),
                (["--refused", "--rule", RULE, "--user", "alice"], [2])):
            with self.subTest(arguments=arguments):
                self.assertEqual(self.seconds(trail, *arguments), expected)

    def test_how_long_ago(self):
        ago = lambda s: time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - s))
        trail = self.write(record(time=ago(90 * 60)), record(time=ago(10 * 60)))
        for since, num in (("1h", 1), ("2h", 2), ("5m", 0), ("900s", 1), ("1d", 2)):
            self.assertEqual(len(self.shown("--since", since, trail)[0]), num, since)

    def test_counts(self):
        trail = self.write(record(1), record(2, **REFUSED), record(3, **REFUSED),
                           record(4, authid="bob", **{**REFUSED, "rule": None}))
        self.assertEqual(self.shown("--refused", "--count-by", "rule", trail)[0],
                         [f"       2  {RULE}", "       1  (none)"])
        self.assertEqual(self.shown("--count-by", "authid", trail)[0],
                         ["       3  alice", "       1  bob"])
        self.assertEqual(self.shown("--count-by", "peer", trail)[0], ["       4  192.0.2.7"])

    def test_wrong_usage(self):
        trail = self.write(record())
        for arguments in ([], [trail, "--since", "yesterday"], [trail, "--since", "2026-02-30"],
                          [trail, "--until", "12"], [trail, "--since", "2026-11-30T3:00"],
                          [trail, "--admitted", "--refused"], [trail, "--refused", "--abandoned"],
                          [trail, "--count-by", "pid"], [trail, "--json", "--count-by", "rule"]):
            self.shown(*arguments, status=USAGE)

    def test_several_files_and_standard_input(self):
        first, second = self.write(record(1), name="trail.1"), self.write(record(2))
        self.assertEqual(self.seconds(first, second), [1, 2])
        done = run("audit", "--json", first, "-", data=record(3).encode())  # its end is missing
        self.assertEqual(len(done.stdout.splitlines()), 2, done.stderr)
        lines, said = self.shown(str(self.folder / "none"), second, status=NOT_TRIED)
        self.assertEqual(len(lines), 1, "the other file is read")
        self.assertIn("No such file", said)
        packed = self.folder / "trail.2.gz"
        packed.write_bytes(b"\x1f\x8b\x08\x00" + bytes(100))
        self.assertIn(f"zcat {packed}", self.shown(str(packed), status=NOT_TRIED)[1])

    def test_damaged_lines_are_named(self):
        whole = record(5)
        trail = self.write(record(1), whole[:40], "", "garbage", record(2), "{}", '{"time":"x"}',
                           whole[:40] + whole, "[1]", "x" * 400000, record(3))
        lines, said = self.shown(trail, status=FAILED)
        self.assertEqual(len(lines), 3)
        damaged = [line.split(":")[1] for line in said.splitlines() if ": damaged" in line]
        self.assertEqual(damaged, ["2", "4", "6", "7", "8", "9", "10"])
        self.assertIn("3 lines, 3 matches: 3 admitted; 7 damaged", said)

    def test_a_file_of_syslog(self):
        evil = record(9, authid="forged")
        trail = self.write(
            f"Nov 30 03:25:36 mail imapd[17]: gssloop-audit: {record(1)}",
            f"2026-11-30T03:25:36.1+01:00 mail imapd[17]: gssloop-audit: {record(2)}",
            f"Nov  3 03:25:36 mail imapd: gssloop-audit: {record(3)}",
            "Nov 30 03:25:36 mail sshd[1]: Accepted publickey for root",
            # What users can make other programs say.
            f"Nov 30 03:25:36 mail imapd[17]: badlogin: gssloop-audit: {evil}",
            f"Nov 30 03:25:36 mail imapd[17]: user gssloop-audit: {evil} failed",
            f"Nov 30 03:25:36 mail imapd[17]: failed for x: gssloop-audit: {evil}",
            f"Nov 30 03:25:36 mail su: pam(x:y): user=z gssloop-audit: {evil}",
            f"Nov 30 03:25:36 mail a user: gssloop-audit: {evil}")
        self.assertEqual(self.seconds(trail), [1, 2, 3])

    def test_the_journal(self):
        entry = lambda message: json.dumps({"_PID": "17", "MESSAGE": message, "PRIORITY": "6"})
        trail = self.write(entry(f"gssloop-audit: {record(1)}"), entry("Started."),
                           entry(f"x\ngssloop-audit: {record(9)}"), entry([120, 255]))
        self.assertEqual(self.seconds(trail), [1])
        # journalctl leaves out long messages without -a.
        _lines, said = self.shown(self.write(entry(None)), status=FAILED)
        self.assertIn("1 damaged", said)
        self.assertEqual(self.seconds(self.write(f"gssloop-audit: {record(2)}")), [2])

    def test_nothing_controls_the_terminal(self):
        trail = self.write(record(1, authid="\x1b[31m\n\x9b", reason="\u202e\x07"))
        for arguments in ([], ["--json"], ["--count-by", "authid"]):
            lines, said = self.shown(trail, *arguments)
            self.assertEqual(len(lines), 1)
            self.assertTrue(all(" " <= c <= "~" for c in "".join(lines)), lines)
            self.assertNotIn("\x1b", said)


class Doctor(unittest.TestCase):
    def test_finds_a_trail_that_cannot_be_written(self):
        with tempfile.TemporaryDirectory() as folder:
            trail, none = f"{folder}/trail", f"{folder}/none/trail"
            for options, expected in (
                    (f"gssloop_audit: {trail}", f"ok application the audit trail {trail} can be"),
                    (f"gssloop_audit: {none}", f"problem application line 1 of {folder}/app.conf: "
                     f"the audit trail {none} does not exist, and cannot be made: No such file"),
                    ("gssloop_audit: /dev/full\ngssloop_audit_required: yes",
                     "the audit trail /dev/full is not a regular file why: the module refuses every"),
                    ("gssloop_audit: syslog\ngssloop_audit_required: yes",
                     "problem application option gssloop_audit_required is yes, but"),
                    ("gssloop_audit: trail", "or the path of a file, which begins with /")):
                pathlib.Path(folder, "app.conf").write_text(options + "\n", encoding="utf-8")
                done = run("doctor", "--server-only", "--conf", f"{folder}/app.conf",
                           "imap@localhost", COLUMNS=None)
                self.assertIn(expected, " ".join(done.stdout.decode().split()))
                self.assertFalse(os.path.exists(trail), "the doctor changes nothing")


if __name__ == "__main__":
    unittest.main(verbosity=2)
