# SPDX-License-Identifier: BSD-2-Clause
"""The files that Debian's packages leave when they are installed, which is where the reader of a
guide begins."""

import hashlib
import pathlib
import re
import unittest

import lab


def _checksum(package, path):
    """The MD5 checksum of the configuration file in the installed package; "" if it has none."""
    done = lab.run(["dpkg-query", "-W", "-f", "${Conffiles}", package])
    found = done and re.search(rf"(?m)^ {re.escape(path)} ([0-9a-f]{{32}})", done.output)
    return found[1] if found else ""


def file(path, *packages):
    """The text of a file as it is in the first of the packages that has it: in the folder where
    ./run unpacks a package, or on this machine if nobody has changed it since; SkipTest if there is
    no such copy."""
    for package in packages:
        unpacked = pathlib.Path(f"{lab.UNPACKED}/{package}{path}")
        if unpacked.exists():
            return unpacked.read_text(encoding="utf-8")
        if checksum := _checksum(package, path):
            octets = pathlib.Path(path).read_bytes() if pathlib.Path(path).exists() else b""
            if hashlib.md5(octets, usedforsecurity=False).hexdigest() == checksum:
                return octets.decode()
    raise unittest.SkipTest(f"no unchanged {path} of {' or '.join(packages)} on this machine")
