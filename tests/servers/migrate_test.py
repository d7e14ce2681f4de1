#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Measures each row of the tables in docs/migrate-from-stock.md, with either module.

A row without a measurement fails, as does a measurement without a row: the page says neither more
nor less than what is known. Cyrus SASL's own modules are needed.
"""

import os
import pathlib
import re
import sys

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import lab
import sasl_pair
from lab import GSSLOOP
from libsasl import OK
from migrate_tables import MECHANISMS, NOBODY, PAGE, THEIRS, THIS, Comparison, table, tables
from sasl_pair import OURS, STOCK, STOCK_MODULES, binding, limits
from troubleshooting_page import documented_programs, read


class Names(Comparison):
    def authid(self, module, who="alice", ccache=None, conf=None, realm=None):
        ccache = ccache or self.realm.kinit(who)
        env = {"KRB5_CONFIG": conf} if conf else None
        seen = set()
        for mechanism in MECHANISMS:
            codes, _client, server = self.sides(
                THIS, module, mechanism, there={"realm": realm} if realm else {},
                client_env={"KRB5CCNAME": ccache}, server_env=env)
            seen.add(f"`{server.ask('learn')['authid']}`" if codes[1] == OK else "refused")
        self.assertEqual(len(seen), 1, "the mechanisms differ")
        return seen.pop()

    def test_each_row(self):
        for name in ("alice/admin", "host/pc.example", r"al\@ice", '" admin"'):
            self.realm.add_user(name)
        conf = pathlib.Path(os.environ["KRB5_CONFIG"].split(":")[0]).read_text()
        mapped = self.write("krb5.conf", conf.replace(
            "  EXAMPLE.COM = {\n", "  EXAMPLE.COM = {\n    auth_to_local = RULE:[1:$1@$0]"
            "(alice@EXAMPLE.COM)s/.*/alf/\n    auth_to_local = DEFAULT\n", 1))
        name = lambda *args, **more: lambda module: self.authid(module, *args, **more)
        self.compare(["the client's ticket"], {
            "of the default realm: alice@EXAMPLE.COM": name(),
            "of another realm: alice@OTHER.TEST": name("alice@OTHER.TEST"),
            "with a slash: alice/admin@EXAMPLE.COM": name("alice/admin"),
            "of a service: host/pc.example@EXAMPLE.COM": name("host/pc.example"),
            "alice, where `auth_to_local` of krb5.conf says alf": name(conf=mapped),
            "alice, and the application's realm is EXAMPLE.COM": name(realm="EXAMPLE.COM"),
            "alice, and the application's realm is OTHER.TEST": name(realm="OTHER.TEST"),
            "alice@OTHER.TEST, and the application's realm is OTHER.TEST":
                name("alice@OTHER.TEST", realm="OTHER.TEST"),
            r"with an escape: al\@ice@EXAMPLE.COM": name(r"al\@ice"),
            'with a blank in front: " admin"@EXAMPLE.COM': name(" admin"),
            "anonymous (`kinit -n`)": name(ccache=self.anonymous()),
        })


class Layers(Comparison):
    def both(self, module, mechanism, **more):
        return self.sides(module, module, mechanism, **more)

    def strength(self, mechanism, here=None, there=None):
        def measure(module):
            codes, client, server = self.both(module, mechanism, here=here or limits(),
                                              there=there or limits())
            if codes != (OK, OK):
                return "refused"
            strengths = {client.ask("learn")["ssf"], server.ask("learn")["ssf"]}
            self.assertEqual(len(strengths), 1)
            return str(strengths.pop())
        return measure

    def test_strengths(self):
        outer, http = limits(external=256), limits(flags=0x10)
        rows = {"GS2-KRB5": self.strength("GS2-KRB5"),
                "GSS-SPNEGO in HTTP": self.strength("GSS-SPNEGO", http, http)}
        for name in MECHANISMS[:2]:
            rows.update({
                name: self.strength(name),
                f"{name}, the client's max_ssf is 128": self.strength(name, limits(0, 128)),
                f"{name}, the client's max_ssf is 0": self.strength(name, limits(0, 0)),
                f"{name}, TLS provides 256 on both sides": self.strength(name, outer, outer)})
        for number in (0, 128):
            rows[f"GSS-SPNEGO, the server's max_ssf is {number}"] = \
                self.strength("GSS-SPNEGO", None, limits(0, number))
        found = [rows_ for head, rows_ in tables() if head == ["the login", THEIRS, THIS]]
        self.check(found[0], rows)

    def check(self, rows, measurements):
        self.assertEqual({row[0] for row in rows}, set(measurements))
        for row in rows:
            for module, cell in zip((THEIRS, THIS), row[1:]):
                with self.subTest(row=row[0], module=module):
                    self.assertEqual(measurements[row[0]](module), cell)

    def test_largest_messages(self):
        def largest(mechanism, here):
            def measure(module):
                codes, client, _server = self.both(module, mechanism, here=here, there=limits())
                self.assertEqual(codes, (OK, OK))
                return str(client.ask("learn")["maxout"])
            return measure
        found = [rows for head, rows in tables() if head == ["the login", THEIRS, THIS]]
        self.check(found[1], {
            "GSSAPI, confidentiality": largest("GSSAPI", limits()),
            "GSSAPI, integrity": largest("GSSAPI", limits(1, 1)),
            "GSS-SPNEGO, confidentiality": largest("GSS-SPNEGO", limits()),
            "GS2-KRB5, no layer": largest("GS2-KRB5", limits())})

    def whole(self, mechanism):
        def measure(module):
            _codes, client, server = self.both(module, mechanism)
            message = b"x" * client.ask("learn")["maxout"]
            got = server.ask("decode", client.ask("encode", message)["out"])
            return "data" if got["out"] == message else "an error"
        return measure

    def packets(self, order):
        def measure(module):
            seen = set()
            for mechanism in MECHANISMS[:2]:
                _codes, client, server = self.both(module, mechanism)
                made = [client.ask("encode", b"%d" % number)["out"] for number in range(3)]
                codes = [server.ask("decode", made[number])["code"] for number in order]
                self.assertEqual(codes[0], OK)
                # Closed is closed: what would have been the next one is refused as well.
                seen.add("data" if codes[1] == OK else "the layer is closed"
                         if server.ask("decode", made[1])["code"] != OK else "an error")
            self.assertEqual(len(seen), 1)
            return seen.pop()
        return measure

    def test_packets(self):
        self.compare(["the packet"], {
            "of the largest message, GSSAPI": self.whole("GSSAPI"),
            "of the largest message, GSS-SPNEGO": self.whole("GSS-SPNEGO"),
            "the same packet again": self.packets((0, 0)),
            "the next but one": self.packets((0, 2))})


def behind(header):
    """Changes a GSSAPI login's first message into a GS2 message with this header."""
    return lambda number, message: (header + message[message.index(b"\x01\x00\x6e"):]
                                    if number == 0 else message)


