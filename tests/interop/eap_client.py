#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The first message of a SASL client with EAP-AES128.

    eap_client.py [NAME [PASSWORD]]

The application answers with this name and this password, or has no callback for them. Prints the
SASL code, the message in hexadecimal, and the text of the error.
"""

import ctypes
import sys

CB_AUTHNAME, CB_PASS = 0x4002, 0x4004
OK = 0
sasl = ctypes.CDLL("libsasl2.so.2")


class Secret(ctypes.Structure):
    _fields_ = [("len", ctypes.c_ulong), ("data", ctypes.c_char * 64)]


class Callback(ctypes.Structure):
    _fields_ = [("id", ctypes.c_ulong), ("procedure", ctypes.c_void_p),
                ("context", ctypes.c_void_p)]


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(ctypes.c_char_p),
                  ctypes.POINTER(ctypes.c_uint))
def give_name(_context, _id, result, _length):
    result[0] = sys.argv[1].encode()
    return OK


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int,
                  ctypes.POINTER(ctypes.POINTER(Secret)))
def give_password(_connection, _context, _id, result):
    result[0] = ctypes.pointer(SECRET)
    return OK


PROCEDURES = [(CB_AUTHNAME, give_name), (CB_PASS, give_password)][:len(sys.argv) - 1]
SECRET = Secret()
if len(sys.argv) > 2:
    SECRET.data = sys.argv[2].encode()
    SECRET.len = len(sys.argv[2])
callbacks = (Callback * (len(PROCEDURES) + 1))()
for i, (callback_id, procedure) in enumerate(PROCEDURES):
    callbacks[i] = Callback(callback_id, ctypes.cast(procedure, ctypes.c_void_p), None)

assert sasl.sasl_client_init(None) == OK
connection = ctypes.c_void_p()
assert sasl.sasl_client_new(b"imap", b"localhost", None, None, callbacks, 0,
                            ctypes.byref(connection)) == OK
message, length = ctypes.c_void_p(), ctypes.c_uint()
code = sasl.sasl_client_start(connection, b"EAP-AES128", None, ctypes.byref(message),
                              ctypes.byref(length), None)
sasl.sasl_errdetail.restype = ctypes.c_char_p
sent = ctypes.string_at(message, length.value) if message and code >= OK else b""
print(code, sent.hex(), (sasl.sasl_errdetail(connection) or b"").decode())
