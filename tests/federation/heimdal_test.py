#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Tickets and keys of a Heimdal KDC, of each type of AES: logins, security layers, rules."""

import pathlib
import sys

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import federation
import heimdal_kdc
import lab
from sasl_pair import limits

# Each type, and the SSF of a layer with confidentiality.
ENCTYPES = {"aes256-cts-hmac-sha384-192": 256, "aes128-cts-hmac-sha256-128": 128,
            "aes256-cts-hmac-sha1-96": 256, "aes128-cts-hmac-sha1-96": 128}
POLICY = """[attributes.assurance]
from = [{ mechanism = "krb5", name = "auth-indicators" }]
[services.imap]
"""
REALM_RULE = f'require = ["peer.realm={lab.REALM}"]\n'


class Heimdal(federation.FederationTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kdcs = {enctype: heimdal_kdc.HeimdalKdc(cls, enctype) for enctype in ENCTYPES}

    def at(self, enctype):
        """The KDC, and the environments of its clients and servers."""
        self.SOURCE = f"Heimdal KDC, {enctype}"
        kdc = self.kdcs[enctype]
        return kdc, {"client_env": kdc.env, "server_env": kdc.env | {"KRB5_KTNAME": kdc.keytab}}

    def assertHasEnctype(self, kdc, ccache, enctype):
        """The ticket of the service has this type of key. The client got it."""
        listed = lab.run(["klist", "-e", "-c", ccache], lab.environment(**kdc.env)).output
        self.assertRegex(listed, rf"imap/localhost@{lab.REALM}\n"
                         rf"\s*Etype \(skey, tkt\): {enctype}, {enctype}\b")

    def test_logins(self):
        for enctype in ENCTYPES:
            kdc, envs = self.at(enctype)
            for mechanism in federation.MECHANISMS:
                for is_heimdal in (False, True) if mechanism == "GSSAPI" else (False,):
                    ticket = kdc.kinit(is_heimdal)
                    whose = "Heimdal's kinit" if is_heimdal else "MIT's kinit"
                    with self.decision(mechanism, "peer.realm", f"{whose}: alice admitted"):
                        login = self.log_in(mechanism, POLICY + REALM_RULE, ticket, **envs)
                        self.assertAdmitted(login, "alice")
                        self.assertHasEnctype(kdc, ticket, enctype)

    def test_layers(self):
        for enctype, strength in ENCTYPES.items():
            kdc, envs = self.at(enctype)
            ticket = kdc.kinit()
            for mechanism in ("GSSAPI", "GSS-SPNEGO"):
                for most, ssf in ((256, strength), (1, 1)):
                    with self.decision(mechanism, f"maxssf {most}", f"alice admitted, SSF {ssf}"):
                        client = self.client_of(ticket, envs["client_env"], **limits(0, most))
                        server = self.server_with("# none\n", (), envs["server_env"])
                        self.assertLayer(client, server, mechanism, ssf)

    def test_no_attributes(self):
        """Heimdal's tickets have no indicator, whatever the user did."""
        self.ATTRIBUTE = "auth-indicators"
        kdc, envs = self.at("aes256-cts-hmac-sha384-192")
        ticket = kdc.kinit()
        for mechanism in federation.MECHANISMS:
            with self.decision(mechanism, "exists assurance", "refused"):
                login = self.log_in(mechanism, POLICY + 'require = ["exists assurance"]\n', ticket,
                                    **envs)
                self.assertRefused(login, 'policy refuses "alice": require at ')
            with self.decision(mechanism, "none", "admitted, no value"):
                login = self.log_in(mechanism, POLICY + 'publish = ["assurance"]\n', ticket,
                                    ["assurance"], **envs)
                seen = self.assertAdmitted(login, "alice")
                self.assertEqual(seen["properties"], {"assurance": [], "*assurance": []})

    def test_keytab_of_heimdals_ktutil(self):
        """A copy by Heimdal's ktutil, in which MIT's krb5 finds the key."""
        for enctype in ENCTYPES:
            kdc, envs = self.at(enctype)
            copy = self.path(f"copy.{enctype}")
            # Its exit status is that of a failure, though it has copied all (7.8).
            kdc.run("usr/bin/ktutil.heimdal", "copy", f"FILE:{kdc.keytab}", f"FILE:{copy}",
                    status=1)
            envs["server_env"] = envs["server_env"] | {"KRB5_KTNAME": copy}
            with self.decision("GSSAPI", "keytab of ktutil (Heimdal)", "alice admitted"):
                self.assertAdmitted(self.log_in("GSSAPI", "# none\n", kdc.kinit(), **envs), "alice")
            with self.decision("none", "gssloop doctor", "can accept logins"):
                done = lab.run([lab.GSSLOOP, "doctor", "imap@localhost"], lab.environment(
                    SASL_PATH=lab.SERVER_MODULE, KRB5CCNAME=kdc.kinit(), **envs["server_env"]))
                self.assertDone(done, rf"has imap/localhost@{lab.REALM}: version 1 {enctype}",
                                r"the KDC 127\.0\.0\.1:\d+ of EXAMPLE\.COM answers",
                                "a trial login .* succeeds")

    def test_a_key_of_another_type(self):
        """The server's keytab is of another KDC: a key of the same version and another type."""
        kdc, envs = self.at("aes256-cts-hmac-sha384-192")
        envs["server_env"] = envs["server_env"] | {
            "KRB5_KTNAME": self.kdcs["aes256-cts-hmac-sha1-96"].keytab}
        for mechanism in federation.MECHANISMS:
            with self.decision(mechanism, "keytab without the type", "refused"):
                login = self.log_in(mechanism, "# none\n", kdc.kinit(), **envs)
                self.assertRefused(login, "export the service's key again")


if __name__ == "__main__":
    if not heimdal_kdc.find_root():
        lab.skip("neither installed nor unpacked: heimdal-kdc")
    federation.main(__file__, services=["imap/localhost"], needs=["krb5kdc", "kinit", "klist"])
