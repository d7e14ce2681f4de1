#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Clients whose tickets sssd-kcm keeps."""

import pathlib
import sys
import time

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import federation
import lab
import sasl_pair
import sssd_kcm
from libsasl import OK

NO_RULE = "# no rule\n"
SILENT = r"the daemon that keeps the tickets \(KCM\) does not answer: start it"


class KcmTest(federation.FederationTest):
    SOURCE = "sssd-kcm"
    ATTRIBUTE = "the client's ticket"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kcm = sssd_kcm.Kcm(cls)

    def setUp(self):
        super().setUp()
        self.kcm.forget()

    def assertLoggedIn(self, client, mechanism, user="alice"):
        """The client logs in to a new server."""
        bound = sasl_pair.binding(critical=True) if mechanism.endswith("-PLUS") else {}
        server = self.server_with(NO_RULE, **bound)
        codes = sasl_pair.log_in(client, server, mechanism)
        self.assertEqual(codes, (OK, OK), client.said() + "\n" + server.said())
        self.assertEqual(server.ask("learn")["authid"], user)

    def client(self, mechanism="", ccache="KCM:", **config):
        if mechanism.endswith("-PLUS"):
            config = sasl_pair.binding(critical=True) | config
        return self.client_of(ccache, self.kcm.env(ccache), **config)

    def assertFails(self, client, mechanism, pattern):
        """The client has no ticket that it could send, and says why."""
        answer = client.ask("start", mechanism=mechanism)
        self.assertLess(answer["code"], OK)
        self.assertIsNone(answer["out"])
        self.assertRegex(answer["error"], pattern)


    def doctor(self):
        return lab.run([lab.GSSLOOP, "doctor", "--client-only", "imap@localhost"],
                       lab.environment(SASL_PATH=lab.SERVER_MODULE, **self.kcm.env()))


class Tickets(KcmTest):
    def test_names_of_caches(self):
        self.kcm.kinit("alice")
        for mechanism in federation.MECHANISMS:
            for ccache in ("KCM:", "KCM:0"):
                with self.decision(mechanism, f"KRB5CCNAME={ccache}", "alice admitted"):
                    self.assertLoggedIn(self.client(mechanism, ccache), mechanism)
        # The daemon keeps the service's ticket, too.
        self.assertRegex(self.kcm.klist(), "Ticket cache: KCM:0\n[^$]*imap/localhost@")

    def test_two_users(self):
        self.realm.add_user("bob")
        self.kcm.kinit("alice")
        self.kcm.kinit("bob")
        for mechanism in federation.MECHANISMS:
            with self.decision(mechanism, "two caches", "bob, of the last kinit, admitted"):
                self.assertLoggedIn(self.client(mechanism), mechanism, "bob")
            with self.decision(mechanism, "two caches, the client names alice", "alice admitted"):
                client = self.client(mechanism, answers={"authname": "alice"})
                self.assertLoggedIn(client, mechanism)
            with self.decision(mechanism, "two caches, the client names carol", "nothing sent"):
                client = self.client(mechanism, answers={"authname": "carol"})
                self.assertFails(client, mechanism, "finding a credential for carol failed")

    def test_no_ticket_and_then_one(self):
        for mechanism in federation.MECHANISMS:
            self.kcm.forget()
            client = self.client(mechanism)
            with self.decision(mechanism, "no cache", "nothing sent"):
                self.assertFails(client, mechanism, "there is no usable Kerberos ticket: run kinit")
            with self.decision(mechanism, "after kinit, the same client", "alice admitted"):
                self.kcm.kinit("alice")
                self.assertLoggedIn(client, mechanism)

    def test_expired(self):
        self.kcm.kinit("alice", "-l", "1s")
        time.sleep(2)
        for mechanism in federation.MECHANISMS:
            with self.decision(mechanism, "an expired ticket", "nothing sent"):
                self.assertFails(self.client(mechanism), mechanism,
                                 "the ticket has expired: run kinit")
        done = self.doctor()
        with self.decision("none", "gssloop doctor, an expired ticket", "it says so"):
            self.assertProblem(done, "the ticket of alice@EXAMPLE.COM in KCM:0 expired")

    def test_doctor(self):
        with self.decision("none", "gssloop doctor, no cache", "no ticket"):
            self.assertProblem(self.doctor(), "there is no usable ticket in KCM:")
        self.kcm.kinit("alice")
        with self.decision("none", "gssloop doctor", "the ticket"):
            self.assertDone(self.doctor(), "alice@EXAMPLE.COM has a ticket in KCM:0 for another",
                            "a client gets a ticket for imap@localhost")


class WithoutDaemon(KcmTest):
    """The daemon ends and comes back, with the tickets that it had."""

    def test_the_same_client(self):
        self.kcm.kinit("alice")
        for mechanism in federation.MECHANISMS:
            client = self.client(mechanism)
            self.kcm.stop()
            with self.decision(mechanism, "the daemon is gone", "nothing sent"):
                self.assertFails(client, mechanism, SILENT)
            self.kcm.start()
            with self.decision(mechanism, "the daemon is back", "alice admitted"):
                self.assertLoggedIn(client, mechanism)

    def test_doctor(self):
        self.kcm.kinit("alice")
        self.kcm.stop()
        self.addCleanup(self.kcm.start)
        with self.decision("none", "gssloop doctor, the daemon is gone", "it says so"):
            self.assertProblem(self.doctor(), "the daemon that keeps the tickets of the "
                               "credentials cache KCM: does not answer")


if __name__ == "__main__":
    if not sssd_kcm.find_package():
        lab.skip("neither installed nor unpacked: sssd-kcm")
    federation.main(__file__, services=["imap/localhost"],
                    needs=["krb5kdc", "kadmin.local", "kinit", "klist", "kdestroy"])
