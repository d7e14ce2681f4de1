# SPDX-License-Identifier: BSD-2-Clause
"""Logins that fail with the sentences of docs/troubleshooting.md, credentials to identities."""

import os
import pathlib
import re
import socket
import time

from lab import REALM, run
from libsasl import OK
from sasl_pair import OTHER_REALM, OURS, STOCK, binding, limits, log_in
from troubleshooting_page import Sentences, shows

NO_TICKET = {"KRB5CCNAME": "FILE:/nonexistent/ccache"}


class Credentials(Sentences):
    @shows("there is no usable Kerberos ticket")
    def test_no_ticket(self):
        return self.fails(client_env=NO_TICKET)

    @shows("there is no usable Kerberos ticket")
    def test_spnego_without_a_ticket(self):
        return self.fails("GSS-SPNEGO", client_env=NO_TICKET)

    @shows("there is no usable credential")
    def test_a_cache_that_cannot_be_named(self):
        return self.fails(client={"answers": {"authname": "alice"}},
                          client_env={"KRB5CCNAME": "KEYRING:none:of"})

    @shows("the daemon that keeps the tickets (KCM) does not answer", "No KCM server found",
           "Connection refused")
    def test_a_daemon_that_does_not_answer(self):
        left = self.path("left")  # a socket of a daemon that has ended
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(left))
        every = ""
        for path in (left, self.path("none")):
            conf = self.write("kcm.conf", f"[libdefaults]\nkcm_socket = {path}\n")
            env = {"KRB5CCNAME": "KCM:", "KRB5_CONFIG": f"{conf}:{os.environ['KRB5_CONFIG']}"}
            for mechanism in ("GSSAPI", "GSS-SPNEGO"):
                for answers in ({}, {"authname": "alice"}):
                    said = self.fails(mechanism, client={"answers": answers}, client_env=env)
                    self.assertIn("(KCM) does not answer", said)
                    every += said + "\n"
        return every

    @shows("finding a credential for")
    def test_no_ticket_of_that_user(self):
        return self.fails(client={"answers": {"authname": "bob"}})

    @shows("the ticket has expired")
    def test_expired(self):
        ccache = self.realm.kinit("alice", "-l", "1s")
        time.sleep(2)
        return self.fails(client_env={"KRB5CCNAME": ccache})

    @shows("the KDC does not know this user", "getting a credential for")
    def test_no_such_user(self):
        return self.fails(client={"answers": {"authname": "nobody", "pass": "secret"}},
                          client_env=NO_TICKET)

    @shows("the password is wrong")
    def test_wrong_password(self):
        return self.fails(client={"answers": {"authname": "alice", "pass": "wrong"}},
                          client_env=NO_TICKET)

    @shows("finding a credential for")
    def test_a_password_is_not_used_in_every_mechanism(self):
        for mechanism in ("GSSAPI", "GSS-SPNEGO"):
            said = self.fails(mechanism, client_env=NO_TICKET,
                              client={"answers": {"authname": "alice", "pass": "password"}})
            self.assertIn("run kinit", said)
        return said

    @shows("no KDC of the realm answered")
    def test_no_kdc(self):
        conf = pathlib.Path(os.environ["KRB5_CONFIG"].split(":")[0]).read_text()
        dead = self.write("krb5.conf", re.sub(r"kdc = 127.0.0.1:\d+", "kdc = 127.0.0.1:1", conf))
        return self.fails(client_env={"KRB5_CONFIG": dead, "KRB5CCNAME": self.realm.kinit("alice")})

    @shows("the KDC does not know this service principal")
    def test_no_such_service(self):
        return self.fails(client={"service": "xmpp"})

    @shows("the KDC does not know this service principal", "Server krbtgt/")
    def test_no_trust(self):
        there = self.write("there.conf", "[domain_realm]\n  localhost = NOWHERE.TEST\n")
        said = self.fails(client_env={"KRB5_CONFIG": f"{there}:{os.environ['KRB5_CONFIG']}"})
        self.assertIn(f"Server krbtgt/NOWHERE.TEST@{REALM} not found", said)
        return said

    @shows("finding a credential for", "the application's callback for the",
           "there is no usable Kerberos ticket")
    def test_callback_fails(self):
        said = self.fails(client={"answers": {"authname": "alice", "pass": -1}},
                          client_env=NO_TICKET)
        self.assertRegex(said, "finding a credential for alice failed: .+; and the application's")
        return said

    @shows("the client needs a name or a password")
    def test_mute(self):
        return self.fails(client={"answers": {"authname": "alice", "pass": None}, "mute": True},
                          client_env=NO_TICKET)

    @shows("the mechanism does not grant anonymity",
           "COMPLETE or CONTINUE, anonymity was requested")
    def test_anonymity(self):
        return self.fails(client={"options": {"gssloop_anonymous": "yes"}})

    @shows("gssloop_anonymous is on")
    def test_anonymity_forbidden(self):
        return self.fails(client={"options": {"gssloop_anonymous": "yes"},
                                  "props": {"flags": 0x10}})

    @shows("the ticket is anonymous")
    def test_anonymous_ticket_forbidden(self):
        return self.fails(client={"props": {"flags": 0x10}},
                          client_env={"KRB5CCNAME": self.anonymous()})


