#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The sum that .ci/run prints, with a stand-in for ./run."""

import pathlib
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from tree import PATIENCE, SOURCE, Tree, not_as_root, write_program

RUN = r"""#!/bin/bash
echo "run $* $CONFIGURE_FLAGS" >>"$CALLS"
[[ $1 != "$ENDS" ]] || exit 1
[[ $1 != "$FAILS" ]] || {
  printf '%s\n' "" Failed: "  unit/one: it broke" "" "0 passed, 3 failed, 1 skipped" && exit 1
}
[[ $1 != check* ]] || echo "3 passed, 0 failed, 1 skipped"
"""

FAST = "CFLAGS=-O0 CXXFLAGS=-O0"


class ContinuousIntegration(Tree):
    def setUp(self):
        super().setUp()
        if not (SOURCE / ".ci/run").exists():
            self.skipTest("the tarball has no .ci/run")
        write_program(self.tree / ".ci/run", (SOURCE / ".ci/run").read_text(encoding="utf-8"))
        write_program(self.tree / "run", RUN)
        # .ci/run has a PATH of its own, without these.
        path = "export PATH="
        text = (self.tree / ".ci/run").read_text(encoding="utf-8")
        self.assertIn(path, text)
        write_program(self.folder / "bin/clang++", "#!/bin/sh\n")
        write_program(self.tree / ".ci/run", text.replace(path, f"{path}{self.folder / 'bin'}:"))

    def sum_of(self, **arguments):
        return self.lines_of(**arguments)[-1]

    def lines_of(self, status=0, **env):
        done = subprocess.run([*not_as_root(self), self.tree / ".ci/run"], cwd=self.folder,
                              env={**self.env, "GSSLOOP_CI_SUITES": "trixie", **env}, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False,
                              timeout=PATIENCE)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertEqual(list(self.temporary.iterdir()), [])
        return done.stdout.splitlines()

    def test_it_runs_all_and_adds_the_results(self):
        self.assertEqual(self.sum_of(), "16 passed, 0 failed, 5 skipped")
        self.assertEqual(self.calls("run"), [f"run build CC=clang CXX=clang++ {FAST} --enable-werror",
                                             "run check --servers ", "run check-federation ",
                                             "run check-tsan ",
                                             f"run check --on trixie --servers {FAST}",
                                             f"run check-federation --on trixie {FAST}"])

    def test_it_fails_with_one_of_them(self):
        self.assertEqual(self.sum_of(status=1, FAILS="check-tsan"), "13 passed, 3 failed, 5 skipped")
        self.assertEqual(self.sum_of(status=1, ENDS="build"), "15 passed, 1 failed, 5 skipped")

    def test_the_end_names_what_failed(self):
        end = self.lines_of(status=1, FAILS="check-tsan")[-6:]
        self.assertEqual(end, ["Failed in ./run check-tsan:", "  unit/one: it broke", "",
                               "0 passed, 3 failed, 1 skipped", "",
                               "13 passed, 3 failed, 5 skipped"])
        self.assertIn("Failed in ./run check-tsan:", self.lines_of(status=1, ENDS="check-tsan"))
        self.assertIn("Failed: the build with clang; its output is above",
                      self.lines_of(status=1, ENDS="build"))

    def test_an_end_without_a_result_is_a_failure(self):
        self.assertEqual(self.sum_of(status=1, ENDS="check-tsan"), "13 passed, 1 failed, 4 skipped")


if __name__ == "__main__":
    unittest.main(verbosity=2)
