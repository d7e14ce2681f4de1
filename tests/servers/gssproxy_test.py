#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Servers and clients behind GSS-Proxy: they have no key and no ticket, and the attributes of a
client's name do not reach the server."""

import itertools
import os
import shutil

import lab
import sasl_pair
from gssproxy import NOWHERE, GssProxy, interposer
from guide import Guide
from lab import GSSLOOP, REALM
from libsasl import OK
from sasl_pair import OURS, binding, limits, log_in

MECHANISMS = ("GS2-KRB5", "GSSAPI", "GSS-SPNEGO")
HIDES = "GSS-Proxy hands on no attributes of a client's name"
ASSURANCE = '[attributes.assurance]\nfrom = [{ mechanism = "krb5", name = "auth-indicators" }]\n'
DENY = ASSURANCE + '[all]\ndeny = ["assurance=spake"]\n'
REQUIRE = ASSURANCE + '[all]\nrequire = ["assurance=spake"]\n'
BY_NAME = '[all]\nrequire = ["peer.realm=EXAMPLE.COM"]\ndeny = ["peer.principal=bob@EXAMPLE.COM"]\n'


class BehindGssProxy(sasl_pair.LoginTest):
    """Both peers as they are behind one daemon, or with a key and a ticket of their own."""

    SERVER = "gssproxy"
    numbers = itertools.count()
    users = []  # of the realm, which all classes share

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not cls.users:
            cls.users += ["bob", "carol"]
            for user in cls.users:
                cls.realm.add_user(user)
        cls.guide_socket = cls.path("imap")
        cls.ticket = cls.path("alice")  # of the client's service
        shutil.copy(os.environ["KRB5CCNAME"].removeprefix("FILE:"), cls.ticket)
        # Alice's, too, but it is of no use for imap.
        useless = cls.realm.kinit("alice", "-S", "ldap/localhost")
        keytab = os.environ["KRB5_KTNAME"].removeprefix("FILE:")
        guide = Guide("gss-proxy.md", {"/etc/imap.keytab": keytab, "= imap": f"= {os.geteuid()}",
                                       "/run/imap-gssproxy.sock": cls.path("imap")})
        cls.proxy = GssProxy(cls, {
            "server": {"cred_store": f"keytab:{keytab}", "cred_usage": "accept"},
            "client": {"cred_store": f"ccache:FILE:{cls.ticket}", "cred_usage": "initiate"},
            "useless": {"cred_store": f"ccache:{useless}", "cred_usage": "initiate"},
        }, guide.file("/etc/gssproxy/80-imap.conf"))

    def setUp(self):
        self.use_new_folder()

    def env(self, service, ccache=None, **changes):
        """The environment behind the proxy."""
        new = self.path(f"ccache.{next(self.numbers)}")
        return self.proxy.env(service, ccache or new, **changes)

    def policy(self, text):
        return self.write(f"policy.{next(self.numbers)}.toml", "# A policy\n" + text)

    def server(self, policy="", env=None, **more):
        options = {"log_level": 5, "gssloop_policy": self.policy(policy), **more.pop("options", {})}
        return self.peer("server", env=self.env("server") if env is None else env,
                         options=options, **more)

    def client(self, env=None, **more):
        """With alice's ticket of its own, unless `env` says otherwise."""
        return self.peer("client", env=env or {}, options={"log_level": 5}, **more)

    def assertLoggedIn(self, client, server, mechanism, user="alice"):
        self.assertEqual(log_in(client, server, mechanism), (OK, OK),
                         client.said() + "\n" + server.said())
        self.assertEqual(server.ask("learn")["peer"], f"{user}@{REALM}")

    def assertTurnedAway(self, client, server, mechanism):
        codes = log_in(client, server, mechanism)
        said = client.said() + "\n" + server.said()
        self.assertNotEqual(codes, (OK, OK), said)
        return said


