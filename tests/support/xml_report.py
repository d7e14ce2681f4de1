# SPDX-License-Identifier: BSD-2-Clause
"""Runs unittest's tests, and leaves a report as GoogleTest does where GTEST_OUTPUT asks for one
("xml:FOLDER/"), so that tests/report/report.py counts each by its name.

A test that proves a requirement says so: @specs("P9", "P10"). A subtest whose parameters are those of
one of the TABLES is a row in it, and counts as a test.
"""

import os
import pathlib
import sys
import time
import unittest
import xml.etree.ElementTree

SKIPPED = 77  # Automake's
# The tables of report.py, and the columns of each but the last.
TABLES = {"cell": ("server", "client", "module", "mechanism", "shown"),
          "decision": ("source", "mechanism", "attribute", "rule", "outcome")}


def specs(*names):
    def mark(function):
        function.specs = names
        return function
    return mark


class Case:
    """What became of a test, or of a subtest that counts as one."""

    def __init__(self, test, table="", cell=()):
        method = getattr(test, "_testMethodName", None)
        # What fails outside of a test (setUpClass) has no method, and is a case of its own.
        self.group = type(test).__name__ if method else ""
        self.name = (method or str(test)) + (f"({', '.join(cell)})" if cell else "")
        self.specs = getattr(getattr(test, method or "", None), "specs", ())
        self.table, self.cell = table, cell
        self.failures, self.skipped, self.seconds = [], [], 0.0


class Result(unittest.TextTestResult):
    """Keeps a Case of each test."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._by_id = {}
        self._started = 0.0

    @property
    def cases(self):
        return list(self._by_id.values())

    def startTest(self, test):
        super().startTest(test)
        self._started = time.monotonic()
        self._case(test)

    def stopTest(self, test):
        super().stopTest(test)
        case = self._case(test)
        case.seconds = time.monotonic() - self._started
        # A test that has rows of its own adds nothing to them.
        if not case.failures and any(id.startswith(test.id() + " ") for id in self._by_id):
            del self._by_id[test.id()]

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._case(test).failures.append(self._exc_info_to_string(err, test))

    def addError(self, test, err):
        super().addError(test, err)
        self._case(test).failures.append(self._exc_info_to_string(err, test))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._case(test).skipped.append(reason)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        case = self._case(subtest)
        if err is not None:
            case.failures.append(f"{subtest}: {self._exc_info_to_string(err, test)}")
        if case.cell and self.showAll:
            self.stream.writeln(f"  {' | '.join(case.cell)}: {'FAIL' if err else 'ok'}")

    def _case(self, test):
        whole = getattr(test, "test_case", test)  # a subtest knows its test
        params = dict(getattr(test, "params", {}))
        for table, columns in TABLES.items():
            if set(params) == set(columns):
                cell = tuple(str(params[column]) for column in columns)
                return self._by_id.setdefault(f"{whole.id()} {cell}", Case(whole, table, cell))
        return self._by_id.setdefault(whole.id(), Case(whole))


def _clean(text):
    """XML knows no control characters."""
    return "".join(c if c >= " " or c in "\n\t" else "?" for c in text)


def _add_case(suite, case):
    element = xml.etree.ElementTree.SubElement(
        suite, "testcase", name=_clean(case.name), classname=case.group, status="run",
        result="skipped" if case.skipped else "completed", time=f"{case.seconds:.3f}")
    properties = xml.etree.ElementTree.SubElement(element, "properties")
    for name, value in (("spec", " ".join(case.specs)), (case.table, " | ".join(case.cell))):
        if value:
            xml.etree.ElementTree.SubElement(properties, "property", name=name,
                                             value=_clean(value))
    for reason in case.skipped:
        xml.etree.ElementTree.SubElement(element, "skipped", message=_clean(reason))
    for failure in case.failures:
        # The last line says what, and the rest where.
        last = failure.strip().splitlines()[-1]
        xml.etree.ElementTree.SubElement(element, "failure", message=_clean(f"{last}\n{failure}"))


def _write(cases, program):
    kind, _, place = os.environ.get("GTEST_OUTPUT", "").partition(":")
    if kind != "xml":
        return
    suites = xml.etree.ElementTree.Element("testsuites", tests=str(len(cases)), name=program)
    suite = xml.etree.ElementTree.SubElement(suites, "testsuite", name=program)
    for case in cases:
        _add_case(suite, case)
    path = pathlib.Path(place) / f"{program}.xml"
    path.parent.mkdir(parents=True, exist_ok=True)
    xml.etree.ElementTree.ElementTree(suites).write(path, encoding="utf-8", xml_declaration=True)


def run_tests():
    """Runs the tests of the program that was started; its arguments are unittest's. Returns the exit
    status, which is Automake's: 0 passed, 1 failed, 77 skipped as a whole."""
    runner = unittest.TextTestRunner(resultclass=Result, verbosity=2)
    result = unittest.main(testRunner=runner, exit=False).result
    _write(result.cases, pathlib.Path(sys.argv[0]).stem)
    if not result.wasSuccessful() or not result.cases:
        return 1
    if all(case.skipped for case in result.cases):
        print(result.cases[0].skipped[0])
        return SKIPPED
    return 0
