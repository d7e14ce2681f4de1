#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""./run mutate: changes that the tests notice, changes that survive, and lists that are stale."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True  # beside the sources
SOURCE = pathlib.Path(os.environ.get("GSSLOOP_SRCDIR", ".")).absolute()
BUILD = pathlib.Path(os.environ.get("GSSLOOP_BUILDDIR", SOURCE)).absolute()
sys.path.insert(0, str(SOURCE / "tests/mutate"))
import places
import propose

PATIENCE = 240  # seconds
FILE = "lib/gssloop/loop/decide.cc"
LINE = "if (major == GSS_S_CONTINUE_NEEDED) return MajorClass::kContinue;"
NOTICED = places.Place(FILE, LINE, "if (false) return MajorClass::kContinue;")
EQUAL = places.Place(FILE, LINE, "if (GSS_S_CONTINUE_NEEDED == major) return MajorClass::kContinue;")
HANGS = places.Place(FILE, LINE, "for (volatile int forever = 1; forever == 1;) continue;")
EXPLAINED = places.Place(FILE, LINE, EQUAL.changed, 1, "it is the same program")
STALE = places.Place(FILE, "if (this_line_is_gone) return;", "return;")


class Lists(unittest.TestCase):
    def test_what_is_written_is_read(self):
        some = [NOTICED, EXPLAINED, places.Place(FILE, "return a;", ";", 3)]
        text = f"# a comment\n{FILE}\n" + "".join(place.written() for place in some)
        self.assertEqual(places.parse(text), some)
        self.assertEqual(places.parse(f"{FILE}\n- f();\n+\n")[0].changed, "")

    def test_half_a_place_is_an_error(self):
        for text in ("- a\n+ b\n", f"{FILE}\n- a\n", f"{FILE}\n+ b\n\n- a\n+ b\n"):
            with self.assertRaisesRegex(places.PlaceError, "a place needs a file"):
                places.parse(text)

    def test_a_place_survives_moves_of_lines(self):
        place = places.Place(FILE, "return a;", "return b;", 2)
        self.assertEqual(place.apply("x\n  return a;\ny\n    return a;\n"),
                         "x\n  return a;\ny\n    return b;\n")
        self.assertEqual(place.index("return a;\nmore\nmore\nreturn a;"), 3)

    def test_a_stale_place_says_how_to_choose_another(self):
        with self.assertRaisesRegex(places.PlaceError, f"{STALE.id} is stale(?s:.*)--propose {FILE}"):
            STALE.index("return;")
        gone = places.Place("lib/gssloop/loop/gone.cc", "a", "b")
        self.assertEqual(len(places.check([NOTICED, STALE, gone], SOURCE)), 2)

    def test_a_sample_follows_from_its_seed(self):
        some = [places.Place(FILE, str(number), "") for number in range(50)]
        self.assertEqual(places.sample(some, 8, "a"), places.sample(some[::-1], 8, "a"))
        self.assertNotEqual(places.sample(some, 8, "a"), places.sample(some, 8, "b"))

    def test_the_list_fits_the_sources(self):
        everything = places.read(SOURCE / "tests/mutate")
        self.assertEqual(places.check(everything, SOURCE), [])
        self.assertGreater(len(everything), 250)
        self.assertGreater(len({place.file for place in everything}), 90)


class Proposals(unittest.TestCase):
    def changed(self, line, begins_statement=True):
        return {changed for _, changed in propose.changes(line, begins_statement)}

    def test_kinds(self):
        for line, wanted in (
                ("if (a < b) {", {"if (a <= b) {", "if (true) {", "if (false) {"}),
                ("if (!a) return 7;", {"if (a) return 7;", "if (true) return 7;",
                                       "if (false) return 7;", "if (!a) return 8;"}),
                ("layer.reset();", {";"}),
                ("return a && b;", {"return a || b;"}),
                ("total += len;", {"total -= len;"}),
                ("bool x = true;", {"bool x = false;"}),
                ('text = "a < 1" + b;', set()),
                ("// if (a < b)", set()),
                ("std::vector<int> list;", set()),
                ("virtual void f() = 0;", set()),
                ("list.reserve(7);", set())):
            self.assertEqual(self.changed(line), wanted, line)
        # The end of a statement is no call of its own.
        self.assertEqual(self.changed("minor.out());", False), set())

    def test_a_choice_has_each_line_once(self):
        text = (SOURCE / FILE).read_text(encoding="utf-8")
        chosen = propose.choose(FILE, text, 12, lambda place: True)
        self.assertEqual(len({(place.line, place.occurrence) for place in chosen}), 12)
        refused = propose.choose(FILE, text, 12, lambda place: place not in chosen)
        self.assertFalse(set(chosen) & set(refused))


