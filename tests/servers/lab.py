# SPDX-License-Identifier: BSD-2-Clause
"""What the tests with real servers need: a realm, users with tickets, servers that never outlive the
test, clients with one SASL module or the other, and a row in the table for each thing shown.

A test program is a unittest module that ends with

    if __name__ == "__main__":
        lab.main(__file__, services=["svn/localhost"], needs=["svnserve", "svn"])

It runs itself again inside a private realm (tests/kdc/with_kdc), is skipped where a program that it
needs is not installed, and writes the report of tests/support/xml_report.py.
"""

import contextlib
import ctypes
import dataclasses
import glob
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import xml_report

SOURCE = pathlib.Path(os.environ.get("GSSLOOP_SRCDIR", ".")).absolute()
BUILD = pathlib.Path(os.environ.get("GSSLOOP_BUILDDIR", ".")).absolute()
UNPACKED = SOURCE / ".cache"  # packages that ./run only unpacks, each in a folder of its name
GSSLOOP = str(BUILD / "tools/gssloop")  # the command
SERVER_MODULE = os.environ.get("GSSLOOP_PLUGIN_DIR", str(BUILD / "plugin/.libs"))
# The modules that a client may be given. It has no other: where both lie in one folder, no test
# could tell which of them logged in.
CLIENT_MODULES = {"gssloop": SERVER_MODULE,
                  "stock": os.environ.get("GSSLOOP_STOCK_PLUGIN_DIR", "/usr/lib/sasl2")}
REALM = "EXAMPLE.COM"  # as in the guides; the KDC is this test's own
PASSWORD = "password"
PATIENCE = 60  # seconds, for anything that ought to happen at once
SEARCH = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/lib/cyrus/bin", "/usr/lib/postfix/sbin",
          f"{UNPACKED}/postfix/usr/sbin"]

# For shells as well: an ordinary user's PATH lacks the folders of the administrator.
os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", ""), *SEARCH])


def find(program):
    """The path of a program, looked for where servers lie as well; None if it is not there."""
    return shutil.which(program)


# libsasl's variables, and their names in libsasl's development branch.
OTHER_NAMES = {"SASL_PATH": "SASL_PLUGINDIR", "SASL_CONF_PATH": "SASL_CONFDIR"}


def environment(**changes):
    """This process's environment; a change to None takes a variable away. A variable with two names
    gets both."""
    changes.update({other: changes[name] for name, other in OTHER_NAMES.items() if name in changes})
    env = {name: value for name, value in os.environ.items() if name not in changes}
    return env | {name: str(value) for name, value in changes.items() if value is not None}


def wait_until(condition, what, patience=PATIENCE):
    """The first true value of condition(); AssertionError that names `what` if none comes; `what` is
    a text, or a function that makes one then."""
    deadline = time.monotonic() + patience
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience} s for {what() if callable(what) else what}")
        time.sleep(0.02)
    return value


def listens(port, host="127.0.0.1"):
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False


