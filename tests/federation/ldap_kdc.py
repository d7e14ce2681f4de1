# SPDX-License-Identifier: BSD-2-Clause
"""A realm whose database is in a directory, as MIT's KDC demands for constrained delegation: with
its own format of files (db2) no service may present a user's ticket to another service.

slapd listens on a socket in the test's folder, and the KDC on a port of loopback.
"""

import contextlib
import glob
import gzip
import os
import pathlib
import re
import socket

import lab

PACKAGE = "krb5-kdc-ldap"
SUFFIX, CONTAINER = "dc=example,dc=com", "cn=kerberos,dc=example,dc=com"
SLAPD_CONF = """include /etc/ldap/schema/core.schema
include {folder}/kerberos.schema
moduleload back_mdb
pidfile {folder}/slapd.pid
database mdb
directory {folder}/db
suffix {suffix}
rootdn gidNumber={gid}+uidNumber={uid},cn=peercred,cn=external,cn=auth
dbnosync
"""
KDC_CONF = """[realms]
{realm} = {{
  database_module = directory
}}
[dbmodules]
db_module_dir = {modules}
directory = {{
  db_library = kldap
  ldap_kerberos_container_dn = {container}
  ldap_servers = {url}
  ldap_kdc_sasl_mech = EXTERNAL
  ldap_kadmind_sasl_mech = EXTERNAL
}}
"""


def _first(pattern):
    """The first file of the package; None if it is not there."""
    for root in (str(lab.UNPACKED / PACKAGE), ""):
        if found := glob.glob(root + pattern):
            return pathlib.Path(found[0])
    return None


def missing():
    """What the machine lacks, or an empty text."""
    has = _module() and _schema() and _first("/usr/sbin/kdb5_ldap_util")
    return "" if has else f"neither installed nor unpacked: {PACKAGE}"


def _answers(path):
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        return True
    return False


def _module():
    return _first("/usr/lib/*/krb5/plugins/kdb/kldap.so")


def _schema():
    return _first(f"/usr/share/doc/{PACKAGE}/kerberos.schema.gz")


class LdapKdc:
    """The KDC. `env` is the environment of its programs and its clients."""

    def __init__(self, test, name="directory"):
        self._test, self._folder = test, test.path(name)
        (self._folder / "db").mkdir(parents=True)
        self._url = "ldapi://" + str(self._folder / "ldapi").replace("/", "%2F")
        self._start_slapd()
        test.serve(lambda _: ["krb5kdc", "-n", "-r", lab.REALM, "-P", self._folder / "pid"],
                   f"{name}/kdc.log", prepare=self._prepare, env=lab.environment(**self._names()))
        self.env = lab.environment(**self._names())

    def _names(self):
        libraries = [str(_module().parents[2]), os.environ.get("LD_LIBRARY_PATH", "")]
        return {"KRB5_CONFIG": self._folder / "krb5.conf", "KRB5_KTNAME": self._folder / "keytab",
                "KRB5_KDC_PROFILE": self._folder / "kdc.conf",
                "LD_LIBRARY_PATH": ":".join(filter(None, libraries))}

    def _start_slapd(self):
        folder = self._folder
        (folder / "kerberos.schema").write_bytes(gzip.decompress(_schema().read_bytes()))
        conf = SLAPD_CONF.format(folder=folder, suffix=SUFFIX, uid=os.getuid(), gid=os.getgid())
        (folder / "slapd.conf").write_text(conf)
        self._test.serve(lambda _: ["slapd", "-d", "0", "-h", self._url, "-f",
                                    folder / "slapd.conf"], f"{folder.name}/slapd.log",
                         ready=lambda _: _answers(folder / "ldapi"))
        self._ldap("ldapadd", f"dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\n"
                              "dc: example\no: example\n")

    def _prepare(self, ports):
        first = not (self._folder / "kdc.conf").exists()
        more = KDC_CONF.format(realm=lab.REALM, modules=_module().parent, container=CONTAINER,
                               url=self._url)
        for file, of, end in (("kdc.conf", "KRB5_KDC_PROFILE", more),
                              ("krb5.conf", "KRB5_CONFIG", "")):
            text = pathlib.Path(os.environ[of]).read_text()
            text = re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{ports[0]}", text)
            (self._folder / file).write_text(text + end)
        if first:
            self._must([_first("/usr/sbin/kdb5_ldap_util"), "-r", lab.REALM, "create", "-s", "-P",
                        "master", "-subtrees", SUFFIX])

    def _must(self, words, data=""):
        done = lab.run(words, lab.environment(**self._names()), data)
        if not done or re.search(r"^\w+: .* while ", done.output, re.MULTILINE):
            raise AssertionError(f"{words}: {done.output}")
        return done.output

    def _ldap(self, program, ldif):
        self._must([program, "-Q", "-Y", "EXTERNAL", "-H", self._url], ldif)

    def _new_ccache(self):
        return f"FILE:{self._folder}/ccache.{len(list(self._folder.iterdir()))}"

    def kinit(self, user, *options):
        """A new ticket; returns the ccache."""
        ccache = self._new_ccache()
        self._must(["kinit", "-c", ccache, *options, user], lab.PASSWORD + "\n")
        return ccache

    def for_user(self, ccache, user, target):
        """A ticket of the user for the target that the service with this ccache gets by S4U2Self and
        S4U2Proxy, in a new ccache."""
        got = self._new_ccache()
        said = self._must(["kvno", "-c", ccache, "-U", user, "-P", "--out-cache", got, target])
        if "delegation failed" in said:  # which kvno takes for a success
            raise AssertionError(said)
        return got

    def kadmin(self, *words):
        return self._must(["kadmin.local", "-r", lab.REALM, *words])

    def add_service(self, service):
        self.kadmin("addprinc", "-randkey", service)
        self.kadmin("ktadd", "-k", self.keytab(service), service)

    def keytab(self, service):
        """The keytab with the service's key."""
        return self._folder / (service.replace("/", "-") + ".keytab")

    def allow(self, service, *targets):
        """Lets a service present its users' tickets to these services."""
        dn = f"krbPrincipalName={service}@{lab.REALM},cn={lab.REALM},{CONTAINER}"
        lines = [f"krbAllowedToDelegateTo: {target}@{lab.REALM}\n" for target in targets]
        self._ldap("ldapmodify", f"dn: {dn}\nchangetype: modify\nadd: krbAllowedToDelegateTo\n" +
                   "".join(lines))
