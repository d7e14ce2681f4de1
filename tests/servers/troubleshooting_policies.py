# SPDX-License-Identifier: BSD-2-Clause
"""Logins and files with the sentences of docs/troubleshooting.md about policies and options."""

import os

from lab import GSSLOOP, REALM
from libsasl import OK
from sasl_pair import OTHER_REALM, LoginTest
from troubleshooting_page import Sentences, headings, pattern, shows, spans, the_heading

INDICATORS = """[attributes.assurance]
from = [{ mechanism = "krb5", name = "auth-indicators" }]
"""


class PolicySaysNo(Sentences):
    @shows('the policy refuses "<name>": require')
    def test_require(self):
        return self.fails(server=self.policy(INDICATORS + '[all]\nrequire = ["assurance=none"]\n'))

    @shows('the policy refuses "<name>": deny')
    def test_deny(self):
        return self.fails(server=self.policy(f'[all]\ndeny = ["peer.realm={REALM}"]\n'))

    @shows("is unknown (", 'a value of "<name>" does not have the form')
    def test_unknown(self):
        return self.fails(server=self.policy(
            '[attributes.groups]\nfrom = [{ mechanism = "krb5", name = "urn:mspac:client-info", '
            'form = "pac-groups" }]\n[all]\nrequire = ["exists groups"]\n'))

    @shows('"<name>" asked to act as')
    def test_authorize(self):
        return self.fails(client={"answers": {"user": "bob"}},
                          server=self.policy("[services.imap]\nauthorize = []\n"))

    @shows("identity at <file>:<line>:<column>: the attribute")
    def test_identity(self):
        return self.fails(server=self.policy(
            INDICATORS + '[services.imap]\nidentity = { attribute = "assurance" }\n'))

    @shows("auth-to-local gives the principal no local name")
    def test_auth_to_local(self):
        ccache = self.realm.kinit(f"alice@{OTHER_REALM}")
        return self.fails(client_env={"KRB5CCNAME": ccache},
                          server=self.policy('[services.imap]\nidentity = "auth-to-local"\n'))

    @shows("values of property <name> are missing")
    def test_withheld(self):
        _client, server = self.pair(server=self.policy(
            '[attributes.groups]\nfrom = [{ mechanism = "krb5", name = "urn:mspac:client-info", '
            'form = "pac-groups" }]\n[services.imap]\npublish = ["groups"]\n'))
        self.assertEqual(self.codes, (OK, OK))
        return server.said()


class Options(Sentences):
    @shows("option <name> is")
    def test_option(self):
        return self.fails(server={"options": {"gssloop_max_legs": 1}})

    @shows("none, or a list of some of")
    def test_wrong_password_option(self):
        return self.fails(client={"options": {"gssloop_password": "GSSAPI GS2-KBR5"}})

    @shows("a list of mechanisms other than Kerberos' own")
    def test_unbound(self):
        return self.fails(server={"options": {"gssloop_allow_unbound": "GS2-KRB5"}})

    @shows("no, syslog, or the path of a file")
    def test_relative_audit(self):
        return self.fails(server={"options": {"gssloop_audit": "audit.log"}})

    @shows("option gssloop_audit_required is yes, but")
    def test_audit_to_syslog_cannot_be_required(self):
        return self.fails(server={"options": {"gssloop_audit": "syslog",
                                              "gssloop_audit_required": "yes"}})

    @shows("gssloop: a login has no audit line")
    def test_audit_without_a_folder(self):
        path = self.path("none") / "audit.log"
        _client, server = self.pair(server={"options": {"gssloop_audit": path}})
        self.assertEqual(self.codes, (OK, OK))
        self.assertRegex(server.said(), f"the audit trail {path} cannot be opened: No such file")
        return server.said()

    @shows("the login cannot be recorded", "is not a regular file")
    def test_required_audit(self):
        return self.fails(server={"options": {"gssloop_audit": "/dev/full",
                                              "gssloop_audit_required": "yes"}})

    def test_ccache_store(self):
        for value, sentence in (("FILE:/tmp/all", "the ccache name is the same"),
                                ("", "the value is empty; write"),
                                ("FILE:/tmp/%x", "unknown substitution"),
                                ("%U:/tmp", "the ccache type contains"),
                                ("FILE:/tmp/%u%p", "two substitutions are not separated"),
                                ("FILE:/tmp/\x01%U", "control character"),
                                ("FILE:/" + "x" * 5000 + "%U", "the value is too long")):
            with self.subTest(value=value[:20]):
                said = self.fails(server={"options": {"ccache_store": value}})
                self.assertRegex(said, pattern(the_heading("option ccache_store")))
                known = [span for span in spans() if span.startswith(sentence)]
                self.assertRegex(said, pattern(known[0]))

    @shows("option ccache_store: byte")
    def test_ccache_octet(self):
        return self.fails(server={"options": {"ccache_store": "FILE:/tmp/all"}})

    @shows("the policy has an error", "gssloop: the server refuses all logins until the policy")
    def test_policy_error(self):
        return self.fails(server=self.policy("[all]\nrequires = []\n"))

    @shows("gssloop: the policy <file> is now")
    def test_policy_holds(self):
        return self.pair(server=self.policy("[all]\nrequire = []\n"))[1].said()

    @shows("gssloop: there is no policy")
    def test_no_policy(self):
        server = {**self.policy("# nothing\n"), "late": {"gssloop_policy": None}}
        server["options"] = {"gssloop_policy": self.path("policy.toml")}
        return self.pair(server=server)[1].said()

    @shows("is not an absolute path")
    def test_relative_policy(self):
        return self.fails(server={"late": {"gssloop_policy": "policy.toml"}})

    @shows("cannot be found")
    def test_policy_not_there(self):
        return self.fails(server={"options": {"gssloop_policy": "/nonexistent/policy.toml"}})


