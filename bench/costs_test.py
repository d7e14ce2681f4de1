#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What a login costs: instructions, allocations and system calls, counted by valgrind, and compared
with bench/costs.tsv. Counts are stable where time is not."""

import csv
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

SOURCE = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("GSSLOOP_BUILDDIR", SOURCE)).resolve()
TABLE = SOURCE / "bench/costs.tsv"
TOLERANCE = 0.03
# What each variant is compared with: processors differ in the instructions that libcrypto uses.
RAW = {"gssloop": "raw", "gssloop-gssapi": "raw", "server-gssloop": "server-raw-each",
       "server-gssloop-gssapi": "server-raw-each",
       "server-gssloop-attributes": "server-raw-attributes"}
NUM_LOGINS = (20, 70)
ALLOCATORS = {"malloc", "calloc", "realloc"}
# The clock that the benchmark reads just before and after its logins.
CLOCK = re.compile(r"sys_clock_gettime ?\( 2,")
# Without those of the clock, which are no system calls outside valgrind (vdso(7)).
SYSTEM_CALL = re.compile(
    r"^SYSCALL\[\d+,\d+\]\(\s*\d+\) sys_(?!time\b|gettimeofday|clock_gettime)", re.MULTILINE)
UPDATE = "--update"


def versions():
    """The libraries whose costs are counted together with the module's."""
    return {name: subprocess.run(["pkg-config", "--modversion", package], check=True, text=True,
                                 stdout=subprocess.PIPE).stdout.strip()
            for name, package in (("krb5", "krb5"), ("libsasl", "libsasl2"))}


def is_default_build():
    """The table is of the flags that configure chooses."""
    makefile = (BUILD / "Makefile").read_text()
    flags = {name: re.search(f"^{name} = *(.*)$", makefile, re.MULTILINE)[1]
             for name in ("GSSLOOP_OPT_CXXFLAGS", "CXXFLAGS", "GSSLOOP_SANITIZE_FLAGS")}
    return flags == {"GSSLOOP_OPT_CXXFLAGS": "-O2 -g", "CXXFLAGS": "", "GSSLOOP_SANITIZE_FLAGS": ""}


def allocations(profile):
    """How often the allocators were called, by a file of callgrind's."""
    names, called, total = {}, "", 0
    for line in profile.splitlines():
        if match := re.match(r"cfn=\((\d+)\)(?: (.*))?$", line):
            if match[2]:
                names[match[1]] = match[2]
            called = names.get(match[1], "")
        elif match := re.match(r"fn=\((\d+)\) (.*)$", line):
            names[match[1]] = match[2]
        elif called in ALLOCATORS and (match := re.match(r"calls=(\d+) ", line)):
            total += int(match[1])
    return total


def system_calls(trace):
    """How many system calls stand between the two readings of the clock."""
    _before, between, _after = CLOCK.split(trace)
    return len(SYSTEM_CALL.findall(between))


def count(variant, num_logins):
    """Of so many logins of a variant: instructions, allocations, system calls."""
    modules = BUILD / "plugin/.libs"
    with tempfile.TemporaryDirectory() as folder:
        profile = pathlib.Path(folder, "profile")
        done = subprocess.run(
            [BUILD / "libtool", "--mode=execute", "valgrind", "--tool=callgrind",
             "--toggle-collect=*log_in_repeatedly*", "--trace-syscalls=yes",
             f"--callgrind-out-file={profile}", BUILD / "bench/login_bench", "--child", variant],
            input=f"{num_logins} 1\n", text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=os.environ | {"SASL_PATH": str(modules), "SASL_CONF_PATH": folder,
                              "KRB5RCACHENAME": f"file2:{folder}/rcache"}, check=False)
        if done.returncode != 0:
            raise AssertionError(re.sub(r"(?m)^(SYSCALL\[|==| -->).*\n", "", done.stdout))
        return (int(re.search(r"Collected : (\d+)", done.stdout)[1]),
                allocations(profile.read_text()), system_calls(done.stdout))


def cost(variant):
    few, many = (count(variant, num) for num in NUM_LOGINS)
    return [(b - a) / (NUM_LOGINS[1] - NUM_LOGINS[0]) for a, b in zip(few, many)]


def wait_for_settled_keytab():
    """The module acquires credentials of a keytab once more, a second after it changed."""
    keytab = pathlib.Path(os.environ["KRB5_KTNAME"].removeprefix("FILE:"))
    time.sleep(max(0, keytab.stat().st_ctime + 1.1 - time.time()))


def measure():
    """A row for each variant."""
    wait_for_settled_keytab()
    raw = {variant: cost(variant) for variant in sorted(set(RAW.values()))}
    rows = []
    for variant, beside in RAW.items():
        instructions, *others = cost(variant)
        rows.append(versions() | {
            "login": variant, "instructions : raw": f"{instructions / raw[beside][0]:.3f}",
            "allocations": f"{others[0]:.1f}", "system calls": f"{others[1]:.1f}"})
    return rows


def read_table():
    with open(TABLE, encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def is_same_row(a, b):
    return all(a[name] == b[name] for name in ("krb5", "libsasl", "login"))


class Costs(unittest.TestCase):
    maxDiff = None

    def test_a_login_costs_what_the_table_says(self):
        """More is a regression, less is a table that is out of date."""
        if not is_default_build():
            self.skipTest("the table is of a build with configure's own flags")
        known = [row for row in read_table() if row.items() >= versions().items()]
        if not known:
            self.skipTest(f"bench/costs.tsv has no row for {versions()}")
        for row in measure():
            rows = [it for it in known if is_same_row(it, row)]
            self.assertEqual(len(rows), 1, f"{row['login']} has no row: run make update-costs")
            (expected,) = rows
            for name in ("instructions : raw", "allocations", "system calls"):
                with self.subTest(login=row["login"], cost=name):
                    self.assertAlmostEqual(
                        float(row[name]) / float(expected[name]), 1, delta=TOLERANCE,
                        msg=f"{row[name]}, but bench/costs.tsv has {expected[name]}: "
                            "if that is right, run make update-costs")


def update():
    rows = measure()
    kept = [row for row in read_table() if not any(is_same_row(row, new) for new in rows)]
    with open(TABLE, "w", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys(), delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(kept + rows, key=lambda row: list(row.values())))


if __name__ == "__main__":
    if "GSSLOOP_REALM" not in os.environ:
        with_kdc = str(BUILD / "tests/kdc/with_kdc")
        os.execv(with_kdc, [with_kdc, "--", "/usr/bin/python3", "-B", __file__, *sys.argv[1:]])
    if sys.argv[1:] == [UPDATE]:
        update()
    else:
        unittest.main(verbosity=2)