class Changes(unittest.TestCase):
    """With the real sources, and one fast program."""

    def setUp(self):
        if not (BUILD / "tests/unit/unit_test").exists() or SOURCE != BUILD:
            self.skipTest("tests/unit/unit_test is not built, or not in the folder of the sources")
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.before = (SOURCE / FILE).read_bytes()

    def mutate(self, *some, options=(), tests="Classify.*", status=0, **env):
        (self.folder / "programs.tsv").write_text(f"lib/\tunit/unit_test={tests}\n",
                                                  encoding="utf-8")
        (self.folder / "some.places").write_text(
            f"{FILE}\n" + "".join(place.written() for place in some), encoding="utf-8")
        (self.folder / "tmp").mkdir(exist_ok=True)
        done = subprocess.run(
            ["/usr/bin/python3", "-B", SOURCE / "tests/mutate/mutate.py", "--lists", self.folder,
             "--results", self.folder / "results", *options],
            cwd=SOURCE, capture_output=True, text=True, check=False, timeout=PATIENCE,
            env={**os.environ, "TMPDIR": str(self.folder / "tmp"),
                 "GTEST_OUTPUT": f"xml:{self.folder}/xml/", **env})
        self.assertFalse((self.folder / "xml").exists(), "no result of a check")
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertEqual((SOURCE / FILE).read_bytes(), self.before)
        self.assertEqual(list((self.folder / "tmp").iterdir()), [])
        return done.stdout, done.stderr, done.stdout.splitlines()[-1]

    def test_one_is_noticed_and_one_survives(self):
        said, _, last = self.mutate(NOTICED, EQUAL, status=1)
        self.assertEqual(last, "1 passed, 1 failed, 0 skipped")
        self.assertRegex(said, rf"{NOTICED.id} +tests/unit/unit_test=Classify")
        self.assertRegex(said, rf"{FILE}:\d+: {EQUAL.id} survived")
        self.assertIn(f"  + {EQUAL.changed}\n", said)
        self.assertIn("Score: 50.0 %", said)
        self.assertEqual(len((self.folder / "results").read_text().splitlines()), 2)

    def test_a_reason_explains_what_survives(self):
        said, _, last = self.mutate(NOTICED, EXPLAINED)
        self.assertEqual(last, "1 passed, 0 failed, 1 skipped")
        self.assertIn("Score: 100.0 %", said)

    def test_what_hangs_is_noticed(self):
        said, _, last = self.mutate(HANGS, options=["--patience", "1"])
        self.assertEqual(last, "1 passed, 0 failed, 0 skipped")
        self.assertIn("(hangs)", said)

    def test_what_fails_without_a_change_proves_nothing(self):
        # GoogleTest refuses the one without the other.
        _, error, last = self.mutate(NOTICED, status=1, GTEST_SHARD_INDEX="0")
        self.assertIn("fails without any change", error)
        self.assertEqual(last, "0 passed, 1 failed, 0 skipped")

    def test_a_filter_that_selects_nothing_is_an_error(self):
        _, error, _ = self.mutate(NOTICED, tests="Nothing.*", status=1)
        self.assertIn("has no such tests", error)

    def test_what_does_not_compile_is_an_error(self):
        broken = places.Place(FILE, LINE, "if (")
        _, error, last = self.mutate(broken, status=1)
        self.assertIn(f"{broken.id} does not compile", error)
        self.assertEqual(last, "0 passed, 1 failed, 0 skipped")

    def test_a_stale_list_stops_before_anything_is_tried(self):
        _, error, _ = self.mutate(NOTICED, STALE, status=1)
        self.assertIn(f"{STALE.id} is stale", error)
        self.assertFalse((self.folder / "results").exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
