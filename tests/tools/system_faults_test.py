#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""System calls of the commands that read policies and audit trails fail in turn, by strace's
injection, which reaches the C library's calls too. The command then prints what it prints without the
fault, or says that it failed: never a part as if it were all, never another decision, no crash.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from peers import BUILD, GSSLOOP, PATIENCE, environment

DONE, REFUSED = range(2)

POLICY = """[attributes.assurance]
from = [{ mechanism = "krb5", name = "auth-indicators" }]
[services.imap]
require = ["assurance=otp"]
"""
DENY = """[all]
deny = ["assurance=spake"]
"""
CASES = """policy = "policy.d"
default-realm = "HOME"
[[case]]
name = "without the second file alice is admitted"
service = "imap"
peer = "alice"
attributes = { assurance = ["spake", "otp"] }
refused-by = "deny assurance=spake"
"""
TRAIL = "".join(
    f'{{"time":"2026-11-30T03:25:{second:02}.007Z","result":"admitted","pid":4711,"service":"imap",'
    f'"mechanism":"GS2-KRB5","principal":"alice@EXAMPLE.TEST","authid":"alice","authzid":"alice"}}\n'
    for second in range(60))

COMMANDS = {
    "check": ["policy", "check", "policy.d"],
    "test": ["policy", "test", "cases.toml"],
    "explain": ["policy", "explain", "--policy", "policy.d", "--service", "imap", "--as", "alice@HOME",
                "--attr", "assurance=otp", "--attr", "assurance=spake"],
    "audit": ["audit", "--json", "trail"],
    "mechanisms": ["mechanisms", "--json"],
}
# EINTR asks the caller to try again; a command that gives up instead must say so too.
FAULTS = {"openat": ["EACCES", "EMFILE", "ENOENT"], "read": ["EIO", "EINTR"], "close": ["EIO"],
          "fstat": ["EIO"], "newfstatat": ["EIO", "ENOENT"], "getdents64": ["EIO"], "lseek": ["EIO"],
          "write": ["ENOSPC", "EINTR"], "mmap": ["ENOMEM"]}


def calls_of_program(lines, call):
    """The numbers of the first and the last call that the program makes. The dynamic linker, which
    crashes without memory, ends with the munmap of its cache."""
    calls = [line.split("(")[0] for line in lines]
    first = calls[:calls.index("munmap")].count(call) + 1
    return first, calls.count(call)


class SystemFaults(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        folder = self.folder / "policy.d"
        folder.mkdir()
        (folder / "10-require.toml").write_text(POLICY, encoding="utf-8")
        (folder / "20-deny.toml").write_text(DENY, encoding="utf-8")
        (self.folder / "cases.toml").write_text(CASES, encoding="utf-8")
        (self.folder / "trail").write_text(TRAIL, encoding="utf-8")
        (self.folder / "krb5.conf").write_text("[libdefaults]\n", encoding="utf-8")
        # The program itself, not libtool's script, which has calls of its own.
        program = BUILD / "tools/.libs/gssloop"
        self.program = str(program) if program.exists() else GSSLOOP
        self.env = environment(LD_LIBRARY_PATH=str(BUILD / "lib/.libs"), LC_ALL="C.UTF-8",
                               KRB5_CONFIG=str(self.folder / "krb5.conf"))
        if os.environ.get("GSSLOOP_SANITIZE_FLAGS", "").strip():
            self.skipTest("a sanitizer ends a program without memory, and does not run below strace")
        try:
            traced, _ = self.traced(["--version"], "read")
        except FileNotFoundError:
            self.skipTest("strace is not installed")
        if traced.returncode != DONE and b"PTRACE" in traced.stderr:
            self.skipTest("strace may not trace here")
        self.assertEqual(traced.returncode, DONE, traced.stderr)

    def traced(self, arguments, call, *options):
        """The command's end, and strace's lines of this call and of munmap."""
        lines = self.folder / "lines"
        done = subprocess.run(["strace", "-qq", "-o", lines, "-e", f"trace={call},munmap", *options,
                               self.program, *arguments], stdin=subprocess.DEVNULL,
                              capture_output=True, cwd=self.folder, timeout=PATIENCE, env=self.env,
                              check=False)
        return done, lines.read_text(encoding="utf-8", errors="replace").splitlines()

    def judge(self, without, done, never, what):
        self.assertGreaterEqual(done.returncode, 0, f"{what}: signal {-done.returncode}")
        if (done.returncode, done.stdout) == (without.returncode, without.stdout):
            return
        self.assertNotEqual(done.returncode, DONE, what)
        # `policy check` lists what is wrong with a policy on its standard output.
        self.assertRegex(done.stderr + done.stdout, rb"(?m)^gssloop: \S|: error: ", what)
        if never:
            self.assertNotIn(never, done.stdout, what)

    def each_fault(self, arguments, status=DONE, never=None):
        num = 0
        for call, errors in FAULTS.items():
            without, lines = self.traced(arguments, call)
            self.assertEqual(without.returncode, status, without.stdout + without.stderr)
            first, last = calls_of_program(lines, call)
            for error in errors:
                for number in range(first, last + 1):
                    what = f"{call} {number} of {last}, {error}"
                    done, _ = self.traced(arguments, call, "-e",
                                          f"inject={call}:error={error}:when={number}")
                    self.judge(without, done, never, what)
                    num += 1
        print(f"faults injected: {num}")
        self.assertGreater(num, 10)

    def test_policy_check(self):
        self.each_fault(COMMANDS["check"])

    def test_policy_test(self):
        self.each_fault(COMMANDS["test"])

    def test_policy_explain(self):
        self.each_fault(COMMANDS["explain"], REFUSED, never=b"admitted")

    def test_audit(self):
        self.each_fault(COMMANDS["audit"])

    def test_mechanisms(self):
        self.each_fault(COMMANDS["mechanisms"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
