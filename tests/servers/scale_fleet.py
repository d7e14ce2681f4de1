# SPDX-License-Identifier: BSD-2-Clause
"""Programs in the background: a fleet of servers, the crowd of clients that visits it, and an
attacker who repeats what it heard."""

import contextlib
import dataclasses
import itertools
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile

import lab
from lab import BUILD, PATIENCE

NEEDS = ["krb5kdc", "kadmin.local", "kinit"]
FLEET = BUILD / "tests/servers/fleet"
LOAD = BUILD / "tests/servers/load"
CLIENT = BUILD / "tests/interop/sasl_peer"
NUMBERS = itertools.count()


def has_stock_gssapi():
    """True if Cyrus SASL's own Kerberos module is installed."""
    return pathlib.Path(lab.CLIENT_MODULES["stock"], "libgssapiv2.so").exists()


class Program:
    """A program whose two streams go to a file each. It ends with the test, or with us: its own
    children, if it has any, it ends itself."""

    def __init__(self, folder, words, env):
        self._out = tempfile.NamedTemporaryFile("w+", dir=folder)
        self._err = tempfile.NamedTemporaryFile("w+", dir=folder)
        self.process = subprocess.Popen(
            [str(word) for word in words], stdin=subprocess.DEVNULL, stdout=self._out,
            stderr=self._err, env=env,
            preexec_fn=lambda: lab.LIBC.prctl(lab.PR_SET_PDEATHSIG, signal.SIGTERM))

    @property
    def out(self):
        return pathlib.Path(self._out.name).read_text(errors="replace")

    @property
    def err(self):
        return pathlib.Path(self._err.name).read_text(errors="replace")

    def wait_until(self, has_happened):
        """Waits while it runs; AssertionError with what it said if it ends before, or never gets
        there."""
        with contextlib.suppress(AssertionError):
            lab.wait_until(lambda: has_happened() or self.process.poll() is not None, "it")
        if not has_happened():
            raise AssertionError(f"{self.process.args} said: {self.out}{self.err}")

    def end(self, by=None):
        """Waits for its end, after a signal if there is one; its exit status."""
        if by is not None and self.process.poll() is None:
            self.process.send_signal(by)
        return self.process.wait(PATIENCE)

    def close(self):
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.end(signal.SIGTERM)
        self.process.kill()
        self.process.wait()
        self._out.close()
        self._err.close()


class ProgramTest(lab.ServerTest):
    """Tests of which each has a folder and programs of its own."""

    def setUp(self):
        self.own = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        self.addCleanup(shutil.rmtree, self.own)

    def start(self, words, env):
        program = Program(self.own, words, env)
        self.addCleanup(program.close)
        return program

    def start_client(self, port, *options, **env):
        """A client of one login."""
        return self.start([CLIENT, "--port", port, *options], self.client_env(**env))

    def ticket(self, name, **env):
        """A fresh ticket of alice's, of which a test may have several; its ccache."""
        ccache = f"FILE:{self.own / name}"
        self.assertDone(lab.run(["kinit", "-c", ccache, "alice"], lab.environment(**env),
                                lab.PASSWORD + "\n"))
        return ccache


@dataclasses.dataclass
class Report:
    """What a fleet said at its end."""
    status: int
    logins: list  # one number a process
    refused: list
    cpu_s: float


@dataclasses.dataclass
class Visits:
    """What the crowd said at its end."""
    status: int
    logins: int
    failures: int
    seconds: float
    median_ms: float
    p99_ms: float
    cpu_s: float

    @property
    def per_second(self):
        return self.logins / self.seconds