class FirstMessages(Comparison):
    def test_each_row(self):
        def server(mechanism, here=None, there=None, **more):
            return lambda module: self.outcome(THIS, module, mechanism, here, there, **more)

        def goes_on(module):
            codes, _a, _b = self.sides(THIS, module, "GSS-SPNEGO", far="GSSAPI")
            return "goes on" if codes[1] in (OK, 1) else "refused"
        bound, insists = binding(), binding(critical=True)
        self.compare(["the client"], {
            "GSSAPI, bound": server("GSSAPI", bound, bound),
            "GSSAPI, bound to another channel": server("GSSAPI", binding("other"), bound),
            "GSSAPI, not bound, the server has a binding": server("GSSAPI", None, bound),
            "GSSAPI, bound, the server requires it": server("GSSAPI-PLUS", bound, insists),
            "GSS-SPNEGO, bound, the server requires it":
                server("GSS-SPNEGO-PLUS", bound, insists),
            "GS2-KRB5-PLUS, bound, the server requires it":
                server("GS2-KRB5-PLUS", bound, insists),
            "a GS2 header with `y`, the server has a binding":
                server("GS2-KRB5", None, bound, change=lambda _, message: b"y" + message[1:]),
            "a GSSAPI token after a forged header `n,,`":
                server("GSSAPI", change=behind(b"n,,"), far="GS2-KRB5"),
            "a GSSAPI token after a forged header `p=tls-unique,,`, the server requires it":
                server("GSSAPI", None, insists, change=behind(b"p=tls-unique,,"), far="GS2-KRB5"),
            "an SPNEGO token in GSSAPI": goes_on,
            "a bare Kerberos token in GSS-SPNEGO": server("GSSAPI", far="GSS-SPNEGO"),
        })


