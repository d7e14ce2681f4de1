#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The models loop.pml and gs2.pml, checked by spin, and their runs, replayed by the real code.

The checker asks decide() and the module's functions for the GS2 header themselves, so the table and
the header exist once. What the models add to them, the mechanism, the channel and the attacker, is
right if the real classes do the same in the same runs: `replay` looks at that.
"""

import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ.get("GSSLOOP_SRCDIR", ".")).absolute()
BUILD = pathlib.Path(os.environ.get("GSSLOOP_BUILDDIR", SOURCE)).absolute()
MODELS = SOURCE / "tests/model"
SANITIZE = os.environ.get("GSSLOOP_SANITIZE_FLAGS", "").split()
CC = os.environ.get("GSSLOOP_CC", "cc").split()
CODE = BUILD / "tests/model/.libs/libmodel.so"
SECONDS = 300  # for any one program; on a free machine the slowest needs five
# The checker frees nothing at its end, and what `replay` finds is part of this test's result.
ENVIRONMENT = {**{name: value for name, value in os.environ.items() if name != "GTEST_OUTPUT"},
               "ASAN_OPTIONS": "detect_leaks=0"}
DEADLOCK = "invalid end state"
CYCLE = "non-progress cycle"

# What must hold: the model, its switches, whether cycles are looked for.
HOLD = [("gs2", (), True), ("loop", (), False), ("loop", (), True),
        ("loop", ("ATTACK",), False), ("loop", ("ATTACK",), True)]
# One change each, and the property that must be found violated.
BREAK = [
    ("loop", ("ATTACK", "FAIL_FIRST"), "!(owes_error)"),
    ("loop", ("EMPTY_UNSENT",), DEADLOCK),
    ("loop", ("ATTACK", "NO_DEADLINE"), DEADLOCK),
    ("loop", ("ATTACK", "NO_LEG_LIMIT"), CYCLE),
    ("loop", ("ATTACK", "FLAGS_UNSEEN"), "(is_sound&&exists)"),
    ("loop", ("ATTACK", "CONTEXT_UNSEEN"), "(is_sound&&exists)"),
    ("loop", ("ATTACK", "ANONYMITY_UNSEEN"), "may_speak"),
    ("loop", ("ATTACK", "CONTEXT_KEPT"), "((phase[me]==2)||!(exists))"),
    ("gs2", ("NO_DEMAND",), "(token[sent].is_gs2&&(token[sent].header==opened))"),
    ("gs2", ("AUTHZID_UNBOUND",), "(!(token[sent].is_gs2)||(authzid==token[sent].authzid))"),
    ("gs2", ("CHANNEL_UNBOUND",),
     "((!(token[sent].is_gs2)||!(claims_channel))||(token[sent].channel==channel))"),
    ("gs2", ("BINDING_UNCHECKED",),
     "((!(token[sent].could_bind)||!(server_can_bind))||claims_channel)"),
    ("gs2", ("ANY_SERVICE",), "token[sent].is_for_this_service"),
    ("gs2", ("REPLAYS",), "(token[sent].num_admissions==0)"),
    ("gs2", ("NO_MUTUAL",),
     "((token[mine].num_admissions>0)&&(token[mine].admitted_as==token[mine].header))"),
    ("gs2", ("NO_DEADLINE",), DEADLOCK),
]


def run(words, **options):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=SECONDS, check=False, encoding="utf-8",
                          errors="replace", **options)
    assert done.returncode == 0, f"{words}: exit status {done.returncode}\n{done.stdout[-4000:]}"
    return done.stdout


class Checker:
    """spin's program for one model with some switches, in a folder of its own."""

    def __init__(self, model, switches=(), defines=()):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=Models.folder))
        self.model = f"{model}.pml"
        shutil.copy(MODELS / self.model, self.folder)
        run(["spin", "-a", *(f"-D{switch}" for switch in switches), self.model], cwd=self.folder)
        # spin cannot know what code in C reads, so no state may be left out (NOREDUCE).
        if "NP" not in defines:
            defines = (*defines, "SAFETY")  # no cycles: less code
        run([*CC, "-w", "-O0", "-DNOREDUCE", *(f"-D{define}" for define in defines),
             f"-I{MODELS}", "-c", "pan.c"], cwd=self.folder)
        run([*CC, *SANITIZE, "-o", "pan", "pan.o", CODE, f"-Wl,-rpath,{CODE.parent}"],
            cwd=self.folder)

    def check(self, *words, **environment):
        """Returns what the checker says; the search is complete, or it found an error."""
        # Not the verifier of spin is looked at: it compares more octets than a state has.
        said = run(["./pan", "-w18", "-m10000", *words], cwd=self.folder,
                   env={**ENVIRONMENT, "ASAN_OPTIONS": "intercept_memcmp=0", **environment})
        assert "max search depth too small" not in said, said
        assert re.search(r"errors: \d", said), said
        return said

    def violated(self, *words, **environment):
        """The property that a run violates, None if there is no such run."""
        said = self.check(*words, **environment)
        if "errors: 0" in said:
            return None
        found = re.search(r"^pan:1: (?:assertion violated )?(.*?) \(at depth", said, re.MULTILINE)
        return found[1].replace(" ", "")

    def trail(self):
        """The lines that the model prints in the run which violates the property."""
        said = run(["./pan", "-r"], cwd=self.folder, env=ENVIRONMENT)
        return re.findall(r"^ *((?:decide|then|alice|header) .*)", said, re.MULTILINE)


