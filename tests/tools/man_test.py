#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Holds the command's --help, its man page and its completions together, both ways."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from zsh import Zsh

BUILD = pathlib.Path(os.environ.get("GSSLOOP_BUILDDIR", "."))
SOURCE = pathlib.Path(os.environ.get("GSSLOOP_SRCDIR", "."))
GSSLOOP = str(BUILD / "tools/gssloop")
PAGE = SOURCE.absolute() / "man/gssloop.1"
COMPLETION = SOURCE / "tools/completion/gssloop.bash"
# Options of every subcommand: the page describes them once.
COMMON = {"--help", "--color", "--version"}
MAX_LINE = 100  # columns of --help


def help_of(*subcommand):
    done = subprocess.run([GSSLOOP, *subcommand, "--help"], capture_output=True, text=True,
                          check=True, timeout=60)
    return done.stdout


def section(text, title):
    """The lines of a section of --help, without its title."""
    # CLI11 2.5 and later write it in capitals.
    found = re.search(rf"^{title}:\n((?:  .*\n)+)", text, re.MULTILINE | re.IGNORECASE)
    return found.group(1).splitlines() if found else []


def words(lines):
    return [line.split()[0] for line in lines if re.match(r"  \S", line)]


def options_in_help(*subcommand):
    """{"--port": "-p"}, with "" for those without a letter."""
    options = {}
    for line in section(help_of(*subcommand), "Options"):
        if option := re.match(r"  (?:(-\w),)? {0,8}(--[\w-]+)", line):
            options[option[2]] = option[1] or ""
    return options


def leaf_subcommands(*above):
    """Every subcommand that has none below it, as a tuple of words."""
    below = words(section(help_of(*above), "Subcommands"))
    if not below:
        return [above]
    return [leaf for name in below for leaf in leaf_subcommands(*above, name)]


def options_in_page():
    """For each part of the page, "" being the beginning, what its list items define."""
    parts, current = {}, ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith((".Ss ", ".Sh ")):
            current = "" if line == ".Sh DESCRIPTION" else line[4:]
        item = re.match(r"\.It (?:Fl (\w) , )?Fl Fl ([\w-]+)", line)
        if item:
            letter = f"-{item[1]}" if item[1] else ""
            parts.setdefault(current, {})[f"--{item[2]}"] = letter
    return parts