def free_port():
    """A port of loopback that was free a moment ago: Server tries another if it is taken."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


# ---- Processes -------------------------------------------------------------------------------

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
LIBC = ctypes.CDLL(None)


def _ends_with_parent():
    # A group of its own: some servers signal their whole group when they end.
    os.setsid()
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _children(pid):
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(child) for child in task.read_text().split()]
    return found


def kill_descendants():
    """Kills what is left of this process's children and of theirs, whatever group they are in: a
    process whose parent is gone becomes a child of this one, which is a subreaper."""
    while children := _children(os.getpid()):
        for child in children:
            with contextlib.suppress(OSError):
                os.kill(child, signal.SIGKILL)
        for child in children:
            with contextlib.suppress(OSError):
                os.waitpid(child, 0)


@dataclasses.dataclass
class Done:
    """How a program ended: its status, and what it said on both streams."""
    status: int
    output: str

    def __bool__(self):
        return self.status == 0


def run(argv, env=None, data="", patience=PATIENCE, cwd=None):
    """Runs a program to its end."""
    argv = [find(argv[0]) or argv[0], *map(str, argv[1:])]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env=env, cwd=cwd,
                          preexec_fn=_ends_with_parent) as process:
        try:
            output, _ = process.communicate(data.encode(), timeout=patience)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # with all that a shell started
            output, _ = process.communicate()
            output += f"\n[killed after {patience} s]".encode()
    return Done(process.returncode, output.decode(errors="replace"))


class Server:
    """A program that listens on ports of loopback. `argv` and `prepare` take the list of ports.

    prepare(ports) writes what the program reads at its start; ready(ports), if given, says when it
    serves, else it does when its first port takes connections.
    """

    def __init__(self, argv, log, env=None, num_ports=1, prepare=None, ready=None, cwd=None):
        self.log_file = pathlib.Path(log)
        for _ in range(5):
            self.ports = [free_port() for _ in range(num_ports)]
            if prepare:
                prepare(self.ports)
            words = [str(word) for word in argv(self.ports)]
            self.process = self._start([find(words[0]) or words[0], *words[1:]], env, cwd)
            is_ready = ready or (lambda ports: listens(ports[0]))
            wait_until(lambda: self.process.poll() is not None or is_ready(self.ports),
                       lambda: f"{words[0]} to serve; it said:\n{self.log()}")
            if self.process.poll() is None:
                self.port = self.ports[0]
                return
            # The port may have been taken meanwhile; anything else will fail as often again.
        raise AssertionError(f"{' '.join(words)} ended with {self.process.returncode}:\n{self.log()}")

    def _start(self, argv, env, cwd):
        # A change of users undoes what _ends_with_parent asks for, and it was asked for one process
        # alone: another process watches this one, and ends the group.
        watch = f"((tail --pid={os.getpid()} -f /dev/null; kill -KILL -$$) &); exec \"$@\""
        argv = ["sh", "-c", watch, "sh", *argv]
        with open(self.log_file, "ab") as log:
            return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env,
                                    cwd=cwd, preexec_fn=_ends_with_parent)

    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def wait_for_log(self, pattern, start=0):
        """The first match of the pattern in what was logged from `start` on."""
        return wait_until(lambda: re.search(pattern, self.log()[start:]),
                          lambda: f"{pattern!r} in the log, which says:\n{self.log()[start:]}")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


def namespace(mounts, all_users=False, package=None):
    """The words to put before a command so that it sees each folder of `mounts` (what is seen: what
    is shown, or None for an empty folder that vanishes with it) in a mount namespace of its own, as
    root of a user namespace; SkipTest, with the kernel's reason, where that is not allowed.

    With `package`, its files seem to be installed: those of UNPACKED lie over the machine's.

    With all_users, for servers that start as root and run as others: the user namespace has all
    users, which takes ranges of subordinate ones (subuid(5)) where this is not root; where it is,
    there is no user namespace."""
    unshare = ["unshare", "--mount", "--propagation", "private"]
    if not all_users:
        unshare += ["--user", "--map-root-user"]
    elif os.geteuid():
        unshare += ["--user", "--map-root-user", "--map-auto"]
    tried = run([*unshare, "mount", "-t", "tmpfs", "none", "/mnt"])
    if not tried:
        raise unittest.SkipTest("no mount namespace of its own: " + tried.output.strip())
    # Relative to the folder, whose name may have a character that the option takes for its own.
    lines = [f"(cd '{UNPACKED}' && "
             f"mount -t overlay overlay -o lowerdir={package}/{top}:/{top} /{top})"
             for top in ("usr", "etc", "var") if package and (UNPACKED / package / top).exists()]
    lines += [f"mount --bind '{shown}' '{seen}'" if shown else
              f"mount -t tmpfs -o mode=755 none '{seen}'" for seen, shown in mounts.items()]
    script = " && ".join(lines)
    return [*unshare, "sh", "-c", script + ' && exec "$@"', "sh"]


def logged_by_syslog(file):
    """What to add to a server's environment so that what it logs by syslog() goes to the file."""
    return {"LD_PRELOAD": BUILD / "tests/servers/.libs/syslog_to_file.so", "GSSLOOP_SYSLOG": file}


def not_as_root(user):
    """The words to put before a server that refuses to run as root: where this is root, it believes
    to be `user`, though files are made as before; SkipTest where that is not allowed."""
    if os.geteuid():
        return []
    entry = pwd.getpwnam(user)
    words = ["unshare", "--user", f"--map-user={entry.pw_uid}", f"--map-group={entry.pw_gid}"]
    if not (tried := run([*words, "true"])):
        raise unittest.SkipTest("root, and no user namespace: " + tried.output.strip())
    return words


# ---- The realm -------------------------------------------------------------------------------

class Realm:
    """The realm that with_kdc made: alice has a ticket in the default ccache."""

    def __init__(self):
        self.dir = pathlib.Path(os.environ["GSSLOOP_DIR"])

    def kadmin(self, query):
        done = run(["kadmin.local", "-r", REALM, "-q", query])
        if not done or re.search(r"^\w+: .* while ", done.output, re.MULTILINE):
            raise AssertionError(f"kadmin.local {query}: {done.output}")
        return done.output

    def add_user(self, user, requires_preauth=True):
        """A user with PASSWORD. With pre-authentication the tickets say `spake` in auth-indicators;
        without, they say nothing."""
        preauth = "+requires_preauth" if requires_preauth else "-requires_preauth"
        self.kadmin(f"addprinc -pw {PASSWORD} {preauth} {user}")

    def add_service(self, service, keytab=None):
        self.kadmin(f"addprinc -randkey {service}")
        self.kadmin("ktadd " + (f"-k {keytab} " if keytab else "") + service)

    def kinit(self, user, *options):
        """A ticket for the user; returns the ccache."""
        ccache = f"FILE:{self.dir}/ccache.{user.replace('/', '_')}"
        done = run(["kinit", "-c", ccache, *options, user], data=PASSWORD + "\n")
        if not done:
            raise AssertionError(f"kinit {user}: {done.output}")
        return ccache


