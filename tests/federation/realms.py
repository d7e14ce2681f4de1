# SPDX-License-Identifier: BSD-2-Clause
"""Realms that trust each other, each with a user `admin`, for the tests of cross-realm logins.

EXAMPLE.COM and OTHER.TEST trust each other; EXAMPLE.COM trusts ONE.TEST, and not the other way
round; OTHER.TEST trusts FAR.TEST, whose users can come to EXAMPLE.COM only through it; and
example.com, a realm of its own for Kerberos, is trusted both ways.
"""

import os
import pathlib
import re

import federation
import indicators
import lab

LOCAL, OTHER, ONE, FAR, SMALL = "EXAMPLE.COM", "OTHER.TEST", "ONE.TEST", "FAR.TEST", "example.com"
FOREIGN = (OTHER, ONE, FAR, SMALL)
HOSTS = {OTHER: "mail.other.test", ONE: "mail.one.test"}  # of services that are not LOCAL's
KDC_OPTIONS = [word for realm in FOREIGN for word in ("--foreign", realm)]
# A policy for users of one realm, by what its KDC puts into their tickets.
ISSUER = """[[attributes.issued.from]]
mechanism = "krb5"
name = "urn:mspac:client-info"
form = "pac-client-info"
issuer = "{}"
[services.imap]
require = ["exists issued"]
"""
# What with_kdc writes for a realm that is trusted directly, and the way by OTHER.
DIRECT = f"  {FAR} = {{\n    {LOCAL} = .\n  }}\n"
BY_OTHER = f"  {FAR} = {{\n    {LOCAL} = {OTHER}\n    {OTHER} = .\n  }}\n"


def kadmin(realm, *words, env=None):
    done = lab.run(["kadmin.local", "-r", realm, *words], env)
    if not done or re.search(r"^\w+: .* while ", done.output, re.MULTILINE):
        raise AssertionError(f"kadmin.local {words}: {done.output}")


def with_hosts(text):
    """krb5.conf that says which realm each host is in."""
    return text.replace("[domain_realm]\n", "[domain_realm]\n" + "".join(
        f"  {host} = {realm}\n" for realm, host in HOSTS.items()))


def with_path(text):
    """The same, where users of FAR may come through OTHER."""
    assert DIRECT in text
    return with_hosts(text).replace(DIRECT, BY_OTHER)


def without_path(text):
    """The same, where they may not come to LOCAL at all."""
    assert DIRECT in text
    return with_hosts(text).replace(DIRECT, "")


def at_port(text, realm, port):
    """krb5.conf with another KDC of a realm."""
    changed, number = re.subn(rf"(  {re.escape(realm)} = {{\n    kdc = 127\.0\.0\.1:)\d+",
                              rf"\g<1>{port}", text)
    assert number == 1, text
    return changed


class RealmsTest(federation.FederationTest):
    """Tests with the realms; `kdc` serves them all and knows the way by OTHER."""

    ATTRIBUTE = "realm"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not hasattr(RealmsTest, "are_made"):
            RealmsTest.are_made = True
            cls._make_realms()
        cls.kdc = indicators.Kdc(cls, name="all", change=with_path)
        cls.known = {"KRB5_CONFIG": cls.kdc.env["KRB5_CONFIG"]}  # to clients

    @staticmethod
    def _make_realms():
        for realm in (LOCAL, *FOREIGN):
            kadmin(realm, "addprinc", "-pw", lab.PASSWORD, "+requires_preauth", f"admin@{realm}")
        gone = [(ONE, LOCAL), (FAR, LOCAL), (LOCAL, FAR)]
        for to, of in gone:
            for realm in (to, of):
                kadmin(realm, "delprinc", "-force", f"krbtgt/{to}@{of}")
        for realm in (OTHER, FAR):
            kadmin(realm, "addprinc", "-pw", "trust", f"krbtgt/{OTHER}@{FAR}")
        for realm, host in HOSTS.items():
            kadmin(realm, "addprinc", "-randkey", f"imap/{host}@{realm}")

    def admin(self, realm, kdc=None):
        return (kdc or self.kdc).kinit(f"admin@{realm}")

    def log_in(self, mechanism, policy, ccache, requested=(), **more):
        return super().log_in(mechanism, policy, ccache, requested,
                              **{"client_env": self.known} | more)

    def log_in_at(self, realm, mechanism, ccache, policy="# no rule\n"):
        """The same at a server of another realm."""
        keytab = self.path(f"{realm}.keytab")
        if not keytab.exists():
            kadmin(realm, "ktadd", "-norandkey", "-k", keytab, f"imap/{HOSTS[realm]}@{realm}")
        return self.log_in(mechanism, policy, ccache, host=HOSTS[realm], server_env={
            "KRB5_KTNAME": keytab, "KRB5_CONFIG": self.config(f"default_realm = {realm}")})

    def config(self, *lines):
        """A krb5.conf for a server, with these lines of [libdefaults]."""
        text = "[libdefaults]\n" + "".join(f"  {line}\n" for line in lines)
        return f"{self.write('server.conf', text)}:{self.known['KRB5_CONFIG']}"

    def through(self, kdc):
        """The environment of a client that asks this KDC for tickets of LOCAL."""
        text = pathlib.Path(self.known["KRB5_CONFIG"]).read_text()
        port = re.search(r"kdc = 127\.0\.0\.1:(\d+)",
                         pathlib.Path(kdc.env["KRB5_CONFIG"]).read_text())[1]
        return {"KRB5_CONFIG": self.write("client.conf", at_port(text, LOCAL, port))}