RULE = '[attributes.a]\nfrom = [{{ mechanism = "krb5", name = "auth-indicators" }}]\n' \
       "[services.imap]\nrequire = ['''{}''']\n"
ALIAS = "[aliases]\n{} = '{}'\n"
SOURCES = "[attributes.a]\nfrom = [{}]\n"
WITH = INDICATORS + "[services.imap]\n"
# A policy, and the sentence that `gssloop policy check` says of it.
WRONG_POLICIES = (
    ("[all]\nrequires = []\n", 'unknown key "<key>"'),
    ("all = 1\n", '"<key>" must be a table'),
    ("[services.imap]\nanonymous = 1\n", '"<key>" must be a string'),
    ("[all]\nrequire = [1]\n", '"<key>" must contain only strings'),
    ('[all]\nrequire = "x"\n', '"<key>" must be a list of strings'),
    (WITH + '[services.imap.mechanisms.krb5]\n[services.imap.mechanisms."1.2.840.113554.1.2.2"]\n',
     'mechanism "<name>" is named twice'),
    (INDICATORS + SOURCES.format('{ mechanism = "krb5", name = "x" }') + 'property = "assurance"\n',
     '"<name>" is already defined'),
    ("[services.imap]\npublish = 'some'\n", "publish must be"),
    ("[services.imap]\npublish = ['some']\n", 'cannot publish "<name>"'),
    ("[services.imap]\nidentity = 'some'\n", 'identity must be "strip-default-realm"'),
    ("[services.imap]\nidentity = { attribute = 'x' }\n", "identity = { attribute = NAME } must"),
    ("[services.imap]\nanonymous = ' x'\n", "this identity cannot be used: the name"),
    ("[all\n", "Error while parsing"),
    ("[all]\nrequire = [\u201cx\u201d]\n", "a character that is not ASCII is allowed only"),
    ('a = "\\\u00e4"\n', "a character that is not ASCII must not follow"),
    ("a = 1'x'\n", "a quote is allowed only at the beginning"),
    ("a = 1[\n", "a bracket is allowed only at the beginning"),
    ("a = b= 1\n", '"=" is allowed only after a name'),
    ("# \x01\n", "there is the control character <number>"),
    ("a." * 20 + "a = 1\n", "a name has more than 16 parts"),
    ("a = " + "[" * 20 + "\n", "brackets are nested more than"),
    (SOURCES.format('{ mechanism = "other", name = "x" }'), 'unknown mechanism "<name>"'),
    (SOURCES.format('{ mechanism = "spnego", name = "x" }'),
     'a login with the mechanism "<name>" ends'),
    ("[attributes.a]\n", '"from" must be a list'),
    (SOURCES.format("1"), "a source must be a table"),
    (SOURCES.format('{ mechanism = "krb5" }'), 'a source must have a "name"'),
    (SOURCES.format('{ name = "x" }'), 'a source must have a "mechanism"'),
    (SOURCES.format('{ mechanism = "krb5", name = "x", form = "y" }'), 'unknown form "<name>"'),
    (SOURCES.format('{ mechanism = "krb5", name = "x", form = "pac-sid" }, '
                    '{ mechanism = "krb5", name = "y" }'), "the form pac-sid cannot be combined"),
    ('[attributes."a b"]\n', 'the name of the local attribute "<name>"'),
    ("[attributes.exists]\n", '"<name>" is a reserved name'),
    (SOURCES.format('{ mechanism = "krb5", name = "x" }') + 'property = "userPassword"\n',
     'a policy must not set the property "<name>"'),
    (ALIAS.format("'a b'", "S-1-1-0"), 'the alias "<name>" must consist of letters'),
    (ALIAS.format("S-1-1-0", "S-1-1-0"), 'the alias "<name>" looks like a SID'),
    (ALIAS.format("a", "Domain Users"), 'the alias "<name>" must be the name of one of the SIDs'),
    (ALIAS.format("a", "S-1-1-0") + "b = 'S-1-1-0'\n", 'the SID of the alias "<name>" already has'),
    (RULE.format("a=x").replace('auth-indicators"', 'urn:mspac:logon-info", form = "pac-groups"'),
     'the values of "<name>" are SIDs'),
    (RULE.format("a=x y"), 'in the rule "<rule>"'),
    (RULE.format("a=x y"), 'expected "|" or "&" here'),
    (RULE.format("a"), 'expected =VALUE, ~PATTERN or >=NUMBER after'),
    (RULE.format("=x"), "expected the name of an attribute"),
    (RULE.format("a=x &"), "the rule ends where it needs the name of an attribute"),
    (RULE.format("a="), "expected a value"),
    (RULE.format('a="x'), "the closing quote is missing"),
    (RULE.format("(a=x"), 'a ")" is missing'),
    (RULE.format("a=x*"), '"*" and "?" are not wildcards'),
    (RULE.format("a=x\\y"), "a backslash is allowed only inside quotes"),
    (RULE.format('a="\\y"'), "inside quotes, a backslash must be followed by"),
    (RULE.format("peer.ssf>1"), 'there is no operator ">"'),
    (RULE.format("peer.ssf>=x"), '">=" must be followed by a number'),
    (RULE.format("a>=1"), '">=" can be used only with peer.ssf'),
    (RULE.format("a=" + "x" * 5000), "the rule is longer than"),
    (RULE.format("!" * 40 + "a=x"), '"!" and "(" are nested'),
    (RULE.format("b=x"), 'the attribute "<name>" is not defined; a rule'),
    (RULE.format("peer.name=x"), '"<name>" is not a known name; the known names are'),
    (RULE.format("authid=x"), '"<name>" can be used only in'),
    (RULE.format("peer.anonymous=maybe"), "<name> is yes or no, not"),
    (RULE.format("peer.anonymous~maybe"), "<name> is yes or no; the pattern"),
    (RULE.format("peer.ssf=01"), "peer.ssf must be compared"),
    (RULE.format("a=x").replace("require", "deny"), "this deny does not refuse a peer"),
    (RULE.format("!a=x"), "this negation is true for"),
    ("[services.IMAP]\n", 'the name of the service "<name>" must consist of small letters'),
    (RULE.format("peer.realm=att.local"), "the realm has small letters here"),
    (RULE.format("peer.ssf>=1"), "there is neither [services.default] nor [all]"),
    ("[services.imaps]\n", "applications call this service"),
    ("[services.some]\n", '"<name>" is no well-known service'),
    (SOURCES.format('{ mechanism = "krb5", name = "x" }'), 'Kerberos has no attribute "<name>"'),
    (SOURCES.format('{ mechanism = "1.2.3", name = "x" }'), 'this machine has no mechanism "<name>"'),
    (RULE.format("a=x").replace('rs" }', 'rs", form = "hex" }'), 'no value of "<name>" can be what'),
    ("", "is empty; a policy without rules"),
    ("#" * (1 << 21), "is larger than 1 MiB"),
)


