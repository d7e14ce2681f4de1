#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The manual page's configuration of logrotate, run by logrotate while processes write the trail."""

import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

BUILD = pathlib.Path(os.environ.get("GSSLOOP_BUILDDIR", ".")).absolute()
SOURCE = pathlib.Path(os.environ.get("GSSLOOP_SRCDIR", ".")).absolute()
WRITER = BUILD / "tests/interop/audit_writer"
NUM_PROCESSES, NUM_LINES = 8, 400


def find_logrotate():
    """The program; None if the package is neither unpacked nor installed."""
    unpacked = SOURCE / ".cache/logrotate/usr/sbin/logrotate"
    return str(unpacked) if unpacked.exists() else shutil.which(
        "logrotate", path=f"{os.environ['PATH']}:/usr/sbin")


class Rotation(unittest.TestCase):
    def configuration(self, trail):
        page = (SOURCE / "man/gssloop-sasl.7").read_text(encoding="utf-8")
        example = re.search(r"^/var/log/gssloop/audit\.log \{.*?^\}\n", page, re.M | re.S)[0]
        self.assertIn("    su cyrus mail\n", example)
        # The user of the test instead of the server's.
        return example.replace("    su cyrus mail\n", "").replace("/var/log/gssloop/audit.log",
                                                                  str(trail))

    def test_no_line_is_lost(self):
        logrotate = find_logrotate()
        if logrotate is None:
            self.skipTest("logrotate is neither unpacked nor installed")
        with tempfile.TemporaryDirectory() as scratch:
            folder = pathlib.Path(scratch)
            trail, state = folder / "audit.log", folder / "state"
            (folder / "conf").write_text(self.configuration(trail), encoding="utf-8")
            (folder / "conf").chmod(0o600)
            num_rotations = 0
            with subprocess.Popen([WRITER, trail, str(NUM_PROCESSES), str(NUM_LINES)]) as writer:
                while writer.poll() is None:
                    subprocess.run([logrotate, "--force", "--state", state, folder / "conf"],
                                   check=True, timeout=60)
                    num_rotations += 1
            self.assertEqual(writer.returncode, 0)
            self.assertGreater(num_rotations, 3)
            files = sorted(folder.glob("audit.log*"))
            self.assertGreater(len([file for file in files if file.suffix == ".gz"]), 1, files)
            names = []
            for file in files:
                octets = file.read_bytes()
                whole = gzip.decompress(octets) if file.suffix == ".gz" else octets
                names += [json.loads(line)["authid"] for line in whole.splitlines() if line]
            self.assertEqual(sorted(names), sorted(f"{process}.{line}"
                                                   for process in range(NUM_PROCESSES)
                                                   for line in range(NUM_LINES)))


if __name__ == "__main__":
    unittest.main(verbosity=2)
