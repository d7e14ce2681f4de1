#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Logins while KDCs are dead, or do not answer, and after they are back."""

import concurrent.futures
import pathlib
import re
import sys
import time

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import federation
import indicators
import lab
import sasl_pair
from libsasl import OK

NO_RULE = "# no rule\n"
NO_KDC = "no KDC of the realm answered: check krb5.conf and the network"


class OutageTest(federation.FederationTest):
    SOURCE = "MIT KDC"
    ATTRIBUTE = "the client's ticket"

    @classmethod
    def config(cls, name, *ports, is_tcp=True):
        """A krb5.conf with KDCs of these ports, in this order."""
        text = pathlib.Path(cls.kdc.env["KRB5_CONFIG"]).read_text()
        lines = "".join(f"    kdc = 127.0.0.1:{port}\n" for port in ports)
        text, number = re.subn(r"(?m)^    kdc = .*\n", lines, text)
        assert number == 1, text
        if not is_tcp:  # as krb5.conf is without the line: by UDP at first
            text = re.sub(r"(?m)^.*udp_preference_limit.*\n", "", text)
        return {"KRB5_CONFIG": cls.write(name, text)}

    def fresh(self, user="alice"):
        """A ccache without a ticket for the service."""
        return self.kdc.kinit(user)

    def doctor(self, env, ccache):
        return lab.run([lab.GSSLOOP, "doctor", "--client-only", "imap@localhost"], lab.environment(
            SASL_PATH=lab.SERVER_MODULE, KRB5CCNAME=ccache, **env))


