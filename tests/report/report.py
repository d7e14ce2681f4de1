#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Shows which test proves which requirement, what real servers were shown to do and to decide, and how
many tests passed.

Reads the table of requirements, the XML files that GoogleTest programs wrote, and the .trs and .log
files that Automake keeps for every test. What it cannot account for counts as a failure: a program
that crashed, a report that was cut off, a test in the list that left no trace, a requirement
without a test, a test that names a requirement which does not exist.

The last line is "N passed, N failed, N skipped"; the exit status is 0 only if nothing failed.
"""

import argparse
import dataclasses
import pathlib
import re
import sys
import textwrap
import xml.etree.ElementTree

PASS, FAIL, SKIP = "PASS", "FAIL", "SKIP"
GAP, EXCEPTION = "GAP", "EXCEPTION"

# What Automake's test drivers write after ":test-result:". An expected failure that passes is an
# error in the list of expected failures.
TRS_RESULTS = {
    "PASS": PASS, "XFAIL": PASS, "SKIP": SKIP, "FAIL": FAIL, "XPASS": FAIL, "ERROR": FAIL,
}

REQUIREMENT_ID = re.compile(r"^[A-Z]+[0-9]+$")
# The property of a test that has its row, and the columns of the table.
TABLES = {"cell": ("Server", "Client", "Its module", "Mechanism", "Shown", "Result"),
          "decision": ("Source", "Mechanism", "Attribute", "Rule", "Outcome", "Result")}
COLUMNS = ["id", "source", "requirement", "exception"]


class InputError(Exception):
    """What we were given cannot be used; the text says what, where, and what to do."""


@dataclasses.dataclass
class Test:
    name: str
    result: str
    reason: str = ""
    specs: tuple = ()
    table: str = ""  # of TABLES
    cell: tuple = ()  # its row there, but the last column
    num_attacks: int = 0  # that it made


@dataclasses.dataclass
class Requirement:
    id: str
    source: str
    text: str
    exception: str


def read_requirements(path):
    """The rows of the table, in its order; InputError names the line that is wrong."""
    rows = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InputError(f"cannot read the requirements: {error}") from error
    header_seen = False
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split("\t")
        if not header_seen:
            if fields != COLUMNS:
                raise InputError(f"{path}:{number}: the first row must be the tab-separated names "
                                 + " ".join(COLUMNS))
            header_seen = True
            continue
        if len(fields) != len(COLUMNS):
            raise InputError(f"{path}:{number}: {len(fields)} columns instead of {len(COLUMNS)}; "
                             "a row without an exception ends with a tab")
        row = Requirement(*(field.strip() for field in fields))
        if not REQUIREMENT_ID.match(row.id):
            raise InputError(f"{path}:{number}: '{row.id}' is no number such as L5 or G10")
        if row.id in rows:
            raise InputError(f"{path}:{number}: {row.id} is there twice")
        rows[row.id] = row
    if not rows:
        raise InputError(f"{path}: no requirement in it")
    return rows


def specs_of_property(name, value):
    """The requirements that one recorded property names: "spec" with a list, or "spec_G4"."""
    if name == "spec":
        return re.split(r"[\s,]+", value.strip())
    if name.startswith("spec_"):
        return re.split(r"[\s,]+", name[len("spec_"):].strip())
    return []


def read_testcase(program, case):
    name = f"{program}: {case.get('classname', '')}.{case.get('name', '')}"
    specs, row, num_attacks = [], ("", ()), 0
    for prop in case.iter("property"):
        specs += specs_of_property(prop.get("name", ""), prop.get("value", ""))
        if prop.get("name") == "attacks" and prop.get("value", "").isdigit():
            num_attacks = int(prop.get("value"))
        if prop.get("name") in TABLES:
            row = prop.get("name"), tuple(prop.get("value", "").split(" | "))
    specs = tuple(dict.fromkeys(spec for spec in specs if spec))
    # The message attribute has everything; the text of the element repeats it.
    failures = [f.get("message", "") for tag in ("failure", "error") for f in case.findall(tag)]
    if failures:
        return Test(name, FAIL, failures[0], specs, *row)
    skipped = case.find("skipped")
    if skipped is not None or case.get("result") == "skipped":
        reason = skipped.get("message", "") if skipped is not None else ""
        return Test(name, SKIP, reason, specs, *row)
    if case.get("status") != "run" or case.get("result", "completed") != "completed":
        return Test(name, SKIP, "disabled", specs)
    return Test(name, PASS, "", specs, *row, num_attacks)


def read_gtest_xml(program, path):
    """The tests of one program. A file that is not whole makes one failed test."""
    try:
        root = xml.etree.ElementTree.parse(path).getroot()
    except (OSError, xml.etree.ElementTree.ParseError) as error:
        return [Test(program, FAIL, f"its report {path} is not whole ({error}): it crashed while "
                                    "writing it, or the disk is full")]
    tests = [read_testcase(program, case) for case in root.iter("testcase")]
    declared = root.get("tests", "")
    # SetUpTestSuite and environments that fail add cases that the number does not count.
    if declared.isdigit() and len(tests) < int(declared):
        tests.append(Test(program, FAIL, f"its report {path} has {len(tests)} of {declared} tests"))
    return tests


def read_log(trs):
    try:
        return trs.with_suffix(".log").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def is_gtest_log(log):
    return bool(re.search(r"^(\[==========\] Running|Running main\(\) from)", log, re.MULTILINE))


def last_line(log):
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def reason_in_log(log):
    """Why a plain test skipped or failed: its last word, without Automake's summary of it."""
    summary = re.compile(r"^(PASS|FAIL|SKIP|XFAIL|XPASS|ERROR) .*\(exit status")
    return last_line("\n".join(l for l in log.splitlines() if not summary.match(l)))