class Keys(Sentences):
    @shows("the keytab has no key for this service", "The ticket isn't for us")
    def test_no_key(self):
        # Of another service than the one that the ticket is for.
        return self.fails(client={"service": "ldap"},
                          server={"options": {"service_principal": "*"}})

    @shows("the keytab has no key for this service", "Key table file")
    def test_no_keytab(self):
        keytab = self.new_keytab()
        server = self.peer("server", env={"KRB5_KTNAME": keytab})
        client = self.peer("client")
        server.ask("start", None, mechanism="GS2-KRB5")
        os.remove(keytab)
        time.sleep(0.05)  # what the server found when it offered the mechanism counts for 20 ms
        server.ask("step", client.ask("start", mechanism="GS2-KRB5")["out"])
        return server.said()

    @shows("the keytab has no key for this service", "Permission denied")
    def test_unreadable_keytab(self):
        keytab = self.new_keytab()
        keytab.chmod(0)
        if os.access(keytab, os.R_OK):
            self.skipTest("root reads every file")
        return self.fails(server_env={"KRB5_KTNAME": keytab})

    @shows("the keytab is empty or damaged")
    def test_damaged_keytab(self):
        keytab = self.new_keytab()
        keytab.write_bytes(keytab.read_bytes()[:1])
        return self.fails(server_env={"KRB5_KTNAME": keytab})

    @shows("the keytab does not contain the version of the key")
    def test_wrong_version(self):
        keytab = self.path("new")
        self.realm.add_service("pop/localhost", keytab)
        ccache = self.realm.kinit("alice")
        self.assertDone(run(["kvno", "-c", ccache, "pop/localhost"]))
        keytab.unlink()
        self.realm.kadmin(f"ktadd -k {keytab} pop/localhost")  # makes a new key
        return self.fails(client={"service": "pop"}, server={"service": "pop"},
                          client_env={"KRB5CCNAME": ccache}, server_env={"KRB5_KTNAME": keytab})

    @shows("the key in the keytab is not the KDC's")
    def test_wrong_key(self):
        keytab = self.path("wrong")
        listed = self.output("klist", "-k", self.new_keytab())
        version = re.search(r"^ +(\d+) imap/", listed, re.MULTILINE)[1]
        self.assertDone(run(["ktutil"], data=f"addent -password -p imap/localhost@{REALM} -k "
                            f"{version} -e aes256-cts-hmac-sha1-96\nwrong\nwkt {keytab}\nquit\n"))
        return self.fails(server_env={"KRB5_KTNAME": keytab})

    @shows("<mechanism> is not offered: no credential for", "No key table entry found",
           "the keytab has no key for this service")
    def test_not_offered(self):
        return self.fails(server_env={"KRB5_KTNAME": self.new_keytab("ldap/localhost")})


class Times(Sentences):
    @shows("the clocks of client, server and KDC")
    def test_skew(self):
        conf = pathlib.Path(os.environ["KRB5_CONFIG"].split(":")[0]).read_text()
        begin = "[libdefaults]\n"
        strict = self.write("krb5.conf", conf.replace(begin, begin + "  clockskew = 1\n"))

        def slowly(_number, message):
            time.sleep(3)
            return message
        return self.fails(change=slowly, server_env={"KRB5_CONFIG": strict})

    @shows("this token was used before")
    def test_replay(self):
        seen = []
        self.pair(change=lambda _, message: seen.append(message) or message)
        self.assertEqual(self.codes, (OK, OK))
        server = self.peer("server")
        server.ask("start", seen[0], mechanism="GS2-KRB5")
        return server.said()

    @shows("the replay cache cannot be written", "(filename: /var/tmp/krb5_104.rcache2)")
    def test_replay_cache(self):
        said = self.fails(server_env={"KRB5RCACHENAME": f"file2:{self.folder}/none/rcache2"})
        self.assertIn(f"(filename: {self.folder}/none/rcache2)", said)
        return said.replace(f"{self.folder}/none/rcache2", "/var/tmp/krb5_104.rcache2")


