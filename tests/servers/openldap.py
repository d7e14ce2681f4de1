# SPDX-License-Identifier: BSD-2-Clause
"""slapd as docs/openldap.md sets it up, for the tests that log in to it.

Each has a server of its own, with the configuration that Debian's package makes, in a mount
namespace where a folder of the test's is /etc/ldap: slapd looks for SASL's configuration there and
nowhere else.
"""

import os
import pathlib
import re
import shlex
import shutil
import socket
import textwrap

import debian
import lab
from guide import Guide

HOST = "ldap.example.com"
PEOPLE = "ou=people,dc=example,dc=com"
SUFFIX = "dc=example,dc=com"
DEBIAN_LDIF = pathlib.Path("/usr/share/slapd/slapd.init.ldif")
DEBIAN_POSTINST = pathlib.Path("/var/lib/dpkg/info/slapd.postinst")
ADMIN_PASSWORD = "secret"
MECHANISMS = ("GSSAPI", "GS2-KRB5", "GSS-SPNEGO")
STRONGEST = {"GSSAPI": 256, "GS2-KRB5": 0, "GSS-SPNEGO": 256}  # SSF of the layer with AES-256
NEEDS = ["slapd", "slapadd", "slappasswd", "ldapwhoami", "ldapsearch", "ldapmodify", "openssl",
         "unshare", "krb5kdc", "kadmin.local", "kinit"]


def dn(user):
    return f"uid={user},{PEOPLE}"


