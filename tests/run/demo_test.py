#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The demo: what it shows, and what it leaves."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from tree import PATIENCE, SOURCE

BUILD = pathlib.Path(os.environ.get("GSSLOOP_BUILDDIR", SOURCE)).absolute()
DEMO = str(SOURCE / "examples/demo/run-demo.sh")
TABLE = """
What the server learned

  Who logged in?         alice: a Kerberos ticket proves it, and no password was sent
  How?                   by the SASL mechanism GS2-KRB5
  Bound to its channel?  the first login: no; the second: yes, by tls-exporter
  Which attributes?      auth-indicators: spake, second-factor
                         (how alice logged in to Kerberos; the KDC vouches for it)
  And the forger?        REFUSED: the GS2 header in front of the token is forged
"""
# In a network namespace that has only loopback, and a mount namespace in which only the folder $1
# can be written. $2 is a folder that cannot. (0x8914 is SIOCSIFFLAGS, 1 is IFF_UP.)
ALONE = r"""set -e
/usr/bin/python3 -B -c 'if True:
    import fcntl, socket, struct
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as loopback:
        fcntl.ioctl(loopback, 0x8914, struct.pack("16sh14x", b"lo", 1))'
mount -t tmpfs none "$1"
while read -r _ folder _; do
  [ "$folder" = "$1" ] || mount -o remount,bind,ro "$(printf %b "$folder")" 2>/dev/null || true
done </proc/self/mounts
if touch "$2/written" 2>/dev/null; then exit 99; fi
shift 2
exec "$@"
"""


def wait_until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


class Demo(unittest.TestCase):
    def setUp(self):
        if not (BUILD / "examples/demo/server").exists():
            self.skipTest("the demo is not built")
        if not shutil.which("krb5kdc", path="/usr/sbin:/usr/bin:/sbin:/bin"):
            self.skipTest("krb5-kdc is not installed")

    def run_demo(self, *arguments, before=(), status=0, **env):
        done = subprocess.run([*before, DEMO, *arguments], cwd=BUILD, env={**os.environ, **env},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout

    def test_the_facts_are_in_a_table_and_the_log_is_not_shown(self):
        said = self.run_demo()
        self.assertIn(TABLE, said)
        self.assertNotIn(" log (", said)
        self.assertNotIn("server  ", said)

    def test_verbose_shows_what_was_said(self):
        said = self.run_demo("--verbose")
        self.assertIn(TABLE, said)
        for part in ("server    log (debug): gssloop", "client    log: gssloop",
                     "server    authid  alice   (the authenticated user)",
                     "forger  REFUSED, the server says"):
            self.assertIn(part, said)

    def test_a_failure_shows_what_was_said_and_no_table(self):
        said = self.run_demo(status=1, GSSLOOP_PLUGIN_DIR="/nonexistent")
        self.assertIn("client  NOT LOGGED IN", said)
        self.assertIn("did not end as expected", said)
        self.assertNotIn("What the server learned", said)

    def test_arguments(self):
        self.run_demo("--nonsense", status=2)

    def test_it_writes_to_the_temporary_folder_only_and_uses_loopback_only(self):
        words = ["unshare", "--user", "--map-root-user", "--mount", "--net"]
        tried = subprocess.run([*words, "true"], capture_output=True, text=True, check=False)
        if tried.returncode:
            self.skipTest("no namespaces: " + tried.stderr)
        with tempfile.TemporaryDirectory() as folder:
            said = self.run_demo(before=[*words, "sh", "-c", ALONE, "sh", folder, BUILD],
                                 TMPDIR=folder)
        self.assertIn(TABLE, said)

    def test_a_signal_leaves_nothing(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal=number), tempfile.TemporaryDirectory() as folder:
                temporary = pathlib.Path(folder)
                process = subprocess.Popen([DEMO], cwd=BUILD, env={**os.environ, "TMPDIR": folder},
                                           start_new_session=True, text=True,
                                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
                while "1. A login" not in (line := process.stdout.readline()):
                    self.assertTrue(line, "the demo ended")
                self.assertNotEqual(list(temporary.iterdir()), [])
                os.killpg(process.pid, number)
                process.wait(PATIENCE)
                process.stdout.close()
                wait_until(lambda: not list(temporary.iterdir()))


if __name__ == "__main__":
    # A shell has background jobs ignore SIGINT; what they start inherits that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    unittest.main(verbosity=2)