class Bindings(Sentences):
    @shows("the application set a channel binding without a name")
    def test_no_name(self):
        return self.fails(server=binding(name=None))

    @shows("client and server use different channels")
    def test_another_channel(self):
        return self.fails("GS2-KRB5-PLUS", client=binding("one"), server=binding("other"))

    @shows("the peer's token is not bound to the channel",
           "the context does not have the required flags: <flags>")
    def test_forged(self):
        def forge(number, message):
            # The Kerberos token without its frame, as GS2 has it, behind a header of our own.
            token = message[message.index(b"\x01\x00\x6e"):] if number == 0 else message
            return b"n,a=admin," + token
        client, server = self.peer("client"), self.peer("server")
        log_in(client, server, "GSSAPI", forge, for_server="GS2-KRB5")
        return server.said()

    @shows("this server requires channel binding, but the client does not support it")
    def test_required(self):
        client, server = self.peer("client"), self.peer("server", **binding(critical=True))
        log_in(client, server, "GS2-KRB5", for_server="GS2-KRB5-PLUS")
        return server.said()

    @shows("this server requires channel binding, but the client did not use it")
    def test_required_without_header(self):
        client, server = self.peer("client"), self.peer("server", **binding(critical=True))
        log_in(client, server, "GSSAPI", for_server="GSSAPI-PLUS")
        return server.said()

    @shows("the client says that this server does not support channel binding")
    def test_downgrade(self):
        return self.fails(server=binding(), change=lambda n, m: b"y" + m[1:])

    @shows("the client used the channel binding type")
    def test_another_kind(self):
        return self.fails("GS2-KRB5-PLUS", client=binding(name="tls-exporter"), server=binding())

    @shows("the application requires channel binding, but gssloop_channel_binding")
    def test_turned_off(self):
        client, server = self.peer("client"), self.peer(
            "server", **binding(critical=True), options={"gssloop_channel_binding": "no"})
        log_in(client, server, "GSSAPI")
        return server.said()

    @shows("gssloop_channel_binding was set to no after")
    def test_turned_off_too_late(self):
        return self.fails("GSSAPI-PLUS", client=binding(),
                          server={**binding(), "late": {"gssloop_channel_binding": "no"}})

    @shows("the GS2 header is malformed")
    def test_malformed(self):
        return self.fails(change=lambda n, m: b"x,," + m)

    @shows("the authorization identity at byte")
    def test_bad_name(self):
        return self.fails(change=lambda n, m: b"n,a=x=y," + m[3:])

    @shows('the GS2 header has the flag "F", which this mechanism does not allow')
    def test_flag(self):
        return self.fails(change=lambda n, m: b"F," + m)

    @shows("the channel binding type")
    def test_bad_binding_name(self):
        return self.fails("GS2-KRB5-PLUS", client=binding(name="not good"), server=binding())


class Messages(Sentences):
    @shows("the token is damaged")
    def test_damaged(self):
        return self.fails(change=lambda n, m: b"n,,garbage")

    @shows("the first message is not a Kerberos token")
    def test_no_kerberos(self):
        client, server = self.peer("client"), self.peer("server")
        log_in(client, server, "GSS-SPNEGO", for_server="GSSAPI")
        return server.said()

    @shows("the first message is not a SPNEGO token")
    def test_no_spnego(self):
        client, server = self.peer("client"), self.peer("server")
        log_in(client, server, "GSSAPI", for_server="GSS-SPNEGO")
        return server.said()

    @shows("the first message is too long")
    def test_too_long(self):
        return self.fails(server={"options": {"gssloop_max_token": 1024}},
                          change=lambda n, m: m + b"x" * 1024)

    @shows("acceptor: the first token is empty")
    def test_empty(self):
        return self.fails("GSSAPI", change=lambda n, m: b"")

    @shows("after the last context token the client must send")
    def test_out_of_turn(self):
        return self.fails("GSSAPI", change=lambda n, m: m if n == 0 else b"something")

    @shows("COMPLETE, but gss_inquire_context fails")
    def test_iakerb(self):
        options = {"options": {"gssloop_mechanisms": "GS2-IAKERB"}}
        version = run(["klist", "-V"]).output
        if [int(number) for number in re.search(r"(\d+)\.(\d+)", version).groups()] >= [1, 22]:
            self.pair("GS2-IAKERB", client=options, server=options)
            self.assertEqual(self.codes, (OK, OK))
            self.skipTest("this MIT Kerberos has a complete IAKERB")
        return self.fails("GS2-IAKERB", client=options, server=options)

    @shows("an error, token")
    def test_words_of_the_table(self):
        return self.fails("GS2-KRB5-PLUS", client=binding("one"), server=binding("other"))