class Servers(BehindGssProxy):
    def test_a_rule_about_an_attribute_refuses(self):
        for mechanism in MECHANISMS:
            for policy in (DENY, REQUIRE):
                with self.cell("sasl_peer", "gssloop", mechanism, "an attribute is unknown: " +
                               policy.splitlines()[-1]):
                    said = self.assertTurnedAway(self.client(), self.server(policy), mechanism)
                    self.assertRegex(said, "the policy refuses .*" + HIDES)

    def test_a_rule_about_the_name_decides(self):
        for mechanism in (*MECHANISMS, "GS2-KRB5-PLUS"):
            with self.cell("sasl_peer", "gssloop", mechanism, "a policy without attributes"):
                bound = binding() if mechanism.endswith("-PLUS") else {}
                self.assertLoggedIn(self.client(**bound), self.server(BY_NAME, **bound), mechanism)
                said = self.assertTurnedAway(self.client({"KRB5CCNAME": self.realm.kinit("bob")}),
                                             self.server(BY_NAME), mechanism.removesuffix("-PLUS"))
                self.assertRegex(said, "the policy refuses .bob")

    def test_attributes_of_a_key_in_the_process_are_known(self):
        """The interposer falls back on the keytab where no daemon answers."""
        env = {"GSSPROXY_SOCKET": self.path("none"), "KRB5_KTNAME": os.environ["KRB5_KTNAME"]}
        for policy, admits in ((DENY, False), (REQUIRE, True)):
            with self.cell("sasl_peer", "gssloop", "GS2-KRB5", "no daemon, but a keytab"):
                server = self.server(policy, self.env("server", **env))
                if admits:
                    self.assertLoggedIn(self.client(), server, "GS2-KRB5")
                else:
                    said = self.assertTurnedAway(self.client(), server, "GS2-KRB5")
                    self.assertNotIn(HIDES, said)

    def test_a_ticket_without_attributes_may_have_some(self):
        """From a name without any it cannot be told whether the daemon made it."""
        self.realm.kadmin("modprinc +no_auth_data_required imap/localhost")
        self.addCleanup(self.realm.kadmin, "modprinc -no_auth_data_required imap/localhost")
        env = self.env("server", GSSPROXY_SOCKET=self.path("none"),
                       KRB5_KTNAME=os.environ["KRB5_KTNAME"])
        ticket = {"KRB5CCNAME": self.realm.kinit("alice")}
        said = self.assertTurnedAway(self.client(ticket), self.server(DENY, env), "GS2-KRB5")
        self.assertIn(HIDES, said)
        without_proxy = self.server(DENY, {"KRB5CCNAME": NOWHERE})
        self.assertLoggedIn(self.client(ticket), without_proxy, "GS2-KRB5")

    def test_every_service_principal(self):
        for principal in ("*", "**", "imap/localhost", "imap"):
            for mechanism in MECHANISMS:
                with self.cell("sasl_peer", "gssloop", mechanism,
                               f"service_principal: {principal}"):
                    server = self.server(options={"service_principal": principal})
                    self.assertLoggedIn(self.client(), server, mechanism)

    def test_the_service_of_the_guide(self):
        for mechanism in MECHANISMS:
            with self.cell("sasl_peer", "gssloop", mechanism, "the service of docs/gss-proxy.md"):
                server = self.server(env=self.env("server", GSSPROXY_SOCKET=self.guide_socket))
                self.assertLoggedIn(self.client(), server, mechanism)

    def test_the_module_says_so_once(self):
        log = self.path("syslog")
        server = self.server(env=self.env("server", **lab.logged_by_syslog(log)))
        self.assertLoggedIn(self.client(), server, "GS2-KRB5")
        self.assertEqual(log.read_text().count(HIDES), 1, log.read_text())
        other = self.path("other")
        server = self.server(env={"KRB5CCNAME": NOWHERE} | lab.logged_by_syslog(other))
        self.assertLoggedIn(self.client(), server, "GS2-KRB5")
        self.assertNotIn("GSS-Proxy", other.read_text())