def specs_in_log(log):
    """A test that is no GoogleTest program names requirements by lines "SPEC G15 L10"."""
    specs = []
    for line in re.findall(r"^SPEC[: ]+(.*)$", log, re.MULTILINE):
        specs += re.split(r"[\s,]+", line.strip())
    return tuple(dict.fromkeys(spec for spec in specs if spec))


def read_trs(path):
    """The results in a .trs file as (result, description); more than one under the TAP driver."""
    results = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        match = re.match(r"^:test-result:\s*(\S+)\s*(.*)$", line)
        if match:
            results.append((TRS_RESULTS.get(match.group(1), FAIL), match.group(2)))
    return results


def read_test(trs, label, xml_dir):
    """All that one entry of Automake's TESTS has to say; its XML files are all in `xml_dir`."""
    results = read_trs(trs)
    log = read_log(trs)
    if not results:
        return [Test(label, FAIL, f"{trs} has no result: the test was interrupted")]
    xml_files = sorted(xml_dir.glob("*.xml")) if xml_dir else []
    if xml_files:
        return read_reports(trs, label, xml_files, any(result == FAIL for result, _ in results))
    if is_gtest_log(log):
        return [Test(label, FAIL, "it began to run tests but left no report: it crashed, or ended "
                                  f"before its end; see {trs.with_suffix('.log')}")]
    specs = specs_in_log(log)
    if len(results) > 1:
        return [Test(f"{label}: {text}", result, "", specs) for result, text in results]
    result = results[0][0]
    return [Test(label, result, "" if result == PASS else reason_in_log(log), specs)]


def read_reports(trs, label, xml_files, exit_failed):
    """The tests of one program, or of the several that a script ran."""
    tests = []
    for path in xml_files:
        tests += read_gtest_xml(label if len(xml_files) == 1 else f"{label}/{path.stem}", path)
    if exit_failed and not any(test.result == FAIL for test in tests):
        tests.append(Test(label, FAIL, "its tests passed, but the program failed at its end (a "
                                       f"leak, a crash at exit); see {trs.with_suffix('.log')}"))
    return tests


def collect(build_dir, xml_dir, expected):
    """Every test of `expected` (names as in Automake's TESTS), or all whose .trs file is there."""
    if not expected:
        found = sorted(build_dir.rglob("*.trs"))
        expected = [str(path.relative_to(build_dir))[:-len(".trs")] for path in found]
    tests = []
    for entry in expected:
        # Automake drops a suffix that is one of its TEST_EXTENSIONS.
        names = [entry, str(pathlib.PurePath(entry).with_suffix(""))]
        name = next((name for name in names if (build_dir / (name + ".trs")).exists()), None)
        if name is None:
            tests.append(Test(entry, FAIL, f"it did not run: {entry}.trs is missing"))
        else:
            tests += read_test(build_dir / (name + ".trs"), entry, xml_dir and xml_dir / name)
    return tests


def judge(row, tests):
    """The result of one requirement, from the tests that name it."""
    results = {test.result for test in tests}
    if FAIL in results:
        return FAIL
    if PASS in results:
        return PASS
    if row.exception:
        return EXCEPTION
    return SKIP if SKIP in results else GAP


def short(text, width=100):
    """One line of it; GoogleTest's messages begin with the place and go on for lines."""
    return textwrap.shorten(" ".join(text.split()), width=width, placeholder=" ...")


