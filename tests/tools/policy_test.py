#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""gssloop policy, and what gssloop attributes makes of a policy, against a private KDC."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from peers import InRealm, restart_in_realm, run

DONE, FAILED, USAGE, NOT_TRIED = range(4)
SERVICE = "host@localhost"
NO_TICKET = {"KRB5CCNAME": "FILE:/nonexistent/ccache"}

DEFINITIONS = """[attributes.assurance]
from = [{ mechanism = "krb5", name = "auth-indicators" }]
[attributes.client]
property = "who"
from = [{ mechanism = "krb5", name = "urn:mspac:client-info", form = "pac-client-info" }]
"""
GOOD = DEFINITIONS + """[services.host]
require = ["assurance=spake", "exists client"]
deny = ["client~*mallory"]
publish = ["client"]
authorize = ["authid=alice & authzid=backup"]
[services.default]
"""


class Policy(InRealm):
    def setUp(self):
        super().setUp()
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def write(self, text, name="policy.toml"):
        path = pathlib.Path(self.folder.name, name)
        path.write_text(text)
        return path

    def check(self, text, *options):
        done = run("policy", "check", *options, self.write(text))
        return done.returncode, done.stdout.decode()

    def explain(self, text, *options, **env):
        done = run("policy", "explain", "--json", "--service", "host", "--policy", self.write(text),
                   *options, **env)
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr.decode()


class Check(Policy):
    def test_a_good_one(self):
        status, out = self.check(GOOD)
        self.assertEqual(status, DONE, out)
        self.assertTrue(out.startswith("ok "), out)

    def test_what_never_applies(self):
        for text, warning in (
                (GOOD + "[services.imaps]\n", b'applications call this service "imap", not "imaps"'),
                (GOOD + "[services.other]\n", b'"other" is no well-known service'),
                (GOOD.replace("[services.default]", ""), b"there is neither [services.default]"),
                (GOOD + "[all]\ndeny = ['peer.realm=att.local']\n", b"realm has small letters"),
                (GOOD.replace("~*mallory", "=mallory"), b'no value of "client" can be what'),
                (GOOD.replace("indicators", "indicator"), b"Kerberos has no attribute")):
            with self.subTest(warning=warning):
                status, out = self.check(text)
                self.assertEqual(status, DONE, out)
                self.assertIn(warning.decode(), out)
                self.assertIn("0 errors, 1 warning", out)
                self.assertEqual(self.check(text, "--strict")[0], FAILED)
        # A service is known if the keytab has its key.
        keytab = pathlib.Path(self.folder.name, "keytab")
        subprocess.run(["ktutil"], check=True, stdout=subprocess.DEVNULL,
                       input=f"add_entry -password -p other/host@A -k 1 -e aes256-cts\nx\n"
                             f"write_kt {keytab}\n".encode())
        done = run("policy", "check", "--strict", self.write(GOOD + "[services.other]\n"),
                   KRB5_KTNAME=str(keytab))
        self.assertEqual(done.returncode, DONE, done.stdout)

    def test_names_that_no_service_has(self):
        for name in ("IMAP", "imap "):
            status, out = self.check(GOOD + f'[services."{name}"]\n')
            self.assertEqual(status, FAILED, out)
            self.assertIn("must consist of small letters", out)

    def test_all_errors_with_their_places(self):
        status, out = self.check(DEFINITIONS + "[services.host]\nrequired = []\n"
                                 'require = ["who=x", "assurance="]\n')
        self.assertEqual(status, FAILED)
        for place, text in ((":7:1: error:", 'unknown key "required"'),
                            (":8:12: error:", 'the attribute "who" is not defined'),
                            (":8:", "expected a value")):
            self.assertTrue(any(place in line and text in line for line in out.splitlines()), out)
        self.assertIn("3 errors, 0 warnings", out)

    def test_a_syntax_error(self):
        status, out = self.check("[services.host\n")
        self.assertEqual(status, FAILED)
        self.assertIn("policy.toml:1:", out)

    def test_warnings_fail_where_asked(self):
        text = DEFINITIONS + '[services.host]\ndeny = ["client~*mallory"]\n'
        status, out = self.check(text)
        self.assertEqual(status, DONE)
        self.assertIn(":7:9: warning:", out)
        self.assertEqual(self.check(text, "--strict")[0], FAILED)

    def test_json(self):
        status, out = self.check("x = 1\n", "--json")
        document = json.loads(out)
        self.assertEqual((status, document["valid"], document["present"]), (FAILED, False, True))
        (only,) = document["diagnostics"]
        self.assertEqual((only["line"], only["column"], only["severity"]), (1, 1, "error"))

    def test_a_folder(self):
        self.write(DEFINITIONS, "10-attributes.toml")
        self.write('[services.host]\nrequire = ["assurance=x"]\n', "20-host.toml")
        done = run("policy", "check", self.folder.name)
        self.assertEqual(done.returncode, DONE, done.stdout)
        self.write("[services.host]\n", "30-again.toml")
        done = run("policy", "check", self.folder.name)
        self.assertEqual(done.returncode, FAILED)
        self.assertIn(b"20-host.toml:1", done.stdout)

    def test_a_path_from_the_working_directory(self):
        self.write(GOOD)
        for path in ("policy.toml", "."):
            done = run("policy", "check", path, cwd=self.folder.name)
            self.assertEqual(done.returncode, DONE, done.stdout)
        done = run("policy", "explain", "--service", "host", "--policy", "policy.toml",
                   "--acceptor", SERVICE, cwd=self.folder.name)
        self.assertEqual(done.returncode, DONE, done.stderr)

    def test_one_that_others_can_write(self):
        path = self.write(GOOD)
        path.chmod(0o664)
        for done in (run("policy", "check", path),
                     run("policy", "explain", "--service", "host", "--policy", path)):
            self.assertEqual(done.returncode, FAILED)
            self.assertIn(b"run chmod g-w", done.stdout + done.stderr)

    def test_one_that_is_not_there(self):
        done = run("policy", "check", pathlib.Path(self.folder.name, "none.toml"))
        self.assertEqual(done.returncode, NOT_TRIED)
        self.assertIn(b"none.toml", done.stdout)


