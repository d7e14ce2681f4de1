#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""docs/write-a-server.md, tried: its program is compiled as the page has it, and with each of
the page's changes; users log in to it; what the page says it prints is what it prints."""

import contextlib
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import struct
import sys

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import lab
import scale_fleet
from lab import BUILD, SOURCE
from scale_fleet import CLIENT, ProgramTest, frame, receive, record_start

GUIDE = SOURCE / "docs/write-a-server.md"
PROGRAM = SOURCE / "examples/attribute_server.c"
DEMO_CLIENT = BUILD / "examples/demo/client"
MAX_LINES = 60  # of the program, neither blank nor comment
STRICT = "-std=c99 -O1 -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -pedantic -Werror"
BINDING = "tls-exporter=32 octets from the TLS connectio"  # of the page's octets, the first 32
BLOCK = re.compile(r"(?:<!-- ([\w-]+)(?:: ([^\n]*?))? -->\n)?^```(\w*)\n(.*?)^```$",
                   re.MULTILINE | re.DOTALL)


def sections():
    """Title of each section, and its blocks as (instruction, argument, language, text)."""
    parts = re.split(r"^## (.*)$", GUIDE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {title: BLOCK.findall(text) for title, text in zip(parts[1::2], parts[2::2])}


SECTIONS = sections()


def quoted_program():
    return SECTIONS["The program"][0][3]


def block(section, instruction, argument=""):
    """The one block of the section with this instruction."""
    found = [text for kind, what, _, text in SECTIONS[section]
             if (kind, what) == (instruction, argument)]
    assert len(found) == 1, (section, instruction, argument, found)
    return found[0]


def changed_program(*titles, edits=()):
    """The program with the changes of these sections, then with `edits` (old text, new text)."""
    program = quoted_program()
    for title in titles:
        for kind, place, _, text in SECTIONS[title]:
            if kind not in ("before", "after", "replaces"):
                continue
            edits_of = {"before": lambda line: text + line, "after": lambda line: line + text,
                        "replaces": lambda line: text}
            program, num = re.subn(rf"^[^\n]*{re.escape(place)}[^\n]*\n",
                                   lambda match: edits_of[kind](match[0]), program,
                                   flags=re.MULTILINE)
            assert num == 1, (title, place, num)
    for old, new in edits:
        assert old in program, old
        program = program.replace(old, new)
    return program


class Guide(ProgramTest):
    SERVER = "attribute_server"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.realm.add_user("bob", requires_preauth=False)  # so that his ticket has no indicator
        cls.bob = cls.realm.kinit("bob")

    def compile(self, program, libraries="-lsasl2 -lpthread"):
        (self.own / "server.c").write_text(program)
        words = shlex.split(os.environ.get("GSSLOOP_CC") or "cc") + shlex.split(STRICT)
        words += ["-I", PROGRAM.parent, "server.c", "-o", "server", *shlex.split(libraries)]
        words += shlex.split(os.environ.get("GSSLOOP_SANITIZE_FLAGS", ""))
        self.assertDone(lab.run(words, cwd=self.own))

    def serve(self, program, configuration="", indicator="spake", module="gssloop", **env):
        """Starts a server made of this source."""
        self.compile(program)
        (self.own / "attribute_server.conf").write_text(configuration)
        self.server = self.start(
            [self.own / "server", "imap", "localhost", indicator],
            self.server_env(SASL_PATH=lab.CLIENT_MODULES[module],
                            SASL_CONF_PATH=self.own, **env))
        self.server.wait_until(lambda: "port " in self.server.out)
        self.port = re.search(r"port (\d+)", self.server.out)[1]
        self.num_visits = 0

    def client(self, *options, status=0, ccache=None):
        """Runs the demo's client; what it said."""
        return self.visit([DEMO_CLIENT, "localhost", self.port, *options], status, ccache)

    def exchange(self, *options, status=0):
        """Runs a client that sends messages after its login; what it said."""
        return self.visit([CLIENT, "--port", self.port, *options], status)

    def visit(self, words, status, ccache=None):
        self.num_visits += 1
        done = lab.run(words, self.client_env(ccache=ccache))
        self.assertEqual(done.status, status, done.output + self.server.err)
        return done.output

    def said(self):
        """What the server said, the port left out, when it has spoken of all visits."""
        self.server.wait_until(lambda: self.server.out.count("\n") > self.num_visits)
        return re.sub(r"port \d+", "port PORT", self.server.out)

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", int(self.port)), lab.PATIENCE)
        self.addCleanup(connection.close)
        return connection

    def test_the_page_quotes_the_program(self):
        self.assertEqual(quoted_program(), PROGRAM.read_text(encoding="utf-8"))

    def test_the_program_is_short(self):
        lines = [line.strip() for line in quoted_program().splitlines()]
        self.assertLessEqual(sum(not line.startswith("//") for line in lines if line), MAX_LINES)

    def test_each_instruction_is_known(self):
        known = {"before", "after", "replaces", "output", "conf", "conf-policy", "policy", "openssl",
                 ""}
        self.assertLessEqual({kind for blocks in SECTIONS.values() for kind, *_ in blocks}, known)

    def test_who_has_the_indicator_gets_in(self):
        self.serve(quoted_program())
        self.client("--mechanism", "GS2-KRB5")
        told = self.client("--mechanism", "GS2-KRB5", status=1, ccache=self.bob)
        self.assertIn("the server says: not authorized\n", told)
        self.assertEqual(self.said(), block("See it run", "output", "base"))

    def test_another_indicator_does_not_do(self):
        self.serve(quoted_program(), indicator="otp")
        self.client("--mechanism", "GS2-KRB5", status=1)
        self.serve(quoted_program(), indicator="second-factor")
        self.client("--mechanism", "GS2-KRB5")

    def test_the_commands_of_the_page(self):
        text = GUIDE.read_text(encoding="utf-8")
        compiling, starting, visiting = re.search(
            r"^    (cc .*)\n    (SASL_PATH=.*) &\n    (examples/.*)$", text, re.MULTILINE).groups()
        (self.own / "examples").mkdir()
        for file in (PROGRAM, *PROGRAM.parent.glob(PROGRAM.stem + "_*.h")):
            shutil.copy(file, self.own / "examples")
        self.assertDone(lab.run(["sh", "-c", compiling], cwd=self.own))
        # As in a build tree, where the program was compiled in the folder where the others are.
        starting = starting.replace("plugin/.libs", lab.SERVER_MODULE)
        server = self.start(["sh", "-c", f"cd {self.own} && exec env {starting}"],
                            self.server_env(SASL_CONF_PATH=self.own))
        server.wait_until(lambda: "port " in server.out)
        port = re.search(r"port (\d+)", server.out)[1]
        self.assertDone(lab.run(["sh", "-c", visiting.replace("PORT", port)], self.client_env(),
                                cwd=BUILD))

    def test_in_every_mechanism(self):
        self.serve(quoted_program())
        for mechanism in ("GS2-KRB5", "GSSAPI", "GSS-SPNEGO"):
            with self.cell("demo client", "gssloop", mechanism, "decides by the user's indicator"):
                self.client("--mechanism", mechanism)
                self.client("--mechanism", mechanism, status=1, ccache=self.bob)
        self.assertEqual(self.said().count("welcome, alice"), 3)
        self.assertEqual(self.said().count("refused: not authorized"), 3)

    def test_a_property_that_nobody_requested_is_not_there(self):
        # ... nor one that is requested after the login.
        late = [("if (prop_getnames(", "if (sasl_auxprop_request(conn, wanted) != SASL_OK ||\n"
                                       "      prop_getnames(")]
        never = [("? sasl_auxprop_request(*conn, wanted) :", "? SASL_OK :")]
        for edits in (late, never):
            self.serve(changed_program(edits=edits))
            self.client("--mechanism", "GS2-KRB5", status=1)
            self.assertIn("refused: not authorized", self.said())

    def test_the_star_is_whose_property_it_is(self):
        for name, is_let_in in (("*auth-indicators", True), ("auth-indicators", False)):
            self.serve(changed_program("The log", "Who may act as whom", edits=[
                ('{"*auth-indicators", NULL}', f'{{"{name}", NULL}}'),
                ('has_indicator(conn, "spake")) {', "1) {")]))
            self.client("--mechanism", "GS2-KRB5")
            self.client("--mechanism", "GS2-KRB5", "--authzid", "bob", status=0 if is_let_in else 1)
            self.assertIn("welcome, bob" if is_let_in else "refused: not authorized", self.said())

    def test_errors(self):
        self.serve(changed_program("The log"))
        token = record_start(self, "GS2-KRB5")
        for last in (b"Y", b"N"):
            peer = self.connect()
            self.assertEqual(receive(peer)[0], b"M")
            peer.sendall(frame(b"S", token))
            kind, body = receive(peer)
            if kind == b"C":  # Kerberos' error token, which a client would make a sentence of
                peer.sendall(frame(b"R", b""))
                kind, body = receive(peer)
            self.assertEqual(kind, last, body)
            self.num_visits += 1
        expected = block("The log", "output", "replay").splitlines()
        self.assertIn(expected[0], self.said())
        self.assertIn(expected[1], self.server.err)

    def test_nonsense_is_survived(self):
        self.serve(quoted_program())
        nonsense = [b"", b"x", b"\xff" * 5, struct.pack(">Ic", 65537, b"S"), frame(b"R", b"GSSAPI\0"),
                    frame(b"S", b""), frame(b"S", b"GSSAPI"), frame(b"S", b"GSSAPI\0"),
                    frame(b"S", b"NO\0000"), frame(b"S", b"GS2-KRB5\0001" + b"\0" * 60000),
                    frame(b"S", b"x" * 65535 + b"\0"), frame(b"S", b"GSSAPI\0001" + b"x" * 500000),
                    frame(b"S", b"\0001"), frame(b"S", b"GSSAPI\0001" + b"x" * 100)]
        for octets in nonsense:
            peer = self.connect()
            self.num_visits += 1
            self.assertEqual(receive(peer)[0], b"M")
            # A server that has heard enough may reset the connection before all is sent.
            with contextlib.suppress(ConnectionError):
                peer.sendall(octets)
                with contextlib.suppress(OSError):  # not connected any more
                    peer.shutdown(socket.SHUT_WR)
                while (message := receive(peer)) is not None:
                    self.assertIn(message[0], b"NC", octets)
        self.client("--mechanism", "GS2-KRB5")
        self.assertEqual(self.said().count("welcome"), 1)

    def test_a_message_of_the_wrong_kind_ends_it(self):
        self.serve(quoted_program())
        for kind, is_right in ((b"S", True), (b"R", False)):
            with self.connect() as peer:
                self.assertEqual(receive(peer)[0], b"M")
                peer.sendall(frame(kind, b"GSSAPI\0000"))
                answer = None
                with contextlib.suppress(ConnectionError):  # it did not read the body
                    answer = receive(peer)
                self.assertEqual(answer is not None, is_right)

    def test_the_configuration(self):
        conf = block("What happens, step by step", "conf", "attribute_server.conf")
        keytab = self.own / "keytab"
        shutil.copy(os.environ["KRB5_KTNAME"].removeprefix("FILE:"), keytab)
        self.assertIn("/etc/imap.keytab", conf)
        conf = conf.replace("/etc/imap.keytab", str(keytab))
        self.serve(quoted_program(), conf, KRB5_KTNAME="FILE:/nonexistent")
        with self.connect() as peer:
            self.assertEqual(receive(peer), (b"M", b"GS2-KRB5 GSSAPI"))
        self.client()
        # Without the key, there is nothing to offer.
        self.serve(changed_program("The log"), "", KRB5_KTNAME="FILE:/nonexistent")
        with self.connect() as peer:
            self.assertEqual(receive(peer), (b"M", b""))
        self.assertIn("is not offered", self.server.err)

    def test_a_policy_decides(self):
        policy = self.own / "policy.toml"
        policy.write_text(block("Let a policy decide instead", "policy"))
        conf = block("Let a policy decide instead", "conf-policy")
        self.assertIn("/etc/imap-policy.toml", conf)
        # No decision in the program but that what was published is there.
        program = changed_program("The log", edits=[
            ("? sasl_auxprop_request(*conn, wanted) :", "? SASL_OK :"),
            ('{"*auth-indicators", NULL}', '{"*assurance", NULL}')])
        self.serve(program, conf.replace("/etc/imap-policy.toml", str(policy)))
        with self.cell("demo client", "gssloop", "GS2-KRB5", "a policy decides instead"):
            self.client("--mechanism", "GS2-KRB5")
            self.client("--mechanism", "GS2-KRB5", status=1, ccache=self.bob)
            self.assertEqual(self.said(), "port PORT\nwelcome, alice\n" +
                             block("Let a policy decide instead", "output", "policy"))
            self.assertIn(f"{policy}:5", self.server.err)
        policy.write_text(policy.read_text().replace("spake", "nothing"))
        self.client("--mechanism", "GS2-KRB5", status=1)

    def test_channel_binding(self):
        self.serve(changed_program("The log", "Channel binding"))
        with self.cell("demo client", "gssloop", "GS2-KRB5-PLUS", "channel binding, right and wrong"):
            self.client("--mechanism", "GS2-KRB5-PLUS", "--cbinding", BINDING)
            self.client("--mechanism", "GS2-KRB5")
            self.client("--mechanism", "GS2-KRB5-PLUS", "--cbinding", "tls-exporter=" + "x" * 32,
                        status=1)
            logged, said = block("Channel binding", "output", "binding").splitlines()
            self.assertEqual(self.said(), f"port PORT\nwelcome, alice\nwelcome, alice\n{said}\n")
            self.assertIn(logged, self.server.err)

    def test_a_critical_binding(self):
        self.serve(changed_program("Channel binding", edits=[('"tls-exporter", 0,',
                                                              '"tls-exporter", 1,')]))
        with self.connect() as peer:
            for name in receive(peer)[1].decode().split():
                self.assertTrue(name.endswith("-PLUS"), name)
        self.client("--mechanism", "GS2-KRB5-PLUS", "--cbinding", BINDING)
        for mechanism in ("GS2-KRB5", "GSSAPI"):
            self.client("--mechanism", mechanism, status=1)
        self.num_visits += 1  # the connection above
        self.assertEqual(self.said().count("welcome"), 1)

    def test_the_exporter_compiles(self):
        if not pathlib.Path("/usr/include/openssl/ssl.h").exists():
            self.skipTest("libssl-dev is not installed")
        text = block("Channel binding", "openssl")
        self.compile("#include <openssl/ssl.h>\nint bind(SSL* ssl);\nint bind(SSL* ssl) {\n" + text +
                     "  return ok == 1 && exported[0] != 0;\n}\nint main(void) { return 0; }\n",
                     "-lssl -lcrypto")

    def test_acting_as_somebody_else(self):
        self.serve(quoted_program())
        self.client("--mechanism", "GS2-KRB5", "--authzid", "bob", status=1)
        self.serve(changed_program("The log", "Who may act as whom"))
        with self.cell("demo client", "gssloop", "GS2-KRB5", "who may act as whom"):
            self.client("--mechanism", "GS2-KRB5", "--authzid", "bob")
            self.client("--mechanism", "GS2-KRB5", "--authzid", "alice", status=1, ccache=self.bob)
            lines = self.said().splitlines()
            self.assertEqual(lines[1] + "\n", block("Who may act as whom", "output", "proxy"))
            self.assertIn("refused: SASL(-14)", lines[2])  # by the callback, before the decision

    def test_the_callback_is_asked_about_everybody_and_a_policy_can_only_narrow(self):
        # The first answer of the callback is about a user that acts as itself.
        program = changed_program("The log", "Who may act as whom")
        self.serve(re.sub(r"(on_proxy_policy\(.*?)return SASL_OK;", r"\1return SASL_NOAUTHZ;",
                          program, count=1, flags=re.DOTALL))
        self.client("--mechanism", "GS2-KRB5", status=1)
        policy = self.own / "policy.toml"
        policy.write_text("[services.imap]\nauthorize = []\n")
        self.serve(program, f"gssloop_policy: {policy}\n")
        self.client("--mechanism", "GS2-KRB5")
        self.client("--mechanism", "GS2-KRB5", "--authzid", "bob", status=1)

    def test_without_success_data_it_takes_another_round(self):
        self.serve(changed_program(edits=[("NULL, SASL_SUCCESS_DATA,", "NULL, 0,")]))
        said = self.client("--mechanism", "GS2-KRB5")
        self.assertRegex(said, "got a challenge of \\d+ bytes\n(.*\n)+client +got success\n")

    def test_another_module(self):
        if not scale_fleet.has_stock_gssapi():
            self.skipTest("Cyrus SASL's own Kerberos module is not installed")
        # sasldb lies in the same folder, and would read /etc.
        self.serve(quoted_program(), "mech_list: GSSAPI\nauxprop_plugin: none\n", module="stock")
        self.client("--mechanism", "GSSAPI", status=1)
        self.assertEqual(self.said(), "port PORT\nrefused: not authorized\n")

    def test_neither_plaintext_nor_anonymous(self):
        unwanted = {"PLAIN", "LOGIN", "ANONYMOUS"}
        flags = "security.security_flags = SASL_SEC_NOPLAINTEXT | SASL_SEC_NOANONYMOUS;\n"
        offered = []
        for program in (quoted_program(), changed_program(edits=[(flags, "")])):
            self.serve(program, module="stock")
            with self.connect() as peer:
                offered.append(unwanted.intersection(receive(peer)[1].decode().split()))
        if not offered[1]:
            self.skipTest("libsasl has no such mechanisms here")
        self.assertEqual(offered[0], set())

    def test_layers(self):
        self.serve(changed_program("Security layers"))
        expected = block("Security layers", "output", "layer").strip()
        for mechanism in ("GSSAPI", "GSS-SPNEGO"):
            with self.cell("sasl_peer", "gssloop", mechanism, "200 kB through a layer and back"):
                said = self.exchange("--mechanism", mechanism, "--min-ssf", "256", "--max-ssf", "256",
                                     "--exchange", "1000")
                self.assertRegex(said, re.sub(r"\d+:", r"\\d+:", expected))
                # Larger than a packet, and without a layer.
                self.exchange("--mechanism", mechanism, "--max-ssf", "256", "--exchange", "200000")
        self.exchange("--mechanism", "GS2-KRB5", "--exchange", "200000")
        self.serve(changed_program("Security layers", edits=[
            ("security.max_ssf = 256;", "security.max_ssf = 256;\n  security.min_ssf = 1;")]))
        self.exchange("--mechanism", "GSSAPI", status=1)
        self.exchange("--mechanism", "GSSAPI", "--max-ssf", "256")

    def test_threads(self):
        self.serve(changed_program("Threads", edits=[
            ("#include <sasl/prop.h>\n", "#include <pthread.h>\n#include <sasl/prop.h>\n")]))
        # A silent client delays no other one.
        self.assertEqual(receive(self.connect())[0], b"M")
        with self.cell("load", "gssloop", "GS2-KRB5", "a thread for each of 200 logins"):
            load = self.start([scale_fleet.LOAD, self.port, "--logins", "200"], self.client_env())
            self.assertEqual(load.end(), 0, load.err)
            self.num_visits = 200
            self.assertEqual(self.said().count("welcome, alice"), 200)
        self.assertEqual(self.server.end(signal.SIGTERM), -signal.SIGTERM)


if __name__ == "__main__":
    lab.main(__file__, services=["imap/localhost"], needs=scale_fleet.NEEDS)