class DeadAndBack(OutageTest):
    """The only KDC ends and starts again, while a client and a server run."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kdc = indicators.Kdc(cls, name="mortal")
        cls.known = {"KRB5_CONFIG": cls.kdc.env["KRB5_CONFIG"]}  # to clients and servers

    def assertNothingSent(self, client, mechanism, pattern):
        answer = client.ask("start", mechanism=mechanism)
        self.assertLess(answer["code"], OK)
        self.assertIsNone(answer["out"])
        self.assertRegex(answer["error"], pattern)

    def assertLoggedIn(self, client, server, mechanism):
        codes = sasl_pair.log_in(client, server, mechanism)
        self.assertEqual(codes, (OK, OK), client.said() + "\n" + server.said())
        self.assertEqual(server.ask("learn")["authid"], "alice")

    def peers(self, mechanism, ccache, **config):
        bound = sasl_pair.binding(critical=True) if mechanism.endswith("-PLUS") else {}
        return (self.client_of(ccache, self.known, **bound, **config),
                self.server_with(NO_RULE, server_env=self.known, **bound))

    def test_logins(self):
        for mechanism in federation.MECHANISMS:
            client, server = self.peers(mechanism, self.fresh())
            ticket = self.fresh()
            self.assertLoggedIn(*self.peers(mechanism, ticket), mechanism)  # gets the service's
            known, known_server = self.peers(mechanism, ticket)
            self.kdc.stop()
            with self.decision(mechanism, "no KDC", "a ticket for the service: admitted"):
                self.assertLoggedIn(known, known_server, mechanism)
            with self.decision(mechanism, "no KDC", "no ticket for it: nothing sent"):
                self.assertNothingSent(client, mechanism, NO_KDC)
            self.kdc.start()
            with self.decision(mechanism, "the KDC is back", "the same client admitted"):
                self.assertLoggedIn(client, server, mechanism)

    def test_passwords(self):
        given = {"answers": {"authname": "alice", "pass": lab.PASSWORD}}
        client, server = self.peers("GS2-KRB5", "FILE:/nonexistent", **given)
        self.kdc.stop()
        with self.decision("GS2-KRB5", "no KDC", "a password: nothing sent"):
            self.assertNothingSent(client, "GS2-KRB5",
                                   "getting a credential for alice with a password.*" + NO_KDC)
        self.kdc.start()
        client, server = self.peers("GS2-KRB5", "FILE:/nonexistent", **given)
        with self.decision("GS2-KRB5", "the KDC is back", "a password: admitted"):
            self.assertLoggedIn(client, server, "GS2-KRB5")

    def test_doctor(self):
        ticket = self.fresh()
        self.kdc.stop()
        with self.decision("none", "gssloop doctor, no KDC", "it says so"):
            self.assertProblem(self.doctor(self.known, ticket),
                               rf"no KDC of {lab.REALM} answers: 127\.0\.0\.1:{self.kdc.port} "
                               r"\(TCP: Connection refused, UDP: Connection refused\)",
                               "so:  login: a client cannot log in to imap@localhost")
        self.kdc.start()
        with self.decision("none", "gssloop doctor, the KDC is back", "no problem"):
            self.assertDone(self.doctor(self.known, ticket), "0 problems, 0 notes")


class TwoKdcs(OutageTest):
    """The first KDC is dead, or takes requests and answers none; the second one answers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kdc = indicators.Kdc(cls, name="second")
        cls.silent = indicators.Kdc(cls, name="silent")
        cls.silent.suspend()
        cls.addClassCleanup(cls.silent.resume)
        dead, silent, second = lab.free_port(), cls.silent.port, cls.kdc.port
        cls.configs = {
            "the first of two is dead": cls.config("dead.conf", dead, second),
            "the first of two is silent, UDP": cls.config("udp.conf", silent, second, is_tcp=False),
            "the first of two is silent, TCP": cls.config("tcp.conf", silent, second),
            "the only one is silent": cls.config("only.conf", silent),
            "two are dead": cls.config("none.conf", dead, lab.free_port())}

    def admits(self, mechanism, situation):
        """Whether a client logs in, what it says, and after how many seconds."""
        config, ticket = self.configs[situation], self.fresh()
        start = time.monotonic()
        server, is_admitted = self.log_in(mechanism, NO_RULE, ticket, client_env=config)
        return is_admitted, server, time.monotonic() - start

    def test_the_second_one_answers(self):
        # Seconds that libkrb5 waits for the first KDC, and that the login takes at the most.
        rows = [(mechanism, "the first of two is dead", 0, 15)
                for mechanism in federation.MECHANISMS]
        rows += [(mechanism, "the first of two is silent, UDP", 1, 15)
                 for mechanism in federation.MECHANISMS]
        rows += [("GSSAPI", "the first of two is silent, TCP", 10, 30)]
        for mechanism, situation, least, most in rows:
            with self.decision(mechanism, situation, f"admitted, after {least} to {most} s"):
                is_admitted, server, took_s = self.admits(mechanism, situation)
                self.assertTrue(is_admitted, server.said())
                self.assertEqual(server.ask("learn")["authid"], "alice")
                self.assertTrue(least <= took_s <= most, took_s)

    def test_none_answers(self):
        rows = [(mechanism, "two are dead", 15) for mechanism in federation.MECHANISMS]
        rows += [(mechanism, "the only one is silent", 50)
                 for mechanism in ("GSSAPI", "GSS-SPNEGO")]

        def start(mechanism, situation, ticket):
            bound = sasl_pair.binding(critical=True) if mechanism.endswith("-PLUS") else {}
            client = self.client_of(ticket, self.configs[situation], **bound)
            begin = time.monotonic()
            return client.ask("start", mechanism=mechanism), time.monotonic() - begin

        with concurrent.futures.ThreadPoolExecutor(len(rows)) as pool:  # it may wait long
            ends = [pool.submit(start, *row[:2], self.fresh()) for row in rows]
            for (mechanism, situation, most), end in zip(rows, ends):
                with self.decision(mechanism, situation, f"nothing sent, after {most} s at most"):
                    answer, took_s = end.result()
                    self.assertLess(answer["code"], OK)
                    self.assertIsNone(answer["out"])
                    self.assertRegex(answer["error"], NO_KDC)
                    self.assertLessEqual(took_s, most)

    def test_doctor(self):
        rows = {"the first of two is dead": "TCP: Connection refused, UDP: Connection refused",
                "the first of two is silent, UDP": "TCP: no answer in time, UDP: no answer in time"}
        for situation, why in rows.items():
            with self.decision("none", f"gssloop doctor, {situation}", "a note"):
                done = self.doctor(self.configs[situation], self.fresh())
                self.assertDone(done, rf"note +kdc +not every KDC of {lab.REALM} answers: "
                                rf"127\.0\.0\.1:\d+ \({why}\)", "0 problems, 1 note",
                                "a client gets a ticket for imap@localhost")


if __name__ == "__main__":
    federation.main(__file__, services=["imap/localhost"], needs=["krb5kdc", "kinit"])