def numbers(line):
    return {name: int(number) for name, number in re.findall(r"(\w+) (-?\d+)", line)}


class Models(unittest.TestCase):
    folder = None

    @classmethod
    def setUpClass(cls):
        if shutil.which("spin") is None:
            raise unittest.SkipTest("spin is not installed")
        cls.folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.folder)

    def each(self, function, rows):
        """Calls the function for each row, two at a time."""
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for row, result in zip(rows, pool.map(lambda row: function(*row), rows)):
                yield row, result

    def test_the_properties_hold(self):
        def violated(model, switches, is_cyclic):
            if is_cyclic:
                return Checker(model, switches, ("NP",)).violated("-l")
            return Checker(model, switches).violated()

        for row, found in self.each(violated, HOLD):
            with self.subTest(row):
                self.assertIsNone(found)
        print("SPEC L4 L5 L8 L9 L10 L14 L16 L24 L28 L31 L32 L34 L42 G8 G9 G10", flush=True)

    def test_each_change_violates_its_property(self):
        def violated(model, switches, expected):
            if expected == CYCLE:
                return Checker(model, switches, ("NP",)).violated("-l")
            return Checker(model, switches).violated()

        for row, found in self.each(violated, BREAK):
            with self.subTest(row):
                self.assertEqual(found, row[2].replace(" ", ""))

    def test_without_the_demand_the_checker_finds_the_forged_header(self):
        checker = Checker("gs2", ("NO_DEMAND",), ("BFS",))
        self.assertIsNotNone(checker.violated())
        forged = numbers(checker.trail()[-1])
        self.assertEqual(forged["admitted"], 1)
        self.assertEqual(forged["bound"], 0, "the token vouches for no header")
        self.assertLess(forged["token"], 2, "it is Alice's")

    def test_the_real_server_does_what_the_model_does_with_each_message(self):
        said = Checker("gs2", (), ("PRINTF",)).check()
        self.assertIn("errors: 0", said)
        lines = sorted(set(re.findall(r"^ *(header .*)", said, re.MULTILINE)))
        self.assertGreater(len(lines), 300)
        self.assertEqual({numbers(line)["header"] for line in lines}, set(range(15)))
        self.replay("Gs2Runs", [lines])

    def test_the_real_loop_does_what_the_model_does_and_reaches_each_row(self):
        runs = []
        for switches in (("GOAL",), ("GOAL", "ATTACK")):
            checker = Checker("loop", switches, ("BFS",))
            for side in (0, 1):
                for row in range(self.num_rows()):
                    if checker.violated(MODEL_GOAL=f"{side} {row}"):
                        runs.append(checker.trail())
        self.replay("LoopRuns", runs)

    def num_rows(self):
        table = (SOURCE / "lib/gssloop/loop/decide.cc").read_text(encoding="utf-8")
        return len(re.findall(r"^    \{\"[a-z, ]+\", \"", table, re.MULTILINE))

    def replay(self, suite, runs):
        file = pathlib.Path(self.folder, suite)
        file.write_text("\n".join("\n".join(lines) + "\n" for lines in runs), encoding="utf-8")
        said = run([str(BUILD / "tests/model/replay"), f"--gtest_filter={suite}.*"],
                   env={**ENVIRONMENT, "GSSLOOP_MODEL_RUNS": str(file)})
        self.assertIn("1 test from 1 test suite ran", said)
        print(f"{suite}: {len(runs)} runs, {sum(map(len, runs))} lines")


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    program = unittest.main(exit=False, verbosity=2)
    result = program.result
    sys.exit(77 if result.skipped and not result.testsRun else not result.wasSuccessful())
