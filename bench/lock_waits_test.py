#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Threads that log in clients at the same time do not wait for each other while a context is
accepted: each has a credential of its own (lock_waits.cc counts). Counts are stable where time is
not, and they are those of a machine with more processors."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("GSSLOOP_BUILDDIR", SOURCE)).resolve()
NUM_LOGINS = 300  # of each thread
NUM_THREADS = 8  # the pool has so many credentials on every machine
# While the pool grows, a login may share the credential of another.
FIRST_WAITS = 3 * NUM_THREADS


LONG_NS = 10_000  # GSS_Accept_sec_context takes 40,000 or more, and a setting of krb5.conf 1,000


def long_waits(variant):
    """{library: [locks, waits]}: of the mutexes that are held for long, by who locks them."""
    with tempfile.TemporaryDirectory() as folder:
        counts = pathlib.Path(folder, "waits")
        done = subprocess.run(
            [BUILD / "libtool", "--mode=execute", "env",
             f"LD_PRELOAD={BUILD}/bench/.libs/lock_waits.so", BUILD / "bench/login_bench",
             "--child", variant],
            input=f"{NUM_LOGINS} {NUM_THREADS}\n", text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, check=False,
            env=os.environ | {"SASL_PATH": str(BUILD / "plugin/.libs"), "SASL_CONF_PATH": folder,
                              "KRB5RCACHENAME": "none:", "GSSLOOP_LOCK_WAITS": str(counts)})
        if done.returncode != 0:
            raise AssertionError(done.stdout)
        found = {}
        for line in counts.read_text(encoding="utf-8").splitlines():
            library, locks, held_ns, waits = line.split()
            # A mutex that is not the next login's too makes no thread wait.
            if int(locks) >= NUM_LOGINS / 2 and int(held_ns) >= LONG_NS * int(locks):
                total = found.setdefault(library.partition(".so")[0], [0, 0])
                total[0] += int(locks)
                total[1] += int(waits)
        return found


class LockWaits(unittest.TestCase):
    def setUp(self):
        if os.environ.get("GSSLOOP_SANITIZE_FLAGS", "").strip():
            self.skipTest("this build has sanitizers, and what counts the locks comes before them")

    def test_a_shared_credential_is_waited_for(self):
        """What the count is able to show: MIT krb5 locks the credential while it accepts."""
        locks, waits = long_waits("server-raw")["libgssapi_krb5"]
        self.assertGreaterEqual(locks, NUM_LOGINS * NUM_THREADS)
        self.assertGreater(waits, 2 * FIRST_WAITS)

    def test_no_login_waits_for_the_accept_of_another(self):
        for variant in ("server-gssloop", "server-gssloop-gssapi"):
            with self.subTest(variant):
                found = long_waits(variant)
                # libsasl disposes of connections one by one, under a lock of the application's.
                found.pop("login_bench", None)
                self.assertGreaterEqual(found["libgssapi_krb5"][0], NUM_LOGINS * NUM_THREADS)
                self.assertLessEqual(sum(waits for _locks, waits in found.values()), FIRST_WAITS)


if __name__ == "__main__":
    if "GSSLOOP_REALM" not in os.environ:
        with_kdc = str(BUILD / "tests/kdc/with_kdc")
        os.execv(with_kdc, [with_kdc, "--", "/usr/bin/python3", "-B", __file__, *sys.argv[1:]])
    unittest.main()
