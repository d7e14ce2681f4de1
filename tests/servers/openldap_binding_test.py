#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""slapd with channel binding, as docs/openldap.md sets it up: an attacker in between gets nowhere."""

import pathlib
import re
import sys

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import lab
import openldap
from openldap import MECHANISMS, STRONGEST, OpenLdap
from tls import Relay

PASSES = [(module, mechanism) for module in lab.CLIENT_MODULES for mechanism in MECHANISMS]
# Under its plain name GS2 is not bound, for libsasl sees only what -Y names, and takes it that the
# server has no -PLUS; the other two have no header that would say so, and are bound all the same.
BOUND_NAMES = {"GSSAPI": ("GSSAPI", "GSSAPI-PLUS"), "GS2-KRB5": ("GS2-KRB5-PLUS",),
               "GSS-SPNEGO": ("GSS-SPNEGO", "GSS-SPNEGO-PLUS")}
BOUND_PASSES = [(module, mechanism, name) for module, mechanism in PASSES
                for name in BOUND_NAMES[mechanism]]
NOT_THE_SAME = "Incorrect channel bindings were supplied"
FORGED = (("a=u:bob", b"n,a=u:bob,", NOT_THE_SAME), ("y for n", b"y,,", NOT_THE_SAME),
          ("p= for n", b"p=ldap,,", 'channel binding type "ldap", but this server has none'),
          ("none at all", b"", "the GS2 header is malformed"))
WHO_AM_I = b"1.3.6.1.4.1.4203.1.11.3"  # RFC 4532
UNBOUND = {"LDAPSASL_CBINDING": "none"}


def elements(octets):
    """The elements of BER, as tag and content."""
    while octets:
        tag, length, at = octets[0], octets[1], 2
        if length >= 0x80:
            at += length - 0x80
            length = int.from_bytes(octets[2:at], "big")
        yield tag, octets[at:at + length]
        octets = octets[at + length:]


def element(tag, content):
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    return bytes([tag, 0x82]) + length.to_bytes(2, "big") + content


def with_other_strings(octets, change):
    """An LDAP bind with change(string) for each of its octet strings."""
    def forged(tag, content):
        if tag in (0x30, 0x60, 0xa3):  # message, bind request, SASL credentials
            content = b"".join(forged(*inner) for inner in elements(content))
        return element(tag, change(content) if tag == 0x04 else content)
    return b"".join(forged(*message) for message in elements(octets))


def with_other_header(octets, old, new):
    """An LDAP bind whose credentials begin with `new` instead of `old`; others stay as they are."""
    if old not in octets:
        return octets
    return with_other_strings(octets, lambda string: new + string[len(old):]
                              if string.startswith(old) else string)


def moved_to_gs2(octets):
    """A GSSAPI bind as one of GS2-KRB5, with a header that asks to act as bob."""
    def moved(string):
        if string == b"GSSAPI":
            return b"GS2-KRB5"
        if string.startswith(b"\x60"):
            # Without the framing of RFC 2743 section 3.1, as RFC 5801 section 4 wants it.
            ((_, token),) = elements(string)
            return b"n,a=u:bob," + token[2 + token[1]:]
        return string
    return with_other_strings(octets, moved) if b"\x04\x06GSSAPI" in octets else octets


