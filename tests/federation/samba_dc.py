# SPDX-License-Identifier: BSD-2-Clause
"""An Active Directory domain by a Samba domain controller of the test's own.

A test program of it ends with samba_dc.main(__file__, needs), which runs the program again as root
of namespaces of its own: there Samba seems to be installed, its ports (88, 389, 636) are free for
every user, /etc/hosts has the names of the domain, and no process of the machine is reached.
"""

import base64
import fcntl
import os
import pathlib
import re
import socket
import struct
import sys
import tempfile
import unittest

import federation
import lab
import tls


HERE = federation.HERE
REALM, DOMAIN = "AD.EXAMPLE.COM", "ad.example.com"
DC, MAIL = f"dc1.{DOMAIN}", f"mail.{DOMAIN}"  # as in etc/hosts
BASE = "DC=ad,DC=example,DC=com"
ADMIN_PASSWORD, PASSWORD = "Adm1n-password", "User-passw0rd"
GLOBAL, UNIVERSAL, DOMAIN_LOCAL = -2147483646, -2147483640, -2147483644
AES = 24  # msDS-SupportedEncryptionTypes: both types of AES
ACCOUNT, NO_PAC = 0x200, 0x2000000  # userAccountControl
PACKAGES = ("samba-ad-dc", "samba-ad-provision")
TEMPLATES = "/usr/share/samba/setup"  # of samba-ad-provision
CLIENT_CONF = f"""[libdefaults]
  default_realm = {REALM}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  qualify_shortname = ""
[realms]
  {REALM} = {{
    kdc = 127.0.0.1
  }}
"""


def entry(name, kind, *lines):
    """The LDIF of a user or group."""
    return "\n".join([f"dn: CN={name},CN=Users,{{dn}}", f"objectClass: {kind}",
                      f"sAMAccountName: {name}", *lines, "", ""])


def user(name, *lines, control=ACCOUNT, upn=None):
    """A user; `upn` is a name under which it logs in, too, as a service does under its own."""
    password = base64.b64encode(f'"{PASSWORD}"'.encode("utf-16-le")).decode()
    return entry(name, "user", f"userPrincipalName: {upn or f'{name}@{DOMAIN}'}",
                 f"unicodePwd:: {password}", f"userAccountControl: {control}", *lines)


def service(name, *principals, control=ACCOUNT):
    return user(name, f"msDS-SupportedEncryptionTypes: {AES}", control=control,
                *[f"servicePrincipalName: {principal}" for principal in principals])


def group(name, kind, *members):
    return entry(name, "group", f"groupType: {kind}",
                 *[f"member: CN={member},CN=Users,{{dn}}" for member in members])


class Domain:
    """The domain; `sids` has the SID of each name. `environment` changes what all programs see."""

    def __init__(self, objects):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=os.environ["GSSLOOP_DIR"], prefix="ad."))
        self.smb_conf = self.folder / "etc/smb.conf"
        # Samba writes each change through to the disk, which may be busy for minutes.
        os.environ["TDB_NO_FSYNC"] = "1"
        self._provision()
        (self.folder / "krb5.conf").write_text(CLIENT_CONF)
        os.environ.update(SMB_CONF_PATH=str(self.smb_conf),
                          KRB5_CONFIG=str(self.folder / "krb5.conf"))
        self.sids = self._add(objects)
        self.tool("spn", "add", f"ldap/{DC}", "DC1$")  # as a controller with a DNS does itself
        self._start()

    def _start(self):
        self._controller = lab.Server(lambda _: ["samba", "-F", "-M", "single", "--debug-stdout"],
                                      self.folder / "samba.log",
                                      ready=lambda _: lab.listens(88) and lab.listens(636))

    def stop(self):
        self._controller.stop()

    def restart(self, name, value):
        """Starts the controller anew, with another value of an option of smb.conf."""
        self.stop()
        text = re.sub(rf"(?m)^\s*{name} = .*\n", "", self.smb_conf.read_text())
        self.smb_conf.write_text(text.replace("[global]\n", f"[global]\n{name} = {value}\n"))
        self._start()

    def start_winbind(self):
        """Starts winbindd as well, whose socket is in /run: now that of the namespaces."""
        self._must("mount", ["mount", "-t", "tmpfs", "none", "/run"])
        pathlib.Path("/run/samba").mkdir()
        self.restart("server services", "ldap kdc rpc winbindd")
        lab.wait_until(lambda: lab.run(["wbinfo", "--ping"]), "winbindd")

    def _provision(self):
        for name in ("run", "tls"):
            (self.folder / name).mkdir()
        self.certificate, key = self.folder / "tls/dc.pem", self.folder / "tls/dc.key"
        tls.make_certificate(self.certificate, key, DC)
        key.chmod(0o600)
        # Samba would look for a prime, for up to minutes.
        self._must("parameters", ["openssl", "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt",
                                  "group:ffdhe2048", "-out", self.folder / "tls/dh.pem"])
        options = {"interfaces": "lo", "bind interfaces only": "yes", "server services": "ldap kdc",
                   "pid directory": self.folder / "run", "ncalrpc dir": self.folder / "ncalrpc",
                   "tls certfile": self.certificate, "tls keyfile": key, "tls cafile": "",
                   "tls dh params file": self.folder / "tls/dh.pem"}
        self._must("provision", [
            "/usr/bin/python3", "-B", HERE / "samba_tool.py", lab.find("samba-tool"), "domain",
            "provision", f"--realm={REALM}", "--domain=AD", "--server-role=dc",
            "--dns-backend=NONE", "--host-name=dc1", "--host-ip=127.0.0.1",
            f"--adminpass={ADMIN_PASSWORD}", f"--targetdir={self.folder}",
            *[f"--option={name}={value}" for name, value in options.items()]])

    def _add(self, objects):
        done = self._must("objects", ["/usr/bin/python3", "-B", HERE / "samba_objects.py",
                                      self.smb_conf], "".join(objects))
        return dict(line.rsplit(" ", 1) for line in done.output.splitlines() if " S-1-" in line)

    @staticmethod
    def _must(what, words, data=""):
        done = lab.run(words, data=data, patience=300)
        if not done:
            raise AssertionError(f"{what}: {done.output[-4000:]}")
        return done

    def tool(self, *words):
        """samba-tool, on the controller's own files."""
        return self._must(words[0], ["samba-tool", *words])

    def keytab(self, *principals):
        """The keys of services, as a new keytab."""
        file = self.folder / (re.sub(r"\W", "_", principals[0]) + ".keytab")
        for principal in principals:
            self.tool("domain", "exportkeytab", file, f"--principal={principal}")
        return file

    def kinit(self, name, *options, password=PASSWORD):
        """A ticket for the user; returns the ccache."""
        ccache = f"FILE:{self.folder}/ccache.{name.replace('/', '-')}{''.join(options)}"
        self._must("kinit", ["kinit", "-c", ccache, *options, name], password + "\n")
        return ccache


