#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""gssloop accept, initiate and attributes, as programs, against a private KDC."""

import base64
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from peers import GSSLOOP, PATIENCE, InRealm, Proxy, environment, restart_in_realm, run

SERVICE = "host@localhost"
DONE, FAILED, USAGE, NOT_TRIED = range(4)
NO_TICKET = {"KRB5CCNAME": "FILE:/nonexistent/ccache"}
NO_KEYTAB = {"KRB5_KTNAME": "FILE:/nonexistent/keytab"}


def initiate(port, *arguments, data=b"", **env):
    return run("initiate", "localhost", port, SERVICE, *arguments, data=data, **env)


class Login(InRealm):
    def both(self, accept=(), initiator=(), data=b"hello", **env):
        """Both sides with --json: (status, document) of acceptor and initiator."""
        acceptor = self.accept("--json", "--output", "/dev/null", *accept)
        initiated = initiate(acceptor.port, "--json", *initiator, data=data, **env)
        status, out, _ = acceptor.end()
        return (status, json.loads(out)), (initiated.returncode, json.loads(initiated.stdout))

    def test_data_arrives_on_standard_output_and_each_leg_is_explained(self):
        acceptor = self.accept()
        initiated = initiate(acceptor.port, data=b"some data\n")
        self.assertEqual((initiated.returncode, initiated.stderr.count(b"<- received a token")),
                         (DONE, 1))
        status, out, err = acceptor.end()
        self.assertEqual((status, out), (DONE, b"some data\n"))
        for part in (b"<- received a token of", b"COMPLETE, token (section 2.2, 2.5)",
                     b"-> send the token of", b"establish", b"alice@EXAMPLE.TEST",
                     b"auth-indicators, authenticated, complete, 2 values", b"256 bits"):
            self.assertIn(part, err)
        self.assertIn(b"host/localhost@EXAMPLE.TEST", initiated.stdout)

    def test_json_has_legs_and_result_of_both_sides(self):
        (status, acceptor), (status2, initiator) = self.both()
        self.assertEqual((status, status2), (DONE, DONE))
        self.assertEqual([leg["row"] for leg in initiator["legs"]], ["continue", "complete"])
        self.assertEqual([leg["row"] for leg in acceptor["legs"]], ["complete, token"])
        self.assertEqual(initiator["legs"][0]["sent"], acceptor["legs"][0]["received"])
        self.assertEqual(acceptor["legs"][0]["sent"], initiator["legs"][1]["received"])
        self.assertEqual(acceptor["legs"][0]["actions"], ["send the token", "establish"])
        self.assertTrue(acceptor["established"] and initiator["established"])
        self.assertEqual(acceptor["result"]["peer"], "alice@EXAMPLE.TEST")
        self.assertEqual(initiator["result"]["peer"], "host/localhost@EXAMPLE.TEST")
        self.assertEqual(acceptor["result"]["mechanism"], "1.2.840.113554.1.2.2")
        self.assertEqual(acceptor["data"], {"octets": 5, "whole": True})
        self.assertEqual(initiator["data"], {"octets": 5, "stored": True})

    def test_mechanism_by_name_sasl_name_and_oid(self):
        for name, first_oid in (("krb5", "1.2.840.113554.1.2.2"), ("GS2-KRB5", None),
                                ("1.2.840.113554.1.2.2", None), ("spnego", None)):
            acceptor, initiator = self.both(initiator=["--mechanism", name])
            self.assertEqual((acceptor[0], initiator[0]), (DONE, DONE), name)
            if first_oid:
                self.assertEqual(initiator[1]["result"]["mechanism"], first_oid)

    def test_flags_are_asked_for_and_required(self):
        _, (status, document) = self.both(initiator=["--flags", "none"])
        self.assertEqual(status, DONE)
        self.assertNotIn("mutual", document["result"]["flags"])
        (_, accepted), (status, document) = self.both(initiator=["--require", "mutual,deleg"])
        self.assertEqual((status, document["failure"]["fault"]), (FAILED, "flags missing"))
        self.assertEqual(document["failure"]["missing"], "deleg")
        (status, document), _ = self.both(accept=["--require", "deleg"])
        self.assertEqual((status, document["failure"]["missing"]), (FAILED, "deleg"))

    def test_delegation_needs_a_forwardable_ticket(self):
        ccache = "FILE:" + self.path("ccache")
        subprocess.run(["kinit", "-f", "-c", ccache, os.environ["GSSLOOP_USER"]], check=True,
                       input=os.environ["GSSLOOP_PASSWORD"].encode(), stdout=subprocess.DEVNULL)
        for arguments, is_delegated in (([], False), (["--delegate"], True)):
            (status, document), _ = self.both(initiator=["--ccache", ccache, *arguments])
            self.assertEqual((status, document["result"]["delegated"]), (DONE, is_delegated))

    def test_anonymity_that_is_not_granted_sends_nothing(self):
        (status, accepted), (status2, initiated) = self.both(initiator=["--anonymous"])
        self.assertEqual((status, status2), (FAILED, FAILED))
        self.assertEqual(initiated["failure"]["fault"], "anonymity lost")
        self.assertIsNone(accepted["legs"][0]["received"])

    def test_channel_bindings(self):
        pathlib.Path(self.path("binding")).write_bytes(b"\0\xff")
        mine = ["--binding", "tls-exporter:", "--binding", "hex:00ff"]
        for name, theirs, status in (
                ("the same", ["-b", "text:tls-exporter:", "-b", "file:" + self.path("binding")], DONE),
                ("another", ["-b", "tls-exporter:"], FAILED),
                ("none", [], FAILED)):
            (accepted, document), _ = self.both(accept=mine, initiator=theirs)
            self.assertEqual(accepted, status, name)
            if status == DONE:
                self.assertIn("channel-bound", document["result"]["flags"])
        self.assertEqual(document["failure"]["missing"], "channel-bound")

    def test_integrity_only_is_what_both_must_want(self):
        both = ["--integrity-only"]
        acceptor, initiator = self.both(accept=both, initiator=both)
        self.assertEqual((acceptor[0], initiator[0]), (DONE, DONE))
        (status, document), (status2, _) = self.both(initiator=both)
        self.assertEqual((status, status2), (FAILED, FAILED))
        self.assertFalse(document["data"]["whole"])

    def test_limits_refuse_what_is_beyond_them(self):
        for limit in (["--token-max", "100"], ["--max-legs", "1"]):
            acceptor = self.accept(*limit) if limit[0] == "--token-max" else self.accept()
            initiated = initiate(acceptor.port, *(limit if limit[0] == "--max-legs" else []))
            self.assertEqual(initiated.returncode, FAILED, limit)
            self.assertEqual(acceptor.end()[0], FAILED, limit)

    def test_no_data_leaves_the_output_alone_and_empty_data_does_not(self):
        output = pathlib.Path(self.path("output"))
        output.write_bytes(b"old")
        for arguments, expected in ((["--no-data"], b"old"), ([], b"")):
            acceptor = self.accept("--output", str(output))
            self.assertEqual(initiate(acceptor.port, *arguments).returncode, DONE)
            self.assertEqual(acceptor.end()[0], DONE)
            self.assertEqual(output.read_bytes(), expected)
        self.assertEqual(self.names(), ["output"])

    def test_forever_serves_one_after_the_other_until_a_signal(self):
        acceptor = self.accept("--forever", "--json", "--output", self.path("output"))
        for data in (b"one", b"two"):
            self.assertEqual(initiate(acceptor.port, data=data).returncode, DONE)
        self.assertEqual(initiate(acceptor.port, "--anonymous").returncode, FAILED)
        self.assertEqual(initiate(acceptor.port, data=b"three").returncode, DONE)
        # The last document comes after its initiator has ended.
        documents = [json.loads(acceptor.process.stdout.readline()) for _ in range(4)]
        acceptor.process.send_signal(signal.SIGTERM)
        self.assertEqual(acceptor.end()[0], -signal.SIGTERM)
        self.assertEqual([document["established"] for document in documents],
                         [True, True, False, True])
        self.assertEqual(pathlib.Path(self.path("output")).read_bytes(), b"three")
        self.assertEqual(self.names(), ["output"])

    def test_hears_of_a_peer_that_never_speaks(self):
        acceptor = self.accept("--timeout", "1")
        with socket.create_connection(("127.0.0.1", int(acceptor.port))):
            status, _, err = acceptor.end()
        self.assertEqual(status, FAILED)
        self.assertIn(b"no token arrived in time", err)


