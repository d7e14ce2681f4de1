# SPDX-License-Identifier: BSD-2-Clause
"""libsasl for test programs that speak a protocol themselves, because nobody ships a client, or a
server, that uses libsasl for it. Which module is loaded says SASL_PATH, as everywhere."""

import ctypes

OK, CONTINUE = 0, 1
_USERNAME, _SSF, _SEC_PROPS = 0, 1, 101
_CB_LIST_END, _CB_LOG, _CB_USER, _CB_AUTHNAME = 0, 2, 0x4001, 0x4002


class _Callback(ctypes.Structure):
    _fields_ = [("id", ctypes.c_ulong), ("proc", ctypes.c_void_p), ("context", ctypes.c_void_p)]


class _SecurityProperties(ctypes.Structure):
    _fields_ = [("min_ssf", ctypes.c_uint), ("max_ssf", ctypes.c_uint),
                ("maxbufsize", ctypes.c_uint), ("security_flags", ctypes.c_uint),
                ("property_names", ctypes.c_void_p), ("property_values", ctypes.c_void_p)]


_LogCallback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p)
_NameCallback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int,
                                 ctypes.POINTER(ctypes.c_char_p), ctypes.POINTER(ctypes.c_uint))
_SASL = ctypes.CDLL("libsasl2.so.2")
_SASL.sasl_errdetail.restype = ctypes.c_char_p
_kept = []  # what libsasl goes on calling


class Refused(Exception):
    """The code of libsasl, and what sasl_errdetail says."""

    def __init__(self, code, detail):
        super().__init__(f"libsasl refused, {code}: {detail}")
        self.code, self.detail = code, detail


def _text(text):
    return text.encode() if text is not None else None


def _callbacks(*given):
    """The array of (id, function) that libsasl wants. The functions have to outlive it."""
    ended = [*((number, ctypes.cast(function, ctypes.c_void_p)) for number, function in given),
             (_CB_LIST_END, None)]
    return (_Callback * len(ended))(*(_Callback(*entry, None) for entry in ended))


def _name_callback(name):
    """Gives the name, or none: then the ticket says who it is."""
    name = _text(name)

    @_NameCallback
    def on_name(_context, _number, result, length):
        result[0] = name
        if length:
            length[0] = len(name or b"")
        return OK

    return on_name


class _Connection:
    """What a client and a server have in common: properties, and tokens that come back."""

    def __init__(self):
        self._connection = ctypes.c_void_p()
        self.is_done = False  # as far as this side knows

    def close(self):
        _SASL.sasl_dispose(ctypes.byref(self._connection))

    def _check(self, code):
        if code not in (OK, CONTINUE):
            detail = _SASL.sasl_errdetail(self._connection) or b""
            raise Refused(code, detail.decode(errors="replace"))

    def limit(self, min_ssf, max_ssf):
        """The layers to take, where the application has any."""
        properties = _SecurityProperties(min_ssf, max_ssf, 65536, 0, None, None)
        self._check(_SASL.sasl_setprop(self._connection, _SEC_PROPS, ctypes.byref(properties)))

    def _property(self, number):
        value = ctypes.c_void_p()
        self._check(_SASL.sasl_getprop(self._connection, number, ctypes.byref(value)))
        return value

    @property
    def ssf(self):
        return ctypes.cast(self._property(_SSF), ctypes.POINTER(ctypes.c_uint))[0]

    @property
    def user(self):
        return ctypes.cast(self._property(_USERNAME), ctypes.c_char_p).value.decode()

    def _exchange(self, function, *arguments):
        """Calls a function whose last two parameters are the token that it gives."""
        out, out_len = ctypes.c_void_p(), ctypes.c_uint()
        code = function(self._connection, *arguments, ctypes.byref(out), ctypes.byref(out_len))
        token = ctypes.string_at(out, out_len.value) if out.value else None
        self._check(code)
        self.is_done = code == OK
        return token


class Client(_Connection):
    """A login to service@host; start() and step() give the token to send, or None.

    `user` is who logs in and `other` whom they want to act as, where the application would say so.
    """

    def __init__(self, service, host, user=None, other=None):
        super().__init__()
        self._kept = _name_callback(user), _name_callback(other)
        self._callbacks = _callbacks((_CB_AUTHNAME, self._kept[0]), (_CB_USER, self._kept[1]))
        self._check(_SASL.sasl_client_init(self._callbacks))
        self._check(_SASL.sasl_client_new(_text(service), _text(host), None, None, None, 0,
                                          ctypes.byref(self._connection)))

    def start(self, mechanisms):
        chosen, prompts = ctypes.c_char_p(), ctypes.c_void_p()
        out, out_len = ctypes.c_void_p(), ctypes.c_uint()
        code = _SASL.sasl_client_start(self._connection, _text(mechanisms), ctypes.byref(prompts),
                                       ctypes.byref(out), ctypes.byref(out_len),
                                       ctypes.byref(chosen))
        token = ctypes.string_at(out, out_len.value) if out.value else None
        self._check(code)
        self.is_done = code == OK
        return chosen.value.decode(), token

    def step(self, token):
        prompts = ctypes.c_void_p()
        return self._exchange(_SASL.sasl_client_step, token, len(token), ctypes.byref(prompts))


def init_server(name, log):
    """Once, before the first Server: the process reads NAME.conf and calls log(level, message)."""

    @_LogCallback
    def on_log(_context, level, message):
        log(level, (message or b"").decode(errors="replace"))
        return OK

    callbacks = _callbacks((_CB_LOG, on_log))
    _kept.extend((on_log, callbacks))
    if code := _SASL.sasl_server_init(callbacks, _text(name)):
        raise Refused(code, "sasl_server_init")


class Server(_Connection):
    """The server's side of a login to service@host."""

    def __init__(self, service, host):
        super().__init__()
        self._check(_SASL.sasl_server_new(_text(service), _text(host), None, None, None, None, 0,
                                          ctypes.byref(self._connection)))

    def mechanisms(self):
        names = ctypes.c_char_p()
        self._check(_SASL.sasl_listmech(self._connection, None, b"", b" ", b"",
                                        ctypes.byref(names), None, None))
        return names.value.decode().split()

    def start(self, mechanism, token):
        return self._exchange(_SASL.sasl_server_start, _text(mechanism), token,
                              len(token) if token is not None else 0)

    def step(self, token):
        return self._exchange(_SASL.sasl_server_step, token, len(token))
