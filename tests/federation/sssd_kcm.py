# SPDX-License-Identifier: BSD-2-Clause
"""sssd-kcm as the tests use it: a daemon of their own that keeps tickets for Kerberos' ccache type
KCM, and the environment of its clients.

The daemon of Debian's package has fixed folders. It runs as root of a namespace in which these are
the test's; outside of it, it has the test's user and no rights but this user's.
"""

import pathlib

import lab

PACKAGE = "sssd-kcm"
DAEMON = "usr/libexec/sssd/sssd_kcm"
FOLDERS = {"/etc/sssd": "etc", "/var/lib/sss": "lib", "/var/log/sssd": "log", "/run": "run"}


def find_package():
    """The folder in which the package is unpacked, or the machine's root if it is installed; None
    if it is neither."""
    for root in (lab.UNPACKED / PACKAGE, pathlib.Path("/")):
        if (root / DAEMON).exists():
            return root
    return None


class Kcm:
    """A daemon of the class's tests: skips them where the user cannot have the namespace. All
    clients are one user to it, and have one collection of caches: forget() empties it."""

    def __init__(self, test_class, name="kcm"):
        self._test_class = test_class
        self._folder = test_class.path(name)
        for folder in (*FOLDERS.values(), "etc/conf.d", "lib/db", "lib/secrets",
                       "lib/pipes/private"):
            (self._folder / folder).mkdir(parents=True, exist_ok=True)
        self.socket = self._folder / "socket"
        self._krb5_conf = test_class.write(f"{name}/krb5.conf",
                                           f"[libdefaults]\n  kcm_socket = {self.socket}\n")
        # The daemon refuses a file that others can read.
        test_class.write(f"{name}/etc/sssd.conf", "[sssd]\nservices =\n[kcm]\n"
                         f"socket_path = {self.socket}\n").chmod(0o600)
        self.start()

    def start(self):
        """Starts the daemon, which has the tickets that it had before stop()."""
        self.socket.unlink(missing_ok=True)
        package = PACKAGE if find_package() != pathlib.Path("/") else None
        words = lab.namespace({seen: self._folder / shown for seen, shown in FOLDERS.items()},
                              package=package)
        # As its unit does: until sssd 2.10, sssd reads the file for it.
        script = ("if sssd --help | grep -q -e --genconf-section; then "
                  "sssd --genconf-section=kcm && set -- --uid 0 --gid 0 || exit; fi; "
                  f'exec /{DAEMON} "$@" --logger=stderr')
        self._server = self._test_class.serve(
            lambda _ports: [*words, "sh", "-c", script], self._folder / "log/kcm.log",
            env=lab.environment(KRB5_CONFIG=None, KRB5CCNAME=None, LD_PRELOAD=None),
            ready=lambda _ports: self.socket.exists())

    def stop(self):
        self._server.stop()

    def env(self, ccache="KCM:", krb5_config=None):
        """What to add to the environment of a process whose tickets the daemon keeps. `krb5_config`
        is the process's KRB5_CONFIG, if it is not this one's."""
        config = krb5_config or lab.environment()["KRB5_CONFIG"]
        return {"KRB5CCNAME": ccache, "KRB5_CONFIG": f"{self._krb5_conf}:{config}"}

    def kinit(self, user, *options, ccache="KCM:", password=lab.PASSWORD):
        """A ticket that the daemon keeps."""
        done = lab.run(["kinit", *options, user], lab.environment(**self.env(ccache)),
                       password + "\n")
        if not done:
            raise AssertionError(f"kinit {user}: {done.output}")

    def klist(self, *options):
        """What `klist` says of the daemon's caches."""
        return lab.run(["klist", *options], lab.environment(**self.env())).output

    def forget(self):
        """Removes all caches."""
        lab.run(["kdestroy", "-A"], lab.environment(**self.env()))