class Application(Comparison):
    def sees(self, what, mechanisms=MECHANISMS, here=None, there=None, **more):
        def measure(module):
            seen = set()
            for mechanism in mechanisms:
                codes, _client, server = self.sides(THIS, module, mechanism, here, there, **more)
                self.assertEqual(codes, (OK, OK), server.said())
                seen.add("yes" if what(server.ask("learn")) else "no")
            self.assertEqual(len(seen), 1)
            return seen.pop()
        return measure

    def offered(self, keytab):
        def measure(module):
            names = self.peer("server", self.modules[module],
                              {"KRB5_KTNAME": keytab}).ask("list")["mechanisms"]
            return f"`{' '.join(names)}`" if names else "none"
        return measure

    def without_auxprop(self, module):
        folder = self.path("bare-" + ("theirs" if module == THEIRS else "this"))
        self.link(folder, [f"{STOCK}/{name}" for name in STOCK_MODULES] if module == THEIRS else
                  [f"{OURS}/libgssloop_sasl.so"])
        self.modules["bare"] = folder
        return self.outcome(THIS, "bare", "GS2-KRB5")

    replayed = {}

    def replay(self, module):
        """(what sasl_errdetail says, whether a token goes back) of a token that was used."""
        told = set()
        for mechanism in MECHANISMS:
            seen = []
            self.sides(THIS, module, mechanism, change=lambda _, m: seen.append(m) or m)
            server = self.peer("server", self.modules[module], **self.replayed)
            answer = server.ask("start", seen[0], mechanism=mechanism)
            token = "yes" if answer["out"] else "no"
            if answer["code"] == 1:
                answer = server.ask("step", b"")
            self.assertLess(answer["code"], OK)
            known = [text for text in ("Failure: gss_accept_sec_context", "authentication failed")
                     if text in answer["error"]]
            told.add((f"`{known[0]}`", token))
        self.assertEqual(len(told), 1)
        return told.pop()

    def test_each_row(self):
        delegating = self.realm.kinit("alice", "-f")
        peer = lambda mechanism: self.sees(lambda seen: seen["peer"], (mechanism,))
        rows = {f"`SASL_GSS_PEER_NAME` in {mechanism}": peer(mechanism) for mechanism in MECHANISMS}
        self.compare([""], {
            **rows,
            "`SASL_DELEGATEDCREDS` where the client delegates":
                self.sees(lambda seen: seen["delegated"], here={"props": {"flags": 0x20}},
                          client_env={"KRB5CCNAME": delegating}),
            "`*auth-indicators` in GSSAPI and GSS-SPNEGO, where the application asks for it":
                self.sees(lambda seen: seen["properties"].get("*auth-indicators"), MECHANISMS[:2],
                          there={"requested": ["*auth-indicators"]}),
            "GS2-KRB5, and the application asks for `*mail` of a user who is in no database":
                lambda module: self.outcome(THIS, module, "GS2-KRB5",
                                            None, {"requested": ["*mail"]}),
            "the mechanisms of a server without a key": self.offered("FILE:/nonexistent/keytab"),
            "the mechanisms of a server with a key": self.offered(os.environ["KRB5_KTNAME"]),
            "GS2-KRB5 without any auxprop plugin": self.without_auxprop,
            "what the server's `sasl_errdetail` says of a replay":
                lambda module: self.replay(module)[0],
            "the client gets the mechanism's error token": lambda module: self.replay(module)[1],
        })
        self.replayed = {"options": {"gssloop_error_token": "no"}}
        self.assertEqual(self.replay(THIS)[1], "no")