class Explain(Policy):
    def test_who_gets_in(self):
        status, document = self.explain(GOOD, "--acceptor", SERVICE)
        self.assertEqual((status, document["admitted"], document["identity"]),
                         (DONE, True, "alice"), document)
        self.assertEqual([(rule["kind"], rule["truth"]) for rule in document["rules"]],
                         [("deny", "false"), ("require", "true"), ("require", "true")])
        by_name = {it["property"]: it for it in document["properties"]}
        self.assertEqual(by_name["*assurance"]["values"], ["spake", "second-factor"])
        self.assertEqual(by_name["*assurance"]["published"], "requested")
        self.assertEqual(by_name["*who"]["published"], "always")
        self.assertTrue(by_name["*who"]["values"][0].endswith("Z alice"))

    def test_who_does_not_and_why(self):
        status, document = self.explain(GOOD.replace("mallory", "alice"), "--acceptor", SERVICE)
        self.assertEqual((status, document["admitted"]), (FAILED, False))
        self.assertIn("policy.toml:8:9 is true", document["refusal"])

    def test_as_whom(self):
        for authzid, status in (("backup", DONE), ("root", FAILED), ("alice", DONE)):
            got, document = self.explain(GOOD, "--acceptor", SERVICE, "--authzid", authzid)
            self.assertEqual(got, status, document)

    def test_of_somebody_else_described_in_a_file(self):
        shown = run("attributes", "--json", SERVICE)
        self.assertEqual(shown.returncode, DONE, shown.stderr)
        described = json.loads(shown.stdout)
        path = pathlib.Path(self.folder.name, "alice.json")
        path.write_bytes(shown.stdout)
        status, document = self.explain(GOOD, "--user-attributes", path, **NO_TICKET)
        self.assertEqual((status, document["identity"]), (DONE, "alice"), document)
        # Without a PAC, and with a PAC that cannot be read.
        described["attributes"] = [it for it in described["attributes"]
                                   if it["name"]["text"] == "auth-indicators"]
        path.write_text(json.dumps(described))
        status, document = self.explain(GOOD, "--user-attributes", path, **NO_TICKET)
        self.assertEqual((status, document["rules"][2]["truth"]), (FAILED, "false"), document)
        name = "urn:mspac:client-info"
        described["unreadable"] = [{"name": {"text": name, "base64": "dXJuOm1zcGFjOmNsaWVudC1pbmZv"},
                                    "reason": "spoilt"}]
        path.write_text(json.dumps(described))
        status, document = self.explain(GOOD, "--user-attributes", path, **NO_TICKET)
        self.assertEqual([rule["truth"] for rule in document["rules"]],
                         ["unknown", "true", "unknown"])
        self.assertIn("spoilt", document["refusal"])

    def test_suppositions(self):
        text = '[services.host]\nrequire = ["peer.channel-bound=yes & peer.ssf>=128"]\n'
        for options, status in (((), FAILED), (("--channel-bound",), FAILED),
                                (("--channel-bound", "--ssf", "256"), DONE)):
            got, document = self.explain(text, "--acceptor", SERVICE, *options)
            self.assertEqual(got, status, document)

    def test_for_people(self):
        done = run("policy", "explain", "-s", "host", "-p", self.write(GOOD), "-a", SERVICE)
        self.assertEqual(done.returncode, DONE, done.stderr)
        for part in (b"alice@EXAMPLE.TEST", b"require", b"policy.toml:7:12", b"assurance=spake",
                     b'*assurance  if requested  "spake", "second-factor"', b"admitted as alice"):
            self.assertIn(part, done.stdout)

    def test_not_tried(self):
        status, said = self.explain(GOOD, "--acceptor", SERVICE, **NO_TICKET)
        self.assertEqual(status, NOT_TRIED)
        self.assertIn("gssloop: ", said)
        bad = self.write("{}", "bad.json")
        self.assertEqual(self.explain(GOOD, "--user-attributes", bad)[0], NOT_TRIED)
        self.assertEqual(self.explain("x", "--acceptor", SERVICE)[0], FAILED)
        self.assertEqual(run("policy", "explain").returncode, USAGE)
        self.assertEqual(run("policy").returncode, USAGE)


