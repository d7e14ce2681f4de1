#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Holds docs/troubleshooting.md and what the programs say together, both ways.

Each heading of the page is a sentence. A test that is marked with @shows("...") brings about the
login that fails with it; where none can, BY_TEXT names the heading, and its words are looked for in
the sources. The other way round, every string of the sources that is a sentence is on the page.
"""

import os
import pathlib
import re
import socket
import sys
import unittest

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import lab
import sasl_pair
from lab import GSSLOOP
from libsasl import OK
from sasl_pair import NOMECH, OURS, STOCK, LoginTest, binding
from troubleshooting_logins import Bindings, Credentials, Identities, Keys, Layers, Messages, Times
from troubleshooting_page import (PAGE, PLACEHOLDER, SHOWN, Sentences, documented_programs,
                                  headings, is_sentence, literals, read, shows, spans, the_heading)
from troubleshooting_policies import INDICATORS, WRONG_POLICIES, Options, PolicyFiles, PolicySaysNo

# What unittest finds here, too.
ELSEWHERE = (Bindings, Credentials, Identities, Keys, Layers, Messages, Options, PolicyFiles,
             PolicySaysNo, Times)

# Headings that no login here can bring about, and what it would take. The sources have the words.
BY_TEXT = {
    "the client's token is for another mechanism": "an application's credential for several",
    "SPNEGO would negotiate the mechanism": "an application's credential for NTLM (ntlm_test has one)",
    "the client's ticket is for": "an application's credential for several services",
    "the client sent a message after": "an application that passes over libsasl's end",
    "the mechanism does not report whether": "neither Kerberos nor EAP (gs2_test has a mechanism)",
    "this server requires channel binding, but the mechanism": "EAP (eap_test has one)",
    "the application requires channel binding, but the server": "a libsasl that would let it come so far",
    "a -PLUS mechanism was chosen, but": "a libsasl that chooses -PLUS without a binding",
    "the client chose the security layer": "a client that breaks RFC 4752",
    "min_ssf <number> requires a security layer": "a libsasl that lets such limits be set",
    "the context has no <layer>": "a mechanism that does not grant what it was asked for",
    "the application answered with a name": "a program that returns a wrong length",
    "the application passed too much": "a libsasl that does not look at the length",
    "the application passed <number of bytes>": "a program that passes no buffer of that length",
    "values of property <name> are not set": "a mechanism with attributes that no authority asserts",
    "property <name> could not be set": "a libsasl without memory (plugin_test has one)",
    "GSS-Proxy holds the application's credential": "an application's credential, behind GSS-Proxy",
    "GSS-Proxy replaced the chosen credential": "GSS-Proxy (gssproxy_test has one)",
    "GSS-Proxy's daemon does not answer": "GSS-Proxy (gssproxy_test has one)",
    "gssloop: GSS-Proxy handles Kerberos": "GSS-Proxy (gssproxy_test has one)",
    "gssloop: libsasl cannot use this module": "a libsasl with another table (plugin_test has one)",
    "gssloop: cannot list the GSS-API mechanisms": "a GSS-API library that does not start",
    "gssloop: no mechanism is offered": "a syslog: it is said while libsasl starts",
}


class NotOffered(Sentences):
    @shows("No worthy mechs found")
    def test_client_without_module(self):
        return self.fails(modules=(self.folder, OURS))

    def test_what_security_properties_exclude(self):
        kept = lambda flags, **more: set(self.peer(
            "server", props={"flags": flags, **more}).ask("list")["mechanisms"])
        everything = {"GS2-KRB5", "GSSAPI", "GSS-SPNEGO"}
        self.assertEqual(kept(0), everything)
        self.assertEqual(kept(0x1 | 0x10 | 0x4), everything)  # NOPLAINTEXT NOANONYMOUS NODICTIONARY
        self.assertEqual(kept(0x8), set())                   # FORWARD_SECRECY
        self.assertEqual(kept(0, min=56), everything - {"GS2-KRB5"})
        options = {"gssloop_mechanisms": "GS2-IAKERB GSSAPI"}
        self.assertEqual(set(self.peer("server", options=options, props={"flags": 0x4})
                             .ask("list")["mechanisms"]), {"GSSAPI"})

    def test_critical_binding_leaves_plus(self):
        listed = self.peer("server", **binding(critical=True)).ask("list")["mechanisms"]
        self.assertTrue(listed and all(name.endswith("-PLUS") for name in listed), listed)

    @shows("no mechanism available")
    def test_server_without_key(self):
        server = self.peer("server", env={"KRB5_KTNAME": self.new_keytab("ldap/localhost")})
        self.assertEqual(server.ask("start", b"x", mechanism="GS2-KRB5")["code"], NOMECH)
        return server.said()

    def test_stock_offers_without_a_key(self):
        if not os.path.exists(f"{STOCK}/libgssapiv2.so"):
            self.skipTest("no stock modules (Debian: libsasl2-modules-gssapi-mit)")
        env = {"KRB5_KTNAME": self.new_keytab("ldap/localhost")}
        self.assertIn("GSSAPI", self.peer("server", STOCK, env).ask("list")["mechanisms"])
        self.assertNotIn("GSSAPI", self.peer("server", OURS, env).ask("list")["mechanisms"])

    @shows("cannot open shared object file")
    def test_library_is_missing(self):
        octets = pathlib.Path(OURS, "libgssloop_sasl.so").read_bytes()
        (self.folder / "libgssloop_sasl.so").write_bytes(
            octets.replace(b"libsasl2.so.2\0", b"libsasl9.so.2\0"))
        return self.output(GSSLOOP, "doctor", "--server-only", "--sasl-path", self.folder,
                           "imap@localhost")


class Others(Sentences):
    @shows("unable to open Berkeley db", "libsasl or the application refused the user")
    def test_auxprop_plugin_fails(self):
        for module in (f"{OURS}/libgssloop_sasl.so", f"{STOCK}/libsasldb.so"):
            if not os.path.exists(module):
                self.skipTest("no auxprop plugin (Debian: libsasl2-modules-db)")
            os.symlink(module, self.path(os.path.basename(module)))
        path = self.write("sasldb2", "no database" * 1000)
        server = {"options": {"sasldb_path": path, "auxprop_plugin": "sasldb"}}
        self.pair(modules=(OURS, self.folder), server=server)
        self.assertEqual(self.codes, (OK, OK), "nobody asked for a property")
        policy = INDICATORS + 'property = "mail"\n[services.imap]\npublish = ["assurance"]\n'
        said = self.fails(modules=(OURS, self.folder), server={**server, **self.policy(policy)})
        self.assertIn("refused the user", said)
        server["requested"] = ["mail"]
        return self.fails(modules=(OURS, self.folder), server=server)

    @shows("user not found")
    def test_stock_wants_a_database(self):
        if not os.path.exists(f"{STOCK}/libgs2.so"):
            self.skipTest("no stock modules (Debian: libsasl2-modules-gssapi-mit)")
        return self.fails(modules=(OURS, STOCK), server={
            "options": {"sasldb_path": self.path("nobody")}, "requested": ["*mail"]})

    @shows("the other side refused")
    def test_an_error_without_reason(self):
        return self.fails("GS2-KRB5-PLUS", client=binding("one"), server=binding("other"))


class Commands(LoginTest):
    """The command lines of the page."""

    def here(self, line, port=0):
        """The words of a line, as they are to be in this realm."""
        here = {"imap@mail.example.com": "imap@localhost",
                "imap/mail.example.com": "imap/localhost", "4711": port,
                "/etc/imap.keytab": self.new_keytab(), "server.example.com": "localhost",
                "/etc/postfix/sasl/smtpd.conf": self.write("smtpd.conf", "mech_list: GS2-KRB5\n"),
                "policy.toml": self.write("policy.toml", "[all]\nrequire = [\"peer.ssf=0\"]\n"),
                "gssloop": GSSLOOP}
        return [here.get(word, word) for word in line.split()]

    def test_each_alone(self):
        lines = documented_programs(PAGE)
        self.assertGreater(len(lines), 12)
        for line in lines:
            if " accept " in line or " initiate " in line:
                continue
            with self.subTest(line=line):
                words = self.here(line)
                if not lab.find(words[0]):
                    self.skipTest(f"no {words[0]} (Debian: krb5-user, sasl2-bin)")
                if words[1:2] == ["attributes"] or words[2:3] == ["explain"]:
                    words += (["--acceptor"] if "explain" in words else []) + ["imap@localhost"]
                # Who looks for what is wrong may find something: this host is what it is.
                statuses = (0, 1) if "doctor" in words else (0,)
                done = lab.run(words, lab.environment(KRB5CCNAME=self.realm.kinit("alice")))
                self.assertIn(done.status, statuses, done.output)

    def test_the_two_sides(self):
        lines = [line for line in documented_programs(PAGE) if "4711" in line]
        self.assertEqual([line.split()[1] for line in lines], ["accept", "initiate"])
        server = accepting(self, lambda port: self.here(lines[0], port))
        done = lab.run(self.here(lines[1], server.port))
        self.assertDone(done, f"host/localhost@{lab.REALM}")


def accepting(test, argv):
    """The server `gssloop accept`, which takes one connection only: it is ready when it says so."""
    log = test.path("accept.log")
    return test.serve(lambda ports: argv(ports[0]), "accept.log",
                      ready=lambda _: re.search(r"port \d+", log.read_text()))


class Command(LoginTest):
    def accept(self, *options):
        return accepting(self, lambda port: [GSSLOOP, "accept", *options, port])

    @shows("cannot accept logins", "the keytab has no key for this service")
    def test_no_keytab(self):
        return self.output(GSSLOOP, "accept", "--keytab", "/nonexistent", "0")

    @shows("no token arrived in time")
    def test_nobody_answers(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            return self.output(GSSLOOP, "initiate", "--timeout", "1", "127.0.0.1",
                               silent.getsockname()[1], "imap@localhost")

    @shows("the peer sent something that is not a token")
    def test_no_token(self):
        server = self.accept()
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(b"\2\0\0\0\2{}")
            server.process.wait(lab.PATIENCE)
        return server.log()

    @shows("the peer reported a failure")
    def test_peer_failed(self):
        port = self.accept("--token-max", "100").port
        return self.output(GSSLOOP, "initiate", "127.0.0.1", port, "imap@localhost")

    @shows("cannot connect to")
    def test_nobody_listens(self):
        return self.output(GSSLOOP, "initiate", "127.0.0.1", "1", "imap@localhost")


# Strings of these files that name the user, or are said in passing; questions; words of the log of
# each leg.
# The words of the loop's table are in docs/loop.md, and another test compares them.
NO_FAILURE = {
    "every other service", " login to ", " security layer of ", " security layer to ",
    " with keytab ", "4 or more", "Authentication Name", "Authorization Name", "authorization name",
    "Please enter your authentication name", "Please enter your authorization name",
    "Please enter your password", "gssloop: attribute ",
    "gssloop: the peer's attributes are unknown: ",
    "gssloop: policy: ", ", after leg ", ", messages of at most ",
    "unknown kind of part", ".  Minor code may provide more information",
    "the application cancelled the negotiation",
}
# Code spans of the page that are commands, options of theirs, settings and examples.
NO_SENTENCE = re.compile(r"(gssloop |kinit |imtest |ldapwhoami |--|imap at |sasl-secprops |"
                         r"gssloop_\w+: yes$)")


class Page(unittest.TestCase):
    maxDiff = None

    def test_each_heading_is_shown_or_in_the_sources(self):
        shown = {the_heading(begin) for begin in SHOWN
                 if any(h.startswith(begin) for h in headings())}
        shown |= {h for h in headings() for _, s in WRONG_POLICIES if h.startswith(s)}
        by_text = {the_heading(begin) for begin in BY_TEXT}
        self.assertEqual(set(headings()) - shown - by_text, set())
        self.assertEqual(shown & by_text, set(), "these are shown, so need no exception")
        texts = "\n".join(literals())
        for heading in by_text:
            for part in PLACEHOLDER.split(heading):
                if is_sentence(part):
                    self.assertTrue(part.strip() in texts, heading)

    def test_each_quoted_sentence_is_in_the_sources_or_shown(self):
        texts = "\n".join(literals("tools/trial/tcp.cc", "tools/trial/login_report.cc"))
        shown = list(SHOWN) + [sentence for _, sentence in WRONG_POLICIES]
        missing = {span for span in spans() for part in PLACEHOLDER.split(span)
                   if is_sentence(part) and part.strip() not in texts}
        shown = {span for span in missing if any(span.startswith(begin) for begin in shown)}
        commands = {span for span in missing if NO_SENTENCE.match(span)}
        self.assertEqual(missing - shown - commands - set(headings()), set())

    def test_each_sentence_of_the_sources_is_on_the_page(self):
        text, table = "\n".join(spans()), read("docs/loop.md")
        missing = {literal: file for literal, file in literals().items()
                   if is_sentence(literal) and literal.strip(" :,;-\"()") not in text
                   and literal not in NO_FAILURE and literal not in table}
        self.assertEqual(missing, {})
        self.assertEqual(NO_FAILURE - set(literals()), set(), "these are gone")

    def test_each_link_leads_somewhere(self):
        page = read(PAGE)
        anchors = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
                   for title in re.findall(r"^#+ (.*)$", page, re.MULTILINE)}
        for target in re.findall(r"\]\(#([^)]*)\)", page):
            self.assertIn(target, anchors)

    def test_each_text_for_strangers_is_in_the_table(self):
        texts = set(re.findall(r'\{ErrorKind::k\w+, SASL_\w+, SASL_\w+,\s*"([^"]+)"\}',
                               read("plugin/sasl/errors.cc")))
        self.assertGreater(len(texts), 9)
        table = re.search(r"^## What the server tells clients\n(.*?)^## ", read(PAGE),
                          re.MULTILINE | re.DOTALL)[1]
        self.assertEqual(set(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)), texts)


if __name__ == "__main__":
    lab.main(__file__, services=["imap/localhost", "ldap/localhost", "host/localhost"],
             needs=sasl_pair.NEEDS, options=sasl_pair.REALM_OPTIONS)