class Clients(Comparison):
    def asked(self, mechanism, answers, no_ticket=False, **options):
        def measure(module):
            env = {"KRB5CCNAME": "FILE:/nonexistent/ccache"} if no_ticket else None
            codes, client, _server = self.sides(
                module, THIS, mechanism, {"answers": answers, "options": options}, client_env=env)
            names = " ".join(name.upper() for name in client.last["asked"])
            return (f"`{names}`" if names else "nothing") + \
                (": in" if codes == (OK, OK) else ": fails")
        return measure

    def test_what_they_ask(self):
        given = {"user": "", "authname": "", "pass": "password"}
        typed = dict.fromkeys(given)
        self.compare(["the client has a ticket, and"], {
            **{f"{name}, callbacks for all three": self.asked(name, given) for name in MECHANISMS},
            "GSSAPI, prompts for all three": self.asked("GSSAPI", typed),
            "GS2-KRB5, prompts for all three": self.asked("GS2-KRB5", typed),
            "GSSAPI, no callback at all": self.asked("GSSAPI", {}),
            "GS2-KRB5, no callback at all": self.asked("GS2-KRB5", {})})
        named = {**given, "authname": "alice"}
        without = lambda name, given, **options: self.asked(name, given, True, **options)
        self.compare(["the client has no ticket, and"], {
            **{f"{name}, callbacks for all three": without(name, named) for name in MECHANISMS},
            **{f"{name}, prompts for all three": without(name, typed) for name in MECHANISMS[:2]},
            **{f"{name}, callbacks for all three, `gssloop_password: {allowed}`":
               without(name, named, gssloop_password=allowed)
               for name, allowed in (("GSSAPI", "GSSAPI"), ("GS2-KRB5", "none"))}})

    def test_a_name_counts_in_every_mechanism(self):
        for mechanism in MECHANISMS:
            wrong = {"answers": {"user": "", "authname": "nobody"}}
            self.assertLess(self.sides(THIS, THIS, mechanism, wrong)[0][0], OK)
        self.assertEqual(self.sides(THEIRS, THIS, "GSSAPI", wrong)[0], (OK, OK))
        silent = {"answers": {"user": "", "authname": -1}}
        self.assertEqual(self.sides(THIS, THIS, "GSSAPI", silent)[0], (OK, OK))

    def test_an_empty_error_text(self):
        codes, client, _server = self.sides(THEIRS, THIS, "GS2-KRB5", {"answers": {}})
        self.assertEqual((codes[0], client.last["error"]), (-1, "SASL(-1): generic failure: "))

    def test_choices(self):
        def choice(names=" ".join(MECHANISMS), **more):
            def measure(module):
                client = self.peer("client", self.modules[module], **{**NOBODY, **more})
                answer = client.ask("start", mechanism=names)
                return f"`{answer['mechanism']}`" if answer["code"] >= OK else "none"
            return measure
        self.compare(["the server offers all of them, and"], {
            "nothing else": choice(),
            "GSS-SPNEGO is not among them": choice("GS2-KRB5 GSSAPI"),
            "the client's security properties say NODICTIONARY": choice(props={"flags": 4}),
            "the client must act as another user (`SASL_NEED_PROXY`)": choice(flags=0x8)})


class Together(Comparison):
    def test_each_pair(self):
        rows = table("client", "server")
        self.assertEqual(len(rows), 4)
        for client, server, *cells in rows:
            for mechanism, cell in zip(MECHANISMS, cells):
                with self.subTest(client=client, server=server, mechanism=mechanism):
                    codes, _a, _b = self.sides(client, server, mechanism)
                    self.assertEqual("in" if codes == (OK, OK) else "fails", cell)

    def test_over_tls_their_client_asks_for_a_layer(self):
        outer = limits(external=256)
        codes, client, _server = self.sides(THEIRS, THIS, "GSS-SPNEGO", outer, outer)
        self.assertEqual((codes, client.ask("learn")["ssf"]), ((OK, OK), 256))
        self.assertEqual(self.outcome(THEIRS, THIS, "GSS-SPNEGO", outer, limits(0, 128)), "refused")