class Fleet:
    """Servers behind one port. `test` starts them, and sees to their end."""

    def __init__(self, test, processes=50, threads=4, *options, module="gssloop", **env):
        port_file = test.own / f"port-{next(NUMBERS)}"
        self._program = test.start(
            [FLEET, "--processes", processes, "--threads", threads, "--port-file", port_file,
             *options],
            test.server_env(SASL_PATH=lab.CLIENT_MODULES[module],
                            SASL_CONF_PATH=test.own, **env))
        self._program.wait_until(port_file.exists)
        self.port = port_file.read_text().strip()

    @property
    def log(self):
        return self._program.err

    def processes(self):
        pid = self._program.process.pid
        return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()

    def end(self):
        status = self._program.end(signal.SIGTERM)
        out = self._program.out
        served = [[int(word) for word in found]
                  for found in re.findall(r"^process \d+ logins (\d+) refused (\d+)", out, re.M)]
        user, system = re.search(r"cpu user (\S+) system (\S+)", out).groups()
        return Report(status, [row[0] for row in served], [row[1] for row in served],
                      float(user) + float(system))


class Crowd:
    """Clients that visit a fleet; they begin at once."""

    def __init__(self, test, fleet, *options, module="gssloop", **env):
        self._program = test.start([LOAD, fleet.port, *options], test.client_env(module, **env))

    @property
    def err(self):
        return self._program.err

    def end(self, by=None):
        status = self._program.end(by)
        found = re.search(r"logins (\d+) failures (\d+) seconds (\S+) median-ms (\S+) p99-ms (\S+) "
                          r"cpu (\S+)", self._program.out)
        if not found:
            raise AssertionError(self._program.err)
        return Visits(status, int(found[1]), int(found[2]), *map(float, found.groups()[2:]))


# ---- The protocol of the programs, for a peer that is no client ------------------------------------------------

def frame(kind, body):
    return struct.pack(">Ic", len(body), kind) + body


def _exactly(connection, size):
    octets = b""
    while len(octets) < size:
        part = connection.recv(size - len(octets))
        if not part:
            return None
        octets += part
    return octets


def receive(connection):
    """(kind, body) of the next message, or None if there is none."""
    header = _exactly(connection, 5)
    body = header and _exactly(connection, struct.unpack(">I", header[:4])[0])
    return None if body is None or header is None else (header[4:], body)


def record_start(test, mechanism, *options, **env):
    """The first message of a client whose server never answered: a login that no server has seen."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        program = test.start_client(listener.getsockname()[1], "--mechanism", mechanism, *options,
                                    **env)
        with listener.accept()[0] as connection:
            connection.sendall(frame(b"M", mechanism.encode()))
            kind, body = receive(connection)
        program.end()
    assert kind == b"S"
    return body


def record_session(test, fleet, mechanism, *options):
    """All messages of a client that logged in to the fleet, and how it ended."""
    messages = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        program = test.start_client(listener.getsockname()[1], "--mechanism", mechanism, *options)
        with listener.accept()[0] as near, \
                socket.create_connection(("127.0.0.1", int(fleet.port)), PATIENCE) as far:
            while (answer := receive(far)) is not None:
                near.sendall(frame(*answer))
                if answer[0] in b"YN" or (message := receive(near)) is None:
                    break
                messages.append(message)
                far.sendall(frame(*message))
        return messages, program.end()


def play(fleet, messages, copies):
    """Sends the client's messages over many connections at once: how each ended ("Y", "N", ...)."""
    connections = [socket.create_connection(("127.0.0.1", int(fleet.port)), PATIENCE)
                   for _ in range(copies)]
    try:
        # Each has a thread of the fleet to itself from here on.
        for connection in connections:
            assert receive(connection)[0] == b"M"
        for connection in connections:
            connection.sendall(frame(*messages[0]))
        return [_finish(connection, messages[1:]) for connection in connections]
    finally:
        for connection in connections:
            connection.close()


def _finish(connection, messages):
    messages = list(messages)
    while (answer := receive(connection)) is not None and answer[0] == b"C":
        kind, body = messages.pop(0) if messages else (b"R", b"")
        connection.sendall(frame(kind, body))
    return "gone" if answer is None else answer[0].decode()