class NotTried(InRealm):
    def test_without_a_ticket(self):
        acceptor = self.accept()
        initiated = initiate(acceptor.port, **NO_TICKET)
        self.assertEqual(initiated.returncode, NOT_TRIED)
        self.assertIn(b"kinit", initiated.stderr)
        self.assertEqual(acceptor.end()[0], FAILED)

    def test_a_service_that_the_kdc_does_not_know(self):
        acceptor = self.accept()
        initiated = run("initiate", "localhost", acceptor.port, "nosuch")
        self.assertEqual(initiated.returncode, NOT_TRIED)
        self.assertIn(b"the KDC does not know this service principal", initiated.stderr)

    def test_without_a_key(self):
        for arguments, env in (([], NO_KEYTAB), (["--keytab", NO_KEYTAB["KRB5_KTNAME"]], {})):
            accepted = run("accept", *arguments, **env)
            self.assertEqual(accepted.returncode, NOT_TRIED)
            self.assertIn(b"/nonexistent/keytab", accepted.stderr)

    def test_without_a_connection_a_file_or_a_folder(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            self.assertEqual(run("accept", port).returncode, NOT_TRIED)
        refused = initiate(port)
        self.assertEqual(refused.returncode, NOT_TRIED)
        self.assertIn(b"cannot connect to localhost", refused.stderr)
        missing = self.path("missing/file")
        for command in (["initiate", "localhost", port, SERVICE, "--send", missing],
                        ["initiate", "localhost", port, SERVICE, "--binding", "file:" + missing],
                        ["accept", "--output", missing]):
            tried = run(*command)
            self.assertEqual(tried.returncode, NOT_TRIED, command)
            self.assertIn(b"missing/file", tried.stderr)

    def test_json_tells_it_too(self):
        document = json.loads(initiate("1", "--json").stdout)
        self.assertFalse(document["established"])
        self.assertIn("cannot connect", document["failure"]["reason"])


class Refused(InRealm):
    def test_a_key_that_is_not_the_services(self):
        """Both keytabs have a key for the name; this one's is another's."""
        keytab = self.path("keytab")
        script = ("addent -password -p host/localhost -k 2 -e aes256-cts-hmac-sha1-96\n"
                  f"wrong\nwkt {keytab}\nquit\n")
        subprocess.run(["ktutil"], input=script.encode(), check=True, capture_output=True)
        acceptor = self.accept("--keytab", "FILE:" + keytab)
        initiated = initiate(acceptor.port)
        status, _, err = acceptor.end()
        self.assertEqual((status, initiated.returncode), (FAILED, FAILED))
        self.assertIn(b"the login failed: gss_accept_sec_context", err)

    def test_a_token_that_was_changed(self):
        def flip_last(number, frame):
            return frame[:-1] + bytes([frame[-1] ^ 1]) if number == 0 else frame
        acceptor = self.accept("--output", self.path("output"))
        proxy = Proxy(acceptor.port, flip_last)
        initiated = initiate(proxy.port, data=b"data")
        proxy.join()
        self.assertEqual((acceptor.end()[0], initiated.returncode), (FAILED, FAILED))
        self.assertEqual(self.names(), [])


class Transfer(InRealm):
    """A file on its way. Frame 0 is the token, each after it a message, the last one the end."""

    SIZE = 20 * 1000 * 1000
    PIECE = 65536

    def send(self, size, meddle=None):
        """Sends `size` octets through `meddle`; the status of acceptor and initiator."""
        sent, got = self.path("sent"), self.path("got")
        with open(sent, "wb") as file:
            file.write(os.urandom(size))
        pathlib.Path(got).write_bytes(b"old")
        acceptor = self.accept("--output", got)
        proxy = Proxy(acceptor.port, meddle) if meddle else None
        initiated = initiate(proxy.port if proxy else acceptor.port, "--send", sent)
        if proxy:
            proxy.join()
        status, _, self.err = acceptor.end()
        self.assertEqual(self.names(), ["got", "sent"])
        return status, initiated.returncode

    def assert_refused(self, meddle):
        self.assertEqual(self.send(3 * self.PIECE, meddle), (FAILED, FAILED), self.err)
        self.assertIn(b"the data is incomplete", self.err)
        self.assertEqual(pathlib.Path(self.path("got")).read_bytes(), b"old")

    def test_of_twenty_megabytes(self):
        self.assertEqual(self.send(self.SIZE), (DONE, DONE), self.err)
        self.assertEqual(pathlib.Path(self.path("got")).read_bytes(),
                         pathlib.Path(self.path("sent")).read_bytes())

    def test_of_twenty_megabytes_takes_no_more_memory_than_of_a_few_pieces(self):
        """Looked at when the sixth and the last piece pass the proxy, while both are alive."""
        with open(self.path("sent"), "wb") as file:
            file.write(os.urandom(self.SIZE))
        acceptor = self.accept("--output", self.path("got"))
        num_pieces = -(-self.SIZE // self.PIECE)
        processes, peaks = [acceptor.process], {}

        def look(number, frame):
            if number in (6, num_pieces):
                peaks[number] = [self.peak(process) for process in processes]
            return frame
        proxy = Proxy(acceptor.port, look)
        command = ["initiate", "localhost", proxy.port, SERVICE, "--send", self.path("sent")]
        with subprocess.Popen([GSSLOOP, *command], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, env=environment()) as initiator:
            processes.append(initiator)
            self.assertEqual(initiator.wait(PATIENCE), DONE)
        self.assertEqual(acceptor.end()[0], DONE)
        if b"__asan_init" in pathlib.Path(GSSLOOP).read_bytes():
            self.skipTest("AddressSanitizer keeps what is freed")
        for early, late in zip(peaks[6], peaks[num_pieces]):
            self.assertLess(late - early, 2048)  # KiB

    @staticmethod
    def peak(process):
        """The most memory a process ever had, in KiB."""
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])

    def test_of_a_bit_flipped(self):
        for position in (5, 40, -1):
            def flip(number, frame, position=position):
                if number != 2:
                    return frame
                changed = bytearray(frame)
                changed[position] ^= 1
                return bytes(changed)
            self.assert_refused(flip)

    def test_cut_off_before_its_end(self):
        for last in (1, 2, 3):
            self.assert_refused(lambda number, frame, last=last: frame if number <= last else None)

    def test_cut_off_within_a_frame(self):
        self.assert_refused(lambda number, frame: frame[:100] if number == 2 else
                            frame if number < 2 else None)

    def test_with_a_message_left_out_doubled_or_swapped(self):
        kept = []

        def swap(number, frame):
            if number == 2:
                kept.append(frame)
                return b""
            return frame + kept.pop() if number == 3 else frame
        self.assert_refused(lambda number, frame: b"" if number == 2 else frame)
        self.assert_refused(lambda number, frame: frame * 2 if number == 2 else frame)
        self.assert_refused(swap)

    def test_ended_by_a_signal(self):
        got = self.path("got")
        pathlib.Path(got).write_bytes(b"old")
        acceptor = self.accept("--output", got)
        with subprocess.Popen([GSSLOOP, "initiate", "localhost", acceptor.port, SERVICE],
                              stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, env=environment()) as initiator:
            initiator.stdin.write(b"x" * self.PIECE)
            initiator.stdin.flush()
            self.wait_for_size(self.PIECE)
            acceptor.process.send_signal(signal.SIGINT)
            self.assertEqual(acceptor.end()[0], -signal.SIGINT)
            initiator.stdin.close()
            self.assertEqual(initiator.wait(PATIENCE), FAILED)
        self.assertEqual(self.names(), ["got"])
        self.assertEqual(pathlib.Path(got).read_bytes(), b"old")

    def wait_for_size(self, size):
        deadline = time.monotonic() + PATIENCE
        while not any(entry.name != "got" and entry.stat().st_size >= size
                      for entry in self.folder.iterdir()):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)