class Options(Comparison):
    def keytab(self, module):
        options = {"options": {"keytab": self.new_keytab()}}
        return self.outcome(THIS, module, "GSSAPI", None, options,
                            server_env={"KRB5_KTNAME": "FILE:/nonexistent"}) == "in"

    def ad_compat(self, module):
        """A client that chooses two layers at once with the option, and one without."""
        both = {"options": {"ad_compat": "yes"}}
        with_it, without = (self.outcome(module, THIS, "GSSAPI", options) for options in (both, {}))
        return (with_it, without) == ("refused", "in")

    def test_ad_compat_of_servers(self):
        both = {"options": {"ad_compat": "yes"}}
        self.assertEqual(self.outcome(THIS, THIS, "GSSAPI", both, both), "in")
        for options in (both, {}):
            self.assertEqual(self.outcome(THIS, THEIRS, "GSSAPI", both, options), "in")

    def service_principal(self, module):
        return self.outcome(THIS, module, "GSSAPI", {"service": "ldap"}, {
            "options": {"service_principal": "ldap@localhost"}}) == "in"

    def ccache_store(self, module):
        name = self.path(f"stored-{len(module)}")
        self.sides(THIS, module, "GSSAPI", {"props": {"flags": 0x20}},
                   {"options": {"ccache_store": f"FILE:{name}-%U"}},
                   client_env={"KRB5CCNAME": self.realm.kinit("alice", "-f")})
        return os.path.exists(f"{name}-alice")

    def gssloop_policy(self, module):
        return self.outcome(THIS, module, "GSSAPI", None, self.refusing()) == "refused"

    def gssloop_password(self, module):
        return self.outcome(module, THIS, "GSSAPI", {
            "answers": {"user": "", "authname": "alice", "pass": "password"},
            "options": {"gssloop_password": "GSSAPI"}},
            client_env={"KRB5CCNAME": "FILE:/nonexistent"}) == "in"

    def refusing(self, **options):
        path = self.write("policy.toml", '[all]\nrequire = ["peer.realm=NONE"]\n')
        return {"options": {"gssloop_policy": path, **options}}

    def test_each_option(self):
        rows = table("option")
        self.assertEqual(len(rows), 6)
        for option, *cells in rows:
            for module, cell in zip((THEIRS, THIS), cells):
                with self.subTest(option=option, module=module):
                    knows = getattr(self, option.strip("`"))(module)
                    self.assertEqual("yes" if knows else "no", cell)

    def test_back_again(self):
        def login(modules, **options):
            return lambda _: self.outcome(THIS, modules, "GSSAPI", None, self.refusing(**options))
        self.compare(["the policy refuses every user, and"], {
            "this module takes the login": login(THIS),
            "this module is in the same folder as the others": login("beside"),
            "`gssloop_mechanisms: NONE`, and the others are in the same folder":
                login("beside", gssloop_mechanisms="NONE"),
            "this module was removed": login(THEIRS)}, columns=("a login",))


class Steps(Comparison):
    def test_which_module_it_was_stands_in_the_log(self):
        for mechanism in MECHANISMS:
            server = self.sides(THIS, "beside", mechanism)[2]
            line = re.search(r"^    (gssloop server, after leg .*)$", read(PAGE), re.MULTILINE)[1]
            self.assertIn(line, server.said())
        theirs = re.search(r"Their modules write `([^`]+)`", read(PAGE))[1]
        self.assertIn(theirs, self.sides(THIS, THEIRS, "GSSAPI")[2].said())

    def test_only_a_part(self):
        options = {"options": {"gssloop_mechanisms": "GS2-KRB5"}}
        for mechanism, is_ours in zip(MECHANISMS, (False, False, True)):
            server = self.sides(THIS, "beside", mechanism, None, options)[2]
            self.assertEqual("gssloop server" in server.said(), is_ours, mechanism)

    def test_each_command(self):
        here = {"mail.example.com": "localhost", "/opt/gssloop/sasl2": OURS,
                "gssloop": GSSLOOP}
        lines = documented_programs(PAGE)
        self.assertGreater(len(lines), 3)
        for line in lines:
            with self.subTest(line=line):
                words = line.split()
                env = dict(word.split("=", 1) for word in words if re.match(r"[A-Z_]+=", word))
                env = {name: here.get(value, value) for name, value in env.items()}
                words = [here.get(word, word).replace("mail.example.com", "localhost")
                         for word in words if not re.match(r"[A-Z_]+=", word)]
                if not lab.find(words[0]):
                    self.skipTest(f"no {words[0]} (Debian: sasl2-bin)")
                said = self.output(*words, env=env)
                self.assertIn("GS2-KRB5" if "viewer" in words[0] else "problem", said)


if __name__ == "__main__":
    if not all(os.path.exists(f"{STOCK}/{name}") for name in STOCK_MODULES + ("libsasldb.so",)):
        lab.skip("no stock modules (Debian: libsasl2-modules-gssapi-mit, libsasl2-modules-db)")
    lab.main(__file__, services=["imap/localhost", "ldap/localhost"], needs=sasl_pair.NEEDS,
             options=sasl_pair.REALM_OPTIONS)
