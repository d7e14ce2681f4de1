#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""./run check-tsan and its like: what they build and run, and where; which tests have threads."""

import os
import pathlib
import re
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from tree import CONFIGURE, FAILED, SOURCE, Tree, write_program

BUILD = pathlib.Path(os.environ.get("GSSLOOP_BUILDDIR", SOURCE)).absolute()
THREADS = re.compile(r"std::(jthread|thread\b|async\()|pthread_create")
# Programs with threads that check-tsan does not run, and why.
EXCEPTIONS = {
    "tests/interop/interop_test":
        "its peers are processes, of which most are not built here; its threads move octets",
}


def sources():
    """{program: its sources}, as the fragments of the makefile have them."""
    found = {}
    for fragment in SOURCE.glob("tests/**/*.am"):
        folder = str(fragment.parent.relative_to(SOURCE))
        text = fragment.read_text(encoding="utf-8").replace("\\\n", " ").replace("%D%", folder)
        for name, files in re.findall(r"(?m)^%C%_(\w+_test)_SOURCES = (.*)$", text):
            found[f"{folder}/{name}"] = files.split()
    return found


class Threads(unittest.TestCase):
    def test_a_program_with_threads_is_in_the_list(self):
        make = subprocess.run(["make", "-s", "--no-print-directory", "-C", BUILD,
                               "print-thread-tests"], capture_output=True, text=True, check=True,
                              env={name: value for name, value in os.environ.items()
                                   if not name.startswith(("MAKE", "MFLAGS"))})
        listed = set(make.stdout.split())
        if not listed:
            self.skipTest("the tree is configured without GoogleTest")
        have = {name for name, files in sources().items()
                if any(THREADS.search((SOURCE / file).read_text(encoding="utf-8"))
                       for file in files)}
        self.assertEqual(have - set(EXCEPTIONS), listed)
        self.assertLessEqual(set(EXCEPTIONS), have)


class Commands(Tree):
    def setUp(self):
        super().setUp()
        self.everything_is_installed()
        self.builds = self.tree / ".cache/builds"
        # The stand-in of autoreconf takes it from the folder above.
        write_program(self.builds / "configure", CONFIGURE)

    def check(self, command):
        done = self.run_script(command, status=FAILED, MAKE_STATUS="2")
        self.assertEqual(done.stdout.splitlines()[-1], "0 passed, 1 failed, 0 skipped")
        return self.calls("configure", "make")

    def test_a_copy_is_configured_and_built(self):
        for command, kind, level, target in (
                ("check-tsan", "thread", "-O1", "build-thread-tests"),
                ("check-asan", "address", "-O0", "build-tests")):
            flags = (f"--enable-werror --enable-sanitizers={kind} CFLAGS={level} -g1 "
                     f"CXXFLAGS={level} -g1")
            self.assertEqual(self.check(command),
                             [f"configure --quiet {flags}", f"make {target}"])
            self.assertEqual(self.check(command), [f"make {target}"])
        self.assertEqual({path.name for path in self.builds.iterdir()},
                         {"asan", "configure", "tsan"})
        self.assertFalse((self.tree / "config.status").exists())
        self.assertTrue((self.builds / "tsan/.cache").samefile(self.tree / ".cache"))

    def test_memcheck_takes_this_tree(self):
        self.assertEqual(self.check("check-valgrind"),
                         ["configure --quiet --enable-werror", "make build-memcheck-tests"])

    def test_the_copy_follows_the_sources(self):
        (self.tree / "tests/old_file").touch()
        self.check("check-tsan")
        copy = self.builds / "tsan/tests/old_file"
        self.assertTrue(copy.exists())
        (self.builds / "tsan/built").touch()
        (self.tree / "tests/old_file").rename(self.tree / "tests/new_file")
        self.check("check-tsan")
        self.assertFalse(copy.exists())
        self.assertTrue(copy.with_name("new_file").exists())
        self.assertTrue((self.builds / "tsan/built").exists())

    def test_other_flags_start_over(self):
        self.check("check-tsan")
        status = self.builds / "tsan/config.status"
        status.write_text(status.read_text().replace("=thread", "=other"), encoding="utf-8")
        self.assertIn("make clean", self.check("check-tsan"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
