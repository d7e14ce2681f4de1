#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Attacks on logins with EAP: on the GS2 header, on the channel binding, on the name, and by RADIUS
servers that lie. docs/federation.md says what vouches for what; these tests found it out."""

import pathlib
import sys
import time

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import eap
import gss_peer
import lab
import sasl_pair
from eap import FILTER_ID

ROBIN, ADMIN = "robin@university.example", "admin@university.example"
MISMATCH = "Incorrect channel bindings were supplied .Channel bindings do not match"
MISSING = "Incorrect channel bindings were supplied .Channel binding token missing"
CHANNEL_BINDINGS = b"\x80\x00\x00\x06"  # RFC 7055 section 5.6.2, and the bit for "critical"


def header(text):
    """An attacker on the way who writes another header before the client's first token."""
    return lambda number, message: message if number else text + message.split(b",", 2)[2]


def with_length(octets):
    """The message with the length of its RFC 2743 header made right."""
    inner = octets[3:] if octets[1] == 0x81 else octets[2:]
    length = bytes([len(inner)]) if len(inner) < 128 else bytes([0x81, len(inner)])
    return b"\x60" + length + inner


def without_bindings(_number, message):
    """... who takes the subtoken with the channel bindings out of the client's last token."""
    if not message or CHANNEL_BINDINGS not in message:
        return message
    before, _, rest = message.partition(CHANNEL_BINDINGS)
    return with_length(before + rest[4 + int.from_bytes(rest[:4], "big"):])


def as_admin(number, message):
    """A client, or an attacker on the way, who claims to be admin in the EAP identity, which is
    outside the tunnel."""
    outer = b"@university.example"
    if number != 1:
        return message
    before, eap_header = message.split(outer)[0][:-9], message.split(outer)[0][-5:]
    packet = eap_header[:2] + (5 + len(ADMIN)).to_bytes(2, "big") + eap_header[4:] + ADMIN.encode()
    return with_length(before + len(packet).to_bytes(4, "big") + packet)


class Header(eap.EapTest):
    SOURCE = "an attacker on the way"

    def test_a_changed_header(self):
        binding = {side: sasl_pair.binding() for side in ("client", "server")}
        other = {"client": sasl_pair.binding("another"), "server": sasl_pair.binding()}
        rows = (("n,a=admin,", {}, MISMATCH), ("y,,", {}, MISMATCH),
                ("n,,", binding, MISMATCH), ("p=tls-unique,a=admin,", binding, MISMATCH),
                ("p=tls-unique,,", other, MISMATCH), ("p=tls-unique,,", binding, None))
        for mechanism in eap.MECHANISMS:
            for text, sides, problem in rows:
                chosen = mechanism + ("-PLUS" if sides else "")
                channel = ", another channel" if sides is other else ""
                with self.decision(chosen, "none", "refused" if problem else "admitted",
                                   attribute=f"header {text}{channel}"):
                    login = self.log_in(chosen, change=header(text.encode()), **sides)
                    if problem:
                        self.assertRefused(login, problem)
                    else:
                        self.assertAdmitted(login, ROBIN)

    def test_bindings_cut_out(self):
        for text in (b"n,,", b"n,a=admin,"):
            change = lambda number, message: header(text)(number, without_bindings(number, message))
            with self.decision("EAP-AES128", "none", "refused",
                               attribute=f"header {text.decode()}, no bindings in the token"):
                self.assertRefused(self.log_in(change=change), MISSING)

    def test_a_required_binding_cannot_be_proved(self):
        required = {"client": sasl_pair.binding(), "server": sasl_pair.binding(critical=True)}
        with self.decision("EAP-AES128-PLUS", "the application requires channel binding", "refused",
                           attribute="none"):
            login = self.log_in("EAP-AES128-PLUS", **required)
            self.assertRefused(login, "the mechanism does not report whether it verified one")
            self.assertNotIn("could not find auxprop plugin", login[0].said())

    def test_without_the_option(self):
        with self.decision("EAP-AES128", "no gssloop_allow_unbound", "refused", attribute="none"):
            login = self.log_in(options={"gssloop_allow_unbound": "EAP-AES256"})
            self.assertRefused(login, "does not have the required flags: channel-bound")


class Forgery(eap.EapTest):
    """A header that an attacker puts before the tokens of a client that is no SASL client."""

    SOURCE = "an attacker with tokens of another protocol"

    def initiate(self):
        """An initiator's program."""
        oid = eap.moonshot.MECHANISMS[0][2]
        peer = gss_peer.Peer(lab.environment(**self.env), "initiator", oid, "imap@localhost", ROBIN,
                             eap.PASSWORD)
        self.addCleanup(peer.end)
        return peer

    def test_a_forged_header(self):
        for text in ("n,,", "n,a=admin,", "y,,", "p=tls-unique,,"):
            with self.decision("EAP-AES128", "none", "refused", attribute=f"header {text}"):
                sides = {"server": sasl_pair.binding()} if text[0] == "p" else {}
                _, there = self.pair(**sides)
                peer = self.initiate()
                _, token = peer.answer()
                self.assertEqual(token[2:4], b"\x06\x09")  # the OID of the RFC 2743 header
                said = there.ask("start", text.encode() + token[13:], mechanism="EAP-AES128")
                while said["code"] == 1 and (token := peer.answer(said["out"])[1]):
                    said = there.ask("step", token)
                self.assertNotEqual(said["code"], 0)
                self.assertRegex(there.said(), MISSING)
                self.assertNotIn("could not find auxprop plugin", there.said())