class Binding(OpenLdap):
    def ways(self):
        return {"ldaps": ["-H", self.url("ldaps")], "StartTLS": ["-ZZ"]}

    def through(self, relay, scheme="ldaps"):
        return ["-H", f"{scheme}://localhost:{relay.port}"]

    def test_bound_where_the_policy_insists(self):
        self.use_policy("Channel binding")
        self.addCleanup(self.use_policy, "The server")
        for way, options in self.ways().items():
            for module, mechanism, name in BOUND_PASSES:
                with self.cell("ldapwhoami", module, name, f"{way}, bound to the certificate"):
                    done = self.whoami(name, *options, module=module)
                    self.assertIs(done, "alice", STRONGEST[mechanism])
            for module, mechanism in PASSES:
                with self.cell("ldapwhoami", module, mechanism, f"{way}, not bound: refused"):
                    self.check_insists(mechanism, options, module, **UNBOUND)
            for module in lab.CLIENT_MODULES:
                with self.cell("ldapwhoami", module, "GS2-KRB5",
                               f"{way}, bound only if -Y says -PLUS: refused"):
                    self.check_insists("GS2-KRB5", options, module)

    def check_insists(self, mechanism, options, module, **changes):
        start = len(self.server.log())
        done = self.whoami(mechanism, *options, module=module, **changes)
        self.assertRefused(done, "not authorized$")
        self.server.wait_for_log("require at .*policy.toml:2:38 is false", start)

    def test_the_choice_is_left_to_libsasl(self):
        self.use_policy("Channel binding")
        self.addCleanup(self.use_policy, "The server")
        for way, options in self.ways().items():
            with self.cell("ldapwhoami", "gssloop", "GSS-SPNEGO", f"{way}, no -Y: chosen, bound"):
                done = lab.run(["ldapwhoami", *options], self.ldap_env())
                self.assertIs(done, "alice", 256, "GSS-SPNEGO")

    def test_unbound_where_nobody_insists(self):
        for module, mechanism in PASSES:
            for way, options in self.ways().items():
                with self.cell("ldapwhoami", module, mechanism,
                               f"{way}, client without a binding, server with one: gets in"):
                    done = self.whoami(mechanism, *options, module=module, **UNBOUND)
                    self.assertIs(done, "alice", STRONGEST[mechanism])

    def check_refused(self, done, start, reason=NOT_THE_SAME):
        """The log says why; the client is not told, since an attacker in between would be, too."""
        self.assertRefused(done)
        self.assertNotRegex(done.output, "(?i)channel bindings|keytab|policy")
        self.server.wait_for_log(
            rf"SASL \[conn=\d+\] Error: \S+ login to .* failed: .*{reason}", start)
        self.assertNotIn('BIND dn="uid=', self.server.log()[start:])

    def test_relayed(self):
        """Who has a certificate that the client trusts, for another key."""
        relay = Relay(self.server.ports[1], certificate=self.path("relay.pem"))
        self.enterContext(relay)
        for module, mechanism, name in BOUND_PASSES:
            with self.cell("ldapwhoami", module, name, "relayed, another certificate: refused"):
                start = len(self.server.log())
                done = self.whoami(name, *self.through(relay), module=module)
                self.check_refused(done, start)
        for module, mechanism in PASSES:
            with self.cell("ldapwhoami", module, mechanism,
                           "the same without a binding gets in: the relay works"):
                done = self.whoami(mechanism, *self.through(relay), module=module, **UNBOUND)
                self.assertIs(done, "alice", STRONGEST[mechanism])

    def restart(self, options):
        self.server.stop()
        self.write("etc/sasl2/slapd.conf", options)
        self.run_slapd()

    def test_what_counts_as_a_failed_login(self):
        options = self.path("etc/sasl2/slapd.conf").read_text()
        said = "gssloop_error_token: no"
        self.assertIn(said, (lab.SOURCE / "docs/openldap.md").read_text())
        self.addCleanup(self.restart, options)
        for more, code in (("", 14), (said, 80)):
            self.restart(f"{options}{more}\n")
            relay = Relay(self.server.ports[1], certificate=self.path("relay.pem"))
            with self.cell("ldapwhoami", "gssloop", "GSSAPI", f"relayed: err={code}"), relay:
                start = len(self.server.log())
                self.check_refused(self.whoami("GSSAPI", *self.through(relay)), start)
                self.server.wait_for_log(rf"op=0 RESULT tag=97 err={code} ", start)

    def test_another_type_of_binding(self):
        # TLS 1.3 has no tls-unique. Debian 12 builds libldap with GnuTLS, Debian 13 with OpenSSL.
        loaded = lab.run(["ldd", lab.find("ldapwhoami")]).output
        libldap = pathlib.Path(re.search(r"libldap\S* => (\S+)", loaded)[1]).read_bytes()
        other = {"LDAPSASL_CBINDING": "tls-unique"} | (
            {"LDAPTLS_CIPHER_SUITE": "NORMAL:-VERS-TLS1.3"} if b"gnutls_handshake" in libldap else
            {"LDAPTLS_PROTOCOL_MAX": "3.3"})
        for module, _, name in BOUND_PASSES:
            for way, options in self.ways().items():
                with self.cell("ldapwhoami", module, name,
                               f"{way}, tls-unique where the server has tls-endpoint: refused"):
                    start = len(self.server.log())
                    done = self.whoami(name, *options, module=module, **other)
                    self.check_refused(done, start)

    def test_login_moved_to_gs2(self):
        """What a client of GSSAPI sends has no bindings: any attacker could write GS2's header."""
        self.demand("minssf=0")
        for module in lab.CLIENT_MODULES:
            with self.cell("ldapwhoami", module, "GS2-KRB5",
                           "a GSSAPI token under a forged header, a=u:bob: refused"):
                with Relay(self.server.ports[0], edit=moved_to_gs2) as relay:
                    start = len(self.server.log())
                    done = self.whoami("GSSAPI", *self.through(relay, "ldap"), module=module)
                    self.check_refused(done, start, "the header before the token is forged")
                    self.server.wait_for_log("Error: GS2-KRB5 login", start)

    def test_a_login_cut_short(self):
        """The server's first answer says success: libldap believes it, our module does not."""
        self.demand("minssf=0")
        in_progress, success = b"\x0a\x01\x0e", b"\x0a\x01\x00"  # LDAP's result code
        for mechanism in ("GSSAPI", "GSS-SPNEGO"):
            with self.cell("ldapwhoami", "gssloop", mechanism,
                           "a login cut short by a forged success: nothing is sent in the clear"):
                with Relay(self.server.ports[0], edit_answer=lambda octets: octets.replace(
                        in_progress, success, 1)) as relay:
                    done = self.whoami(mechanism, *self.through(relay, "ldap"))
                    # ldapwhoami's exit status is 0 whatever comes of its question. SPNEGO has
                    # nothing to cut: after one round trip it has its layer.
                    if mechanism == "GSSAPI":
                        self.assertRegex(done.output, r"Can't contact LDAP server \(-1\)")
                        self.assertNotIn("dn:", done.output)
                    self.assertFalse(WHO_AM_I in relay.sent)

    def test_forged_header(self):
        """Alice may act as bob, but did not ask for it: an attacker that writes it into her login is
        refused."""
        self.demand("minssf=0")
        for module in lab.CLIENT_MODULES:
            for shown, forged, reason in FORGED:
                with self.cell("ldapwhoami", module, "GS2-KRB5", f"forged, {shown}: refused"):
                    seen = []
                    def edit(octets):
                        result = with_other_header(octets, b"n,,", forged)
                        seen.append(result != octets)
                        return result
                    with Relay(self.server.ports[0], edit=edit) as relay:
                        start = len(self.server.log())
                        done = self.whoami("GS2-KRB5", *self.through(relay, "ldap"), module=module)
                        self.assertTrue(any(seen))
                        self.check_refused(done, start, reason)
            with self.cell("ldapwhoami", module, "GS2-KRB5", "the same, not forged: alice"):
                with Relay(self.server.ports[0],
                           edit=lambda octets: with_other_header(octets, b"n,,", b"n,,")) as relay:
                    done = self.whoami("GS2-KRB5", *self.through(relay, "ldap"), module=module)
                    self.assertIs(done, "alice", 0)


if __name__ == "__main__":
    lab.main(__file__, services=[], needs=openldap.NEEDS)
