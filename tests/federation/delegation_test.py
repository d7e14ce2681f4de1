#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Forwarded tickets that a server stores (ccache_store): in files, folders, the kernel's keyrings and
sssd's daemon, where other programs use them as the user who logged in."""

import ctypes
import dataclasses
import os
import pathlib
import pwd
import re
import stat
import sys
import unittest

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import federation
import lab
import sssd_kcm

MECHANISMS = ("GSSAPI", "GS2-KRB5", "GSS-SPNEGO")
PASS_CREDENTIALS = 0x20  # SASL_SEC_PASS_CREDENTIALS
OTHER = "smtp/localhost"  # where the stored tickets are used
JOIN_SESSION_KEYRING = 1  # keyctl(2)


@dataclasses.dataclass
class Store:
    """A value of ccache_store, and the cache in which alice's tickets then are."""
    name: str
    value: str
    cache: str


class DelegationTest(federation.FederationTest):
    SOURCE = "MIT KDC, forwarded tickets"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not hasattr(DelegationTest, "tickets"):
            cls.realm.add_user("bob")
            DelegationTest.tickets = {user: cls.realm.kinit(user, "-f")
                                      for user in ("alice", "bob")}

    def delegate(self, mechanism, store, user="alice", under=(), env=None, **client):
        """Logs the user in to a server with this ccache_store, and delegates the ticket."""
        server = self.peer("server", options={"ccache_store": store}, under=under,
                           env={"KRB5CCNAME": "FILE:/nonexistent"} | (env or {}))
        return self.log_in_to(server, mechanism, self.tickets[user],
                              **{"props": {"flags": PASS_CREDENTIALS}} | client)

    def run_with(self, cache, *words, env=None):
        """Runs a program that finds its tickets in the cache."""
        return lab.run(words, lab.environment(KRB5CCNAME=cache, **(env or {})))

    def assertUsable(self, cache, user="alice", env=None):
        """Programs find the user's ticket in the cache, and get other tickets with it."""
        self.assertDone(self.run_with(cache, "klist", env=env),
                        f"Default principal: {user}@{lab.REALM}", f"krbtgt/{lab.REALM}@")
        self.assertDone(self.run_with(cache, "kvno", OTHER, env=env), f"{OTHER}@{lab.REALM}: kvno")

    def assertStores(self, store, env=None):
        """Each mechanism stores, once more each time, and what is destroyed is gone."""
        for mechanism in MECHANISMS:
            with self.decision(mechanism, store.name, "stored, used by klist and kvno, destroyed"):
                for _ in range(2):
                    login = self.delegate(mechanism, store.value, env=env)
                    self.assertAdmitted(login, "alice")
                    self.assertUsable(store.cache, env=env)
                self.assertDone(self.run_with(store.cache, "kdestroy", env=env))
                self.assertFails(self.run_with(store.cache, "klist", env=env))

    def assertFails(self, done):
        self.assertNotEqual(done.status, 0, done.output)


class Files(DelegationTest):
    ATTRIBUTE = "FILE"

    def test_a_file_for_each_user(self):
        value = f"FILE:{self.path('krb5cc_%U')}"
        self.assertStores(Store("FILE, %U", value, f"FILE:{self.path('krb5cc_alice')}"))
        for user in self.tickets:
            self.assertAdmitted(self.delegate("GS2-KRB5", value, user), user)
        with self.decision("GS2-KRB5", "FILE, %U", "a file for each user, mode 600"):
            for user in self.tickets:
                self.assertUsable(f"FILE:{self.path('krb5cc_' + user)}", user)
                mode = self.path("krb5cc_" + user).stat().st_mode
                self.assertEqual(stat.S_IMODE(mode), 0o600)

    def test_every_substitution(self):
        """The UID is that of an account, so the user is the one who runs this test."""
        account = pwd.getpwuid(os.geteuid())
        self.realm.add_user(account.pw_name)
        self.tickets[account.pw_name] = self.realm.kinit(account.pw_name, "-f")
        value = f"FILE:{self.folder}/%U-%u-%E-%e-%p-%%"
        with self.decision("GS2-KRB5", "FILE, %U-%u-%E-%e-%p-%%", "stored under that name"):
            login = self.delegate("GS2-KRB5", value, account.pw_name)
            self.assertAdmitted(login, account.pw_name)
            name, uid, pid = account.pw_name, account.pw_uid, login[0].process.pid
            self.assertUsable(f"FILE:{self.folder}/{name}-{uid}-{name}-{uid}-{pid}-%", name)

    def test_what_was_there_is_replaced(self):
        file = self.path("krb5cc_alice")
        target = self.write("another.file", "of another program")
        file.symlink_to(target)
        with self.decision("GS2-KRB5", "FILE, %U", "a link in its place: replaced, not followed"):
            login = self.delegate("GS2-KRB5", f"FILE:{self.path('krb5cc_%U')}")
            self.assertAdmitted(login, "alice")
            self.assertFalse(file.is_symlink())
            self.assertEqual(target.read_text(), "of another program")
            self.assertUsable(f"FILE:{file}")

    def test_without_delegation(self):
        for mechanism in MECHANISMS:
            with self.decision(mechanism, "FILE, %U", "nothing delegated: admitted, no file"):
                login = self.delegate(mechanism, f"FILE:{self.path('none_%U')}", props={})
                self.assertAdmitted(login, "alice")
                self.assertEqual(list(self.folder.glob("none_*")), [])

    def test_where_nothing_can_be_written(self):
        """The login is refused, and the log names the cache and the reason."""
        places = {"a full file system": ("size=4k", "cat /dev/zero >fill", "I/O operation failed"),
                  "a read-only file system": ("ro", "true", "permissions incorrect")}
        for kind, (options, command, reason) in places.items():
            place = self.path(re.sub(r"\W", "_", kind))
            place.mkdir()
            script = (f"mount -t tmpfs -o {options} none '{place}' && "
                      f"(cd '{place}' && {command}) 2>/dev/null; exec \"$@\"")
            under = [*lab.namespace({place: None}), "sh", "-c", script, "sh"]
            for mechanism in MECHANISMS:
                with self.decision(mechanism, f"FILE, %U, {kind}", "refused"):
                    login = self.delegate(mechanism, f"FILE:{place}/%U", under=under)
                    self.assertRefused(login, r"\(storing the delegated credential in "
                                       rf"FILE:{re.escape(str(place))}/alice\).*{reason}")
                    inside = pathlib.Path(f"/proc/{login[0].process.pid}/root{place}")
                    left = [file.name for file in inside.iterdir() if file.name != "fill"]
                    self.assertEqual(left, [])


