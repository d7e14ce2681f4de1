#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Tests of report.py: whatever went wrong must show, in the text and in the exit status."""

import io
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True  # the source tree may be read-only, as in distcheck
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import report  # noqa: E402

HEADER = "id\tsource\trequirement\texception\n"
G4 = "G4\tRFC 5801 4\tbad headers fail\t\n"
L5 = "L5\tloop 2.1\tanonymity is checked\t\n"
R1 = "R1\tRFC 4752\tKerberos alone\tneeds no test\n"
L14 = "L14\tloop 2.3\terror token sent\tSASL clients cannot send one\n"

GTEST_LOG = "[==========] Running 1 test from 1 test suite.\n"


def case(name, spec="", inside="", status="run", result="completed"):
    prop = f'<property name="spec_{spec}" value="{spec}"/>' if spec else ""
    return (f'<testcase name="{name}" status="{status}" result="{result}" classname="Suite">'
            f"<properties>{prop}</properties>{inside}</testcase>")


def suite(*cases):
    return ('<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<testsuites tests="{len(cases)}" name="AllTests"><testsuite name="Suite">'
            f'{"".join(cases)}</testsuite></testsuites>\n')


class ReportTest(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.dir = pathlib.Path(self.temporary.name)
        (self.dir / "tests").mkdir()

    def program(self, name, xml=None, result="PASS", log=GTEST_LOG):
        if xml is not None:
            folder = self.dir / "xml" / "tests" / name
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{name}.xml").write_text(xml)
        (self.dir / "tests" / f"{name}.trs").write_text(f":test-result: {result}\n:recheck: yes\n")
        (self.dir / "tests" / f"{name}.log").write_text(log)

    def script(self, name, result, log):
        self.program(name, None, result, log)

    def run_report(self, *rows, tests=(), options=()):
        table = self.dir / "requirements.tsv"
        table.write_text("# a comment\n" + HEADER + "".join(rows))
        out = io.StringIO()
        status = report.main(["--requirements", str(table), "--build", str(self.dir),
                              "--xml", str(self.dir / "xml"), *options, *tests], out)
        return status, out.getvalue()

    def assert_ends(self, text, line):
        self.assertTrue(text.endswith("\n" + line + "\n"), text)

    def test_all_proved(self):
        self.program("gs2", suite(case("A", "G4"), case("B", "L5")))
        status, text = self.run_report(G4, L5, R1, L14)
        self.assertEqual(status, 0, text)
        self.assertRegex(text, r"(?m)^G4 +RFC 5801 4 +PASS +tests/gs2: Suite\.A$")
        self.assertRegex(text, r"(?m)^R1 +RFC 4752 +EXCEPTION +exception: needs no test$")
        self.assertRegex(text, r"(?m)^L14 +loop 2.3 +EXCEPTION +exception: SASL clients cannot")
        self.assert_ends(text, "2 passed, 0 failed, 0 skipped")

    def test_one_test_may_name_several(self):
        both = ('<property name="spec_G4" value="G4"/><property name="spec" value="L5, L14"/>')
        xml = suite(case("A")).replace("<properties>", "<properties>" + both)
        self.program("gs2", xml)
        status, text = self.run_report(G4, L5, L14)
        self.assertEqual(status, 0, text)

    def test_failure(self):
        failure = '<failure message="header.cc:7&#x0A;Expected: 1" type=""/>'
        self.program("gs2", suite(case("A", "G4"), case("B", "G4", failure)), "FAIL")
        status, text = self.run_report(G4)
        self.assertEqual(status, 1)
        self.assertRegex(text, r"(?m)^G4 .* FAIL +tests/gs2: Suite\.A \(PASS\)$")
        self.assertIn("tests/gs2: Suite.B: header.cc:7 Expected: 1", text)
        self.assert_ends(text, "1 passed, 1 failed, 0 skipped")

    def test_gap(self):
        self.program("gs2", suite(case("A", "G4")))
        status, text = self.run_report(G4, L5)
        self.assertEqual(status, 1)
        self.assertRegex(text, r"(?m)^L5 +loop 2.1 +GAP ")
        self.assert_ends(text, "1 passed, 1 failed, 0 skipped")

    def test_unknown_requirement(self):
        self.program("gs2", suite(case("A", "G4"), case("B", "G99")))
        status, text = self.run_report(G4)
        self.assertEqual(status, 1)
        self.assertIn("it names requirement G99", text)

    def test_crash_without_report(self):
        self.program("ok", suite(case("A", "G4")))
        self.program("gs2", None, "FAIL", GTEST_LOG + "Segmentation fault\n")
        status, text = self.run_report(G4)
        self.assertEqual(status, 1)
        self.assertRegex(text, r"tests/gs2: it began to run tests but left no report")
        self.assert_ends(text, "1 passed, 1 failed, 0 skipped")

    def test_early_exit_with_status_0_is_a_crash(self):
        self.program("gs2", None, "PASS", GTEST_LOG)
        status, _ = self.run_report(R1)
        self.assertEqual(status, 1)

    def test_truncated_report(self):
        whole = suite(case("A", "G4"), case("B", "L5"))
        for cut in (0, 10, len(whole) // 2, len(whole) - 5):
            self.program("gs2", whole[:cut], "FAIL")
            status, text = self.run_report(R1)
            self.assertEqual(status, 1, cut)
            self.assertIn("is not whole", text)

    def test_report_with_fewer_tests_than_it_says(self):
        self.program("gs2", suite(case("A", "G4")).replace('tests="1"', 'tests="2"'))
        status, text = self.run_report(G4)
        self.assertEqual(status, 1)
        self.assertIn("1 of 2 tests", text)

    def test_cells_make_a_table_and_count_as_tests(self):
        cell = '<property name="cell" value="slapd | ldapwhoami | stock | GSSAPI | {}"/>'
        failure = '<failure message="a.py:1"/>'
        xml = suite(case("A").replace("<properties>", "<properties>" + cell.format("a login")),
                    case("B", inside=failure).replace("<properties>",
                                                      "<properties>" + cell.format("a layer")))
        self.program("slapd", xml, "FAIL", "")
        status, text = self.run_report(R1)
        self.assertEqual(status, 1)
        self.assertRegex(text, r"(?m)^slapd +ldapwhoami +stock +GSSAPI +a login +PASS$")
        self.assertRegex(text, r"(?m)^ +a layer +FAIL$")
        self.assert_ends(text, "1 passed, 1 failed, 0 skipped")

    def test_decisions_have_a_table_of_their_own(self):
        row = '<property name="decision" value="{}"/>'
        values = ("AD | GSSAPI | pac-groups | groups=x | admitted", "a row | too | short")
        self.program("ad", suite(*(case(name).replace("<properties>", "<properties>" +
                                                      row.format(value))
                                   for name, value in zip("AB", values))))
        _, text = self.run_report(R1)
        self.assertRegex(text, r"(?m)^Source +Mechanism +Attribute +Rule +Outcome +Result\nAD +GSSAPI "
                               r"+pac-groups +groups=x +admitted +PASS$")
        self.assertNotIn("Server", text)
        self.assertNotIn("too", text)

    def test_attacks_are_added_up(self):
        attacks = '<property name="attacks" value="{}"/>'
        failure = '<failure message="a.cc:1"/>'
        self.program("attack", suite(
            case("A").replace("<properties>", "<properties>" + attacks.format(20)),
            case("B").replace("<properties>", "<properties>" + attacks.format(3)),
            case("C", inside=failure).replace("<properties>", "<properties>" + attacks.format(7)),
            case("D").replace("<properties>", "<properties>" + attacks.format("many"))), "FAIL")
        _, text = self.run_report(R1)
        self.assertRegex(text, r"(?m)^23 attack cases in 2 tests$")

    def test_without_a_table_of_requirements_only_tests_count(self):
        self.program("gs2", suite(case("A", "G99")))
        out = io.StringIO()
        status = report.main(["--build", str(self.dir), "--xml", str(self.dir / "xml")], out)
        self.assertEqual((status, out.getvalue()), (0, "1 passed, 0 failed, 0 skipped\n"))

    def test_failure_at_exit(self):
        self.program("gs2", suite(case("A", "G4")), "FAIL")
        status, text = self.run_report(G4)
        self.assertEqual(status, 1)
        self.assertIn("failed at its end", text)

    def test_listed_program_that_did_not_run(self):
        self.program("gs2", suite(case("A", "G4")))
        status, text = self.run_report(G4, tests=["tests/gs2", "tests/other"])
        self.assertEqual(status, 1)
        self.assertIn("tests/other: it did not run", text)

    def test_interrupted(self):
        self.program("gs2", suite(case("A", "G4")))
        (self.dir / "tests" / "gs2.trs").write_text("")
        status, text = self.run_report(R1)
        self.assertEqual(status, 1)
        self.assertIn("interrupted", text)

    def test_nothing_ran(self):
        status, text = self.run_report(R1)
        self.assertEqual(status, 1)
        self.assert_ends(text, "0 passed, 1 failed, 0 skipped")

    def test_skips(self):
        skipped = '<skipped message="t.cc:3&#x0A;needs a KDC"/>'
        self.program("gs2", suite(case("A", "G4"), case("B", "L5", skipped, result="skipped"),
                                  case("DISABLED_C", status="notrun", result="suppressed")))
        status, text = self.run_report(G4, L5)
        self.assertEqual(status, 0, text)
        self.assertRegex(text, r"(?m)^L5 +loop 2.1 +SKIP ")
        self.assertIn("Suite.B: t.cc:3 needs a KDC", text)
        self.assert_ends(text, "1 passed, 0 failed, 2 skipped")

    def test_strict_takes_no_skip_for_proof(self):
        self.program("gs2", suite(case("A", "G4"), case("B", "L5", "<skipped/>", result="skipped")))
        status, text = self.run_report(G4, L5, options=["--strict"])
        self.assertEqual(status, 1)
        self.assert_ends(text, "1 passed, 1 failed, 1 skipped")

    def test_scripts(self):
        self.script("good", "PASS", "SPEC G4\nfine\nPASS good (exit status: 0)\n")
        self.script("bad.sh", "FAIL", "SPEC L5\nno such file\nFAIL bad.sh (exit status: 1)\n")
        self.script("absent", "SKIP", "no gsasl here\nSKIP absent (exit status: 77)\n")
        self.script("odd", "ERROR", "")
        status, text = self.run_report(
            G4, L5, tests=["tests/good", "tests/bad.sh", "tests/absent", "tests/odd"])
        self.assertEqual(status, 1)
        self.assertIn("tests/bad.sh: no such file\n", text)
        self.assertIn("tests/absent: no gsasl here\n", text)
        self.assertRegex(text, r"(?m)^G4 .* PASS +tests/good$")
        self.assert_ends(text, "1 passed, 2 failed, 1 skipped")

    def test_programs_that_a_script_runs(self):
        self.program("outer.sh", suite(case("A", "G4")), log="")
        (self.dir / "xml" / "tests" / "outer.sh" / "b.xml").write_text(suite(case("B"), case("C")))
        status, text = self.run_report(G4, tests=["tests/outer.sh"])
        self.assertEqual(status, 0, text)
        self.assert_ends(text, "3 passed, 0 failed, 0 skipped")

    def test_programs_of_the_same_name(self):
        self.program("selftest", suite(case("A", "G4")))
        other = self.dir / "mech"
        other.mkdir()
        (other / "selftest.trs").write_text(":test-result: FAIL\n")
        (other / "selftest.log").write_text(GTEST_LOG)
        status, text = self.run_report(G4, tests=["tests/selftest", "mech/selftest"])
        self.assertEqual(status, 1)
        self.assertIn("mech/selftest: it began to run tests but left no report", text)
        self.assert_ends(text, "1 passed, 1 failed, 0 skipped")

    def test_tap(self):
        self.script("sweep", "PASS 1 - one\n:test-result: FAIL 2 - two", "1..2\n")
        status, text = self.run_report(R1)
        self.assertEqual(status, 1)
        self.assert_ends(text, "1 passed, 1 failed, 0 skipped")

    def test_table_errors(self):
        self.program("gs2", suite(case("A", "G4")))
        for rows, words in (((G4, G4), "G4 is there twice"), (("G4\tx\n",), "columns"),
                            (("G4\tx\ty\tnow\t\n",), "5 columns instead of 4"),
                            ((), "no requirement"),
                            (("4\tx\ty\t\n",), "is no number")):
            status, text = self.run_report(*rows)
            self.assertEqual(status, 1)
            self.assertIn(words, text)
            self.assert_ends(text, "0 passed, 1 failed, 0 skipped")

    def test_exit_status_of_the_command(self):
        (self.dir / "table").write_text(HEADER + G4)
        for xml, expected in ((suite(case("A", "G4")), 0), (suite(case("A")), 1)):
            self.program("gs2", xml)
            done = subprocess.run(
                [sys.executable, HERE / "report.py", "--requirements", self.dir / "table",
                 "--build", self.dir, "--xml", self.dir / "xml"],
                stdout=subprocess.DEVNULL, check=False)
            self.assertEqual(done.returncode, expected)

    def test_the_real_table(self):
        root = pathlib.Path(os.environ.get("srcdir", HERE.parent.parent))
        rows = report.read_requirements(root / "docs" / "requirements.tsv")
        for letter, count in (("L", 45), ("N", 31), ("G", 15), ("R", 12)):
            self.assertEqual([row for row in rows if row.startswith(letter)],
                             [f"{letter}{number}" for number in range(1, count + 1)])


if __name__ == "__main__":
    unittest.main()
