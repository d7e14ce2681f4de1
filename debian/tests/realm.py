# SPDX-License-Identifier: BSD-2-Clause
"""Shared parts of the tests here: where the packages are, and a private Kerberos realm.

The packages are those of the machine; or, where GSSLOOP_ROOT names a folder, those that were
installed below it. The realm's KDC listens on a free port of loopback, in a temporary folder; no
privilege is needed, nothing outside of the folder is touched, and all of it is gone afterwards.
"""

import atexit
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

PATIENCE = 60  # seconds, for each step that normally takes no time
REALM = "EXAMPLE.TEST"
SERVICES = ("host/localhost", "test/test.example.com")  # the second is what saslpluginviewer plays
ROOT = pathlib.Path(os.environ.get("GSSLOOP_ROOT", "/"))

KRB5_CONF = """[libdefaults]
  default_realm = {realm}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  spake_preauth_groups = edwards25519
  udp_preference_limit = 1
  default_ccache_name = FILE:{folder}/ccache
[realms]
  {realm} = {{
    kdc = 127.0.0.1:{port}
  }}
[domain_realm]
  localhost = {realm}
"""
KDC_CONF = """[kdcdefaults]
  kdc_listen = 127.0.0.1:{port}
  kdc_tcp_listen = 127.0.0.1:{port}
[realms]
  {realm} = {{
    database_name = {folder}/db
    key_stash_file = {folder}/stash
    acl_file = {folder}/acl
    spake_preauth_indicator = spake
  }}
[logging]
  default = FILE:{folder}/log
"""


def library_folder():
    """The folder with the libraries of ROOT's packages."""
    found = list((ROOT / "usr/lib").glob("*/sasl2/libgssloop_sasl.so"))
    found += (ROOT / "usr/lib").glob("*/libgssloop.so.0")
    if not found:
        raise AssertionError(f"no library and no module below {ROOT}/usr/lib")
    parts = found[0].relative_to(ROOT).parts
    return ROOT.joinpath(*parts[:3])


def run(*command, env=None, data="", status=0):
    """What a program writes. AssertionError, with all of it, if it ends with another status."""
    try:
        done = subprocess.run([str(word) for word in command], input=data, text=True, env=env,
                              capture_output=True, timeout=PATIENCE, check=False)
    except OSError as error:
        raise AssertionError(f"{command[0]} cannot be run: {error}") from error
    said = done.stdout + done.stderr
    if done.returncode != status:
        raise AssertionError(f"{' '.join(map(str, command))} ended with {done.returncode} instead "
                             f"of {status}:\n{said}")
    return said


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Realm:
    """A realm with the user alice, who holds a ticket, and SERVICES. `env` is the environment of
    its programs, `folder` a place for their files."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gssloop-realm."))
        self.kdc = None
        atexit.register(self.close)  # however the tests end
        self.env = {
            "PATH": f"{ROOT}/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
            "HOME": str(self.folder), "TMPDIR": str(self.folder),
            "KRB5_CONFIG": f"{self.folder}/krb5.conf",
            "KRB5_KDC_PROFILE": f"{self.folder}/kdc.conf",
            "KRB5_KTNAME": f"FILE:{self.folder}/keytab",
            "KRB5CCNAME": f"FILE:{self.folder}/ccache",
            "KRB5RCACHENAME": f"file2:{self.folder}/rcache",
        }
        try:
            self.configure()
            run("kdb5_util", "create", "-s", "-P", "master", "-r", REALM, env=self.env)
            self.kdb("addprinc", "-pw", "password", "+requires_preauth", "alice")
            for service in SERVICES:
                self.kdb("addprinc", "-randkey", service)
                self.kdb("ktadd", "-k", f"{self.folder}/keytab", service)
            self.start()
            run("kinit", "alice", env=self.env, data="password\n")
        except BaseException:
            self.close()
            raise

    def configure(self):
        """Writes the configuration, with a free port."""
        port = free_port()
        for name, text in (("krb5.conf", KRB5_CONF), ("kdc.conf", KDC_CONF)):
            (self.folder / name).write_text(
                text.format(realm=REALM, folder=self.folder, port=port), encoding="utf-8")

    def kdb(self, *words):
        said = run("kadmin.local", "-p", f"root/admin@{REALM}", *words, env=self.env)
        if "while" in said:  # the status is always 0
            raise AssertionError(f"kadmin.local {' '.join(words)}: {said}")

    def start(self):
        """Starts the KDC; on another port, if another program took the port first."""
        log = self.folder / "log"
        # The KDC ends also when this process is killed.
        command = ["setpriv", "--pdeathsig", "KILL", "krb5kdc", "-n", "-P",
                   f"{self.folder}/kdc.pid"]
        for _ in range(5):
            self.configure()
            self.kdc = subprocess.Popen(command, env=self.env, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            deadline = time.monotonic() + PATIENCE
            while self.kdc.poll() is None and time.monotonic() < deadline:
                if log.exists() and "commencing operation" in log.read_text(encoding="utf-8"):
                    return
                time.sleep(0.02)
            self.stop()
        said = log.read_text(encoding="utf-8") if log.exists() else "it has no log"
        raise AssertionError(f"krb5kdc does not start: {said}")

    def stop(self):
        if self.kdc is not None:
            self.kdc.kill()
            self.kdc.wait()
            self.kdc = None

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class InRealm(unittest.TestCase):
    """Tests in a realm of their own class."""

    @classmethod
    def setUpClass(cls):
        cls.realm = Realm()
        cls.addClassCleanup(cls.realm.close)
        cls.env = cls.realm.env
        cls.folder = cls.realm.folder


def main():
    """Runs the tests of the program; a signal that ends them early lets them clean up."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    unittest.main(module="__main__", verbosity=2)