class Folders(DelegationTest):
    ATTRIBUTE = "DIR"

    def test_a_folder_for_each_user(self):
        value, folder = f"DIR:{self.path('%U')}", self.path("alice")
        self.assertStores(Store("DIR, %U", value, f"DIR:{folder}"))
        with self.decision("GS2-KRB5", "DIR, %U", "a folder of mode 700, files of mode 600"):
            self.assertAdmitted(self.delegate("GS2-KRB5", value), "alice")
            self.assertEqual(stat.S_IMODE(folder.stat().st_mode), 0o700)
            tickets = [file for file in folder.iterdir() if file.name != "primary"]
            self.assertEqual([stat.S_IMODE(file.stat().st_mode) for file in tickets], [0o600])

    def test_a_folder_in_no_folder(self):
        with self.decision("GS2-KRB5", "DIR, %U, in no folder", "refused"):
            login = self.delegate("GS2-KRB5", f"DIR:{self.path('none')}/%U")
            self.assertRefused(login, r"\(storing the delegated credential in DIR:\S+/none/alice\)")


class Keyrings(DelegationTest):
    """In a session keyring of the test's own, which ends with its processes."""

    ATTRIBUTE = "KEYRING"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        library = ctypes.CDLL("libkeyutils.so.1", use_errno=True)
        if library.keyctl_join_session_keyring(None) < 0:
            raise unittest.SkipTest("no keyrings here: " + os.strerror(ctypes.get_errno()))

    def test_a_keyring_for_each_user(self):
        for kind in ("session", "user"):
            name = f"KEYRING:{kind}:{self.folder.name}"
            self.assertStores(Store(f"KEYRING:{kind}, %U", f"{name}-%U", f"{name}-alice"))
            with self.decision("GS2-KRB5", f"KEYRING:{kind}, %U", "a keyring for each user"):
                for user in self.tickets:
                    self.assertAdmitted(self.delegate("GS2-KRB5", f"{name}-%U", user), user)
                for user in self.tickets:
                    self.addCleanup(self.run_with, f"{name}-{user}", "kdestroy", "-A")
                    self.assertUsable(f"{name}-{user}", user)


class Daemon(DelegationTest):
    """In its namespace the daemon takes this test's user for root, whose UID the names must have."""

    ATTRIBUTE = "KCM"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if sssd_kcm.find_package() is None:
            raise unittest.SkipTest(f"neither installed nor unpacked: {sssd_kcm.PACKAGE}")
        cls.daemon = sssd_kcm.Kcm(cls)
        cls.env = {"KRB5_CONFIG": cls.daemon.env()["KRB5_CONFIG"]}

    def test_a_cache_for_each_user(self):
        self.assertStores(Store("KCM, UID:%U", "KCM:0:%U", "KCM:0:alice"), self.env)
        for mechanism in MECHANISMS:
            for user in self.tickets:
                login = self.delegate(mechanism, "KCM:0:%U", user, env=self.env)
                self.assertAdmitted(login, user)
        with self.decision("all", "KCM, UID:%U", "one cache for each user, however many logins"):
            for user in self.tickets:
                self.assertUsable(f"KCM:0:{user}", user, self.env)
            listed = self.run_with("KCM:", "klist", "-l", env=self.env)
            caches = re.findall(r"KCM:\S+", listed.output)
            self.assertEqual(sorted(caches), sorted(f"KCM:0:{user}" for user in self.tickets))

    def test_names_that_the_daemon_refuses(self):
        for mechanism in MECHANISMS:
            for value in ("KCM:1%U", "KCM:%U"):
                with self.decision(mechanism, value.replace(":", ", "), "refused: no UID"):
                    login = self.delegate(mechanism, value, env=self.env)
                    self.assertRefused(login, "failed: the ccache cannot be made: ")

    def test_without_the_daemon(self):
        conf = self.write("none.conf", f"[libdefaults]\n  kcm_socket = {self.path('none')}\n")
        for mechanism in MECHANISMS:
            with self.decision(mechanism, "KCM, UID:%U, no daemon", "refused"):
                login = self.delegate(mechanism, "KCM:0:%U", env={
                    "KRB5_CONFIG": f"{conf}:{os.environ['KRB5_CONFIG']}"})
                self.assertRefused(login, r"\(storing the delegated credential in KCM:0:alice\) "
                                   "failed: .*No KCM server found")


if __name__ == "__main__":
    federation.main(__file__, services=["imap/localhost", OTHER],
                    needs=["krb5kdc", "kadmin.local", "kinit", "klist", "kvno", "kdestroy"])