class OpenLdap(lab.ServerTest):
    """A slapd with the entries and the users of the guide: alice, bob, and carol, whom the policy
    refuses."""

    SERVER = "slapd"
    MODULE = lab.SERVER_MODULE
    SASL_OPTIONS = None  # in place of the guide's slapd.conf
    has_users = False  # of the realm, which the classes share

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.book = Guide("openldap.md", {
            "ldapi:///": "ldapi://" + str(cls.path("ldapi")).replace("/", "%2F"),
            f"ldaps://{HOST}": "ldaps://localhost:LDAPS",
            f"ldap://{HOST}": "ldap://localhost:LDAP",
            "sudo -u openldap ": "", "chown openldap": f"chown {os.getuid()}",
            "gssloop doctor": f"{lab.GSSLOOP} doctor",
            "/etc/ldap": cls.path("etc"), HOST: "localhost"})
        cls.make_folder()
        cls.make_users()
        cls.start()
        cls.configure()
        conf = debian.file("/etc/ldap/ldap.conf", "libldap-common")
        cls.write("etc/ldap.conf", cls.book.edited("/etc/ldap/ldap.conf", conf))

    @classmethod
    def make_folder(cls):
        (cls.path("db")).mkdir()
        shutil.copytree("/etc/ldap/schema", cls.path("etc/schema"))
        cls.make_certificate("ca", "-x509", "-addext", "basicConstraints=critical,CA:TRUE")
        for name in ("server", "relay"):
            cls.make_certificate(name, "-x509", "-CA", cls.path("etc/ca.pem"), "-CAkey",
                                 cls.path("etc/ca.key"))
        cls.write("relay.pem", cls.path("etc/relay.pem").read_text() +
                  cls.path("etc/relay.key").read_text())
        cls.use_policy("The server")
        options = cls.book.file("/etc/ldap/sasl2/slapd.conf")
        if cls.SASL_OPTIONS:
            options = cls.SASL_OPTIONS.format(keytab=cls.path("etc/ldap.keytab"))
        cls.write("etc/sasl2/slapd.conf", options)
        for name in ("kerberos", "people"):
            cls.write(f"etc/{name}.ldif", cls.book.file(f"/etc/ldap/{name}.ldif"))

    @classmethod
    def make_certificate(cls, name, *options):
        # libldap takes "localhost" for the machine's own name when it compares it.
        names = f"subjectAltName=DNS:localhost,DNS:{socket.gethostname()}"
        # The options of `req -x509 -CA` are of OpenSSL 3.
        done = lab.run(["openssl", "req", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                        f"/CN={name} of a test", "-keyout", cls.path(f"etc/{name}.key"), "-out",
                        cls.path(f"etc/{name}.pem"), "-addext", names, *options])
        assert done, done.output

    @classmethod
    def use_policy(cls, heading):
        """The guide's policy under this heading holds from now on."""
        return cls.use_policy_text(cls.book.file("/etc/ldap/policy.toml", heading))

    @classmethod
    def use_policy_text(cls, text):
        cls.write("etc/policy.new", text).rename(cls.path("etc/policy.toml"))
        return text

    @classmethod
    def make_users(cls):
        for command in cls.book.commands("What you need"):
            done = lab.run(["sh", "-c", command.line])
            assert done and command.matches(done.output), (command, done.output)
        if not OpenLdap.has_users:
            cls.realm.add_user("bob")
            cls.realm.add_user("carol")
            OpenLdap.has_users = True
        # Again for each class: each realm's key is new.
        cls.tickets = {user: cls.realm.kinit(user) for user in ("alice", "bob", "carol")}

    @classmethod
    def start(cls):
        """Makes configuration and first entry as Debian's package does, and starts slapd."""
        (cls.path("etc/slapd.d")).mkdir()
        cls.inside = lab.namespace({"/etc/ldap": cls.path("etc")})
        password = lab.run(["slappasswd", "-s", ADMIN_PASSWORD]).output.strip()
        cls.slapadd("cn=config", DEBIAN_LDIF.read_text(), {
            "@SUFFIX@": SUFFIX, "@PASSWORD@": password, "/var/lib/ldap": cls.path("db"),
            "/var/run/slapd": cls.path(".")})
        entry = re.search(r"(?s)\n(\s*dn: \$basedn\n.*?\n)\n", DEBIAN_POSTINST.read_text())[1]
        cls.slapadd(SUFFIX, textwrap.dedent(entry), {
            "$basedn": SUFFIX, "$organization": "example.com", "$dc": "example"})
        cls.run_slapd()

    @classmethod
    def slapadd(cls, base, text, values):
        for old, new in values.items():
            text = text.replace(old, str(new))
        done = lab.run([*cls.inside, lab.find("slapadd"), "-b", base, "-F", cls.path("etc/slapd.d"),
                        "-l", cls.write("init.ldif", text)])
        assert done, done.output

    @classmethod
    def run_slapd(cls):
        cls.server = cls.serve(cls.command, "slapd.log", num_ports=2, env=cls.server_environment(),
                               ready=lambda ports: all(map(lab.listens, ports)))
        ldap, ldaps = cls.server.ports
        cls.book.replacements |= {"localhost:LDAPS": f"localhost:{ldaps}",
                                  "localhost:LDAP": f"localhost:{ldap}"}

    @classmethod
    def server_environment(cls):
        return lab.environment(SASL_PATH=cls.MODULE, KRB5CCNAME="FILE:/nonexistent",
                               KRB5_KTNAME="FILE:/nonexistent")

    @classmethod
    def command(cls, ports):
        """slapd in the foreground, with the services that the guide gives it."""
        default = cls.book.edited("/etc/default/slapd", debian.file("/etc/default/slapd", "slapd"))
        (services,) = re.findall(r"(?m)^SLAPD_SERVICES=.*$", default)
        (services,) = shlex.split(services)
        urls = [url.replace("ldap:///", f"ldap://127.0.0.1:{ports[0]}")
                .replace("ldaps:///", f"ldaps://127.0.0.1:{ports[1]}")
                for url in services.partition("=")[2].split()]
        return [*cls.inside, lab.find("slapd"), "-d", "stats", "-F", cls.path("etc/slapd.d"), "-h",
                " ".join(urls)]

    @classmethod
    def configure(cls):
        """Runs the administrator's commands of the guide."""
        restart, modify, add = cls.book.commands("The server")
        assert restart.line == "systemctl restart slapd", restart
        see, *_ = cls.book.commands("OpenLDAP: slapd with Kerberos")
        for command in (see, modify, add):
            done = lab.run(["sh", "-c", command.line], data=ADMIN_PASSWORD + "\n")
            assert done and command.matches(done.output), (command, done.output)

    @classmethod
    def change_config(cls, *lines, entry="cn=config"):
        """Changes slapd's configuration; the lines are of LDIF, from what changes on."""
        ldif = "\n".join([f"dn: {entry}", "changetype: modify", *lines]) + "\n"
        done = lab.run(["ldapmodify", "-Q", "-Y", "EXTERNAL", "-H",
                        cls.book.replaced("ldapi:///")], data=ldif)
        assert done, done.output

    @classmethod
    def change_as_admin(cls, ldif):
        """Changes or adds entries."""
        done = lab.run(["ldapmodify", "-a", "-x", "-w", ADMIN_PASSWORD, "-D",
                        f"cn=admin,{SUFFIX}", "-H", cls.book.replaced("ldapi:///")],
                       data=ldif)
        assert done, done.output

    @classmethod
    def demand(cls, properties):
        """The server's security properties from the next connection on."""
        cls.change_config("replace: olcSaslSecProps",
                          f"olcSaslSecProps: noanonymous,noplain,{properties}")

    def ldap_env(self, module="gssloop", user="alice"):
        return self.client_env(module, self.tickets[user], HOME=self.folder,
                               LDAPCONF=self.path("etc/ldap.conf"))

    @staticmethod
    def chosen_name(module, mechanism, user="alice"):
        """The options without which a module cannot do it."""
        # Cyrus SASL's GS2 cannot use a ticket without being told whose it is.
        return ["-U", user] if (module, mechanism[:8]) == ("stock", "GS2-KRB5") else []

    def whoami(self, mechanism, *options, module="gssloop", user="alice", **changes):
        name = self.chosen_name(module, mechanism, user)
        return lab.run(["ldapwhoami", "-Y", mechanism, *name, *options],
                       self.ldap_env(module, user) | changes)

    def url(self, scheme="ldap"):
        return self.book.replaced(f"{scheme}://{HOST}")

    def assertIs(self, done, user, ssf, mechanism=None, start=0):
        """The server took the client for the user, with this layer; both of them say so."""
        self.assertDone(done, rf"(?m)^SASL SSF: {ssf}$", f"(?m)^dn:{dn(user)}$")
        if mechanism:
            self.server.wait_for_log(
                rf'BIND dn="{dn(user)}" mech={mechanism} bind_ssf={ssf} ', start)
