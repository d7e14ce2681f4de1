# SPDX-License-Identifier: BSD-2-Clause
"""libsasl for test programs that are a client or a server themselves, because no package has one that
uses libsasl so. Which module is loaded says SASL_PATH, as everywhere.

What libsasl may ask an application is a list of callbacks: option(), log(), gives(), takes(),
proxies(). They are given once in a process, to init_client() or init_server().
"""

import ctypes
import sys

OK, CONTINUE, INTERACT = 0, 1, 2
FAIL = -1
USERNAME, SSF, MAXOUTBUF, DELEGATED_CREDS, AUTHUSER = 0, 1, 2, 11, 16
PEER_NAME, LOCAL_NAME, CHANNEL_BINDING = 19, 20, 21
_GSS_CREDS = 18
_SSF_EXTERNAL, _SEC_PROPS = 100, 101
_CB_LIST_END, _CB_GETOPT, _CB_LOG, _CB_CANON_USER = 0, 1, 2, 0x8007
_CB_PROXY_POLICY = 0x8001
# What a client may be asked for.
QUESTIONS = {"user": 0x4001, "authname": 0x4002, "pass": 0x4004}
_ROUNDS = 8  # of questions before a client gives up

_Pointer, _Text, _Int, _Unsigned = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_uint
_UnsignedOut, _PointerOut = ctypes.POINTER(_Unsigned), ctypes.POINTER(_Pointer)
_OptionCallback = ctypes.CFUNCTYPE(_Int, _Pointer, _Text, _Text, ctypes.POINTER(_Text),
                                   _UnsignedOut)
_LogCallback = ctypes.CFUNCTYPE(_Int, _Pointer, _Int, _Text)
_TextCallback = ctypes.CFUNCTYPE(_Int, _Pointer, _Int, _PointerOut, _UnsignedOut)
_SecretCallback = ctypes.CFUNCTYPE(_Int, _Pointer, _Pointer, _Int, _PointerOut)
_CanonCallback = ctypes.CFUNCTYPE(_Int, _Pointer, _Pointer, _Pointer, _Unsigned, _Unsigned, _Text,
                                  _Pointer, _Unsigned, _UnsignedOut)
_ProxyCallback = ctypes.CFUNCTYPE(_Int, _Pointer, _Pointer, _Text, _Unsigned, _Text, _Unsigned,
                                  _Text, _Unsigned, _Pointer)


class _Callback(ctypes.Structure):
    _fields_ = [("id", ctypes.c_ulong), ("proc", _Pointer), ("context", _Pointer)]


class _Question(ctypes.Structure):
    _fields_ = [("id", ctypes.c_ulong), ("challenge", _Text), ("prompt", _Text),
                ("default", _Text), ("result", _Pointer), ("len", _Unsigned)]


class _SecurityProperties(ctypes.Structure):
    _fields_ = [("min_ssf", _Unsigned), ("max_ssf", _Unsigned), ("maxbufsize", _Unsigned),
                ("security_flags", _Unsigned), ("names", _Pointer), ("values", _Pointer)]


class _ChannelBinding(ctypes.Structure):
    _fields_ = [("name", _Text), ("critical", _Int), ("len", ctypes.c_ulong), ("data", _Text)]


class _Property(ctypes.Structure):
    _fields_ = [("name", _Text), ("values", ctypes.POINTER(_Text)), ("num", _Unsigned),
                ("size", _Unsigned)]


_SASL = ctypes.CDLL("libsasl2.so.2")
_SASL.sasl_errdetail.restype = _Text
_SASL.sasl_auxprop_getctx.restype = _Pointer
_SASL.prop_get.restype = ctypes.POINTER(_Property)
_SASL.prop_get.argtypes = [_Pointer]
_kept = []  # what libsasl goes on calling


class Refused(Exception):
    """The code of libsasl, what sasl_errdetail says, and the message that it gave all the same."""

    def __init__(self, code, detail, token=None):
        super().__init__(f"libsasl refused, {code}: {detail}")
        self.code, self.detail, self.token = code, detail, token


def _text(text):
    return text.encode() if text is not None else None


def _from(octets):
    return (octets or b"").decode(errors="replace")


# ---- Callbacks -------------------------------------------------------------------------------