class Behaviors(BehindGssProxy):
    """GSSPROXY_BEHAVIOR, on a server that has a keytab of its own or none. The daemon has the key,
    too. Who accepts decides if attributes are known."""

    # Who accepts, if the server has a keytab with its key, and if not.
    ROWS = {"LOCAL_ONLY": ("server", None), "LOCAL_FIRST": ("server", "daemon"),
            "REMOTE_FIRST": ("daemon", "daemon")}

    def keytabs(self):
        """What the server may have: {what: KRB5_KTNAME}, and the one with its key first."""
        other, unreadable = self.path("other.keytab"), self.path("unreadable.keytab")
        self.realm.kadmin(f"ktadd -norandkey -k {other} ldap/localhost")
        shutil.copy(os.environ["KRB5_KTNAME"].removeprefix("FILE:"), unreadable)
        unreadable.chmod(0)
        keytabs = {"its keytab": os.environ["KRB5_KTNAME"], "no keytab": NOWHERE,
                   "a keytab of ldap/localhost": other}
        # Root can read every file.
        return keytabs | ({"a keytab that it cannot read": unreadable} if os.geteuid() else {})

    def behaving(self, service, behavior, **changes):
        return self.env(service, GSSPROXY_BEHAVIOR=behavior, **changes)

    def test_servers(self):
        for number, (what, keytab) in enumerate(self.keytabs().items()):
            for behavior, (with_key, without_key) in self.ROWS.items():
                who = with_key if number == 0 else without_key
                env = self.behaving("server", behavior, KRB5_KTNAME=keytab)
                # The rows with the same reason for the same end need no other mechanism.
                for mechanism in MECHANISMS if number < 2 else MECHANISMS[:1]:
                    with self.cell("sasl_peer", "gssloop", mechanism,
                                   f"{behavior}, {what}: accepted by the {who}"):
                        self.assertAcceptedBy(who, env, mechanism)

    def assertAcceptedBy(self, who, env, mechanism):
        server = self.server(BY_NAME, env)
        if who is None:
            self.assertTurnedAway(self.client(), server, mechanism)
            self.assertIn(f"{mechanism} is not offered: no credential for imap@localhost",
                          server.said())
            return
        self.assertLoggedIn(self.client(), server, mechanism)
        for policy in (REQUIRE, DENY):
            server = self.server(policy, env)
            if policy == REQUIRE and who == "server":
                self.assertLoggedIn(self.client(), server, mechanism)
            else:
                said = self.assertTurnedAway(self.client(), server, mechanism)
                (self.assertIn if who == "daemon" else self.assertNotIn)(HIDES, said)

    def test_clients(self):
        for behavior, admits in (("LOCAL_ONLY", False), ("LOCAL_FIRST", True),
                                 ("REMOTE_FIRST", True)):
            for mechanism in MECHANISMS:
                with self.cell("sasl_peer", "gssloop", mechanism, f"{behavior}, client"):
                    client = self.client(self.behaving("client", behavior))
                    server = self.server(env={"KRB5CCNAME": NOWHERE})
                    if admits:
                        self.assertLoggedIn(client, server, mechanism)
                    else:
                        said = self.assertTurnedAway(client, server, mechanism)
                        self.assertIn("finding a credential failed", said)

    def test_doctor(self):
        for behavior, pattern in (
                ("LOCAL_ONLY", "gets no key from GSS-Proxy"),
                ("LOCAL_FIRST", f"GSS-Proxy has the key of imap/localhost@{REALM}"),
                ("REMOTE_FIRST", f"GSS-Proxy has the key of imap/localhost@{REALM}")):
            with self.cell("gssloop doctor", "gssloop", "-", f"{behavior}, no keytab"):
                done = lab.run([GSSLOOP, "doctor", "--server-only", "imap@localhost"],
                               lab.environment(SASL_PATH=OURS, **self.behaving("server", behavior)))
                self.assertRegex(done.output, pattern)
                self.assertEqual(bool(done), behavior != "LOCAL_ONLY", done.output)


