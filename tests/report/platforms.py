#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The table of platforms in README.md, from the results of `./run check --record`.

    platforms.py record PASSED FAILED SKIPPED ARGUMENT...   the row of this machine
    platforms.py merge <ROW                                  a row that `record` printed elsewhere
    platforms.py check                                       README.md has the table

Both `record` and `merge` write docs/platforms.tsv and README.md in the current folder, and print the
row. There is one row for each suite, architecture and set of arguments."""

import datetime
import pathlib
import re
import subprocess
import sys

TABLE = pathlib.Path("docs/platforms.tsv")
README = pathlib.Path("README.md")
BEGIN, END = "<!-- platforms: made by ./run check --record -->\n", "<!-- end of platforms -->\n"
# What a row says of the software: the column, and the package whose version it has.
SOFTWARE = {"compiler": "g++", "krb5": "libkrb5-3", "Cyrus SASL": "libsasl2-2",
            "OpenLDAP": "slapd", "Cyrus IMAP": "cyrus-common", "Postfix": "postfix",
            "Dovecot": "dovecot-core", "librdkafka": "librdkafka1"}
COLUMNS = ["Debian", "architecture", "command", *SOFTWARE, "passed", "failed", "skipped", "date"]


def versions():
    """The upstream version of each package that is installed, or that ./run unpacked; "-" for others.
    """
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status} ${Version}\\n",
                           *SOFTWARE.values()], capture_output=True, text=True, check=False)
    unpacked = [line for file in pathlib.Path(".cache").glob("*/packages")
                for line in file.read_text(encoding="utf-8").splitlines()]
    found = {}
    # An installed one is what the tests use, so its line is the last.
    for line in unpacked + done.stdout.splitlines():
        package, status, version = line.split(" ")
        if status == "installed":
            found[package] = re.sub(r"^\d+:|[-+~].*$", "", version)
    return [found.get(package, "-") for package in SOFTWARE.values()]


def row_of_this_machine(passed, failed, skipped, *arguments):
    text = pathlib.Path("/etc/os-release").read_text(encoding="utf-8")
    release = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', text, re.MULTILINE))
    # Only a stable suite has a version.
    name = " ".join(filter(None, [release.get("VERSION_ID"), release.get("VERSION_CODENAME")]))
    arch = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True,
                          check=True).stdout.strip()
    return [name, arch, " ".join(["./run", *arguments]), *versions(), passed, failed, skipped,
            datetime.date.today().isoformat()]


def read_rows():
    if not TABLE.exists():
        return []
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    if not lines or lines[0].split("\t") != COLUMNS:
        sys.exit(f"{TABLE}: the first line must have the columns {', '.join(COLUMNS)}")
    return [line.split("\t") for line in lines[1:]]


def table(rows):
    """The rows as the README shows them."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS) + "|"]
    for row in rows:
        shown = [f"`{cell}`" if column == "command" else cell for column, cell in zip(COLUMNS, row)]
        lines.append("| " + " | ".join(shown) + " |")
    return BEGIN + "".join(line + "\n" for line in lines) + END


def readme_with(rows):
    text = README.read_text(encoding="utf-8")
    begin, end = text.find(BEGIN), text.find(END)
    if not 0 <= begin < end:
        sys.exit(f"{README} must have the lines {BEGIN.strip()!r} and {END.strip()!r}")
    return text, text[:begin] + table(rows) + text[end + len(END):]


def add(row):
    if len(row) != len(COLUMNS):
        sys.exit(f"a row has {len(COLUMNS)} columns, and not {len(row)}")
    rows = sorted([other for other in read_rows() if other[:3] != row[:3]] + [row])
    new = readme_with(rows)[1]
    TABLE.write_text("".join("\t".join(each) + "\n" for each in [COLUMNS, *rows]), encoding="utf-8")
    README.write_text(new, encoding="utf-8")
    print("\t".join(row))


def main(argv):
    if len(argv) >= 4 and argv[0] == "record":
        add(row_of_this_machine(*argv[1:]))
    elif argv == ["merge"]:
        add(sys.stdin.read().rstrip("\n").split("\t"))
    elif argv == ["check"]:
        old, new = readme_with(read_rows())
        if old != new:
            sys.exit(f"{README} does not have the table of {TABLE}: ./run check --record writes it")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
