#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The script ./run, in a copy of the sources, with stand-ins for what it starts."""

import os
import pathlib
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from tree import DONE, FAILED, MISSING, PATIENCE, SOURCE, USAGE, Tree

BUILD = pathlib.Path(os.environ.get("GSSLOOP_BUILDDIR", SOURCE)).absolute()

# What each command is given beside what it takes, and the argument that it must name.
WRONG = {
    "build": (["x"], ["--debug", "-x"], ["--debug", "--debug"]),
    "demo": (["x"], ["--verbose", "x"]),
    "demo-federation": (["x"],),
    "test": (["nonsense"], ["unit", "Case", "x"], ["check_layers", "x"]),
    "shell": (["-x"],),
    "check": (["x"], ["--strict", "--server"]),
    "check-servers": (["x"], ["openldap", "../openldap"]),
    "check-federation": (["x"], ["mit_kdc", "../mit_kdc"]),
    "check-tsan": (["x"],),
    "check-asan": (["x"],),
    "check-valgrind": (["x"],),
    "fuzz": (["x"], ["0"], ["10", "server", "x"], ["--list", "x"]),
    "mutate": (["x"], ["--sample", "x"], ["--list", "--sample", "2", "y"]),
    "docs": (["x"],),
    "package": (["-x"], ["a", "x"]),
    "bench": (["x"], ["--rounds", "2", "--x"], ["--rounds=2", "--roundsx=2"]),
    "format": (["x"], ["--check", "x"]),
    "clean": (["x"],),
    "deps": (["x"], ["build", "x"]),
    "help": (["x"],),
}


class Arguments(Tree):
    def test_those_that_a_command_does_not_take_are_refused_before_anything_is_done(self):
        for command, cases in WRONG.items():
            for arguments in cases:
                with self.subTest(command=command, arguments=arguments):
                    done = self.run_script(command, *arguments, status=USAGE)
                    self.assertIn(f"'{arguments[-1]}'", done.stderr)
                    self.assertRegex(done.stderr, r"^run: .* takes? ")
                    self.assertEqual((done.stdout, self.calls()), ("", []))

    def test_a_value_may_be_missing(self):
        for command, option in (("bench", "--rounds"), ("check", "--krb5"), ("mutate", "--place")):
            done = self.run_script(command, option, status=USAGE)
            self.assertIn(f"{option} needs a value", done.stderr)

    def test_a_krb5_with_which_the_tests_cannot_run_is_refused_before_anything_is_done(self):
        for prefix, says in (
                ("relative", "absolute path"), ("/a b", "absolute path"),
                ("/nonexistent", "there is no /nonexistent/bin/krb5-config; install MIT krb5"),
                (lambda: self.krb5(without="bin/krb5-config"), "/krb5/bin/krb5-config; install"),
                (lambda: self.krb5("heimdal 7.8.0"), "prints 'heimdal 7.8.0'"),
                (lambda: self.krb5("Kerberos 5 release 1.9"), "needs MIT krb5 1.19 or later"),
                (lambda: self.krb5(without="sbin/krb5kdc"), "/krb5/sbin/krb5kdc, which the tests")):
            done = self.run_script("check", "--krb5", prefix() if callable(prefix) else prefix,
                                   status=USAGE)
            self.assertIn(says, done.stderr)
            self.assertEqual((done.stdout, self.calls()), ("", []))

    def test_the_help_has_each_command(self):
        listed = set(re.findall(r"^  ([a-z][a-z-]+)(?= )", re.sub(
            r"(?s)\nCompiler flags.*", "", self.run_script("help").stdout), re.MULTILINE))
        self.assertEqual(listed, set(WRONG))
        self.assertEqual(self.run_script().stdout, self.run_script("--help").stdout)

    def test_each_command_shows_help(self):
        for command in set(WRONG) - {"help", "bench"}:
            self.assertIn("Usage: ./run", self.run_script(command, "--help").stdout)
        self.assertIn("--rcache KIND", self.run_script("bench", "--help").stdout)
        self.assertEqual(self.calls(), [])

    def test_an_unknown_command(self):
        self.assertIn("'nonsense'", self.run_script("nonsense", status=USAGE).stderr)


