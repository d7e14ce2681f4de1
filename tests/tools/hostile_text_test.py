#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What gssloop shows of a peer's texts: nothing of them makes a line or controls a terminal."""

import os
import pathlib
import socket
import struct
import subprocess
import sys
import threading
import unittest

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from peers import BUILD, PATIENCE, InRealm, restart_in_realm, run

SERVICE = "host@localhost"
TEXTS = ("\x1b[2Jadmin", "x\nadmitted: root", "x\r\n<- received", "\x7f\b\b", "\u009b31m", "\u202enimda",
         "%s%n")
# Kinds of frames (lib/gssloop/io/frame.h): token, failure, data, and what is none.
KINDS = b"TFD\x1b"


class HostileText(InRealm):
    def forge(self, *arguments):
        ccache = "FILE:" + self.path("forged")
        subprocess.run([BUILD / "tests/kdc/forge_ticket", "--service", "host/localhost", *arguments,
                        ccache], check=True, timeout=PATIENCE)
        return ccache

    def assertTame(self, output, has_letters=False):
        """Printable ASCII in lines; or, in JSON and in values that are text, letters of any kind."""
        text = output.decode("utf-8" if has_letters else "ascii")
        bad = [c for c in text if c != "\n" and not c.isprintable()]
        self.assertEqual(bad, [], text)

    def assertLoginIsTame(self, ccache):
        for more in ([], ["--json"]):
            acceptor = self.accept("--output", "/dev/null", *more)
            initiated = run("initiate", "localhost", acceptor.port, SERVICE, "-n", *more,
                            KRB5CCNAME=ccache)
            _, out, err = acceptor.end()
            shown = run("attributes", SERVICE, "--full", *more, KRB5CCNAME=ccache)
            for output in (out, err, initiated.stdout, initiated.stderr, shown.stdout, shown.stderr):
                self.assertTame(output, has_letters=True)
                for line in (b"\nadmitted: root", b"\n<- received a token\x1b"):
                    self.assertNotIn(line, output)

    def test_principals_and_realms(self):
        realm = os.environ["GSSLOOP_REALM"]
        for text in TEXTS:
            for arguments in (["--client", text, "--realm", realm],
                              ["--client", "alice", "--realm", text]):
                with self.subTest(arguments):
                    self.assertLoginIsTame(self.forge(*arguments))

    def test_attributes(self):
        for text in TEXTS:
            with self.subTest(text):
                self.assertLoginIsTame(self.forge("--realm", os.environ["GSSLOOP_REALM"],
                                                  "--indicator", text))

    def test_policies_about_them(self):
        policy = self.path("policy.toml")
        pathlib.Path(policy).write_text(
            '[attributes.assurance]\nfrom = [{ mechanism = "krb5", name = "auth-indicators" }]\n'
            '[all]\nrequire = ["assurance=otp"]\n', encoding="utf-8")
        for text in TEXTS:
            ccache = self.forge("--client", text, "--realm", os.environ["GSSLOOP_REALM"],
                                "--indicator", text)
            for more in ([], ["--json"]):
                with self.subTest(text, more=more):
                    shown = run("policy", "explain", "-s", "host", "-p", policy, *more,
                                KRB5CCNAME=ccache)
                    self.assertTame(shown.stdout + shown.stderr, has_letters=True)

    def assertHostileServerIsTame(self, answer):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(PATIENCE)

            def serve():
                with listener.accept()[0] as peer:
                    peer.recv(65536)
                    peer.sendall(answer)

            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            done = run("initiate", "localhost", str(listener.getsockname()[1]), SERVICE, "-n",
                       "--timeout", "5")
            thread.join(PATIENCE)
        self.assertNotEqual(done.returncode, 0)
        self.assertTame(done.stdout + done.stderr)

    def test_answers_of_a_server(self):
        for text in TEXTS:
            octets = text.encode()
            for answer in [octets] + [struct.pack(">BI", kind, len(octets)) + octets
                                      for kind in KINDS]:
                with self.subTest(answer):
                    self.assertHostileServerIsTame(answer)

    def test_messages_of_a_client(self):
        for text in TEXTS:
            octets = text.encode()
            for message in [octets] + [struct.pack(">BI", kind, len(octets)) + octets
                                       for kind in KINDS]:
                with self.subTest(message):
                    acceptor = self.accept("--timeout", "5")
                    with socket.create_connection(("127.0.0.1", int(acceptor.port))) as peer:
                        peer.sendall(message)
                    status, out, err = acceptor.end()
                    self.assertNotEqual(status, 0)
                    self.assertTame(out + err)


if __name__ == "__main__":
    restart_in_realm(__file__, ["host/localhost"])
    unittest.main(verbosity=2)
