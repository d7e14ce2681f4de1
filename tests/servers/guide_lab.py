# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of the guides need: two sides of a SASL login, each with the modules of its own.

They run in the realm that with_kdc made. `Peer` is a process of sasl_peer.py, `log_in` carries
messages between two, and `main` writes a report of GoogleTest's form where it is asked for.
"""

import base64
import glob
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from xml.sax.saxutils import quoteattr

HERE = pathlib.Path(__file__).absolute().parent
SOURCE = pathlib.Path(os.environ.get("GSSLOOP_SRCDIR", HERE.parents[1])).absolute()
BUILD = pathlib.Path(os.environ.get("GSSLOOP_BUILDDIR", ".")).absolute()
GSSLOOP = str(BUILD / "tools/gssloop")
OURS = os.environ.get("GSSLOOP_PLUGIN_DIR", str(BUILD / "plugin/.libs"))
STOCK = os.environ.get("GSSLOOP_STOCK_PLUGIN_DIR", "/usr/lib/x86_64-linux-gnu/sasl2")
STOCK_MODULES = ("libgssapiv2.so", "libgs2.so")
PATIENCE = 60  # seconds, for anything that ought to happen at once
OK, CONTINUE, INTERACT = 0, 1, 2
NOMECH, BADSERV, BADAUTH, BADBINDING = -4, -10, -13, -32


class Peer:
    """One side of a login. `env` changes its environment; None takes a variable away."""

    def __init__(self, role, modules, env=None, **config):
        environment = {**os.environ, "SASL_PATH": modules,
                       "SASL_CONF_PATH": os.environ["GSSLOOP_DIR"], **(env or {})}
        environment = {name: value for name, value in environment.items() if value is not None}
        self.process = subprocess.Popen(
            ["/usr/bin/python3", "-B", str(HERE / "sasl_peer.py")], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True)
        self.last = {}
        self._send({"role": role, "service": "imap", "host": "localhost", **config})

    def _send(self, what):
        try:
            self.process.stdin.write(json.dumps(what) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # the answer that does not come says why

    def ask(self, do, octets=None, **more):
        text = None if octets is None else base64.b64encode(octets).decode()
        self._send({"do": do, "in": text, **more})
        watchdog = threading.Timer(PATIENCE, self.process.kill)
        watchdog.start()
        line = self.process.stdout.readline()
        watchdog.cancel()
        if not line:
            raise AssertionError(f"a peer ended: {self.process.communicate()[1]}")
        answer = json.loads(line)
        answer["out"] = base64.b64decode(answer["out"]) if "out" in answer else None
        if "log" in answer:
            self.last = answer
        return answer

    def said(self):
        """All that it said: its error, and its log."""
        logged = [line for _level, line in self.last.get("log", [])]
        return "\n".join([self.last.get("error", "")] + logged)

    def end(self):
        self.process.kill()
        self.process.communicate()


def log_in(client, server, mechanism, change=lambda number, message: message, for_server=None):
    """Carries messages until either side is at its end: the codes of both.

    `change(number, message)` stands between them and sees each of the client's."""
    far = for_server or mechanism.removesuffix("-PLUS")
    here = client.ask("start", mechanism=mechanism)
    number, there = 0, None
    while here["code"] in (OK, CONTINUE):
        if there is not None and there["code"] == OK and here["out"] is None:
            break
        message = change(number, here["out"])
        there = (server.ask("start", message, mechanism=far) if there is None else
                 server.ask("step", message if message is not None else b""))
        number += 1
        if there["code"] not in (OK, CONTINUE):
            break
        if here["code"] == OK and there["code"] == OK:
            break
        if here["code"] != OK or there["out"]:
            here = client.ask("step", there["out"] or b"")
    return here["code"], there["code"] if there is not None else None