class Attributes(Policy):
    def test_what_a_policy_makes_of_them(self):
        path = self.write(GOOD)
        done = run("attributes", "--policy", path, SERVICE)
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertIn(b'local attribute assurance, property *assurance: "spake", "second-factor"',
                      done.stdout)
        self.assertIn(b"local attribute client, property *who: ", done.stdout)
        done = run("attributes", "--json", "--policy", path, SERVICE)
        meanings = {it["name"]["text"]: it["meaning"] for it in json.loads(done.stdout)["attributes"]}
        self.assertEqual(meanings["auth-indicators"]["local"][0]["property"], "*assurance")
        self.assertEqual(meanings["urn:mspac:client-info"]["decoded"][0]["form"], "pac-client-info")

    def test_decoders_without_a_policy(self):
        done = run("attributes", SERVICE)
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertRegex(done.stdout, rb'pac-client-info: "[-0-9T:]+Z alice"')

    def test_a_policy_with_an_error(self):
        done = run("attributes", "--policy", self.write("x"), SERVICE)
        self.assertEqual(done.returncode, FAILED)
        self.assertIn(b"policy.toml:1:", done.stderr)


if __name__ == "__main__":
    restart_in_realm(__file__, ["host/localhost"])
    unittest.main(verbosity=2)
