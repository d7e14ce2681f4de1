#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The table of platforms: ./run check --record."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ.get("GSSLOOP_SRCDIR", ".")).absolute()
PROGRAM = SOURCE / "tests/report/platforms.py"
README = "before\n{0}old\n{1}after\n"
BEGIN = "<!-- platforms: made by ./run check --record -->\n"
END = "<!-- end of platforms -->\n"


class Platforms(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "docs").mkdir()
        self.readme = self.folder / "README.md"
        self.table = self.folder / "docs/platforms.tsv"
        self.readme.write_text(README.format(BEGIN, END))

    def run_program(self, *arguments, status=0, **more):
        done = subprocess.run([sys.executable, "-B", PROGRAM, *arguments], cwd=self.folder,
                              capture_output=True, text=True, check=False, **more)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout if status == 0 else done.stderr

    def rows(self):
        return [line.split("\t") for line in self.table.read_text().splitlines()[1:]]

    def test_the_result_of_this_machine_is_in_both_files(self):
        said = self.run_program("record", "3", "1", "2", "check", "--servers")
        row = said.rstrip("\n").split("\t")
        self.assertEqual([row], self.rows())
        self.assertEqual((row[2], row[-4:-1]), ("./run check --servers", ["3", "1", "2"]))
        installed = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "libsasl2-2"],
                                   capture_output=True, text=True, check=True).stdout
        self.assertTrue(installed.startswith(row[5]), (installed, row))
        text = self.readme.read_text()
        self.assertTrue(text.startswith("before\n" + BEGIN + "| Debian |"), text)
        self.assertTrue(text.endswith(f"| {row[-1]} |\n{END}after\n"), text)
        self.assertIn("| `./run check --servers` |", text)
        self.run_program("check")

    def test_the_version_of_an_unpacked_package(self):
        (self.folder / ".cache/dovecot-imapd").mkdir(parents=True)
        (self.folder / ".cache/dovecot-imapd/packages").write_text(
            "dovecot-core installed 1:9.8.7+dfsg1-1\nlibsasl2-2 installed 9.8.7-1\n")
        (self.folder / "status").write_text(
            "Package: libsasl2-2\nStatus: install ok installed\nMaintainer: x <x@x>\n"
            "Architecture: all\nVersion: 2.1.28+dfsg-10\nDescription: x\n")
        row = self.run_program("record", "3", "1", "2", "check",
                               env={**os.environ, "DPKG_ADMINDIR": str(self.folder)}).split("\t")
        self.assertEqual((row[5], row[9]), ("2.1.28", "9.8.7"))

    def test_a_later_result_replaces_the_one_of_the_same_command(self):
        self.run_program("record", "3", "1", "2", "check")
        self.run_program("record", "5", "0", "0", "check")
        self.run_program("record", "9", "0", "0", "check", "--servers")
        self.assertEqual([row[-4] for row in self.rows()], ["5", "9"])

    def test_a_row_of_another_machine(self):
        row = self.run_program("record", "3", "1", "2", "check").replace("amd64", "i386")
        row = row.replace(row.split("\t")[0], "99 later", 1)
        self.run_program("merge", input=row)
        self.assertIn(row.rstrip("\n").split("\t"), self.rows())
        self.assertEqual(len(self.rows()), 2)

    def test_what_it_cannot_use_changes_nothing(self):
        self.assertIn("a row has", self.run_program("merge", status=1, input="a\tb\n"))
        self.assertIn("platforms.py record", self.run_program(status=1))
        self.readme.write_text("no table\n")
        self.assertIn("must have the lines", self.run_program("record", "1", "0", "0", status=1))
        self.assertFalse(self.table.exists())

    def test_a_table_that_was_changed_by_hand_is_noticed(self):
        self.run_program("record", "3", "1", "2", "check")
        self.readme.write_text(self.readme.read_text().replace("| 1 |", "| 0 |"))
        self.assertIn("--record writes it", self.run_program("check", status=1))

    def test_the_readme_has_the_table(self):
        done = subprocess.run([sys.executable, "-B", PROGRAM, "check"], cwd=SOURCE,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
