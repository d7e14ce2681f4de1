# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of the sources of attributes share: a server with a policy, a client with a
ticket, and a row in the table for each decision.

A test program is one of tests/servers/lab.py, whose folder has the helpers; importing this module
lets it import them.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "servers"))
import lab
import sasl_pair
from libsasl import OK

HERE = pathlib.Path(__file__).parent
MECHANISMS = ("GSSAPI", "GS2-KRB5", "GS2-KRB5-PLUS", "GSS-SPNEGO")


class FederationTest(sasl_pair.LoginTest):
    """Tests of one source of attributes, which SOURCE names in the table."""

    SOURCE = ""
    ATTRIBUTE = ""

    def decision(self, mechanism, rule, outcome, attribute=None, source=None):
        """A row of the table, and a test of its own: with self.decision(...): assertions."""
        return self.subTest(source=source or self.SOURCE, mechanism=mechanism,
                            attribute=attribute or self.ATTRIBUTE, rule=rule, outcome=outcome)

    def log_in(self, mechanism, policy, ccache, requested=(), client_env=None, server_env=None,
               **config):
        """Logs the ticket's user in to a server with the policy, a text. Returns the server's Peer
        when the login has ended, and whether it was admitted. `config` is for both sides."""
        if mechanism.endswith("-PLUS"):
            config = sasl_pair.binding(critical=True) | config
        server = self.server_with(policy, requested, server_env, **config)
        return self.log_in_to(server, mechanism, ccache, client_env, **config)

    def server_with(self, policy, requested=(), server_env=None, **config):
        """A server's Peer with the policy, a text."""
        options = {"gssloop_policy": self.write("policy.toml", policy)}
        return self.peer("server", options=options, requested=list(requested),
                         env={"KRB5CCNAME": "FILE:/nonexistent"} | (server_env or {}), **config)

    def log_in_to(self, server, mechanism, ccache, client_env=None, **config):
        """The same with a server's Peer that is there already. `config` is the client's."""
        client = self.client_of(ccache, client_env, **config)
        codes = sasl_pair.log_in(client, server, mechanism)
        # The server decides; a client of GS2 may have been content before.
        return server, codes[1] == OK

    def client_of(self, ccache, client_env=None, **config):
        """A client's Peer that has the ccache, and no key."""
        return self.peer("client", **config, env={
            "KRB5CCNAME": ccache, "KRB5_KTNAME": "FILE:/nonexistent"} | (client_env or {}))

    def assertLayer(self, client, server, mechanism, ssf):
        """The peers log in, both with this SSF, and each reads what the other one protects."""
        codes = sasl_pair.log_in(client, server, mechanism)
        self.assertEqual(codes, (OK, OK), client.said() + "\n" + server.said())
        for sender, receiver in ((client, server), (server, client)):
            self.assertEqual(sender.ask("learn")["ssf"], ssf)
            packet = sender.ask("encode", b"of " + mechanism.encode())["out"]
            self.assertEqual(receiver.ask("decode", packet)["out"], b"of " + mechanism.encode())

    def assertAdmitted(self, login, user):
        """The login that log_in() returned was admitted, as the user. Returns what the application
        sees."""
        server, is_admitted = login
        self.assertTrue(is_admitted, server.said())
        seen = server.ask("learn")
        self.assertEqual(seen["authid"], user)
        return seen

    def assertRefused(self, login, pattern):
        """The login was refused, and the server's log says why."""
        server, is_admitted = login
        self.assertFalse(is_admitted)
        self.assertRegex(server.said(), pattern)

    def assertProblem(self, done, *parts):
        """`gssloop doctor` found a problem, and said all of the parts."""
        lab.ServerTest.assertRefused(self, done, *parts)

    def assertSendsNothing(self, mechanism, ccache, pattern, client_env=None, **config):
        """The client ends the login before it sends anything, and says why."""
        if mechanism.endswith("-PLUS"):
            config = sasl_pair.binding(critical=True) | config
        client = self.peer("client", env={"KRB5CCNAME": ccache} | (client_env or {}), **config)
        answer = client.ask("start", mechanism=mechanism)
        self.assertLess(answer["code"], 0)
        self.assertIsNone(answer["out"])
        self.assertRegex(client.said(), pattern)


main = lab.main