class DomainTest(federation.FederationTest):
    """Tests with a domain that has these OBJECTS, a list of LDIF."""

    OBJECTS = ()
    _domains = {}  # by the objects: classes with the same ones share a domain

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        objects = tuple(cls.OBJECTS)
        if objects not in cls._domains:
            cls._domains[objects] = Domain(objects)
            unittest.addModuleCleanup(cls._domains[objects].stop)
        cls.domain = cls._domains[objects]
        cls.sids = cls.domain.sids

    def log_in(self, mechanism, policy, ccache, requested=(), **more):
        return super().log_in(mechanism, policy, ccache, requested, **{"host": MAIL} | more)


# ---- The program -----------------------------------------------------------------------------

def _is_there():
    roots = [lab.UNPACKED / package for package in PACKAGES] + [pathlib.Path("/")]
    return all(any((root / name.lstrip("/")).exists() for root in roots)
               for name in ("/usr/sbin/samba", TEMPLATES))


def _start_loopback():
    with socket.socket() as a_socket:
        set_flags, up = 0x8914, 1
        fcntl.ioctl(a_socket, set_flags, struct.pack("16sh14x", b"lo", up))


def _namespaces():
    """The words before a command that shall run in the namespaces."""
    unshare = ["unshare", "--mount", "--net", "--propagation", "private"]
    if os.geteuid():
        unshare += ["--user", "--map-root-user"]
        with_others = [*unshare, "--map-auto"]  # for servers that change users
        unshare = with_others if lab.run([*with_others, "true"]) else unshare
    unpacked = [package for package in PACKAGES if (lab.UNPACKED / package).exists()]
    if unpacked:
        unshare += [lab.SOURCE / "tests/support/with_unpacked.sh", lab.UNPACKED, *unpacked, "--"]
    # Relative to the folder, whose name may have a character that the option takes for its own.
    hosts = f"(cd '{HERE}' && mount -t overlay overlay -o lowerdir=etc:/etc /etc) && exec \"$@\""
    return [*map(str, unshare), "sh", "-c", hosts, "sh"]


def why_not():
    """What keeps this machine from having the domain; "" if nothing does."""
    if "GSSLOOP_SAMBA" in os.environ:
        return ""
    if not _is_there():
        return "neither installed nor unpacked: " + " and ".join(PACKAGES)
    tried = lab.run([*_namespaces(), "true"])
    return "" if tried else "no namespaces of its own: " + " ".join(tried.output.split())


def enter(script):
    """Runs the program again in the namespaces, unless it runs there already."""
    if "GSSLOOP_SAMBA" not in os.environ:
        os.environ["GSSLOOP_SAMBA"] = "entered"
        words = _namespaces()
        os.execvp(words[0], [*words, "/usr/bin/python3", "-B", script, *sys.argv[1:]])
    if "GSSLOOP_REALM" not in os.environ:
        _start_loopback()


def main(script, needs=(), services=("host/localhost",)):
    """Runs the tests of the calling module."""
    if reason := why_not():
        lab.skip(reason)
    enter(script)
    lab.main(script, services=services, needs=["samba", "samba-tool", "kinit", "openssl", *needs])
