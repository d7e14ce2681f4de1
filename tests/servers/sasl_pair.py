# SPDX-License-Identifier: BSD-2-Clause
"""Both sides of a SASL login, each a process with the modules and the environment of its own.

`Peer` is a process of sasl_peer.py, and `log_in` carries messages between two of them.
"""

import base64
import json
import pathlib
import subprocess
import threading

import lab
from libsasl import CONTINUE, OK

OURS, STOCK = lab.CLIENT_MODULES["gssloop"], lab.CLIENT_MODULES["stock"]
STOCK_MODULES = ("libgssapiv2.so", "libgs2.so")
NOMECH = -4
# The realms of the tests with two peers, beside the services that each of them needs.
OTHER_REALM = "OTHER.TEST"
REALM_OPTIONS = ["--foreign", OTHER_REALM, "--anonymous"]
NEEDS = ["krb5kdc", "kadmin.local", "kinit", "klist", "kvno", "ktutil"]


class Peer:
    """One side of a login. `env` changes its environment; None takes a variable away. `under` is
    the words before its command, for a namespace."""

    def __init__(self, role, modules, env=None, under=(), **config):
        env = lab.environment(SASL_PATH=modules, SASL_CONF_PATH="/nonexistent", **(env or {}))
        self.process = subprocess.Popen(
            [*map(str, under), "/usr/bin/python3", "-B",
             str(pathlib.Path(__file__).with_name("sasl_peer.py"))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env,
            text=True)
        self.last = {}
        self._send({"role": role, "service": "imap", "host": "localhost", **config})

    def _send(self, what):
        try:
            self.process.stdin.write(json.dumps(what, default=str) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # the answer that does not come says why

    def ask(self, do, octets=None, **more):
        text = None if octets is None else base64.b64encode(octets).decode()
        self._send({"do": do, "in": text, **more})
        watchdog = threading.Timer(lab.PATIENCE, self.process.kill)
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


def unchanged(_number, message):
    return message


def log_in(client, server, mechanism, change=unchanged, for_server=None, change_back=unchanged):
    """Carries messages until either side is at its end: the codes of both.

    `change(number, message)` is between them and sees each of the client's, `change_back` each of
    the server's."""
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
            here = client.ask("step", change_back(number, there["out"]) or b"")
    return here["code"], there["code"] if there is not None else None


def binding(data="channel", name="tls-unique", critical=False):
    return {"binding": {"name": name, "data": data, "critical": critical}}


def limits(minimum=0, maximum=256, buffer=65536, **more):
    return {"props": {"min": minimum, "max": maximum, "buffer": buffer}, **more}


class LoginTest(lab.ServerTest):
    """Tests with peers, each in a folder of its own."""

    def setUp(self):
        self.use_new_folder()

    def peer(self, role, modules=OURS, env=None, under=(), **config):
        made = Peer(role, modules, env, under, **config)
        self.addCleanup(made.end)
        return made

    def output(self, *words, env=None):
        """What a program says, whether or not it is content."""
        return lab.run(words, env=lab.environment(**(env or {}))).output

    def new_keytab(self, service="imap/localhost"):
        """A new keytab with the key that the KDC has of a service."""
        keytab = self.path("keytab." + service.replace("/", "_"))
        self.realm.kadmin(f"ktadd -norandkey -k {keytab} {service}")
        return keytab

    def anonymous(self):
        """The ccache with an anonymous ticket."""
        return self.realm.kinit("@" + lab.REALM, "-n")
