#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""One side of a GSS-API login without SASL, which passes no channel bindings. It does what a
program does that knows nothing of this module; `Peer` runs it.

    gss_peer.py initiator MECHANISM SERVICE@HOST [NAME PASSWORD]
    gss_peer.py acceptor

The initiator uses the OID of MECHANISM (dotted), and the default credential or the password; the
acceptor uses its default credential for every mechanism. For each line on standard input, which is
the other side's token in base64, or empty at first, it prints the major status in hexadecimal, its
own token in base64, and the contents of the OID at which the context has arrived, in hexadecimal
("-" if there is none).
"""

import base64
import ctypes
import pathlib
import subprocess
import sys

COMPLETE, CONTINUE = 0, 1
INITIATE = 1
FLAGS = 2 | 4 | 8 | 16 | 32  # mutual, replay, sequence, confidentiality, integrity
Pointer = ctypes.c_void_p


class Buffer(ctypes.Structure):
    _fields_ = [("length", ctypes.c_size_t), ("value", Pointer)]

    @classmethod
    def of(cls, octets):
        return cls(len(octets), ctypes.cast(ctypes.c_char_p(octets), Pointer))

    def octets(self):
        return ctypes.string_at(self.value, self.length) if self.value else b""


class Oid(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint), ("elements", ctypes.c_char_p)]

    @classmethod
    def of(cls, dotted):
        octets = oid_octets(dotted)
        return cls(len(octets), octets)


class OidSet(ctypes.Structure):
    _fields_ = [("count", ctypes.c_size_t), ("elements", ctypes.POINTER(Oid))]


def oid_octets(dotted):
    """The contents octets of an OID."""
    first, second, *rest = map(int, dotted.split("."))
    octets = bytes([40 * first + second])
    for arc in rest:
        digits = [arc & 0x7f]
        while arc := arc >> 7:
            digits.insert(0, 0x80 | arc & 0x7f)
        octets += bytes(digits)
    return octets


class Peer:
    """The program in a process of its own, with an environment."""

    def __init__(self, env, *words):
        self.process = subprocess.Popen(
            ["/usr/bin/python3", "-B", str(pathlib.Path(__file__)), *words], env=env, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.mechanism = None  # the contents of the OID, once it is known

    def answer(self, token=b""):
        """The major status, and the token with which it answers a token."""
        self.process.stdin.write(base64.b64encode(token).decode() + "\n")
        self.process.stdin.flush()
        major, text, mechanism = self.process.stdout.readline().rstrip("\n").split(" ")
        self.mechanism = None if mechanism == "-" else bytes.fromhex(mechanism)
        return int(major, 16), base64.b64decode(text)

    def end(self):
        self.process.kill()
        self.process.communicate()


# ---- In the process of its own ---------------------------------------------------------------

class Gss:
    """What the program calls of the GSS-API library."""

    def __init__(self):
        self.library, self.minor = ctypes.CDLL("libgssapi_krb5.so.2"), ctypes.c_uint()

    def call(self, function, *arguments):
        """The major status of a function."""
        return getattr(self.library, function)(ctypes.byref(self.minor), *arguments) & 0xffffffff

    def check(self, function, *arguments):
        if major := self.call(function, *arguments):
            sys.exit(f"{function}: {major:#x}, minor {self.minor.value:#x}")

    def name_of(self, text, form):
        name, buffer = Pointer(), Buffer.of(text.encode())
        self.check("gss_import_name", ctypes.byref(buffer), Pointer.in_dll(self.library, form),
                   ctypes.byref(name))
        return name

    def acquire(self, user, password, mechanism):
        credential, secret = Pointer(), Buffer.of(password.encode())
        mechanisms = OidSet(1, ctypes.pointer(mechanism))
        self.check("gss_acquire_cred_with_password", self.name_of(user, "GSS_C_NT_USER_NAME"),
                   ctypes.byref(secret), 0, ctypes.byref(mechanisms), INITIATE,
                   ctypes.byref(credential), None, None)
        return credential


def initiator(gss, dotted, target, *secret):
    """A function that returns the major status, the token and the mechanism for a token."""
    mechanism, context = Oid.of(dotted), Pointer()
    credential = gss.acquire(*secret, mechanism) if secret else None
    target = gss.name_of(target, "GSS_C_NT_HOSTBASED_SERVICE")

    def step(received):
        sent, actual = Buffer(), ctypes.POINTER(Oid)()
        major = gss.call("gss_init_sec_context", credential, ctypes.byref(context), target,
                         ctypes.byref(mechanism), FLAGS, 0, None,
                         ctypes.byref(received) if received.length else None, ctypes.byref(actual),
                         ctypes.byref(sent), None, None)
        return major, sent.octets(), actual
    return step


def acceptor(gss):
    context = Pointer()

    def step(received):
        sent, source, actual = Buffer(), Pointer(), ctypes.POINTER(Oid)()
        major = gss.call("gss_accept_sec_context", ctypes.byref(context), None,
                         ctypes.byref(received), None, ctypes.byref(source), ctypes.byref(actual),
                         ctypes.byref(sent), None, None, None)
        return major, sent.octets(), actual
    return step


def main():
    role, *words = sys.argv[1:]
    step = {"initiator": initiator, "acceptor": acceptor}[role](Gss(), *words)
    for line in sys.stdin:
        major, token, actual = step(Buffer.of(base64.b64decode(line)))
        named = ctypes.string_at(actual[0].elements, actual[0].length).hex() if actual else ""
        print(f"{major:x}", base64.b64encode(token).decode(), named or "-", flush=True)


if __name__ == "__main__":
    main()