class Layers(BehindGssProxy):
    def test_both_directions(self):
        """One side or both have their keys in the daemon, the layer's in the process."""
        own = {"KRB5CCNAME": NOWHERE}
        for mechanism in ("GSSAPI", "GSS-SPNEGO"):
            for sides in ("server", "client", "both sides"):
                for most in (256, 1):
                    with self.cell("sasl_peer", "gssloop", mechanism,
                                   f"SSF {most}, {sides} behind the daemon"):
                        client = self.client(None if sides == "server" else self.env("client"),
                                             **limits(0, most))
                        server = self.server(env=own if sides == "client" else None)
                        self.assertLoggedIn(client, server, mechanism)
                        self.assertProtects(client, server, most)

    def test_a_layer_outlives_the_daemon(self):
        client, server = self.client(self.env("client")), self.server()
        self.assertLoggedIn(client, server, "GSSAPI")
        self.proxy.stop()
        self.addCleanup(self.proxy.start)
        self.assertProtects(client, server, 256)

    def assertProtects(self, client, server, ssf):
        for sender, receiver in ((client, server), (server, client)):
            self.assertEqual(sender.ask("learn")["ssf"], ssf)
            for message in (b"one", b"two" * 1000):
                packet = sender.ask("encode", message)["out"]
                self.assertEqual(receiver.ask("decode", packet)["out"], message)
        # A packet that comes again is not data, and closes the layer.
        self.assertLess(receiver.ask("decode", packet)["code"], OK)


class DeadAndBack(BehindGssProxy):
    """The daemon ends and starts again, while the server runs."""

    SILENT = "GSS-Proxy's daemon does not answer, or gives no reason"

    def setUp(self):
        super().setUp()
        self.addCleanup(lambda: self.proxy.server.process.poll() is None or self.proxy.start())

    def test_a_server_that_has_the_key(self):
        for mechanism in MECHANISMS:
            with self.cell("sasl_peer", "gssloop", mechanism, "the daemon dies and comes back"):
                server = self.server()
                self.assertLoggedIn(self.client(), server, mechanism)
                self.proxy.stop()
                server.ask("anew")
                self.assertIn(self.SILENT,
                              self.assertTurnedAway(self.client(), server, mechanism))
                self.proxy.start()
                server.ask("anew")
                self.assertLoggedIn(self.client(), server, mechanism)

    def test_a_server_that_starts_before_the_daemon(self):
        self.proxy.stop()
        server = self.server()
        self.assertEqual(server.ask("list")["mechanisms"], [])
        self.assertIn(self.SILENT, server.said())
        self.proxy.start()
        server.ask("anew")
        self.assertEqual(set(server.ask("list")["mechanisms"]), set(MECHANISMS))
        self.assertLoggedIn(self.client(), server, "GS2-KRB5")


