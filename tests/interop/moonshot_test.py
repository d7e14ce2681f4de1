#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A real mechanism that is not Kerberos: Moonshot's GSS-EAP. The names in policies are those of the
mechanism, and a client uses the application's name and password. No login is complete: that takes a
RADIUS server, which tests/federation has.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import moonshot

BUILD = pathlib.Path(os.environ.get("GSSLOOP_BUILDDIR", ".")).absolute()
SOURCE = pathlib.Path(os.environ.get("GSSLOOP_SRCDIR", ".")).absolute()
SASL_NAME, NAME, OID = moonshot.MECHANISMS[0]
PAGE = (SOURCE / "man/gssloop-policy.5").read_text(encoding="utf-8")


class WithMoonshot(unittest.TestCase):
    def setUp(self):
        module = moonshot.find_module()
        if module is None:
            self.skipTest("moonshot-gss-eap is neither unpacked nor installed")
        self.module = module
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.env = {**os.environ, "KRB5_CONFIG": "/dev/null",
                    **moonshot.environment(module, self.folder / "mech.conf")}
        if self.mechanism() is None:
            self.skipTest("moonshot-gss-eap cannot be loaded here")

    def run_command(self, *arguments):
        return subprocess.run([BUILD / "tools/gssloop", *arguments], capture_output=True, text=True,
                              timeout=60, check=False, env=self.env)

    def mechanism(self):
        done = self.run_command("mechanisms", "--json")
        found = [it for it in json.loads(done.stdout)["mechanisms"] if it["oid"] == OID]
        return found[0] if found else None


class Names(WithMoonshot):
    def policy(self, text):
        path = self.folder / "policy.toml"
        path.write_text(text, encoding="utf-8")
        return path

    def test_the_manual_uses_the_names_of_the_mechanism(self):
        mechanism = self.mechanism()
        self.assertEqual((mechanism["name"], mechanism["sasl_name"]), (NAME, SASL_NAME))
        self.assertIn(f".Li {NAME} ,", PAGE)
        self.assertIn(f".Li {SASL_NAME} ,", PAGE)
        known = {name for names in moonshot.MECHANISMS for name in names}
        for other in re.findall(r"(?i)\beap-aes\d+[\w-]*", PAGE):
            self.assertIn(other, known)

    def test_each_name_means_the_same_in_a_policy(self):
        for name in (NAME, SASL_NAME, OID):
            with self.subTest(name=name):
                path = self.policy(
                    f'raw-attributes = ["{name}"]\n'
                    f'[attributes.user]\nfrom = [{{ mechanism = "{name}", name = "x" }}]\n'
                    f'[services.imap.mechanisms."{name}"]\n'
                    f'require = ["user=robin & peer.mechanism=\\"{name}\\""]\n')
                done = self.run_command("policy", "explain", "-s", "imap", "-p", path, "--anonymous",
                                        "--mechanism", name, "--attr", "user=robin")
                self.assertIn("anonymous", done.stdout, done.stderr)
                self.assertRegex(done.stdout, r"(?m)^  true  require ")
                self.assertIn(f", by {NAME}, ", done.stdout)

    def test_the_policy_of_the_manual(self):
        shown = re.search(r'^\.\\" policy federation\n\.Bd [^\n]*\n(.*?)^\.Ed', PAGE, re.M | re.S)[1]
        path = self.policy(shown.replace("\\e", "\\"))
        done = self.run_command("policy", "check", path)
        self.assertEqual(done.returncode, 0, done.stdout)
        for name, status in (("robin@university.example", 0), ("robin@other.example", 1)):
            done = self.run_command("policy", "explain", "-s", "imap", "-p", path, "--anonymous",
                                    "-m", SASL_NAME, "--attr", f"eppn={name}")
            self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        # The mechanism makes the names of attributes from prefixes; this one is RFC 7056's.
        prefix = re.search(r'name = """(\S+)', shown)[1]
        self.assertIn(prefix.encode() + b"\0", self.module.read_bytes())

    def test_another_name_is_an_error_that_lists_the_names(self):
        done = self.run_command("policy", "check",
                                self.policy("[services.imap.mechanisms.eap-aes128]\n"))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, rf'unknown mechanism "eap-aes128"; .*{NAME}')


class Client(WithMoonshot):
    def setUp(self):
        if os.environ.get("GSSLOOP_SANITIZE_FLAGS", "").strip():
            self.skipTest("this build has sanitizers, and the machine's programs cannot load its module")
        super().setUp()

    def start(self, *answers):
        """The SASL code, the first message, and the text of the error."""
        done = subprocess.run(["/usr/bin/python3", SOURCE / "tests/interop/eap_client.py", *answers],
                              capture_output=True, text=True, timeout=60, check=False,
                              env={**self.env, "SASL_PATH": str(BUILD / "plugin/.libs")})
        self.assertEqual(done.returncode, 0, done.stderr)
        code, sent, error = done.stdout.rstrip("\n").split(" ", 2)
        return int(code), bytes.fromhex(sent), error

    def test_name_and_password_of_the_application(self):
        code, sent, error = self.start("alice@example.test", "secret")
        self.assertEqual(code, 1, error)  # SASL_CONTINUE
        self.assertTrue(sent.startswith(b"n,,"), sent)
        self.assertNotIn(b"secret", sent)

    def test_without_a_password_there_is_no_secret(self):
        """The mechanism gives out a credential, but cannot use it."""
        code, _, error = self.start("alice@example.test")
        self.assertLess(code, 0)
        self.assertIn("Missing default password", error)


if __name__ == "__main__":
    unittest.main(verbosity=2)
