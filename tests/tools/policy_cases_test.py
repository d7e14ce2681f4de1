#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""gssloop policy test, and policy explain about a peer that need not exist. Neither needs Kerberos:
there is no realm, no ticket and no keytab here."""

import json
import os
import pathlib
import sys
import tempfile
import unittest
from xml.etree import ElementTree

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from peers import run

DONE, FAILED, USAGE, NOT_TRIED = range(4)

POLICY = """[attributes.assurance]
from = [{ mechanism = "krb5", name = "auth-indicators" }]
[attributes.groups]
from = [{ mechanism = "krb5", name = "urn:mspac:logon-info", form = "pac-groups", issuer = "AD" }]
[attributes.upn]
from = [{ mechanism = "krb5", name = "urn:mspac:upn-dns-info", form = "pac-upn" }]
[attributes.raw]
from = [{ mechanism = "krb5", name = "urn:mspac:upn-dns-info", form = "hex" }]
[all]
require = ["peer.realm=AD | peer.realm=HOME"]
[services.imap]
require = ["assurance=otp", "peer.channel-bound=yes"]
deny = ["groups=S-1-5-21-1-2-3-1107"]
authorize = ["authid=alice & authzid=bob"]
[services.local]
identity = "auth-to-local"
[services.ldap]
publish = ["groups"]
anonymous = "guest"
[aliases]
guests = "S-1-5-21-1-2-3-1107"
"""
CASES = """default-realm = "HOME"