class OuterName(eap.EapTest):
    """FreeRADIUS as Debian installs it returns the outer identity."""

    SOURCE = "an attacker's outer identity, FreeRADIUS without the inner name"

    @classmethod
    def configure_radius(cls):
        super().configure_radius()
        eap.forget_inner_name(cls.radius)

    def test_the_user_chooses_the_name(self):
        with self.decision("EAP-AES128", "none", "robin admitted as admin", attribute="User-Name"):
            self.assertAdmitted(self.log_in(change=as_admin), ADMIN)


class InnerName(eap.EapTest):
    """With the setting of the guide."""

    SOURCE = "an attacker's outer identity, FreeRADIUS as in the guide"

    def test_the_radius_server_states_the_name(self):
        with self.decision("EAP-AES128", "none", "robin admitted as robin", attribute="User-Name"):
            self.assertAdmitted(self.log_in(change=as_admin), ROBIN)


class Names(eap.EapTest):
    """A RADIUS server that states a name of its choice for each user."""

    SOURCE = "a RADIUS server that lies"
    POLICY = f"""[attributes.group]
from = [{{ mechanism = "EAP-AES128", name = "{FILTER_ID}", issuer = "university.example" }}]
[services.imap]
require = ["RULE"]
"""

    def test_the_name_is_what_the_radius_server_states(self):
        realm, group = "peer.realm=university.example", "group=staff"
        rows = (("admin", None, "admin"), ("admin", realm, None), ("admin", group, None),
                ("admin@other.example", realm, None), ("admin@other.example", group, None),
                (ADMIN, None, ADMIN), (ADMIN, realm, ADMIN), (ADMIN, group, ADMIN))
        before = None
        for stated, rule, admitted in rows:
            if stated != before:
                self.state(stated)
            before = stated
            issuer = ", issuer university.example" if rule == group else ""
            with self.decision("EAP-AES128", (rule or "none") + issuer,
                               attribute=f"User-Name {stated}",
                               outcome=f"admitted as {admitted}" if admitted else "refused"):
                login = self.log_in(policy=self.POLICY.replace("RULE", rule) if rule else "")
                if admitted:
                    self.assertAdmitted(login, admitted)
                else:
                    self.assertRefused(login, "require at .* is false")

    def test_the_realm_of_the_application_and_of_kerberos(self):
        self.state(f"alice@{lab.REALM}")
        with self.decision("EAP-AES128", "none", f"refused, with user_realm {lab.REALM}",
                           attribute=f"User-Name alice@{lab.REALM}"):
            login = self.log_in(server={"realm": lab.REALM})
            self.assertRefused(login, "realm is foreign, but has the same name as the application")

    def state(self, name):
        """From now on the RADIUS server states this name."""
        self.radius.stop()
        file = self.radius.etc / "sites-available/inner-tunnel"
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        setting = "\t       User-Name := "
        lines = [f'{setting}"{name}"\n' if it.startswith(setting) else it for it in lines]
        file.write_text("".join(lines), encoding="utf-8")
        self.start_radius()
        self.env["GSSLOOP_RADSEC_CONF"] = self.radsec


class Servers(eap.EapTest):
    """The three parties, and who notices if one of them is another."""

    SOURCE = "a wrong server"

    def test_a_server_with_another_name(self):
        with self.decision("EAP-AES128", "none", "the client refuses it", attribute="none"):
            login = self.log_in(client={"service": "smtp"})
            self.assertFalse(login[1])
            self.assertRegex(self.client.said(), "Acceptor identity different than expected")

    def test_a_server_that_claims_another_name(self):
        """The client wants smtp, and an attacker on the way lets imap say that it is smtp. The
        RADIUS server compares what client and server told it."""
        renamed = lambda _, message: message and message.replace(b"imap/localhost",
                                                                 b"smtp/localhost")
        with self.decision("EAP-AES128", "none", "the RADIUS server refuses it",
                           attribute="EAP channel binding"):
            login = self.log_in(client={"service": "smtp"}, change_back=renamed)
            self.assertRefused(login, "Authentication rejected by RADIUS server")
            self.assertIn("Virtual server channel_bindings", self.radius.log())

    def test_a_radius_server_with_another_certificate(self):
        with self.decision("EAP-AES128", "none", "the client refuses it", attribute="certificate"):
            self.env = self.env | {"GSSLOOP_EAP_CERTIFICATE": "0" * 64}
            self.assertRefused(self.log_in(), "Authentication rejected by RADIUS server")
            self.assertIn("unknown CA", self.radius.log())

    def test_a_radius_server_with_another_secret(self):
        text = self.radsec.read_text(encoding="utf-8").replace("use-a-long", "another-long")
        with self.decision("EAP-AES128", "none", "no answer: refused after 40 seconds",
                           attribute="shared secret"):
            self.env = self.env | {"GSSLOOP_RADSEC_CONF": self.write("other.conf", text)}
            began = time.monotonic()
            self.assertRefused(self.log_in(), "gss_accept_sec_context: .*timeout")
            self.assertGreater(time.monotonic() - began, 35)


class NoSite(eap.EapTest):
    SOURCE = "FreeRADIUS without the site channel_bindings"

    @classmethod
    def configure_radius(cls):
        super().configure_radius()
        (cls.radius.etc / "sites-enabled/channel_bindings").unlink()

    def test_every_login_is_refused(self):
        with self.decision("EAP-AES128", "none", "refused", attribute="none"):
            self.assertRefused(self.log_in(), "Authentication rejected by RADIUS server")


if __name__ == "__main__":
    eap.main(__file__)