def option(values):
    """Answers for options from a dict, as it is at that time; None is no answer."""
    memory = {}  # a module may go on using what it was given

    @_OptionCallback
    def on_option(_context, _plugin, name, result, length):
        value = values.get(name.decode())
        if value is None:
            return FAIL
        octets = memory.setdefault((name, value), str(value).encode())
        result[0] = octets
        if length:
            length[0] = len(octets)
        return OK

    return _CB_GETOPT, on_option


def log(said):
    """Calls said(level, message)."""

    @_LogCallback
    def on_log(_context, level, message):
        said(level, _from(message))
        return OK

    return _CB_LOG, on_log


def gives(what, answer, asked=lambda what: None):
    """Answers one of QUESTIONS: by a text; by failing, where the answer is a number; where it is
    None, libsasl returns INTERACT and Client.start()'s `typed` answers. Calls asked(what) first."""
    number = QUESTIONS[what]
    if answer is None:
        return number, None
    code = answer if isinstance(answer, int) else OK
    octets = b"" if code else answer.encode()
    if what == "pass":
        # sasl_secret_t: the length as an unsigned long, the octets, and room for a NUL.
        octets = len(octets).to_bytes(ctypes.sizeof(ctypes.c_ulong), sys.byteorder) + octets
    memory = ctypes.create_string_buffer(octets)

    def reply(result, length=None):
        asked(what)
        if code == OK:
            result[0] = ctypes.addressof(memory)
            if length:
                length[0] = len(octets)
        return code

    if what == "pass":
        return number, _SecretCallback(lambda _connection, _context, _number, result: reply(result))
    return number, _TextCallback(lambda _context, _number, result, length: reply(result, length))


def takes(code):
    """A server's callback for names, which takes each as it is if the code is OK, else none."""

    @_CanonCallback
    def on_name(_connection, _context, name, length, _flags, _realm, out, _max, out_length):
        ctypes.memmove(out, name, length)
        out_length[0] = length
        return code

    return _CB_CANON_USER, on_name


def proxies(code):
    """A server's callback for users who act as others, which answers the code."""
    return _CB_PROXY_POLICY, _ProxyCallback(lambda *_arguments: code)


def _array(callbacks):
    """What libsasl wants of them, and keeps."""
    ended = [*callbacks, (_CB_LIST_END, None)]
    array = (_Callback * len(ended))(*(
        _Callback(number, ctypes.cast(function, _Pointer) if function else None, None)
        for number, function in ended))
    _kept.extend((callbacks, array))
    return array


def init_client(callbacks=()):
    """Once, before the first Client."""
    if code := _SASL.sasl_client_init(_array(callbacks)):
        raise Refused(code, "sasl_client_init")


def init_server(name, callbacks=()):
    """Once, before the first Server: the process reads NAME.conf."""
    if code := _SASL.sasl_server_init(_array(callbacks), _text(name)):
        raise Refused(code, "sasl_server_init")


# ---- Logins ----------------------------------------------------------------------------------