class Clients(BehindGssProxy):
    def own_server(self):
        return self.server(env={"KRB5CCNAME": NOWHERE})

    def test_every_mechanism(self):
        for mechanism in MECHANISMS:
            for most in (256, 1, 0):
                with self.cell("sasl_peer", "gssloop", mechanism, f"client, maxssf {most}"):
                    client = self.client(self.env("client"), **limits(maximum=most))
                    self.assertLoggedIn(client, self.own_server(), mechanism)

    def test_both_sides(self):
        for mechanism in MECHANISMS:
            with self.cell("sasl_peer", "gssloop", mechanism, "both sides"):
                self.assertLoggedIn(self.client(self.env("client")), self.server(), mechanism)

    def test_a_named_user(self):
        for mechanism in MECHANISMS:
            with self.cell("sasl_peer", "gssloop", mechanism, "the client names its user"):
                client = self.client(self.env("client"), answers={"authname": "alice"})
                self.assertLoggedIn(client, self.own_server(), mechanism)

    def test_another_user_is_not_replaced(self):
        """The daemon has alice's ticket, and the client's own ccache has carol's."""
        for mechanism in MECHANISMS:
            for user in ("bob", "carol"):
                with self.cell("sasl_peer", "gssloop", mechanism, f"{user} is not replaced"):
                    ccache = self.path(f"ccache.{next(self.numbers)}")
                    shutil.copy(self.realm.kinit("carol").removeprefix("FILE:"), ccache)
                    client = self.client(self.env("client", ccache), answers={"authname": user})
                    server = self.own_server()
                    if log_in(client, server, mechanism) == (OK, OK):
                        self.assertEqual(server.ask("learn")["peer"], f"{user}@{REALM}")


    def test_a_fallback_is_noticed(self):
        """The daemon's ticket does not suffice. The interposer then takes the process's default one,
        carol's by .k5identity(5). It refuses the second call of Kerberos itself, but not SPNEGO's."""
        self.write(".k5identity", f"carol@{REALM} service=imap\n")
        replaced = f"alice@{REALM} was chosen, but carol@{REALM} logged in"
        for mechanism, sentence in (("GS2-KRB5", "Invalid credential"),
                                    ("GSSAPI", "Invalid credential"), ("GSS-SPNEGO", replaced)):
            for answers in ({"authname": "alice"}, {}):
                with self.cell("sasl_peer", "gssloop", mechanism, f"a fallback, {answers}"):
                    folder = self.path(f"ccaches.{next(self.numbers)}")
                    folder.mkdir()
                    env = self.env("useless", KRB5CCNAME=f"DIR:{folder}", HOME=self.folder)
                    self.assertDone(lab.run(["kinit", "carol"], data=lab.PASSWORD + "\n",
                                            env=lab.environment(KRB5CCNAME=env["KRB5CCNAME"])))
                    client = self.client(env, answers=answers)
                    said = self.assertTurnedAway(client, self.own_server(), mechanism)
                    self.assertIn(sentence, said)


class Doctor(BehindGssProxy):
    def doctor(self, env, *options):
        return lab.run([GSSLOOP, "doctor", *options, "imap@localhost"],
                       env=lab.environment(**{"SASL_PATH": OURS} | env))

    def test_keys_of_the_proxy_are_not_missing(self):
        done = self.doctor(self.env("server"), "--server-only")
        self.assertDone(done, f"GSS-Proxy has the key of imap/localhost@{REALM}", HIDES,
                        "a server of imap@localhost can accept logins")

    def test_ticket_of_the_proxy_is_not_missing(self):
        done = self.doctor(self.env("client"), "--client-only")
        self.assertDone(done, f"GSS-Proxy has a ticket of alice@{REALM}",
                        "a client gets a ticket for imap@localhost")

    def test_keys_that_are_nowhere_are_missing(self):
        done = self.doctor(self.env("server", GSSPROXY_SOCKET=self.path("none")), "--server-only")
        self.assertRefused(done, "gets no key from GSS-Proxy", "does not exist")

    def test_the_users_tickets_remain(self):
        """The interposer replaces the content of the ccache that it finds."""
        ccache = self.path("own")
        shutil.copy(self.ticket, ccache)
        before = lab.run(["klist", "-c", f"FILE:{ccache}"]).output
        self.assertDone(self.doctor(self.env("server", ccache)), "a trial login .* succeeds")
        self.assertEqual(lab.run(["klist", "-c", f"FILE:{ccache}"]).output, before)
        done = lab.run([GSSLOOP, "attributes", "imap@localhost"],
                       env=lab.environment(**self.env("server", ccache)))
        self.assertDone(done, HIDES)
        self.assertEqual(lab.run(["klist", "-c", f"FILE:{ccache}"]).output, before)

    def test_a_policy_with_attributes(self):
        done = self.doctor(self.env("server"), "--server-only", "--policy", self.policy(DENY))
        self.assertDone(done, "the policy uses attributes of the client's name, and GSS_USE_PROXY")
        done = self.doctor(self.env("server"), "--server-only", "--policy", self.policy(BY_NAME))
        self.assertDone(done)
        self.assertNotIn("the policy uses attributes", done.output)


if __name__ == "__main__":
    if not interposer():
        lab.skip("not installed: GSS-Proxy's interposer (gssproxy)")
    lab.main(__file__, services=["ldap/localhost", "imap/other.test", "imap/localhost"], needs=[*sasl_pair.NEEDS, "gssproxy"])
