# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of the command need: programs that are waited for, and a proxy that meddles."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

BUILD = pathlib.Path(os.environ.get("GSSLOOP_BUILDDIR", ".")).absolute()
GSSLOOP = str(BUILD / "tools/gssloop")
PATIENCE = 60  # seconds, for events that should happen at once

# A background job of a shell ignores SIGINT, and its child processes would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


def environment(**changes):
    """This process's environment; a change to None takes a variable away."""
    env = {**os.environ, **{name: value for name, value in changes.items() if value is not None}}
    for name, value in changes.items():
        if value is None:
            env.pop(name, None)
    return env


def run(*arguments, data=b"", cwd=None, **env):
    return subprocess.run([GSSLOOP, *arguments], input=data, capture_output=True, cwd=cwd,
                          timeout=PATIENCE, env=environment(**env), check=False)


class Accept:
    """A `gssloop accept` that listens."""

    def __init__(self, *arguments, **env):
        # Unbuffered: communicate() does not look into the buffer that readline() would fill.
        self.process = subprocess.Popen([GSSLOOP, "accept", *arguments], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
                                        env=environment(**env))
        self.said = b""
        while b"listening on" not in self.said:
            line = self.process.stderr.readline()
            self.said += line
            if not line:
                raise AssertionError(f"accept ended: {self.said!r}")
        self.port = re.search(rb"listening on \S+ port (\d+)", self.said)[1].decode()

    def end(self):
        """Waits for the end: status, standard output, standard error."""
        try:
            out, err = self.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        return self.process.returncode, out or b"", self.said + err

    def kill(self):
        self.process.kill()
        self.process.communicate()


class Proxy:
    """Stands between the two, and hands every frame of the initiator's to `meddle(number, frame)`,
    which returns the octets to pass on, or None to close both sides."""

    def __init__(self, port, meddle):
        self._meddle = meddle
        self._target = int(port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE)
        self.port = str(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def join(self):
        self._thread.join(PATIENCE)

    def _serve(self):
        with self._listener, self._listener.accept()[0] as near, \
                socket.create_connection(("127.0.0.1", self._target)) as far:
            back = threading.Thread(target=self._pass_back, args=(far, near), daemon=True)
            back.start()
            # Either side may close the connection at any time: some tests do.
            with contextlib.suppress(OSError):
                self._pass_on(near, far)
            # Unlike close(), this also ends a connection that the other thread reads.
            with contextlib.suppress(OSError):
                far.shutdown(socket.SHUT_WR)
            back.join(PATIENCE)

    def _pass_on(self, near, far):
        number = 0
        with near.makefile("rb") as stream:
            while header := stream.read(5):
                body = stream.read(struct.unpack(">I", header[1:])[0])
                octets = self._meddle(number, header + body)
                number += 1
                if octets is None:
                    return
                far.sendall(octets)

    @staticmethod
    def _pass_back(far, near):
        with contextlib.suppress(OSError):
            while octets := far.recv(65536):
                near.sendall(octets)
        with contextlib.suppress(OSError):
            near.shutdown(socket.SHUT_RDWR)


class InRealm(unittest.TestCase):
    """A test in the realm that with_kdc made, in a folder of its own."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=os.environ["GSSLOOP_DIR"]))
        self.addCleanup(shutil.rmtree, self.folder)

    def accept(self, *arguments, **env):
        acceptor = Accept(*arguments, **env)
        self.addCleanup(acceptor.kill)
        return acceptor

    def names(self):
        """The files of the folder."""
        return sorted(entry.name for entry in self.folder.iterdir())

    def path(self, name):
        return str(self.folder / name)



def restart_in_realm(script, services):
    """Runs the script again inside a realm, unless it is in one."""
    if "GSSLOOP_REALM" in os.environ:
        return
    with_kdc = str(BUILD / "tests/kdc/with_kdc")
    options = [word for service in services for word in ("--service", service)]
    os.execv(with_kdc, [with_kdc, *options, "--", "/usr/bin/python3", "-B", script, *sys.argv[1:]])
