#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""With NTLM as a mechanism of the GSS-API, and credentials for it on both sides, this module never
offers it, and SPNEGO never negotiates it."""

import pathlib
import sys

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import federation
import gss_peer
import lab
import ntlm
import sasl_pair
from libsasl import CONTINUE, OK

KRB5, SPNEGO = "1.2.840.113554.1.2.2", "1.3.6.1.5.5.2"
NTLM_OID = gss_peer.oid_octets(ntlm.OID)
KERBEROS = ["GS2-KRB5", "GSS-SPNEGO", "GSSAPI"]
NO_TICKET = {"KRB5CCNAME": "FILE:/nonexistent"}
NO_KEYTAB = {"KRB5_KTNAME": "FILE:/nonexistent"}
NOT_KERBEROS = f"SPNEGO would negotiate the mechanism {ntlm.OID}, which is not Kerberos"
CREDENTIALS = {None: "the default one", "all": "the application's own",
               "kerberos": "the application's own, restricted to Kerberos"}
CHALLENGE = b"NTLMSSP\0\2"  # [MS-NLMP] section 2.2.1.2


def der(tag, contents):
    """A short value of DER."""
    return bytes([tag, len(contents)]) + contents


def selects_ntlm(challenge):
    """A server's answer in SPNEGO (RFC 4178 section 4.2.2): negotiation goes on, with NTLM."""
    fields = (der(0xa0, der(0x0a, b"\x01")) + der(0xa1, der(0x06, NTLM_OID)) +
              (der(0xa2, der(0x04, challenge)) if challenge else b""))
    return der(0xa1, der(0x30, fields))


