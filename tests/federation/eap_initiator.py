#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A GSS-API initiator with EAP that passes no channel bindings, as programs do that are no SASL
clients.

    eap_initiator.py NAME PASSWORD SERVICE@HOST

For each line on standard input, which is the acceptor's token in base64, or empty at first, it
prints the major status in hexadecimal and its own token in base64.
"""

import base64
import ctypes
import sys

OID = bytes([43, 6, 1, 5, 5, 15, 1, 1, 17])
MUTUAL, INITIATE = 2, 1
Pointer = ctypes.c_void_p
gss = ctypes.CDLL("libgssapi_krb5.so.2")
minor = ctypes.c_uint()


class Buffer(ctypes.Structure):
    _fields_ = [("length", ctypes.c_size_t), ("value", Pointer)]

    @classmethod
    def of(cls, octets):
        return cls(len(octets), ctypes.cast(ctypes.c_char_p(octets), Pointer))


class Oid(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint), ("elements", ctypes.c_char_p)]


class OidSet(ctypes.Structure):
    _fields_ = [("count", ctypes.c_size_t), ("elements", ctypes.POINTER(Oid))]


def check(major):
    if major:
        sys.exit(f"{major:#x}, minor {minor.value:#x}")


def name_of(text, form):
    name, buffer = Pointer(), Buffer.of(text.encode())
    check(gss.gss_import_name(ctypes.byref(minor), ctypes.byref(buffer), Pointer.in_dll(gss, form),
                              ctypes.byref(name)))
    return name


def acquire(user, password, mechanism):
    credential, secret = Pointer(), Buffer.of(password.encode())
    mechanisms = OidSet(1, ctypes.pointer(mechanism))
    check(gss.gss_acquire_cred_with_password(
        ctypes.byref(minor), name_of(user, "GSS_C_NT_USER_NAME"), ctypes.byref(secret), 0,
        ctypes.byref(mechanisms), INITIATE, ctypes.byref(credential), None, None))
    return credential


def main():
    user, password, service = sys.argv[1:]
    mechanism, context = Oid(len(OID), OID), Pointer()
    credential = acquire(user, password, mechanism)
    target = name_of(service, "GSS_C_NT_HOSTBASED_SERVICE")
    for line in sys.stdin:
        received, sent = Buffer.of(base64.b64decode(line)), Buffer()
        major = gss.gss_init_sec_context(
            ctypes.byref(minor), credential, ctypes.byref(context), target, ctypes.byref(mechanism),
            MUTUAL, 0, None, ctypes.byref(received) if received.length else None, None,
            ctypes.byref(sent), None, None)
        token = ctypes.string_at(sent.value, sent.length) if sent.value else b""
        print(f"{major:x}", base64.b64encode(token).decode(), flush=True)


if __name__ == "__main__":
    main()
