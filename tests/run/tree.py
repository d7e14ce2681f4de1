# SPDX-License-Identifier: BSD-2-Clause
"""A copy of the sources in which ./run works, with stand-ins for all that it starts."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ.get("GSSLOOP_SRCDIR", ".")).absolute()
PATIENCE = 60  # seconds
DONE, FAILED, USAGE, MISSING = range(4)

# Each records that it was called, and stays for a while where $BLOCK names it.
BEGINNING = r"""#!/bin/bash
name=${0##*/}
printf '%s\n' "$name $*" >>"$CALLS"
if [ "${BLOCK:-}" = "$name" ]; then
  : >"$CALLS.blocked"
  exec sleep 60
fi
"""
STAND_INS = {
    "apt-get": '''
[[ " $* " != *" -s "* ]] || exit 0
echo "apt-get says something"
[[ $* != *" install "* ]] || exit "${APT_STATUS:-0}"''',
    "sudo": '[[ $1 != -n ]] || shift; exec "$@"',
    "dpkg-query": 'for package in $INSTALLED; do echo "installed $package, "; done\n'
                  'for package in $PROVIDED; do echo "installed x, y, $package (= 1:2), z"; done',
    "dpkg-deb": "",
    "dpkg-parsechangelog": 'case $* in *Timestamp) echo 0 ;; *) echo 1.0-1 ;; esac',
    "dpkg-buildpackage": 'echo "dpkg-buildpackage says something"; touch "$TMPDIR/left"',
    "lintian": 'touch "$TMPDIR/left"; exit "${LINTIAN_STATUS:-0}"',
    "clang-format": "",
    "autoreconf": 'echo "autoreconf says something"; touch Makefile.in; cp ../configure .',
    "make": r"""
case " $* " in
  *" -n "*)
    [[ ${NO_RULE:-} != yes || -e reconfigured ]] || exit 2
    for file in a b c; do echo "echo \"  CXX     \" lib/lib_la-$file.lo; g++"; done ;;
  *AM_TESTS_ENVIRONMENT*) echo "GSSLOOP_PLUGIN_DIR=/there; export GSSLOOP_PLUGIN_DIR;" ;;
  *plugindir*) echo /where/libsasl/looks ;;
  *" clean "*) ;;
  *" dist-gzip "*) mkdir gssloop-1.0; tar -czf gssloop-1.0.tar.gz gssloop-1.0 ;;
  *)
    for file in a b c; do
      echo "  CXX      lib/lib_la-$file.lo"
      [[ $file != b ]] || echo "b.cc: warning: something"
      sleep "${MAKE_SECONDS:-0}"
    done
    exit "${MAKE_STATUS:-0}" ;;
esac""",
}
CONFIGURE = BEGINNING + r"""
echo "configure says something"
touch Makefile
printf '#!/bin/bash\necho "config.status $*" >>"$CALLS"\n' >config.status
printf '[[ $1 != --recheck ]] || touch reconfigured\n' >>config.status
# Autoconf 2.71 puts only those words into quotes that need them.
printf '[[ $1 != --config ]] || echo "%s"\n' \
  "$(printf "'%s' " "$@" | sed -E "s/'([^' ]*)'/\1/g")" >>config.status
chmod +x config.status
exit "${CONFIGURE_STATUS:-0}"
"""
PROGRAM = r"""#!/bin/bash
if [[ $1 == --gtest_list_tests ]]; then
  [[ $2 != *Case* ]] || printf 'Suite.\n  Case\n'
  exit
fi
echo "program $* $GSSLOOP_PLUGIN_DIR ${SASL_PATH:-}"
exit 7
"""
SCRIPT = """
import os, unittest
class Some(unittest.TestCase):
    def test_one(self): print("one", os.environ["GSSLOOP_PLUGIN_DIR"])
    def test_two(self): self.fail("two")