class Packages(Tree):
    def test_a_line_for_each_step_and_nothing_of_what_apt_says(self):
        done = self.run_script("deps", "format")
        self.assertEqual((done.stdout, done.stderr),
                         ("", "==> reading Debian's lists of packages\n"
                              "==> installing 2 packages: clang-format clang-tidy\n"))
        for by in ("INSTALLED", "PROVIDED"):
            self.assertIn("==> installing 1 package: clang-format\n",
                          self.run_script("deps", "format", **{by: "clang-tidy"}).stderr)

    def test_nothing_is_said_where_all_is_there(self):
        self.everything_is_installed()
        self.calls()
        self.assertEqual(self.run_script("deps", "check").stderr, "")
        self.assertEqual(self.calls("apt-get", "sudo"), [])

    def test_a_failure_shows_what_apt_says(self):
        done = self.run_script("deps", "format", status=MISSING, APT_STATUS="100")
        self.assertIn("\napt-get says something\n", done.stderr)
        self.assertIn("\nrun: could not install clang-format clang-tidy;", done.stderr)

    def test_a_test_takes_what_it_needs(self):
        self.run_script("test", "unit", status=7)
        installed = [call for call in self.calls("apt-get") if " install " in call]
        self.assertIn("libgtest-dev", installed[0])
        for needless in ("slapd", "dovecot", "lintian"):
            self.assertNotIn(needless, installed[0])


class Build(Tree):
    def setUp(self):
        super().setUp()
        self.everything_is_installed()

    def flags(self):
        """The arguments of each call of configure since the last time."""
        return [call.partition(" ")[2] for call in self.calls("configure")]

    def test_says_where_the_module_is_and_where_it_goes(self):
        done = self.run_script("build")
        self.assertIn(f"the module is {self.tree}/plugin/.libs/libgssloop_sasl.so\n", done.stderr)
        self.assertIn("puts it into /where/libsasl/looks\n", done.stderr)
        self.assertIn("configure says something", done.stderr)  # its summary
        self.assertNotIn("autoreconf says something", done.stderr)

    def test_debugging_and_back(self):
        self.run_script("build", CONFIGURE_FLAGS="--enable-sanitizers")
        self.assertEqual(self.flags(), ["--quiet --enable-sanitizers"])
        self.run_script("build", "--debug")
        self.assertEqual(self.flags(), ["--quiet CFLAGS=-O0 -g CXXFLAGS=-O0 -g"])
        self.run_script("build", "--debug")
        self.assertEqual(self.flags(), [])
        for command in (["demo"], ["docs"], ["test", "unit"]):  # these leave the tree as it is
            self.run_script(*command, status=7 if "test" in command else DONE)
        self.assertEqual(self.flags(), [])
        done = self.run_script("build")
        self.assertIn("configured for debugging: starting over", done.stderr)
        calls = self.calls()
        self.assertLess(calls.index("make clean"), calls.index("configure --quiet"))
        self.run_script("build")
        self.assertEqual(self.flags(), [])

    def test_check_with_another_krb5_starts_over(self):
        private = ["--krb5", self.krb5()]
        flag = f" --with-krb5={private[1]}"
        for arguments, flags in (([], ["--quiet --enable-werror"]), ([], []),
                                 (private, [f"--quiet --enable-werror{flag}"]), (private, []),
                                 ([], ["--quiet --enable-werror"])):
            self.run_script("check", *arguments, status=FAILED, MAKE_STATUS="2")
            self.assertEqual(self.flags(), flags, arguments)
        (self.tree / "config.status").unlink()
        for flags in ([f"--quiet{flag} --enable-werror"], []):  # the user's own choice stays
            self.run_script("check", status=FAILED, MAKE_STATUS="2", CONFIGURE_FLAGS=flag)
            self.assertEqual(self.flags(), flags)

    def test_a_failure_of_configure_shows_why(self):
        for command in (["build"], ["demo"], ["test", "unit"], ["shell"]):
            done = self.run_script(*command, status=FAILED, CONFIGURE_STATUS="1")
            self.assertIn("configure says something\n", done.stderr)
            (self.tree / "config.status").unlink()


