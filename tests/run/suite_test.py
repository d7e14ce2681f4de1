#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""./run COMMAND --on SUITE: with real namespaces, and with a root that has some of this machine's
programs instead of a Debian suite."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from tree import MISSING, PATIENCE, USAGE, Tree, write_program

SKIPPED = 77
PROGRAMS = ("bash", "sh", "cat", "comm", "find", "id", "ln", "mkdir", "mount", "mv", "rm", "sleep",
            "tar", "touch", "tr", "umount", "xargs")

# Makes the archive that its last but one argument names.
MMDEBSTRAP = r"""
echo "mmdebstrap says something"
[[ -z ${MMDEBSTRAP_STATUS:-} ]] || exit "$MMDEBSTRAP_STATUS"
[[ $TMPDIR == /tmp ]] || exit 1
made=$CALLS.root
mkdir -p "$made"/{bin,etc,srv,tmp}
for program in $PROGRAMS; do
  file=$(PATH=/usr/sbin:/usr/bin:/sbin:/bin type -P "$program")
  cp "$file" "$made/bin/$program"
  for library in $(ldd "$file" | grep -o '/[^ ]*'); do
    mkdir -p "$made${library%/*}"
    cp "$library" "$made$library"
  done
done
tar -cf "${@: -2:1}" -C "$made" .
"""
APT_GET = r"""
[[ " $* " != *" -s "* ]] || exit 0
[[ $* != *" install "* ]] || exit "${APT_STATUS:-0}"
[[ $1 != indextargets || ${NO_MIRROR:-} ]] || printf '%s\n' "Other Other http://other/" \
  "Debian Debian-Security http://security/" "Debian Debian http://debian/" "Debian Debian http://2/"
"""
# Instead of the sources' own: says where it is, leaves a process, and ends as its arguments say.
IN_ROOT = r"""#!/bin/bash
echo "arguments $*; process $$; user $(id -u)"
echo "folders" /*
echo "sources" /srv/gssloop/*
[[ -d /proc/1 && -c /dev/null && -w /tmp ]] && echo "mounted"
sleep 12345432100 &
cat
[[ $2 != wait ]] || { echo waiting; sleep 60; }
[[ $2 != --strict ]] || exit 5
exit "$2"
"""


