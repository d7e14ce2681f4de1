#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""./run bench, with stand-ins for what it measures."""

import subprocess
import unittest

from tree import Tree


class Bench(Tree):
    def setUp(self):
        super().setUp()
        self.everything_is_installed()
        self.results = self.tree / "bench/RESULTS.md"

    def test_a_whole_run_writes_its_tables_into_a_file(self):
        done = self.run_script("bench")
        text = self.results.read_text(encoding="utf-8")
        version = subprocess.run(["pkg-config", "--modversion", "krb5"], check=True, text=True,
                                 stdout=subprocess.PIPE).stdout.strip()
        self.assertIn(f"krb5 {version}", text)
        # What the stand-in of make prints, of each benchmark, and not of their build.
        num_benchmarks = done.stderr.count("measuring ")
        self.assertGreater(num_benchmarks, 1)
        self.assertEqual(text.count("lib/lib_la-a.lo"), num_benchmarks)
        self.assertIn("lib/lib_la-a.lo", done.stdout)
        self.assertIn("wrote bench/RESULTS.md\n", done.stderr)

    def test_a_part_of_it_leaves_the_file_alone(self):
        self.results.write_text("before", encoding="utf-8")
        self.run_script("bench", "--rounds", "2")
        self.assertEqual(self.results.read_text(encoding="utf-8"), "before")


if __name__ == "__main__":
    unittest.main(verbosity=2)