class Test(Tree):
    def setUp(self):
        super().setUp()
        self.everything_is_installed()

    def test_the_list_has_all_tests_of_the_makefile_and_no_other(self):
        done = subprocess.run(["bash", "-c", ". scripts/common.sh; . scripts/test.sh; test_lines"],
                              cwd=SOURCE, capture_output=True, text=True, check=True)
        lines = [line.split("\t") for line in done.stdout.splitlines()]
        described = {file for file, _, _ in lines}
        env = {name: value for name, value in self.env.items() if name not in ("PATH", "TMPDIR")}
        env["PATH"] = os.environ["PATH"]
        def make(*targets):
            return subprocess.run(["make", "-s", "--no-print-directory", "-C", BUILD, *targets],
                                  env=env, capture_output=True, text=True, check=True).stdout
        makefile = set(make("print-tests", "print-server-tests",
                             "print-federation-tests").split())
        self.assertEqual(makefile - described, set())
        # What configure left out (without GoogleTest, say) is in the list all the same.
        text = (BUILD / "Makefile").read_text(encoding="utf-8")
        for file in described - makefile:
            self.assertRegex(text, rf"#.*{re.escape(file)}")
        names = [name for _, name, _ in lines]
        self.assertEqual(sorted(set(names)), sorted(names))
        self.assertEqual([name for name in names if f"\n{name} " not in
                          "\n" + self.run_script("test").stdout], [])
        scripts = [f"needs-{file}" for file in makefile if file.endswith((".py", ".sh"))]
        make("-n", *scripts)

    def test_the_environment_is_that_of_make_check(self):
        if "GSSLOOP_SCRIPTED_MECH" not in os.environ:
            self.skipTest("make check and ./run test set the environment")
        said = subprocess.run(
            ["env", "-i", "PATH=" + os.environ["PATH"], "bash", "-c", f"""
             cd {SOURCE}; . scripts/common.sh; . scripts/build.sh; . scripts/test.sh; cd {BUILD}
             set_test_environment; env -0"""], capture_output=True, text=True, check=True).stdout
        found = dict(line.partition("=")[::2] for line in said.split("\0") if line)
        ours = {name: value for name, value in os.environ.items()
                if name.startswith("GSSLOOP_") or name == "LSAN_OPTIONS"}
        self.assertEqual({name: found.get(name) for name in ours}, ours)

    def test_a_program(self):
        done = self.run_script("test", "unit", status=7)
        self.assertEqual(done.stdout, "program  /there \n")
        self.assertIn("b.cc: warning: something\n", done.stderr)
        calls = self.calls()
        self.assertIn("configure --quiet CFLAGS=-O0 -g CXXFLAGS=-O0 -g", calls)
        self.assertEqual([call for call in calls if call.startswith("make tests/")],
                         ["make tests/unit/unit_test"])
        self.assertNotIn("make all", calls)

    def test_the_same_by_other_names(self):
        self.configure()
        for name in ("unit", "unit_test", "tests/unit/unit_test"):
            self.run_script("test", name, status=7)
            self.assertIn("make tests/unit/unit_test", self.calls())
        self.assertIn("'selftest'", self.run_script("test", "selftest", status=USAGE).stderr)

    def test_an_unknown_name_gets_those_that_are_near(self):
        done = self.run_script("test", "openldap_", status=USAGE)
        self.assertTrue(done.stderr.endswith(": servers/openldap_binding, servers/openldap_load\n"))
        self.assertIn(" unit", self.run_script("test", "nonsense", status=USAGE).stderr)

    def test_filters_of_programs(self):
        self.configure()
        for given, taken in (("Case", "*Case*"), ("Suite.Case", "*Suite.Case*"),
                             ("Suite.Case*", "Suite.Case*"), ("-Case", "-Case"),
                             ("a:Case", "a:Case")):
            done = self.run_script("test", "unit", given, status=7)
            self.assertEqual(done.stdout, f"program --gtest_filter={taken} /there \n")
        done = self.run_script("test", "unit", "nonsense", status=FAILED)
        self.assertIn("no test of tests/unit/unit_test matches *nonsense*", done.stderr)

    def test_a_script_in_python(self):
        self.configure()
        self.assertIn("FAIL: test_two", self.run_script("test", "report", status=FAILED).stderr)
        self.assertIn("make needs-tests/report/report_test.py", self.calls())
        self.assertEqual(self.run_script("test", "report", "one").stdout, "one /there\n")
        self.assertIn("matches nonsense", self.run_script("test", "report", "nonsense",
                                                          status=FAILED).stderr)

    def test_a_skipped_test_says_so(self):
        self.configure()
        done = self.run_script("test", "check_layers", status=77)
        self.assertIn("the test was skipped", done.stderr)

    def test_a_configured_tree_keeps_its_flags(self):
        self.configure("--enable-sanitizers")
        self.run_script("test", "unit", status=7)
        self.assertEqual(self.calls("autoreconf", "configure"), [])

    def test_a_tree_without_a_rule_is_configured_again_with_its_own_arguments(self):
        self.configure()
        self.run_script("test", "unit", status=7, NO_RULE="yes")
        self.assertIn("config.status --recheck", self.calls())

    def test_a_failed_build_ends_it(self):
        done = self.run_script("test", "unit", status=FAILED, MAKE_STATUS="2")
        self.assertEqual(done.stdout, "")


class Shell(Tree):
    def setUp(self):
        super().setUp()
        self.configure()

    def test_a_command(self):
        done = self.run_script("shell", "tests/unit/unit_test", "--gtest_repeat=2", status=7)
        self.assertEqual(done.stdout, "program --gtest_repeat=2 /there /there\n")
        self.assertIn("make plugin/libgssloop_sasl.la", self.calls())

    def test_a_shell(self):
        self.env["SHELL"] = str(self.tree / "tests/unit/unit_test")
        self.assertEqual(self.run_script("shell", status=7).stdout, "program  /there /there\n")


