#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""LDAP of an Active Directory: our client logs in to Samba's server, Samba's client to slapd with
our module, and a group decides."""

import pathlib
import re
import shutil
import sys

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import federation
import lab
import samba_dc
from samba_dc import BASE, DC, DOMAIN, UNIVERSAL, group, service, user

MECHANISMS = ("GSSAPI", "GSS-SPNEGO")  # of Active Directory
STRONG_AUTH = "ldap server require strong auth"
SLAPD = f"ldap.{DOMAIN}"
ENTRY = f"CN=alice,CN=Users,{BASE}"
POLICY = """[attributes.groups]
from = [{{ mechanism = "krb5", name = "urn:mspac:logon-info", form = "pac-groups" }}]

[aliases]
readers = "{sid}"

[services.ldap]
require = ["groups=readers"]
"""


class LdapTest(samba_dc.DomainTest):
    OBJECTS = [*map(user, ("alice", "bob")), group("readers", UNIVERSAL, "alice"),
               service("srv-ldap", f"ldap/{SLAPD}")]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tickets = {name: cls.domain.kinit(name) for name in ("alice", "bob")}

    assertFails = lab.ServerTest.assertRefused  # of a program

    def ldap_env(self, name, **changes):
        return self.client_env(ccache=self.tickets[name], LDAPCONF="/nonexistent",
                               LDAPTLS_CACERT=self.domain.certificate, **changes)


class Controller(LdapTest):
    """Our client and Samba's server."""

    SOURCE = "Active Directory"
    ATTRIBUTE = "none"

    def search(self, mechanism, *options, scheme="ldap", **changes):
        # -N: the client takes the host's name as it is.
        return lab.run(["ldapsearch", "-N", "-LLL", "-Y", mechanism, "-H", f"{scheme}://{DC}", "-b",
                        ENTRY, *options, "sAMAccountName"], self.ldap_env("alice", **changes))

    def assertFound(self, done, ssf):
        self.assertDone(done, rf"(?m)^SASL SSF: {ssf}$", "(?m)^sAMAccountName: alice$")

    def test_a_layer_is_demanded_without_tls(self):
        for mechanism in MECHANISMS:
            with self.decision(mechanism, "LDAP, no TLS", "our client: confidentiality"):
                self.assertFound(self.search(mechanism), 256)
            with self.decision(mechanism, "LDAP, no TLS", "our client: integrity (maxssf=1)"):
                self.assertFound(self.search(mechanism, "-O", "maxssf=1"), 1)
            with self.decision(mechanism, "LDAP, no TLS", "our client without a layer: refused"):
                done = self.search(mechanism, "-O", "maxssf=0")
                self.assertFails(done, "Strong.* authentication required",
                                             "Sign or Seal are required")

    def test_tls(self):
        self.addCleanup(self.domain.restart, STRONG_AUTH, "yes")
        binds = self.samba_version() >= (4, 21)
        for mechanism in MECHANISMS:
            with self.decision(mechanism, "LDAPS", "our client with a layer inside TLS: refused"):
                # Samba 4.21 looks at the binding first.
                done = self.search(mechanism, scheme="ldaps",
                                   LDAPSASL_CBINDING="tls-endpoint" if binds else "none")
                self.assertFails(done, "Sign or Seal are not allowed if TLS is used")
            # Samba 4.21 verifies the binding; older ones refuse all SASL over TLS.
            for kind, is_admitted in (("none", False), ("tls-endpoint", binds)):
                outcome = "admitted" if is_admitted else "refused"
                with self.decision(mechanism, "LDAPS, Samba's default",
                                   f"our client, channel binding {kind}: {outcome}"):
                    self.check_tls(mechanism, kind, is_admitted)
        self.domain.restart(STRONG_AUTH, "allow_sasl_without_tls_channel_bindings" if binds else
                            "allow_sasl_over_tls")
        for mechanism in MECHANISMS:
            with self.decision(mechanism, "LDAPS, SASL over TLS allowed", "our client: admitted"):
                self.check_tls(mechanism, "none", True)

    def check_tls(self, mechanism, binding, is_admitted):
        done = self.search(mechanism, "-O", "maxssf=0", scheme="ldaps", LDAPSASL_CBINDING=binding)
        if is_admitted:
            self.assertDone(done, "(?m)^sAMAccountName: alice$")
        else:
            self.assertFails(done)

    @staticmethod
    def samba_version():
        text = lab.run(["samba", "--version"]).output
        return tuple(map(int, re.search(r"Version (\d+)\.(\d+)", text).groups()))


class Slapd(LdapTest):
    """slapd with our module and a key of the domain; its policy wants a group."""

    SOURCE = "Active Directory, slapd"
    ATTRIBUTE = "pac-groups"
    RULE = "groups=readers"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.path("etc").mkdir()
        shutil.copytree("/etc/ldap/schema", cls.path("etc/schema"))
        keytab = cls.domain.keytab(f"ldap/{SLAPD}")
        policy = cls.write("policy.toml", POLICY.format(sid=cls.sids["readers"]))
        cls.write("etc/sasl2/slapd.conf", f"keytab: {keytab}\ngssloop_policy: {policy}\n")
        cls.write("etc/slapd.conf", f"include /etc/ldap/schema/core.schema\nsasl-host {SLAPD}\n"
                  f"pidfile {cls.path('pid')}\n")
        inside = lab.namespace({"/etc/ldap": cls.path("etc")})
        cls.server = cls.serve(
            lambda ports: [*inside, lab.find("slapd"), "-d", "stats", "-f", "/etc/ldap/slapd.conf",
                           "-h", f"ldap://127.0.0.1:{ports[0]}"], "slapd.log",
            env=cls.server_env(KRB5_KTNAME="FILE:/nonexistent"))

    def whoami(self, mechanism, name):
        return lab.run(["ldapwhoami", "-N", "-Y", mechanism, "-H",
                        f"ldap://{SLAPD}:{self.server.port}"], self.ldap_env(name))

    def test_our_client(self):
        for mechanism in ("GSSAPI", "GS2-KRB5", "GSS-SPNEGO"):
            with self.decision(mechanism, self.RULE, "ldapwhoami: alice admitted"):
                self.assertDone(self.whoami(mechanism, "alice"), "(?m)^dn:uid=alice,")
            with self.decision(mechanism, self.RULE, "ldapwhoami: bob refused"):
                done = self.whoami(mechanism, "bob")
                self.assertFails(done, "not authorized")
                self.server.wait_for_log(r'policy refuses "bob": require at \S+policy.toml:8:12 ')

    def samba_client(self, name):
        return lab.run(["/usr/bin/python3", "-B", federation.HERE / "samba_client.py",
                        f"ldap://{SLAPD}:{self.server.port}"],
                       lab.environment(KRB5CCNAME=self.tickets[name]))

    def test_sambas_client(self):
        with self.decision("GSS-SPNEGO", self.RULE, "Samba's client: alice admitted"):
            start = len(self.server.log())
            self.assertDone(self.samba_client("alice"), "GSS-SPNEGO")
            self.server.wait_for_log(r'BIND dn="uid=alice,\S+" mech=GSS-SPNEGO bind_ssf=256', start)
        with self.decision("GSS-SPNEGO", self.RULE, "Samba's client: bob refused"):
            start = len(self.server.log())
            self.assertGreater(self.samba_client("bob").status, 0)
            self.server.wait_for_log('policy refuses "bob": require at ', start)


if __name__ == "__main__":
    samba_dc.main(__file__, needs=["slapd", "ldapsearch", "ldapwhoami"])