[[case]]
name = "a second factor on the channel"
service = "imap"
peer = "alice"
channel-bound = true
attributes = { assurance = ["spake", "otp"] }
admitted-as = "alice"
"""


def case(name, expected, **keys):
    """One more case, in which JSON is TOML."""
    lines = [f"{key.replace('_', '-')} = {json.dumps(value)}" for key, value in keys.items()
             if key != "attributes"]
    values = ", ".join(f'"{key}" = {json.dumps(value)}'
                       for key, value in keys.get("attributes", {}).items())
    return "\n".join([f"\n[[case]]\nname = {json.dumps(name)}", *lines,
                      f"attributes = {{ {values} }}", expected, ""])


class WithFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.policy = self.write(POLICY, "policy.toml")
        empty = self.write("[libdefaults]\n", "krb5.conf")
        self.kerberos = {"KRB5_CONFIG": str(empty), "KRB5CCNAME": "FILE:/nonexistent/ccache",
                         "KRB5_KTNAME": "FILE:/nonexistent/keytab"}

    def write(self, text, name):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def run_command(self, *arguments):
        return run("policy", *arguments, **self.kerberos)

    def try_cases(self, text, *options, name="policy.test.toml"):
        """Runs cases: the status and what the command said."""
        done = self.run_command("test", self.write(text, name), *options)
        return done.returncode, (done.stdout + done.stderr).decode()

    def outcome(self, expected, **keys):
        """The outcome of one case, as JSON."""
        done = self.run_command("test", "--json",
                                self.write('default-realm = "HOME"\n' +
                                           case("one", expected, **keys), "policy.test.toml"))
        self.assertIn(done.returncode, (DONE, FAILED), done.stderr)
        (only,) = json.loads(done.stdout)["cases"]
        self.assertEqual(only["passed"], done.returncode == DONE)
        return only


class Cases(WithFolder):
    def test_what_is_expected(self):
        bound = {"service": "imap", "peer": "alice", "channel_bound": True,
                 "attributes": {"assurance": "otp"}}
        rows = (
            ('admitted-as = "alice"', bound),
            ('refused-by = "require assurance=otp"', {**bound, "attributes": {}}),
            ('refused-by = "require peer.channel-bound=yes"', {**bound, "channel_bound": False}),
            ('refused-by = "require peer.realm=AD | peer.realm=HOME"', {**bound, "peer": "e@EVIL"}),
            # A deny comes first, also if it is unknown.
            ('refused-by = "deny groups=S-1-5-21-1-2-3-1107"',
             {**bound, "peer": "alice@AD", "attributes": {"groups": "S-1-5-21-1-2-3-1107"}}),
            ('refused-by = "deny groups=S-1-5-21-1-2-3-1107"',
             {**bound, "peer": "alice@AD", "attributes": {"groups": "guests"}}),
            ('refused-by = "deny groups=S-1-5-21-1-2-3-1107"',
             {**bound, "peer": "alice@AD", "unknown": ["groups"]}),
            # The source is for one realm only, as in a real login.
            ('admitted-as = "alice"',
             {**bound, "attributes": {"assurance": "otp", "groups": ["S-1-5-21-1-2-3-1107"]}}),
            # By the full name of the GSS attribute.
            ('admitted-as = "alice"', {**bound, "attributes": {"auth-indicators": ["x", "otp"]}}),
            ('admitted-as = "alice"', {**bound, "authzid": "bob"}),
            ('refused-by = "authorize"', {**bound, "authzid": "carol"}),
            ('admitted-as = "bo"', {"service": "local", "peer": "bob", "local-name": "bo"}),
            ('refused-by = "identity"', {"service": "local", "peer": "bob"}),
            ('refused-by = "anonymous"', {"service": "local", "anonymous": True}),
        )
        for expected, keys in rows:
            with self.subTest(expected=expected, **keys):
                outcome = self.outcome(expected, **keys)
                self.assertTrue(outcome["passed"], outcome)
                # The opposite is not what happens.
                wrong = ('admitted-as = "mallory"' if expected.startswith("admitted")
                         else 'refused-by = "deny peer.ssf=0"')
                self.assertFalse(self.outcome(wrong, **keys)["passed"])

    def test_for_people(self):
        status, said = self.try_cases(CASES)
        self.assertEqual(status, DONE, said)
        self.assertIn("ok      a second factor on the channel\n", said)
        self.assertIn("1 case, 0 failed; 5 rules, 5 without a case\n", said)
        status, said = self.try_cases(CASES.replace('as = "alice"', 'as = "bob"'))
        self.assertEqual(status, FAILED, said)
        for part in ("FAILED  a second factor on the channel\n", "policy.test.toml:3:1\n",
                     "expected: admitted as bob\n", "decided:  admitted as alice\n"):
            self.assertIn(part, said)

    def test_a_rule_that_changed(self):
        text = CASES + case("a password", 'refused-by = "require assurance=otp"', service="imap",
                            peer="alice", channel_bound=True)
        self.assertEqual(self.try_cases(text)[0], DONE)
        self.policy.write_text(POLICY.replace("assurance=otp", "assurance=pkinit"))
        status, said = self.try_cases(text)
        self.assertEqual(status, FAILED)
        self.assertIn("expected: refused by require assurance=otp (the policy has no such rule)",
                      said)
        self.assertRegex(said, r"refused by require assurance=pkinit \(require at \S+:12:12 is")

    def test_rules_that_no_case_needs(self):
        text = CASES + case("a foreign realm", 'refused-by = "require peer.realm=AD | '
                            'peer.realm=HOME"', service="ldap", peer="eve@EVIL")
        status, said = self.try_cases(text)
        self.assertEqual(status, DONE)
        self.assertIn("4 rules of 5 decide no case:", said)
        # Aligned, each with its place.
        self.assertRegex(said, r"\n  \S+:12:12  require    assurance=otp\n")
        self.assertRegex(said, r"\n  \S+:14:14  authorize  authid=alice & authzid=bob\n")
        self.assertEqual(self.try_cases(text, "--strict")[0], FAILED)
        text += case("no second factor", 'refused-by = "require assurance=otp"', service="imap",
                     peer="alice", channel_bound=True)
        text += case("no channel", 'refused-by = "require peer.channel-bound=yes"', service="imap",
                     peer="alice", attributes={"assurance": "otp"})
        text += case("a group", 'refused-by = "deny groups=S-1-5-21-1-2-3-1107"', service="imap",
                     peer="alice@AD", attributes={"groups": "S-1-5-21-1-2-3-1107"})
        text += case("bob", 'admitted-as = "alice"', service="imap", peer="alice", authzid="bob",
                     channel_bound=True, attributes={"assurance": "otp"})
        status, said = self.try_cases(text, "--strict")
        self.assertEqual(status, DONE, said)
        self.assertIn("6 cases, 0 failed; 5 rules, 0 without a case", said)

    def test_json(self):
        done = self.run_command("test", "--json", self.write(CASES, "policy.test.toml"))
        document = json.loads(done.stdout)
        self.assertEqual((document["passed"], document["failed"]), (1, 0))
        self.assertEqual(document["policy"], str(self.policy))
        self.assertEqual(document["rules_without_a_case"], 5)
        self.assertEqual([(rule["kind"], rule["line"], rule["cases"]) for rule in document["rules"]],
                         [("require", 10, 0), ("require", 12, 0), ("require", 12, 0),
                          ("deny", 13, 0), ("authorize", 14, 0)])

    def test_junit(self):
        path = self.folder / "results.xml"
        text = CASES + case('<a> & "b"\t\\u0007', 'admitted-as = "no"', service="ldap", peer="alice")
        status, _ = self.try_cases(text, "--junit", str(path))
        self.assertEqual(status, FAILED)
        suite = ElementTree.parse(path).getroot().find("testsuite")
        self.assertEqual((suite.get("tests"), suite.get("failures")), ("2", "1"))
        good, bad = suite.findall("testcase")
        self.assertIsNone(good.find("failure"))
        self.assertTrue(bad.get("name").startswith('<a> & "b"'), bad.get("name"))
        self.assertIn("decided: admitted as alice", bad.find("failure").get("message"))
        self.assertEqual(self.try_cases(CASES, "--junit", "/nonexistent/results.xml")[0], NOT_TRIED)


class Files(WithFolder):
    def test_which_policy(self):
        other = self.write(POLICY.replace("otp", "pkinit"), "new.toml")
        self.assertEqual(self.try_cases(CASES)[0], DONE)
        self.assertEqual(self.try_cases(CASES, "--policy", str(other))[0], FAILED)
        self.assertEqual(self.try_cases('policy = "new.toml"\n' + CASES)[0], FAILED)
        (self.folder / "below").mkdir()
        self.assertEqual(self.try_cases('policy = "../policy.toml"\n' + CASES, name="below/cases")[0],
                         DONE)
        status, said = self.try_cases(CASES, name="cases")
        self.assertEqual(status, NOT_TRIED)
        self.assertIn("cases names no policy: write policy = ", said)
        folder = self.folder / "policy.d"
        folder.mkdir()
        (folder / "10.toml").write_text(POLICY)
        self.assertEqual(self.try_cases('policy = "policy.d"\n' + CASES)[0], DONE)

    def test_of_a_working_copy(self):
        """The rights of a file matter to the module, and not to a test of its rules."""
        os.chmod(self.policy, 0o664)
        self.assertEqual(self.run_command("check", self.policy).returncode, FAILED)
        self.assertEqual(self.try_cases(CASES)[0], DONE)

    def test_a_policy_with_an_error(self):
        self.policy.write_text("[services.imap]\nrequired = []\n")
        status, said = self.try_cases(CASES)
        self.assertEqual(status, FAILED)
        self.assertIn('policy.toml:2:1: error: unknown key "required"', said)
        self.policy.unlink()
        status, said = self.try_cases(CASES)
        self.assertEqual(status, FAILED)
        self.assertIn("policy.toml", said)

    def test_errors_in_cases(self):
        start = 'default-realm = "HOME"\n[[case]]\n'
        good = 'name = "x"\nservice = "imap"\npeer = "a"\nadmitted-as = "a"\n'
        rows = (
            ("polici = 'x'\n" + start + good, ':1:1: error: unknown key "polici"'),
            ("", "at least one table [[case]]"),
            ("case = 1\n", ":1:8: error: a file of cases must have at least one table [[case]]"),
            ("[[case\n", ":1:"),
            ("peer = \U0001f600\n", ":1:"),
            (start + good + "services = 'x'\n", ':7:1: error: unknown key "services"'),
            (start + good.replace('"x"', '""'), ':2:1: error: a case must have a "name"'),
            (start + good + "[[case]]\n" + good, '"x" is already defined at'),
            (start + good.replace("imap", "IMAP"), ':4:11: error: the name of the service "IMAP"'),
            (start + good.replace('"a"\nadm', '""\nadm'), ":5:8: error: a peer that is not anonymous"),
            (start + good + "mechanism = 'krb6'\n", ':7:13: error: unknown mechanism "krb6"'),
            (start + good + "anonymous = 1\n", ':7:13: error: "anonymous" must be true or false'),
            (start + good + "ssf = -1\n", ':7:7: error: "ssf" must be a number'),
            (start + good + "ssf = 99999999999\n", ':7:7: error: "ssf" must be a number'),
            (start + good + "refused-by = 'authorize'\n",
             ':2:1: error: a case must have either "admitted-as" or "refused-by"'),
            (start + good.replace("admitted-as", "refused-by"), ":6:14: error: refused-by must be"),
            (start + good + "attributes = { gruops = 'x' }\n",
             ':7:25: error: the policy does not use an attribute "gruops"; it defines assurance'),
            (start + good + "attributes = { groups = 'admins' }\n",
             ':7:25: error: "admins" can be no value of "groups": values are SIDs'),
            (start + good + "attributes = { assurance = 1 }\n", ":7:28: error: "),
            (start + good + "attributes = { 'peer.realm' = 'x' }\n",
             '"peer.realm" is not an attribute: it follows from'),
            (start + good + "attributes = { 'urn:mspac:upn-dns-info' = 'x' }\n",
             "in several forms: name the local attribute instead, one of"),
            (start + good + "unknown = ['what']\n", ':7:12: error: the policy does not use'),
            (good.replace("name", "[[case]]\nname"),
             ':4:8: error: the principal "a" needs a realm'),
        )
        for text, message in rows:
            with self.subTest(message=message):
                status, said = self.try_cases(text)
                self.assertEqual(status, NOT_TRIED, said)
                self.assertIn(message, said)
        status, said = self.try_cases(start + good + "ssf = -1\nanonymous = 1\n")
        self.assertEqual(said.count("error:"), 2, "all errors are found")
        self.assertEqual(self.run_command("test", "/nonexistent.test.toml").returncode, NOT_TRIED)
        self.assertEqual(self.run_command("test").returncode, USAGE)


class SupposedPeer(WithFolder):
    def explain(self, *options, service="imap"):
        return self.run_command("explain", "--service", service, "--policy", self.policy, *options)

    def test_a_peer_that_does_not_exist(self):
        bound = ("--as", "alice@AD", "--channel-bound")
        for options, status, part in (
                (("--attr", "assurance=otp"), DONE, b"admitted as alice@AD"),
                (("--attr", "auth-indicators=otp"), DONE, b"admitted as alice@AD"),
                (("--attr", "assurance=x", "--attr", "assurance=otp"), DONE, b"admitted"),
                (("--attr", "assurance=x"), FAILED, b"refused: require at "),
                (("--attr", "assurance=otp", "--attr", "groups=S-1-5-21-1-2-3-1107"), FAILED,
                 b"refused: deny at "),
                (("--attr", "assurance=otp", "--unknown", "groups"), FAILED, b"is unknown"),
                (("--attr", "assurance=otp", "--authzid", "root"), FAILED, b"does not allow it")):
            with self.subTest(options=options):
                done = self.explain(*bound, *options)
                self.assertEqual(done.returncode, status, done.stdout + done.stderr)
                self.assertIn(part, done.stdout)
        done = self.explain("--as", "bob@HOME", "--local-name", "bo", service="local")
        self.assertIn(b"admitted as bo\n", done.stdout)
        done = self.explain("--as", "WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS", service="local")
        self.assertIn(b", anonymous, ", done.stdout)
        done = self.explain("--anonymous", "--mechanism", "1.2.3.4", service="local")
        self.assertIn(b"(no name), anonymous, by 1.2.3.4, to local\n", done.stdout)

    def test_columns(self):
        done = self.explain("--as", "alice@HOME", "--attr", "assurance=otp")
        self.assertRegex(done.stdout.decode(), r"(?m)^  false  deny     \S+:13:9   groups=")
        self.assertRegex(done.stdout.decode(), r"(?m)^  true   require  \S+:12:12  assurance=otp$")
        self.assertRegex(done.stdout.decode(), r'(?m)^  \*assurance  if requested  "otp"$')
        self.assertNotIn(b"\t", done.stdout)

    def test_errors(self):
        for options, message in (
                (("--attr", "assurance=otp"), b"describe a peer of --as"),
                (("--as", "a@B", "--attr", "assurance"), b"--attr must be NAME=VALUE"),
                (("--as", "a@B", "--attr", "who=x"), b"does not use an attribute"),
                (("--as", "a@B", "--attr", "groups=x"), b"values are SIDs"),
                (("--as", "a@B", "--mechanism", "krb6"), b"unknown mechanism"),
                (("--as", "a"), b"needs a realm"),
                (("--as", "a@B", "--user-attributes", "x"), b"--user-attributes")):
            with self.subTest(options=options):
                done = self.explain(*options)
                self.assertEqual(done.returncode, USAGE, done.stdout)
                self.assertIn(message, done.stderr)

    def test_without_a_keytab(self):
        done = self.explain()
        self.assertEqual(done.returncode, NOT_TRIED)
        self.assertIn(b"name a service of the keytab with -a, another keytab with -k, or a peer that "
                      b"need not log in with --as", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