class Ntlm(federation.FederationTest):
    SOURCE = "gss-ntlmssp"
    ATTRIBUTE = "none"

    def setUp(self):
        super().setUp()
        self.env = ntlm.environment(ntlm.find_module(), self.path("mech.conf"),
                                    self.path("users"))

    def raw(self, env, *words):
        """A GSS-API program without this module."""
        peer = gss_peer.Peer(lab.environment(**self.env | env), *words)
        self.addCleanup(peer.end)
        return peer

    def initiator(self, mechanism, env=None):
        return self.raw(NO_TICKET | (env or {}), "initiator", mechanism, "imap@localhost")

    def server(self, **config):
        return self.peer("server", env=self.env | NO_TICKET, takes=0, **config)

    def client(self, env=None, **config):
        return self.peer("client", env=self.env | NO_KEYTAB | (env or {}), **config)

    def assertSendsNothing(self, client, mechanism, pattern):
        said = client.ask("start", mechanism=mechanism)
        self.assertNotIn(said["code"], (OK, CONTINUE), said)
        self.assertIsNone(said["out"])
        self.assertRegex(client.said(), pattern)

    def row(self, mechanism, rule, outcome):
        return self.decision(mechanism, rule, outcome)

    def test_the_machine_would_negotiate_it(self):
        """Without this module, a client that has no ticket logs in with NTLM, and SPNEGO arrives at
        NTLM's challenge. (On Debian 13 the login by SPNEGO then ends with GSS_S_DEFECTIVE_TOKEN.)"""
        for name in (ntlm.OID, SPNEGO):
            here, there = self.initiator(name), self.raw({}, "acceptor")
            is_direct = name == ntlm.OID
            with self.row("none: " + ("NTLM" if is_direct else "SPNEGO"),
                          "programs without this module",
                          "mallory logs in with NTLM" if is_direct else "NTLM's challenge"):
                challenges = 0
                major, token = here.answer()
                while major in (OK, CONTINUE) and token:
                    major, token = there.answer(token)
                    challenges += CHALLENGE in (token or b"")
                    if major in (OK, CONTINUE) and token:
                        major, token = here.answer(token)
                self.assertEqual(challenges, 1)
                if is_direct:
                    self.assertEqual(major, OK)
                    self.assertEqual(there.mechanism, NTLM_OID)

    def test_it_is_not_offered(self):
        for named in (None, f"{ntlm.SASL_NAME} NTLM {' '.join(KERBEROS)}"):
            options = {"options": {"gssloop_mechanisms": named}} if named else {}
            with self.row("all", f"gssloop_mechanisms {'names it' if named else 'unset'}",
                          "not in the server's list"):
                self.assertEqual(sorted(self.server(**options).ask("list")["mechanisms"]), KERBEROS)
            for name in (ntlm.SASL_NAME, ntlm.SASL_NAME + "-PLUS", "NTLM"):
                with self.row(name, f"gssloop_mechanisms {'names it' if named else 'unset'}",
                              "no mechanism of the client"):
                    said = self.client(**options).ask("start", mechanism=name)
                    self.assertEqual((said["code"], said["out"]), (sasl_pair.NOMECH, None))

    def test_a_client_without_a_ticket_sends_nothing(self):
        for credential, owner in CREDENTIALS.items():
            for mechanism in KERBEROS:
                with self.row(mechanism, f"no ticket; a credential for NTLM, {owner}",
                              "the client sends nothing"):
                    self.assertSendsNothing(self.client(NO_TICKET, credential=credential),
                                            mechanism, ".")

    def test_a_client_with_a_ticket_names_kerberos_alone(self):
        for credential, owner in CREDENTIALS.items():
            rule = f"a ticket, and a credential for NTLM, {owner}"
            if credential == "all":
                with self.row("GSS-SPNEGO", rule, "the client sends nothing"):
                    self.assertSendsNothing(self.client(credential=credential), "GSS-SPNEGO",
                                            NOT_KERBEROS)
                continue
            for limits in ({}, sasl_pair.limits(maximum=0)) if credential is None else ({},):
                with self.row("GSS-SPNEGO", rule, "alice admitted, and Kerberos alone named"):
                    client = self.client(credential=credential, **limits)
                    sent = []

                    def note(_number, message, sent=sent):
                        sent.append(message)
                        return message
                    server = self.server(**limits)
                    codes = sasl_pair.log_in(client, server, "GSS-SPNEGO", note)
                    self.assertEqual(codes, (OK, OK), client.said() + server.said())
                    self.assertIn(gss_peer.oid_octets(KRB5), sent[0])
                    self.assertFalse([it for it in sent if NTLM_OID in (it or b"")])

    def test_a_server_that_selects_it(self):
        """... although the client did not name it."""
        _, negotiate = self.initiator(ntlm.OID).answer()
        _, challenge = self.raw({}, "acceptor").answer(negotiate)
        self.assertTrue(challenge.startswith(ntlm.MARK))
        for credential in (None, "kerberos"):
            for token in (b"", challenge[:96]):
                with self.row("GSS-SPNEGO", "a server selects NTLM, " + (
                        "with its challenge" if token else "without more"),
                              "the client ends the login, and sends nothing"):
                    client = self.client(credential=credential)
                    self.assertEqual(client.ask("start", mechanism="GSS-SPNEGO")["code"], CONTINUE)
                    said = client.ask("step", selects_ntlm(token))
                    self.assertNotIn(said["code"], (OK, CONTINUE), said)
                    self.assertIsNone(said["out"])

    def test_a_server_does_not_accept_it(self):
        policy = {"gssloop_policy": self.write("policy.toml", "# no rules\n")}
        messages = [(mechanism, header, sent) for mechanism in KERBEROS
                    for header in ((b"n,,", b"F,n,,") if mechanism == "GS2-KRB5" else (b"",))
                    for sent in (ntlm.OID, SPNEGO)]
        for credential, owner in CREDENTIALS.items():
            for mechanism, header, sent in messages:
                name = header.decode() + ("NTLM" if sent == ntlm.OID else "SPNEGO with NTLM alone")
                with self.row(mechanism, f"a client sends {name}; the server's credential: {owner}",
                              "refused, without a challenge"):
                    server = self.server(credential=credential, options=policy)
                    _, token = self.initiator(sent).answer()
                    self.assertIn(ntlm.MARK, token)
                    said = server.ask("start", header + token, mechanism=mechanism)
                    self.assertNotIn(ntlm.MARK, said["out"] or b"", server.said())
                    self.assertNotEqual(said["code"], OK)
                    if credential == "all" and (mechanism, sent) == ("GSS-SPNEGO", SPNEGO):
                        self.assertRegex(server.said(), NOT_KERBEROS)
                    said = server.ask("step", b"")
                    self.assertNotIn(said["code"], (OK, CONTINUE), server.said())

    def test_a_server_prefers_kerberos(self):
        """A client of another kind offers both."""
        ticket = {"KRB5CCNAME": self.realm.kinit("alice")}
        for credential, owner in CREDENTIALS.items():
            with self.row("GSS-SPNEGO", f"a client offers Kerberos, and NTLM; {owner}",
                          "alice admitted, with Kerberos"):
                client = self.initiator(SPNEGO, ticket)
                _, token = client.answer()
                self.assertIn(NTLM_OID, token)
                server = self.server(credential=credential)
                said = server.ask("start", token, mechanism="GSS-SPNEGO")
                self.assertEqual(client.answer(said["out"]), (OK, b""))
                self.assertEqual(client.mechanism, gss_peer.oid_octets(KRB5))
                self.assertEqual(server.ask("step", b"")["code"], OK, server.said())
                self.assertEqual(server.ask("learn")["authid"], "alice")


if __name__ == "__main__":
    if ntlm.find_module() is None:
        lab.skip("neither unpacked nor installed: gss-ntlmssp")
    federation.main(__file__, services=["imap/localhost"], needs=["krb5kdc", "kinit"])