class Page(unittest.TestCase):
    def test_describes_every_option_of_help_and_no_other(self):
        page = options_in_page()
        self.assertEqual(page.pop(""), options_in_help())
        for subcommand in leaf_subcommands():
            options = {name: letter for name, letter in options_in_help(*subcommand).items()
                       if name not in COMMON}
            self.assertEqual(page.pop(" ".join(subcommand), {}), options, subcommand)
        self.assertEqual(page, {}, "the page describes what is no subcommand")

    def test_has_a_part_for_every_subcommand(self):
        text = PAGE.read_text(encoding="utf-8")
        for subcommand in leaf_subcommands():
            self.assertIn(f"\n.Ss {' '.join(subcommand)}\n", text)

    def test_is_well_formed(self):
        mandoc = shutil.which("mandoc")
        if mandoc is None:
            self.skipTest("mandoc is not installed")
        done = subprocess.run([mandoc, "-T", "lint", "-W", "warning", str(PAGE)],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_the_protocol_is_rendered(self):
        kinds = ["T a token", "F a failure", "D the output of GSS_Wrap", "D data, from the",
                 "E the end of the data", "S from the acceptor, with --reveal: the",
                 "K from the acceptor: all data"]
        programs = [words for words in (["mandoc", "-T", "ascii"],
                                        ["groff", "-mdoc", "-T", "ascii", "-P", "-c"])
                    if shutil.which(words[0])]
        if not programs:
            self.skipTest("neither mandoc nor groff is installed")
        for words in programs:
            done = subprocess.run([*words, str(PAGE)], capture_output=True, text=True, timeout=60,
                                  check=True)
            text = re.sub(".\b", "", done.stdout)  # printed twice to be bold
            section = re.search(r"\nPROTOCOL\n(.*?)\nSEE ALSO\n", text, re.DOTALL)[1]
            rows = re.findall("|".join(map(re.escape, kinds)), " ".join(section.split()))
            self.assertEqual(rows, kinds, section)


class Help(unittest.TestCase):
    def test_fits_a_terminal_of_a_hundred_columns(self):
        for subcommand in [(), *leaf_subcommands()]:
            for line in help_of(*subcommand).splitlines():
                self.assertLessEqual(len(line), MAX_LINE, line)


class Completions:
    """What the completion of each shell offers. complete(*line) is its answer for the last word."""

    FLAGS = {"none", "deleg", "mutual", "replay", "sequence", "conf", "integ", "anon", "trans",
             "channel-bound", "deleg-policy"}

    def test_offers_the_subcommands(self):
        offered = self.complete("")
        self.assertEqual(offered, {subcommand[0] for subcommand in leaf_subcommands()})
        self.assertEqual(self.complete("mech"), {"mechanisms"})
        self.assertEqual(self.complete("policy", "c"), {"check"})

    def test_offers_the_options_of_the_subcommand(self):
        for subcommand in leaf_subcommands():
            offered = self.complete(*subcommand, "--")
            self.assertEqual(offered, set(options_in_help(*subcommand)) | COMMON, subcommand)

    def test_offers_values(self):
        for option in ("--mechanism", "-m"):
            self.assertEqual(self.complete("accept", option, "s"), {"spnego"})
        self.assertEqual(self.complete("accept", "--color", "a"), {"auto", "always"})
        self.assertEqual(self.complete("accept", "--keytab", str(PAGE)[:-1]), {self.shown(str(PAGE))})
        self.assertEqual(self.complete("accept", "--timeout", ""), set())

    def test_offers_what_an_audit_trail_has(self):
        self.assertEqual(self.complete("audit", "--count-by", "auth"), {"authid", "authzid"})
        self.assertEqual(self.complete("audit", "--mechanism", "GSS"), {"GSSAPI", "GSS-SPNEGO"})
        members = self.complete("audit", "--count-by", "")
        self.assertEqual(len(members), 11)
        for member in members:
            subprocess.run([GSSLOOP, "audit", "--count-by", member, "/dev/null"], check=True,
                           stderr=subprocess.DEVNULL, timeout=60)

    def test_offers_flags(self):
        for line in (("initiate", "--flags"), ("initiate", "-f"), ("initiate", "--require"),
                     ("accept", "-r")):
            self.assertEqual(self.complete(*line, ""), self.FLAGS)
        self.assertEqual(self.complete("initiate", "-f", "mutual,rep"),
                         {self.shown("replay", "mutual,")})

    def test_offers_services(self):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as policy:
            policy.write("[all]\n[services.backup]\n[services.news.mechanisms.krb5]\n")
            policy.flush()
            for option in ("--service", "-s"):
                offered = self.complete("policy", "explain", "--policy", policy.name, option, "")
                self.assertLessEqual({"backup", "news", "imap", "host"}, offered)
                self.assertNotIn("all", offered)
        self.assertEqual(self.complete("policy", "explain", "-s", "im"), {"imap"})

    def test_offers_applications(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("slapd.conf", "svn.conf", "svn.txt"):
                (pathlib.Path(folder) / name).touch()
            os.environ["SASL_CONF_PATH"] = f"/nonexistent:{folder}"
            self.addCleanup(os.environ.pop, "SASL_CONF_PATH")
            self.assertEqual(self.complete("doctor", "--app", ""), {"slapd", "svn"})


class Bash(Completions, unittest.TestCase):
    def complete(self, *line):
        script = ('source "$1"; shift; complete -p gssloop >&2; COMP_WORDS=("$@"); '
                  'COMP_CWORD=$(($# - 1)); _gssloop; printf "%s\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", script, "bash", str(COMPLETION), GSSLOOP, *line],
                              capture_output=True, text=True, timeout=60, check=True)
        self.assertIn("-F _gssloop gssloop", done.stderr)
        return set(done.stdout.split())

    def shown(self, word, before=""):
        return before + word

    def test_the_value_after_an_equals_sign(self):
        self.assertEqual(self.complete("accept", "--mechanism", "=", "s"), {"spnego"})
        self.assertEqual(self.complete("accept", "--color", "="), {"auto", "always", "never"})


class ZshCompletion(Completions, unittest.TestCase):
    zsh = None

    def setUp(self):
        if not shutil.which("zsh"):
            self.skipTest("zsh is not installed")

    def complete(self, *line):
        if not self.zsh:
            self.zsh = Zsh(COMPLETION.parent.absolute())
            self.addCleanup(self.zsh.close)
        return self.zsh.complete(" ".join([str(pathlib.Path(GSSLOOP).absolute()), *line]))[0]

    def shown(self, word, before=""):
        return word.rpartition("/")[2]  # zsh shows what it adds

    def test_the_value_after_an_equals_sign(self):
        self.assertEqual(self.complete("accept", "--mechanism=s"), {"spnego"})


if __name__ == "__main__":
    unittest.main(verbosity=2)