class _Connection:
    """What a client and a server have in common: properties, and tokens that come back."""

    def __init__(self):
        self._connection = _Pointer()
        self._kept = []
        self.is_done = False  # as far as this side knows

    def close(self):
        _SASL.sasl_dispose(ctypes.byref(self._connection))

    @property
    def detail(self):
        """What sasl_errdetail says."""
        return _from(_SASL.sasl_errdetail(self._connection))

    def _check(self, code, token=None):
        if code not in (OK, CONTINUE):
            raise Refused(code, self.detail, token)

    def _set(self, number, value):
        self._kept.append(value)
        self._check(_SASL.sasl_setprop(self._connection, number, ctypes.byref(value)))

    def limit(self, min_ssf, max_ssf, maxbufsize=65536, flags=0):
        """The layers to take, where the application has any, and what else it demands."""
        self._set(_SEC_PROPS, _SecurityProperties(min_ssf, max_ssf, maxbufsize, flags, None, None))

    def is_inside(self, ssf):
        """A layer outside, as TLS is one, provides the strength."""
        self._set(_SSF_EXTERNAL, _Unsigned(ssf))

    def bind(self, name, data, critical=False):
        data = _text(data)
        self._set(CHANNEL_BINDING, _ChannelBinding(_text(name), critical, len(data), data))

    def use(self, credential):
        """A credential of the application's own, a gss_cred_id_t, which it keeps."""
        self._kept.append(credential)
        self._check(_SASL.sasl_setprop(self._connection, _GSS_CREDS, credential))

    def request(self, names):
        """The auxiliary properties that the application wants."""
        array = (_Text * (len(names) + 1))(*map(_text, names), None)
        self._kept.append(array)
        self._check(_SASL.sasl_auxprop_request(self._connection, array))

    def pointer(self, number):
        """A property, or None."""
        value = _Pointer()
        code = _SASL.sasl_getprop(self._connection, number, ctypes.byref(value))
        return value if code == OK and value else None

    def number(self, number):
        value = self.pointer(number)
        return ctypes.cast(value, _UnsignedOut)[0] if value else None

    def text(self, number):
        value = self.pointer(number)
        return _from(ctypes.cast(value, _Text).value) if value else None

    @property
    def ssf(self):
        return self.number(SSF)

    @property
    def user(self):
        return self.text(USERNAME)

    def _exchange(self, function, *before, after=()):
        """Calls a function with parameters for the token that it gives."""
        out, out_len = _Pointer(), _Unsigned()
        code = function(self._connection, *before, ctypes.byref(out), ctypes.byref(out_len), *after)
        token = ctypes.string_at(out, out_len.value) if out.value else None
        if code == INTERACT:
            return code, None
        self._check(code, token)
        self.is_done = code == OK
        return code, token

    def _passed(self, function, octets):
        return self._exchange(function, octets, len(octets))[1]

    def encode(self, octets):
        return self._passed(_SASL.sasl_encode, octets)

    def decode(self, octets):
        return self._passed(_SASL.sasl_decode, octets)


class Client(_Connection):
    """A login to service@host; start() and step() give the token to send, or None.

    `typed(what)` answers where the application is asked by INTERACT: by a text, or by None, which
    ends the login. Without it, the application cannot be asked.
    """

    def __init__(self, service, host, flags=0, typed=None):
        super().__init__()
        self._typed, self._questions = typed, ctypes.POINTER(_Question)()
        self._check(_SASL.sasl_client_new(_text(service), _text(host), None, None, None, flags,
                                          ctypes.byref(self._connection)))

    def start(self, mechanisms):
        chosen = _Text()
        token = self._asked(_SASL.sasl_client_start, _text(mechanisms),
                            after=(ctypes.byref(chosen),))
        return _from(chosen.value), token

    def step(self, token):
        return self._asked(_SASL.sasl_client_step, token, len(token or b""))

    def _asked(self, function, *before, after=()):
        questions = ctypes.byref(self._questions) if self._typed else None
        for _ in range(_ROUNDS):
            code, token = self._exchange(function, *before, questions, after=after)
            if code != INTERACT or not self._typed or not self._answer():
                break
        if code == INTERACT:
            raise Refused(code, self.detail)
        return token

    def _answer(self):
        names = {number: name for name, number in QUESTIONS.items()}
        index = 0
        while (question := self._questions[index]).id:
            text = self._typed(names.get(question.id, str(question.id)))
            if text is None:
                return False
            memory = ctypes.create_string_buffer(text.encode())
            self._kept.append(memory)
            question.result, question.len = ctypes.addressof(memory), len(memory) - 1
            index += 1
        return True


class Server(_Connection):
    """The server's side of a login to service@host."""

    def __init__(self, service, host, realm=None, flags=0):
        super().__init__()
        self._check(_SASL.sasl_server_new(_text(service), _text(host), _text(realm), None, None,
                                          None, flags, ctypes.byref(self._connection)))

    def mechanisms(self):
        names = _Text()
        _SASL.sasl_listmech(self._connection, None, b"", b" ", b"", ctypes.byref(names), None, None)
        return _from(names.value).split()

    def start(self, mechanism, token):
        return self._exchange(_SASL.sasl_server_start, _text(mechanism), token,
                              len(token or b""))[1]

    def step(self, token):
        return self._exchange(_SASL.sasl_server_step, token, len(token or b""))[1]

    def properties(self):
        """{name: values} of the auxiliary properties that were asked for."""
        found, index = {}, 0
        entries = _SASL.prop_get(_SASL.sasl_auxprop_getctx(self._connection))
        while entries and (entry := entries[index]).name:
            values = entry.values[:entry.num] if entry.values else []
            found[_from(entry.name)] = [_from(value) for value in values if value]
            index += 1
        return found
