#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The command gssloop apart from logins: its line, its colours, and its list of mechanisms."""

import json
import os
import pathlib
import pty
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from peers import GSSLOOP, PATIENCE, environment, run

DONE, FAILED, USAGE, NOT_TRIED = range(4)


class Line(unittest.TestCase):
    def test_help_and_version_are_answers(self):
        for arguments in (["--help"], ["-h"], ["accept", "--help"], ["--version"]):
            done = run(*arguments)
            self.assertEqual((done.returncode, done.stderr), (DONE, b""), arguments)
            self.assertIn(b"gssloop", done.stdout)
        self.assertRegex(run("--version").stdout, rb"^gssloop \d+\.\d+\.\d+\n$")

    def test_wrong_usage_says_where_help_is(self):
        for arguments, what in (
                ([], "gssloop --help"),
                (["nosuch"], "'nosuch'"),
                (["\x1b[31m"], "\\x1b[31m"),
                (["--nosuch"], "gssloop --help"),
                (["accept", "--nosuch"], "gssloop accept --help"),
                (["accept", "1", "--port", "2"], "gssloop accept --help"),
                (["accept", "--timeout", "soon"], "gssloop accept --help"),
                (["accept", "--json"], "--output"),
                (["accept", "--require", "mutual,nosuch"], "channel-bound"),
                (["accept", "--binding", "hex:0"], "hex:"),
                (["accept", "--mechanism", "nosuch"], "gssloop mechanisms"),
                (["initiate", "localhost"], "gssloop initiate --help"),
                (["initiate", "localhost", "1", "host", "--flags", "x"], "sequence"),
                (["initiate", "localhost", "1", "host", "-n", "--send", "x"], "--no-data"),
                (["attributes", "--remote", "localhost"], "HOST:PORT"),
                (["mechanisms", "--color", "blue"], "always")):
            done = run(*arguments)
            self.assertEqual((done.returncode, done.stdout), (USAGE, b""), arguments)
            self.assertTrue(done.stderr.startswith(b"gssloop: "), done.stderr)
            self.assertIn(b"Try 'gssloop", done.stderr)
            self.assertIn(what, done.stderr.decode())
            self.assertNotIn(b"\x1b", done.stderr)

    def test_two_dashes_end_the_options(self):
        done = run("initiate", "-n", "--", "localhost", "1", "--host")
        self.assertEqual(done.returncode, NOT_TRIED, done.stderr)

    def test_output_that_nobody_takes_is_a_failure(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([GSSLOOP, "mechanisms"], stdout=full, stderr=subprocess.PIPE,
                                  timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, NOT_TRIED)
        self.assertIn(b"standard output", done.stderr)


class Colours(unittest.TestCase):
    @staticmethod
    def on_terminal(*arguments, **env):
        """What the command writes when standard output is a terminal."""
        near, far = pty.openpty()
        with subprocess.Popen([GSSLOOP, *arguments], stdin=subprocess.DEVNULL, stdout=far,
                              env=environment(**env)) as process:
            os.close(far)
            said = b""
            try:
                while part := os.read(near, 65536):
                    said += part
            except OSError:  # a terminal reports so that its other end is closed
                pass
            os.close(near)
            process.wait(PATIENCE)
        return said

    def test_are_for_terminals(self):
        self.assertNotIn(b"\x1b", run("mechanisms", TERM="xterm", NO_COLOR=None).stdout)
        self.assertIn(b"\x1b[", run("mechanisms", "--color=always", NO_COLOR="1").stdout)
        self.assertIn(b"\x1b[", self.on_terminal("mechanisms", TERM="xterm", NO_COLOR=None))
        for arguments, env in (([], {"TERM": "xterm", "NO_COLOR": "1"}),
                               ([], {"TERM": "dumb", "NO_COLOR": None}),
                               (["--color", "never"], {"TERM": "xterm", "NO_COLOR": None})):
            self.assertNotIn(b"\x1b", self.on_terminal("mechanisms", *arguments, **env))


class Mechanisms(unittest.TestCase):
    def test_what_is_offered_and_why_not(self):
        done = run("mechanisms", "--json", GSS_MECH_CONFIG=os.devnull)
        self.assertEqual(done.returncode, DONE, done.stderr)
        listed = {each["name"]: each for each in json.loads(done.stdout)["mechanisms"]}
        krb5, spnego, iakerb = listed["krb5"], listed["spnego"], listed["iakerb"]
        self.assertEqual(krb5["offered_as"], ["GSSAPI", "GS2-KRB5", "GS2-KRB5-PLUS"])
        self.assertEqual((krb5["oid"], krb5["sasl_name"], krb5["why_not_gs2"]),
                         ("1.2.840.113554.1.2.2", "GS2-KRB5", None))
        self.assertIn("GSS_C_MA_AUTH_INIT", [each["name"] for each in krb5["attributes"]])
        self.assertEqual(spnego["offered_as"], ["GSS-SPNEGO"])
        self.assertIn("negotiates", spnego["why_not_gs2"])
        self.assertEqual(iakerb["offered_as"], [])
        self.assertIn("gssloop_mechanisms", iakerb["why_not_gs2"])

    def test_for_a_person(self):
        done = run("mechanisms", GSS_MECH_CONFIG=os.devnull)
        self.assertEqual((done.returncode, done.stderr), (DONE, b""))
        for part in (b"krb5  1.2.840.113554.1.2.2\n", b"negotiates",
                     b"GSSAPI, GS2-KRB5, GS2-KRB5-PLUS"):
            self.assertIn(part, done.stdout)
        self.assertNotIn(b"GSS_C_", done.stdout)
        for option in ("-v", "--verbose"):
            verbose = run("mechanisms", option, GSS_MECH_CONFIG=os.devnull).stdout
            self.assertIn(b"declares:    GSS_C_MA_MECH_CONCRETE", verbose)
            self.assertLessEqual(set(done.stdout.splitlines()), set(verbose.splitlines()))

    def test_one_that_is_not_built_in(self):
        """The tests' scripted mechanism, by the configuration of a process."""
        module = os.environ.get("GSSLOOP_SCRIPTED_MECH")
        if not module:
            self.skipTest("the scripted mechanism is not there")
        config = pathlib.Path(os.environ["TEST_FOLDER"]) / "mech"
        config.write_text(f"scripted 1.3.6.1.4.1.32473.1.1 {module}\n", encoding="utf-8")
        done = run("mechanisms", "--json", GSS_MECH_CONFIG=str(config))
        oids = [each["oid"] for each in json.loads(done.stdout)["mechanisms"]]
        self.assertIn("1.3.6.1.4.1.32473.1.1", oids)


if __name__ == "__main__":
    import tempfile
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TEST_FOLDER"] = folder
        unittest.main(verbosity=2)