def print_table(rows, by_spec, out):
    verdicts = {}
    print("Requirement  Section        Result     Proved by", file=out)
    for row in rows.values():
        tests = by_spec.get(row.id, [])
        verdict = verdicts[row.id] = judge(row, tests)
        proofs = [test.name + ("" if test.result == verdict else f" ({test.result})")
                  for test in tests]
        if verdict == EXCEPTION or row.exception:
            proofs.append("exception: " + row.exception)
        if verdict == GAP:
            proofs.append("no test names it: " + row.text)
        head = f"{row.id:<12} {row.source:<14} {verdict:<10} "
        for proof in proofs or [""]:
            print((head + short(proof, 140)).rstrip(), file=out)
            head = " " * len(head)
    return verdicts


def print_cells(table, tests, out):
    """One of the TABLES, if any test has a row in it; what was there already is left out."""
    columns = TABLES[table]
    rows = [(*test.cell, test.result) for test in tests
            if test.table == table and len(test.cell) == len(columns) - 1]
    if not rows:
        return
    rows.sort(key=lambda row: row[:4])  # the tests of one server are in several programs
    widths = [max(map(len, column)) for column in zip(columns, *rows)]
    above = ("",) * len(columns)
    for row in (columns, *rows):
        is_same = [row[:i] == above[:i] for i in range(1, len(row) + 1)]
        shown = ["" if same and i < 4 else field for i, (field, same) in enumerate(zip(row, is_same))]
        print("  ".join(field.ljust(width) for field, width in zip(shown, widths)).rstrip(), file=out)
        above = row
    print(file=out)


def report(rows, tests, strict, out):
    """Prints everything; true if nothing failed. Without `rows`, what is proved is not looked at."""
    by_spec = {}
    failed = [test for test in tests if test.result == FAIL]
    for test in tests:
        for spec in test.specs:
            by_spec.setdefault(spec, []).append(test)
            if rows and spec not in rows:
                failed.append(Test(test.name, FAIL, f"it names requirement {spec}, which "
                                                    "docs/requirements.tsv does not have"))
    for table in TABLES:
        print_cells(table, tests, out)
    verdicts = print_table(rows, by_spec, out) if rows else {}
    if strict:
        verdicts = {spec: GAP if verdict == SKIP else verdict for spec, verdict in verdicts.items()}
    gaps = [spec for spec, verdict in verdicts.items() if verdict == GAP]
    passed = [test for test in tests if test.result == PASS]
    skipped = [test for test in tests if test.result == SKIP]
    if not passed and not failed and not gaps:
        failed.append(Test("the tests", FAIL, "none of them ran"))

    for title, group in (("Skipped", skipped), ("Failed", failed)):
        if group:
            print(f"\n{title}:", file=out)
        for test in group:
            print(f"  {test.name}" + (f": {short(test.reason, 400)}" if test.reason else ""),
                  file=out)

    if gaps:
        text = "Without a test that ran and proves it: " + " ".join(gaps)
        print("\n" + textwrap.fill(text, 100), file=out)

    counts = {verdict: list(verdicts.values()).count(verdict)
              for verdict in (PASS, FAIL, SKIP, GAP, EXCEPTION)}
    if rows:
        print(f"\nRequirements: {counts[PASS]} proved, {counts[FAIL]} failed, {counts[GAP]} without "
              f"proof, {counts[SKIP]} skipped, {counts[EXCEPTION]} exceptions",
              file=out)
    attacks = [test.num_attacks for test in passed if test.num_attacks]
    if attacks:
        print(f"{sum(attacks)} attack cases in {len(attacks)} tests", file=out)
    # A gap counts as a failure, so that the last line and the exit status never disagree.
    num_failed = len(failed) + len(gaps)
    print(f"{len(passed)} passed, {num_failed} failed, {len(skipped)} skipped", file=out)
    return num_failed == 0


def main(argv, out=sys.stdout):
    parser = argparse.ArgumentParser(
        description="Which test proves which requirement; exit 1 on a failure or a gap.")
    parser.add_argument("--requirements", type=pathlib.Path,
                        help="the table, docs/requirements.tsv; without it, only the tests count")
    parser.add_argument("--build", required=True, type=pathlib.Path,
                        help="build directory, searched for Automake's .trs and .log files")
    parser.add_argument("--xml", type=pathlib.Path,
                        help="directory with the XML files of test DIR/NAME in DIR/NAME/")
    parser.add_argument("--strict", action="store_true",
                        help="a requirement whose tests were all skipped is a gap")
    parser.add_argument("test", nargs="*",
                        help="Automake's TESTS; each must have run (default: what left a .trs)")
    options = parser.parse_args(argv)
    try:
        rows = read_requirements(options.requirements) if options.requirements else {}
        tests = collect(options.build, options.xml, options.test)
    except InputError as error:
        print(f"report.py: {error}", file=out)
        print("0 passed, 1 failed, 0 skipped", file=out)
        return 1
    return 0 if report(rows, tests, options.strict, out) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