def sleepers():
    """The processes that IN_ROOT left: sleep with a number that no other process has."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0] == b"sleep" and words[1].startswith(b"123454321"):
            found.append(entry.parent.name)
    return found


class OnSuite(Tree):
    def setUp(self):
        super().setUp()
        self.everything_is_installed()
        write_program(self.folder / "bin/mmdebstrap", self.beginning() + MMDEBSTRAP)
        write_program(self.folder / "bin/apt-get", self.beginning() + APT_GET)
        write_program(self.tree / "scripts/in-root.sh", IN_ROOT)
        self.env["PROGRAMS"] = " ".join(PROGRAMS)
        self.roots = self.tree / ".cache/roots"
        self.addCleanup(self.remove_roots)

    def beginning(self):
        return '#!/bin/bash\nprintf "%s\\n" "${0##*/} $*" >>"$CALLS"\n'

    def remove_roots(self):
        if self.roots.exists():
            self.run_script("clean")
            self.assertFalse(self.roots.exists())

    def needs_namespaces(self):
        words = ["unshare", "--mount", "--pid", "--fork"]
        if os.geteuid() != 0:
            words += ["--user", "--map-root-user", "--map-auto"]
        tried = subprocess.run([*words, "true"], capture_output=True, text=True, check=False)
        if tried.returncode != 0:
            self.skipTest("this system lets this user make no namespaces: " + tried.stderr)

    def test_arguments(self):
        for arguments in (["demo", "--on"], ["demo", "--on", "a/b"], ["demo", "--on", "-x"],
                          ["demo", "--on", "trixie", "--arch", "x/y"], ["demo", "--arch", "i386"],
                          ["check", "--on", "trixie", "--nonsense"], ["docs", "--on", "trixie"],
                          ["check", "--on", "trixie", "--krb5", "/krb5"],
                          ["test", "--on", "trixie", "nonsense"]):
            with self.subTest(arguments=arguments):
                done = self.run_script(*arguments, status=USAGE)
                self.assertRegex(done.stderr, r"^run: ")
                self.assertEqual((done.stdout, self.calls()), ("", []))
        self.assertFalse(self.roots.exists())

    def test_the_packages_that_it_needs(self):
        done = self.run_script("demo", "--on", "trixie", status=MISSING, INSTALLED="",
                               APT_STATUS="1")
        self.assertIn("could not install arch-test mmdebstrap", done.stderr)

    def test_one_test_needs_its_own_packages_alone(self):
        one = self.run_script("deps", "test", "unit", INSTALLED="").stderr
        self.assertIn(" libgtest-dev ", one)
        self.assertNotIn("slapd", one)
        self.assertIn(" slapd ", self.run_script("deps", "test", "servers/openldap",
                                                 INSTALLED="").stderr)
        self.run_script("deps", "test", "nonsense", status=USAGE)

    def test_a_machine_that_cannot(self):
        unshare = self.folder / "bin/unshare"
        write_program(unshare, "#!/bin/bash\necho 'unshare says no' >&2; exit 1\n")
        reason = "unshare says no|has no subordinate IDs"
        for command in ("check", "demo"):
            done = self.run_script(command, "--on", "trixie", status=SKIPPED)
            self.assertRegex(done.stderr, f"skipped: there is no root of Debian trixie .*({reason})")
            self.assertEqual(done.stdout,
                             "0 passed, 0 failed, 1 skipped\n" if command == "check" else "")
        unshare.unlink()
        self.needs_namespaces()
        done = self.run_script("check", "--on", "trixie", status=SKIPPED, NO_MIRROR="yes")
        self.assertIn("apt knows no mirror", done.stderr)
        done = self.run_script("check", "--on", "trixie", status=SKIPPED, MMDEBSTRAP_STATUS="1")
        self.assertIn("\nmmdebstrap says something\n", done.stderr)
        self.assertEqual([entry.name for entry in self.roots.iterdir() if entry.is_dir()], [])

    def test_the_command_runs_in_the_root(self):
        self.needs_namespaces()
        (self.tree / "doomed").write_text("")
        done = self.run_script("check", "--on", "trixie", "--strict", status=5)
        self.assertRegex(done.stdout, r"^arguments check --strict; process \d+; user 0\n")
        done = self.run_script("shell", "--on", "trixie", "0")
        folders = re.search("folders (.*)", done.stdout)[1].split()
        self.assertLessEqual(set(folders), {f"/{name}" for name in (
            "bin etc srv tmp lib lib64 usr proc sys dev run").split()})
        self.assertIn("\nmounted\n", done.stdout)
        self.assertIn("/srv/gssloop/doomed", done.stdout)
        self.assertEqual(len([call for call in self.calls() if call.startswith("mmdebstrap")]), 1)
        (self.tree / "doomed").unlink()
        done = self.run_script("shell", "--on", "trixie", "0")
        self.assertNotIn("/srv/gssloop/doomed", done.stdout)
        self.assertEqual(sleepers(), [])
        mounts = pathlib.Path("/proc/mounts").read_text(encoding="utf-8")
        self.assertNotIn(str(self.folder), mounts)

    def test_built_files_stay_here(self):
        self.needs_namespaces()
        for name in ("config.status", "Makefile", "built.o"):
            (self.tree / name).write_text("")
        done = self.run_script("shell", "--on", "trixie", "0")
        self.assertIn("make -s distclean", self.calls("make"))
        sources = re.search("sources (.*)", done.stdout)[1].split()
        self.assertIn("/srv/gssloop/run", sources)
        for name in ("config.status", "Makefile", "built.o"):
            self.assertNotIn("/srv/gssloop/" + name, sources)
            self.assertTrue((self.tree / name).exists())

    def test_mmdebstrap_gets_suite_architecture_and_mirror(self):
        self.needs_namespaces()
        self.run_script("shell", "--on", "sid", "--arch", "amd64", "0")
        call = [call for call in self.calls() if call.startswith("mmdebstrap")][0].split()
        self.assertIn("--arch=amd64", call)
        self.assertEqual((call[-3], call[-1]), ("sid", "http://debian/"))
        self.assertTrue((self.roots / "sid-amd64").is_dir())

    def await_sleepers(self, there):
        deadline = time.monotonic() + PATIENCE
        while bool(sleepers()) != there and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(bool(sleepers()), there)

    def test_a_signal_ends_all(self):
        self.needs_namespaces()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
            with self.subTest(signal=number), subprocess.Popen(
                    [self.tree / "run", "shell", "--on", "trixie", "wait"],
                    env=self.env, cwd=self.folder, stdin=subprocess.DEVNULL, text=True,
                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                    preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler)
            ) as process:
                for line in process.stdout:
                    if line == "waiting\n":
                        break
                self.await_sleepers(True)  # the shell may start it after that line
                process.send_signal(number)
                process.wait(PATIENCE)
                self.await_sleepers(False)


if __name__ == "__main__":
    unittest.main(verbosity=2)