class PolicyFiles(LoginTest):
    def check(self, path):
        return self.output(GSSLOOP, "policy", "check", "--strict", path)

    def test_each_mistake_is_found_on_the_page(self):
        for text, sentence in WRONG_POLICIES:
            with self.subTest(sentence=sentence):
                known = [s for s in headings() + spans() if s.startswith(sentence)]
                self.assertTrue(known, "not on the page")
                # The command prints a backslash as the log may not: by its number.
                said = self.check(self.write("policy.toml", text)).replace("\\x5c", "\\")
                self.assertRegex(said, pattern(known[0]))

    def assert_on_page(self, sentence, said):
        known = [span for span in spans() if span.startswith(sentence)]
        self.assertTrue(known, f"the page has no {sentence}")
        self.assertRegex(said, pattern(known[0]))

    def test_files(self):
        path = self.write("policy.toml", "# nothing\n")
        folder = os.path.dirname(path)
        for place, mode, sentence in (
                (path, 0o606, "is writable by every user of this machine; run chmod o-w <file>"),
                (path, 0o660, "is writable by its group; run chmod g-w <file>"),
                (folder, 0o770, "the directory of the policy"),
                (folder, 0o770, "is writable by its group; run chmod g-w <file>")):
            before = os.stat(place).st_mode
            os.chmod(place, mode)
            self.assert_on_page(sentence, self.check(path))
            os.chmod(place, before)
        path.write_bytes(b"# \xe4\n")
        self.assert_on_page("the byte <number> is not UTF-8 here", self.check(path))
        link = self.path("link.toml")
        os.symlink("nothing.toml", link)
        self.assert_on_page("is a symbolic link to a file that does not exist", self.check(link))
        os.mkdir(self.path("empty"))
        self.assertIn("contains no *.toml file", self.check(self.path("empty")))
        os.mkfifo(self.path("pipe"))
        self.assertIn("is not a regular file", self.check(self.path("pipe")))