# ---- Tests -----------------------------------------------------------------------------------

class ServerTest(unittest.TestCase):
    """The tests of one server, which setUpClass of a derived class starts.

    SERVER names it in the table; `guide` is the Guide that they follow, if they do. All of it has
    to be used.
    """

    SERVER = ""
    guide = None

    @classmethod
    def setUpClass(cls):
        cls.realm = Realm()
        cls.use_new_folder()

    @classmethod
    def tearDownClass(cls):
        if cls.guide and (unused := cls.guide.unused()):
            raise AssertionError("of the guide, no test used " + "; ".join(unused))

    @classmethod
    def use_new_folder(cls):
        """Makes the folder of path() and write(); again in setUp, if each test wants its own."""
        cls.folder = pathlib.Path(tempfile.mkdtemp(dir=cls.realm.dir, prefix="server."))

    @classmethod
    def path(cls, name):
        return cls.folder / name

    @classmethod
    def write(cls, name, text):
        file = cls.path(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    @classmethod
    def serve(cls, argv, log, **more):
        """A Server that is stopped when the class's tests have run."""
        server = Server(argv, cls.path(log), **more)
        cls.addClassCleanup(server.stop)
        return server

    @staticmethod
    def server_env(**changes):
        """The server's environment: our module alone, and no ticket that it could use by mistake."""
        return environment(**{"SASL_PATH": SERVER_MODULE, "KRB5CCNAME": "FILE:/nonexistent"} |
                           changes)

    @classmethod
    def stock_server_env(cls, **changes):
        """The environment of a server with the stock module. It has no service_principal: Kerberos
        takes the key of a service at any host instead."""
        anywhere = cls.write("any_host.conf", "[libdefaults]\n  ignore_acceptor_hostname = true\n")
        return environment(SASL_PATH=CLIENT_MODULES["stock"], KRB5CCNAME="FILE:/nonexistent",
                           KRB5_CONFIG=f"{anywhere}:{os.environ['KRB5_CONFIG']}", **changes)

    @staticmethod
    def client_env(module="gssloop", ccache=None, **changes):
        """A client's environment: a module, alice's ticket or another, and not the server's keys."""
        given = {"KRB5CCNAME": ccache} if ccache else {}
        return environment(SASL_PATH=CLIENT_MODULES[module], KRB5_KTNAME="FILE:/nonexistent",
                           SASL_CONF_PATH="/nonexistent", **given, **changes)

    def cell(self, client, module, mechanism, shown, server=None):
        """A row of the table, and a test of its own: with self.cell(...): assertions."""
        return self.subTest(server=server or self.SERVER, client=client, module=module,
                            mechanism=mechanism, shown=shown)

    def assertDone(self, done, *parts):
        """The program ended well and said all of the parts (regular expressions)."""
        self.assertEqual(done.status, 0, done.output)
        for part in parts:
            self.assertRegex(done.output, part)

    def assertRefused(self, done, *parts):
        """The program failed, not by a signal, and said all of the parts."""
        self.assertGreater(done.status, 0, done.output)
        for part in parts:
            self.assertRegex(done.output, part)


# ---- The program -----------------------------------------------------------------------------

def end_at_once(number, _frame):
    """Handles a signal."""
    # unittest would take an exception for an error of the test, and go on with the next one.
    kill_descendants()
    os._exit(128 + number)


def skip(reason):
    print(reason)
    sys.exit(xml_report.SKIPPED)


def main(script, services, needs, options=(), run=xml_report.run_tests):
    """Runs the tests of the calling module, or what else `run` does, which returns a status.
    `services` get keys; `options` are with_kdc's own."""
    if os.environ.get("GSSLOOP_SANITIZE_FLAGS", "").strip():
        skip("this build has sanitizers, and the machine's programs cannot load its module")
    missing = [program for program in needs if not find(program)]
    if "--anonymous" in options and not glob.glob("/usr/lib*/*/krb5/plugins/preauth/pkinit.so"):
        missing.append("krb5-pkinit, for anonymous tickets")
    if missing:
        skip("not installed: " + ", ".join(missing))
    if "GSSLOOP_REALM" not in os.environ:
        with_kdc = str(BUILD / "tests/kdc/with_kdc")
        words = [word for service in services for word in ("--service", service)]
        os.execv(with_kdc, [with_kdc, "--realm", REALM, *words, *options, "--",
                            "/usr/bin/python3", "-B", script, *sys.argv[1:]])
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGTERM, end_at_once)
    try:
        status = run()
    finally:
        kill_descendants()
    sys.exit(status)