class Lab(unittest.TestCase):
    """A test in the realm, in a folder of its own, whose processes end with it."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=os.environ["GSSLOOP_DIR"]))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, name):
        return str(self.folder / name)

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")
        return self.path(name)

    def peer(self, role, modules=OURS, env=None, **config):
        made = Peer(role, modules, env, **config)
        self.addCleanup(made.end)
        return made

    def run_here(self, *words, data="", env=None, check=True):
        """A program's whole output; its failure is one of the test's if `check`."""
        done = subprocess.run(words, input=data, capture_output=True, text=True, timeout=PATIENCE,
                              env={**os.environ, **(env or {})}, check=False)
        if check and done.returncode != 0:
            raise AssertionError(f"{words}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def kadmin(self, *queries):
        return "".join(self.run_here(tool("kadmin.local"), "-q", query) for query in queries)

    def ticket(self, who="alice", password="password", name="ccache", options=()):
        """The name of a new ticket cache of that user's."""
        ccache = "FILE:" + self.path(name)
        self.run_here("kinit", *options, "-c", ccache, who, data=password + "\n")
        return ccache


def tool(name):
    """A program of the KDC's, which may lie where only root looks."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    return found or name


def skip(reason):
    print(reason)
    sys.exit(77)


def restart_in_realm(script, *options):
    """Runs the script again inside a realm, unless it is in one."""
    if "GSSLOOP_REALM" in os.environ:
        return
    if os.environ.get("GSSLOOP_SANITIZE_FLAGS", "").strip():
        skip("this build has sanitizers, and the machine's programs cannot load its module")
    if not os.path.exists(tool("krb5kdc")):
        skip("no KDC (Debian: krb5-kdc, krb5-admin-server)")
    if "--anonymous" in options and not glob.glob("/usr/lib*/*/krb5/plugins/preauth/pkinit.so"):
        skip("no anonymous tickets (Debian: krb5-pkinit)")
    with_kdc = str(BUILD / "tests/kdc/with_kdc")
    os.execv(with_kdc, [with_kdc, *options, "--", "/usr/bin/python3", "-B", script,
                       *sys.argv[1:]])


def read(path):
    return (SOURCE / path).read_text(encoding="utf-8")


PROGRAMS = ("gssloop", "saslpluginviewer", "kinit", "klist", "kvno")


def documented_programs(page):
    """The indented lines of a page that call one of these programs, without comments."""
    found = []
    for line in re.findall(r"^    (.*)$", read(page), re.MULTILINE):
        words = [word for word in line.split("  #")[0].split() if not re.match(r"[A-Z_]+=", word)]
        if words and words[0] in PROGRAMS and "," not in line:
            found.append(line.split("  #")[0].strip())
    return found


class Result(unittest.TextTestResult):
    """Keeps what a report in GoogleTest's form needs."""

    def startTest(self, test):
        self.cases = getattr(self, "cases", [])
        self.begun = time.monotonic()
        super().startTest(test)

    def stopTest(self, test):
        failed = [text for case, text in self.failures + self.errors
                  if case.id().split(" ")[0] == test.id()]
        skipped = [reason for case, reason in self.skipped if case is test]
        self.cases.append((test.id().split(".")[-2:], time.monotonic() - self.begun, failed,
                           skipped))
        super().stopTest(test)


def write_report(folder, name, cases):
    """GTEST_OUTPUT=xml:DIR/ makes every GoogleTest program leave such a file there."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>',
             f'<testsuites tests="{len(cases)}" name="AllTests">']
    for suite in dict.fromkeys(case[0][0] for case in cases):
        lines.append(f"  <testsuite name={quoteattr(suite)}>")
        for (of_suite, test), seconds, failed, skipped in cases:
            if of_suite != suite:
                continue
            result = "skipped" if skipped else "completed"
            lines.append(f"    <testcase name={quoteattr(test)} status=\"run\" result=\"{result}\" "
                         f"time=\"{seconds:.3f}\" classname={quoteattr(suite)}>")
            lines += [f"      <failure message={quoteattr(text)} type=\"\"/>" for text in failed]
            lines += [f"      <skipped message={quoteattr(text)}/>" for text in skipped]
            lines.append("    </testcase>")
        lines.append("  </testsuite>")
    lines.append("</testsuites>")
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    (pathlib.Path(folder) / f"{name}.xml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main(script):
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    if names := sys.argv[1:]:
        suite = unittest.defaultTestLoader.loadTestsFromNames(names, sys.modules["__main__"])
    result = unittest.TextTestRunner(verbosity=2, resultclass=Result).run(suite)
    output = os.environ.get("GTEST_OUTPUT", "")
    if output.startswith("xml:") and output.endswith("/"):
        write_report(output[4:], pathlib.Path(script).stem, getattr(result, "cases", []))
    sys.exit(0 if result.wasSuccessful() else 1)