class Attributes(InRealm):
    def test_of_oneself(self):
        shown = run("attributes", SERVICE)
        self.assertEqual((shown.returncode, shown.stderr), (DONE, b""))
        for part in (b"peer: alice@EXAMPLE.TEST", b"auth-indicators", b"authenticated, complete",
                     b'"second-factor"', b"urn:mspac:", b"... ("):
            self.assertIn(part, shown.stdout)
        self.assertNotIn(b"... (", run("attributes", SERVICE, "--full").stdout)

    def test_of_oneself_by_this_hosts_name(self):
        self.assertEqual(run("attributes").returncode, DONE)

    def indicators(self, *arguments, **env):
        shown = run("attributes", SERVICE, "--json", *arguments, **env)
        self.assertEqual(shown.returncode, DONE, shown.stderr)
        for attribute in json.loads(shown.stdout)["attributes"]:
            if attribute["name"]["text"] == "auth-indicators":
                self.assertTrue(attribute["authenticated"] and attribute["complete"])
                return [base64.b64decode(value["base64"]) for value in attribute["values"]]
        return None

    def test_as_json_and_from_another_machine(self):
        acceptor = self.accept("--reveal", "--output", self.path("output"))
        here = self.indicators()
        self.assertEqual(here, [b"spake", b"second-factor"])
        self.assertEqual(self.indicators("--remote", f"localhost:{acceptor.port}", **NO_KEYTAB),
                         here)
        self.assertEqual(acceptor.end()[0], DONE)
        self.assertEqual(self.names(), [])

    def test_of_an_acceptor_that_does_not_reveal(self):
        acceptor = self.accept()
        shown = run("attributes", SERVICE, "--remote", f"localhost:{acceptor.port}")
        self.assertEqual(shown.returncode, FAILED)
        self.assertIn(b"--reveal", shown.stderr)
        self.assertEqual(acceptor.end()[0], DONE)

    def test_not_tried(self):
        for what, env, service in ((b"kinit", NO_TICKET, SERVICE),
                                   (b"/nonexistent/keytab", NO_KEYTAB, SERVICE),
                                   (b"the KDC does not know", {}, "nosuch@localhost")):
            shown = run("attributes", service, **env)
            self.assertEqual((shown.returncode, shown.stdout), (NOT_TRIED, b""))
            self.assertIn(what, shown.stderr)


if __name__ == "__main__":
    # The library decides this machine's name.
    hosts = {name.lower() for name in ("localhost", socket.getfqdn(), socket.gethostname())}
    restart_in_realm(__file__, [f"host/{name}" for name in sorted(hosts)])
    unittest.main(verbosity=2)
