# SPDX-License-Identifier: BSD-2-Clause
"""A KDC of Heimdal of the test's own, for clients and servers that use MIT's libraries.

Debian's package excludes MIT's KDC, and is only unpacked. Its libraries do not have the names of
MIT's.
"""

import pathlib

import lab

PACKAGE = "heimdal-kdc"
DAEMON = "usr/lib/heimdal-servers/kdc"
KDC_CONF = """[libdefaults]
  default_realm = {realm}
[kdc]
  addresses = 127.0.0.1
  ports = {port}
  database = {{
    dbname = {folder}/heimdal
    realm = {realm}
    mkey_file = {folder}/m-key
    acl_file = {folder}/acl
    log_file = {folder}/log
  }}
[kadmin]
  default_keys = {enctype}:pw-salt
"""
KRB5_CONF = """[libdefaults]
  default_realm = {realm}
  dns_lookup_kdc = false
  dns_canonicalize_hostname = false
  rdns = false
  qualify_shortname = ""
  permitted_enctypes = {enctype}
[realms]
  {realm} = {{
    kdc = 127.0.0.1:{port}
  }}
[domain_realm]
  localhost = {realm}
"""


def find_root():
    """Where the package is: unpacked or installed; None if it is neither."""
    for root in (lab.UNPACKED / PACKAGE, pathlib.Path("/")):
        if (root / DAEMON).exists():
            return root
    return None


class HeimdalKdc:
    """A KDC with the service, whose keys are all of one type, and alice, who has lab.PASSWORD.
    `env` is what to add to the environment of clients and servers: they use no other type, because
    a layer's key could be of a stronger one (RFC 4537). `keytab` has the service's key."""

    def __init__(self, test_class, enctype, service="imap/localhost"):
        self._root = find_root()
        self._folder = test_class.path(enctype)
        self._settings = {"realm": lab.REALM, "folder": self._folder, "enctype": enctype}
        self.keytab = self._folder / "keytab"
        self.env = {"KRB5_CONFIG": self._folder / "krb5.conf"}
        self._write(test_class, [lab.free_port()])  # until serve(): kadmin reads it, too
        self.run("usr/sbin/kstash", "--random-key", "-k", self._folder / "m-key")
        self.kadmin("init", "--realm-max-ticket-life=1day", "--realm-max-renewable-life=1day",
                    lab.REALM)
        self.kadmin("add", "--use-defaults", "-p", lab.PASSWORD, "alice")
        self.kadmin("add", "--use-defaults", "-r", service)
        self.kadmin("ext_keytab", "-k", self.keytab, service)
        test_class.serve(lambda _ports: [self._root / DAEMON, "-c", self._folder / "kdc.conf"],
                         self._folder / "kdc.log", env=self._environment(),
                         prepare=lambda ports: self._write(test_class, ports))

    def _write(self, test_class, ports):
        for name, text in (("kdc.conf", KDC_CONF), ("krb5.conf", KRB5_CONF)):
            test_class.write(f"{self._folder.name}/{name}",
                             text.format(port=ports[0], **self._settings))

    def _environment(self):
        libraries = ":".join(map(str, self._root.glob("usr/lib/*-linux-gnu")))
        return lab.environment(LD_LIBRARY_PATH=libraries, LD_PRELOAD=None,
                               KRB5_CONFIG=self._folder / "kdc.conf")

    def run(self, program, *words, env=None, status=0):
        """Runs a program of Heimdal's; returns what it said."""
        done = lab.run([self._root / program, *words], self._environment() | (env or {}))
        if done.status != status:
            raise AssertionError(f"{program} {words}: {done.output}")
        return done.output

    def kadmin(self, *words):
        return self.run("usr/bin/kadmin.heimdal", "-l", "-c", self._folder / "kdc.conf", "-r",
                        lab.REALM, *words)

    def kinit(self, is_heimdal=False):
        """Alice's ticket, which MIT's kinit gets, or Heimdal's; returns the ccache."""
        ccache = f"FILE:{self._folder}/ccache.{'heimdal' if is_heimdal else 'mit'}"
        if is_heimdal:
            password = self._folder / "password"
            password.write_text(lab.PASSWORD + "\n")
            self.run("usr/bin/kinit.heimdal", "-c", ccache, f"--password-file={password}", "alice",
                     env={"KRB5_CONFIG": str(self.env["KRB5_CONFIG"])})
            return ccache
        done = lab.run(["kinit", "-c", ccache, "alice"], lab.environment(**self.env),
                       lab.PASSWORD + "\n")
        if not done:
            raise AssertionError(f"kinit alice: {done.output}")
        return ccache