unittest.main()
"""


def write_program(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def not_as_root(test):
    """The words before a command that shall believe to be another user, if this one is root."""
    if os.geteuid() != 0:
        return []
    words = ["unshare", "--user", "--map-user=12345", "--map-group=12345"]
    if subprocess.run([*words, "true"], stderr=subprocess.DEVNULL, check=False).returncode:
        test.skipTest("root, and no user namespace")
    return words


class Tree(unittest.TestCase):
    """A copy of the sources as a clone has them, with stand-ins before all else in PATH."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.tree = self.folder / "tree"
        self.temporary = self.folder / "tmp"
        self.temporary.mkdir()
        for file in ("run", "scripts", "bench/login_bench.cc", "tests/servers", "tests/packages",
                     "tests/federation"):
            copy = shutil.copytree if (SOURCE / file).is_dir() else shutil.copy
            (self.tree / file).parent.mkdir(parents=True, exist_ok=True)
            copy(SOURCE / file, self.tree / file)
        # The sources may be read-only, as `make distcheck` has them.
        subprocess.run(["chmod", "-R", "u+w", self.tree], check=True)
        for fragment in [SOURCE / "Makefile.am", *SOURCE.glob("[!.]*/**/*.am")]:
            to = self.tree / fragment.relative_to(SOURCE)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(fragment, to)
        for name, text in STAND_INS.items():
            write_program(self.folder / "bin" / name, BEGINNING + text)
        write_program(self.folder / "configure", CONFIGURE)
        write_program(self.tree / "tests/unit/unit_test", PROGRAM)
        write_program(self.tree / "tests/report/report_test.py", SCRIPT)
        write_program(self.tree / "tests/check_layers.sh", "#!/bin/bash\necho layers; exit 77\n")
        write_program(self.tree / "examples/demo/run-demo.sh", "#!/bin/bash\necho the demo $1\n")
        write_program(self.tree / "tests/federation/demo.py", "print('the page')\n")
        write_program(self.tree / "libtool", '#!/bin/bash\nshift; exec "$@"\n')
        self.calls_file = self.folder / "calls"
        self.env = {name: value for name, value in os.environ.items()
                    if name not in ("CI", "JOBS", "CONFIGURE_FLAGS", "SASL_PATH", "MAKEFLAGS",
                                    "MFLAGS", "MAKELEVEL")}
        self.env.update(PATH=f"{self.folder / 'bin'}:{os.environ['PATH']}",
                        TMPDIR=str(self.temporary), CALLS=str(self.calls_file), SHELL="/bin/sh")

    def everything_is_installed(self):
        text = (self.tree / "scripts/packages.sh").read_text(encoding="utf-8")
        self.env["INSTALLED"] = " ".join(re.findall(r"[\w.+-]+", text))
        for package in ("libsasl2-modules-gssapi-heimdal",):
            (self.tree / ".cache" / package).mkdir(parents=True, exist_ok=True)

    def krb5(self, release="Kerberos 5 release 1.21.3", without=None):
        """The prefix of an installation of MIT krb5 that lacks one program."""
        prefix = self.folder / "krb5"
        shutil.rmtree(prefix, ignore_errors=True)
        for name in ("bin/krb5-config", "bin/kinit", "bin/klist", "bin/ktutil", "bin/kvno",
                     "sbin/kadmin.local", "sbin/kdb5_util", "sbin/krb5kdc"):
            if name != without:
                write_program(prefix / name, f"#!/bin/sh\necho '{release}'\n")
        return prefix

    def run_script(self, *arguments, status=DONE, **env):
        done = subprocess.run([self.tree / "run", *arguments], env={**self.env, **env}, text=True,
                              cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True,
                              check=False, timeout=PATIENCE)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertEqual(list(self.temporary.iterdir()), [])
        return done

    def calls(self, *names):
        """The calls of these stand-ins since the last time, or of all; make's, without -j."""
        if not self.calls_file.exists():
            return []
        lines = self.calls_file.read_text(encoding="utf-8").splitlines()
        self.calls_file.unlink()
        return [re.sub(r" (-j\d+|--no-print-directory|V=0)\b", "", line) for line in lines
                if not names or line.split()[0] in names]

    def configure(self, *arguments):
        self.everything_is_installed()
        self.run_script("docs", CONFIGURE_FLAGS=" ".join(arguments))
        self.calls()
