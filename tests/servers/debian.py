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


def _unchanged(path, package):
    """The file of this machine, if it is what the package has; None if it is not."""
    file, checksum = pathlib.Path(path), _checksum(package, path)
    if not checksum or not file.exists():
        return None
    octets = file.read_bytes()
    is_the_packages = hashlib.md5(octets, usedforsecurity=False).hexdigest() == checksum
    return octets.decode() if is_the_packages else None


def file(path, *packages):
    """The text of a file as it is in the first of the packages that has it: on this machine, if it
    was not changed since, or in the folder where ./run unpacks the package; SkipTest if there is no
    such copy."""
    for package in packages:
        if (text := _unchanged(path, package)) is not None:
            return text
    for package in packages:
        if (unpacked := pathlib.Path(f"{lab.UNPACKED}/{package}{path}")).exists():
            return unpacked.read_text(encoding="utf-8")
    raise unittest.SkipTest(f"no unchanged {path} of {' or '.join(packages)} on this machine")