class Demo(Tree):
    def setUp(self):
        super().setUp()
        self.everything_is_installed()

    def test_builds_what_it_needs(self):
        self.assertEqual(self.run_script("demo").stdout, "the demo\n")
        self.assertEqual(self.run_script("demo", "--verbose").stdout, "the demo --verbose\n")
        self.calls()
        self.run_script("demo")
        built = [call for call in self.calls("make") if "-n" not in call]
        self.assertEqual(built, ["make demo-programs"])

    def test_the_demo_of_the_federation(self):
        done = self.run_script("demo-federation")
        self.assertEqual(done.stdout, "the page\n")
        built = [call for call in self.calls("make") if "-n" not in call]
        self.assertIn("make demo-federation-programs", built)

    def test_progress_in_lines(self):
        progress = self.tree / "scripts/progress.sh"
        text = progress.read_text(encoding="utf-8")
        self.assertIn("progress_interval=10 ", text)
        progress.write_text(text.replace("_interval=10 ", "_interval=2 "), encoding="utf-8")
        said = self.run_script("demo", MAKE_SECONDS="3").stderr
        self.assertRegex(said, r"(?m)^==> compiling 1 of 3, [2-9] s: lib/a$")
        self.assertRegex(said, r"(?m)^==> compiling 3 of 3, \d+ s: lib/c$")
        self.assertRegex(said, r"(?m)^==> compiled 3 files in \d+ s$")
        self.assertRegex(said, r"(?m)^b.cc: warning: something$")

    def test_progress_on_a_terminal_is_one_line(self):
        self.configure()
        main, other = pty.openpty()
        with subprocess.Popen([self.tree / "run", "demo"], env=self.env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=other) as process:
            os.close(other)
            said = b""
            try:
                while chunk := os.read(main, 4096):
                    said += chunk
            except OSError:  # how a terminal ends
                pass
            self.assertEqual(process.wait(PATIENCE), DONE)
        os.close(main)
        self.assertIn(b"\r\x1b[K==> compiling 1 of 3, 0 s: lib/a\r\x1b[K", said)
        lines = said.decode().replace("\r\n", "\n").split("\n")
        self.assertEqual([line.rpartition("\x1b[K")[2] for line in lines if line],
                         ["b.cc: warning: something", "==> compiled 3 files in 0 s"])


class Package(Tree):
    def test_puts_what_is_built_into_a_folder(self):
        self.everything_is_installed()
        for folder, status in (("good", "0"), ("bad", "1")):  # lintian's
            done = self.run_script("package", folder, status=int(status), LINTIAN_STATUS=status)
            self.assertNotIn("dpkg-buildpackage says something", done.stderr)
            self.assertTrue((self.folder / folder / "gssloop_1.0.orig.tar.gz").exists())


def setUpModule():
    """A shell has background jobs, as the tests may be, ignore SIGINT; what they start inherits that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Signals(Tree):
    """What ends a command early leaves nothing in the folder for temporary files."""

    def interrupt(self, command, name, number):
        (self.folder / "calls.blocked").unlink(missing_ok=True)
        for made in ("Makefile", "config.status", "configure"):
            (self.tree / made).unlink(missing_ok=True)
        null = subprocess.DEVNULL
        with subprocess.Popen([self.tree / "run", command], start_new_session=True, stdin=null,
                              env={**self.env, "BLOCK": name}, stdout=null, stderr=null) as process:
            wait_until((self.folder / "calls.blocked").exists)
            os.killpg(process.pid, number)
            self.assertEqual(process.wait(PATIENCE), 128 + number)
        self.assertEqual(list(self.temporary.iterdir()), [])

    def test_at_each_step(self):
        for command, names in (("demo", ("apt-get", "autoreconf", "configure", "make")),
                               ("package", ("dpkg-buildpackage", "lintian"))):
            for name in names:
                for number in (signal.SIGINT, signal.SIGTERM):
                    with self.subTest(command=command, program=name, signal=number):
                        self.interrupt(command, name, number)


def wait_until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


class Lint(unittest.TestCase):
    def test_shellcheck_finds_nothing(self):
        if not shutil.which("shellcheck"):
            self.skipTest("shellcheck is not installed")
        done = subprocess.run(["shellcheck", "-x", "run", *sorted(SOURCE.glob("scripts/*.sh"))],
                              cwd=SOURCE, capture_output=True, text=True, check=False)
        self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    unittest.main(verbosity=2)