class Layers(Sentences):
    @shows("min_ssf <number> is above")
    def test_crossed(self):
        return self.fails("GSS-SPNEGO", client=limits(56, 1))

    @shows("the server offers <layers>", "min_ssf <number> requires more than")
    def test_too_little(self):
        return self.fails("GSSAPI", client=limits(56), server=limits(0, 1))

    @shows("the peer requires")
    def test_insists(self):
        return self.fails("GSS-SPNEGO", client=limits(), server=limits(0, 0))

    @shows("the strength of <layer>")
    def test_strength(self):
        return self.fails("GSS-SPNEGO", client=limits(), server=limits(0, 128))

    @shows("maxbufsize <number>, or the peer's limit")
    def test_small_buffer(self):
        return self.fails("GSSAPI", client=limits(0, 256), server=limits(1, 256, 20))

    @shows("the server offers neither a security layer nor a login without one")
    def test_nothing_offered(self):
        if not os.path.exists(f"{STOCK}/libgssapiv2.so"):
            self.skipTest("no stock modules (Debian: libsasl2-modules-gssapi-mit)")
        return self.fails("GSSAPI", modules=(OURS, STOCK), server=limits(56, 1))

    @shows("a received packet is damaged")
    def test_replayed_packet(self):
        client, server = self.pair("GSSAPI")
        packet = client.ask("encode", b"once")["out"]
        self.assertEqual(server.ask("decode", packet)["out"], b"once")
        self.assertLess(server.ask("decode", packet)["code"], OK)
        return server.said()

    @shows("the peer sent an empty packet")
    def test_empty_packet(self):
        _client, server = self.pair("GSSAPI")
        server.ask("decode", b"\0\0\0\0")
        return server.said()

    @shows("a received packet announces")
    def test_long_packet(self):
        _client, server = self.pair("GSSAPI")
        server.ask("decode", b"\1\0\0\0")
        return server.said()


class Identities(Sentences):
    @shows("the peer is anonymous")
    def test_anonymous(self):
        return self.fails(client_env={"KRB5CCNAME": self.anonymous()})

    @shows("the peer is anonymous, but")
    def test_anonymous_forbidden(self):
        return self.fails(client_env={"KRB5CCNAME": self.anonymous()},
                          server={"props": {"flags": 0x10}})

    @shows('the name "<name>"', "contains a backslash escape")
    def test_escape(self):
        self.realm.add_user(r"al\@ice")
        return self.fails(client_env={"KRB5CCNAME": self.realm.kinit(r"al\@ice")})

    @shows("the authorization identity cannot be used")
    def test_authzid(self):
        return self.fails("GSSAPI", client={"answers": {"user": " admin"}})

    @shows("the peer's realm is foreign")
    def test_foreign_realm(self):
        ccache = self.realm.kinit(f"alice@{OTHER_REALM}")
        return self.fails(client_env={"KRB5CCNAME": ccache}, server={"realm": OTHER_REALM})

    @shows("libsasl or the application refused the user")
    def test_canon_user(self):
        return self.fails(server={"takes": -13})

    @shows("<subject>: GSS-SPNEGO cannot carry an authorization identity")
    def test_spnego_authzid(self):
        client, _server = self.pair("GSS-SPNEGO", client={"answers": {"user": "bob"}})
        return client.said()

    @shows('the user name "<name>"')
    def test_ccache_name(self):
        self.realm.add_user("a/b")
        ccache = self.realm.kinit("a/b", "-f")
        return self.fails(client={"props": {"flags": 0x20}}, client_env={"KRB5CCNAME": ccache},
                          server={"options": {"ccache_store": f"FILE:{self.folder}/cc_%U"}})

    @shows("this machine has no account")
    def test_ccache_account(self):
        return self.fails(client={"props": {"flags": 0x20}},
                          client_env={"KRB5CCNAME": self.realm.kinit("alice", "-f")},
                          server={"options": {"ccache_store": f"FILE:{self.folder}/cc_%u"}})

    @shows("(storing the delegated credential in")
    def test_ccache_cannot_be_written(self):
        return self.fails(client={"props": {"flags": 0x20}},
                          client_env={"KRB5CCNAME": self.realm.kinit("alice", "-f")},
                          server={"options": {"ccache_store": "FILE:/nonexistent/cc_%U"}})

    @shows("the ccache cannot be made")
    def test_ccache_of_a_collection_cannot_be_made(self):
        return self.fails(client={"props": {"flags": 0x20}},
                          client_env={"KRB5CCNAME": self.realm.kinit("alice", "-f")},
                          server={"options": {"ccache_store": "DIR::/proc/tkt%U"}})
