#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""One side of a SASL login: a program that asks the machine's libsasl, by way of ctypes.

It is an application of which nothing is ours: what it finds depends on SASL_PATH, SASL_CONF_PATH
and the environment that Kerberos reads, so that any module can be loaded on either side. It is told
what to do by lines of JSON on standard input and answers each by one on standard output. The first
line is the configuration:

  role       "client" or "server"
  service, host, realm
  options    {name: value} for libsasl's question for options
  late       more of them, which are not there yet when libsasl is initialised;
             null takes one away
  props      {"min", "max", "buffer", "flags"} of the security properties
  external   what an outer layer provides
  binding    {"name", "data", "critical"}
  answers    {"user", "authname", "pass"}: text that a callback gives; null: by interaction; a
             number: the callback fails with that code
  takes      what a canon_user callback of the application's answers: 0 takes every name
  mute       true: the application cannot be asked for anything
  requested  auxiliary properties to ask for
  flags      of sasl_client_new and sasl_server_new
"""

import base64
import ctypes
import json
import sys

SASL = ctypes.CDLL("libsasl2.so.2")
GSS = ctypes.CDLL("libgssapi_krb5.so.2")
OK, CONTINUE, INTERACT = 0, 1, 2
CB_GETOPT, CB_LOG, CB_USER, CB_AUTHNAME, CB_PASS = 1, 2, 0x4001, 0x4002, 0x4004
CB_PROXY, CB_CANON = 0x8001, 0x8007
PROMPTS = {"user": CB_USER, "authname": CB_AUTHNAME, "pass": CB_PASS}

Void, Text, Int, Unsigned = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_uint
Octets = ctypes.POINTER(ctypes.c_char)
GETOPT = ctypes.CFUNCTYPE(Int, Void, Text, Text, ctypes.POINTER(Text), ctypes.POINTER(Unsigned))
LOG = ctypes.CFUNCTYPE(Int, Void, Int, Text)
SIMPLE = ctypes.CFUNCTYPE(Int, Void, Int, ctypes.POINTER(Void), ctypes.POINTER(Unsigned))
SECRET = ctypes.CFUNCTYPE(Int, Void, Void, Int, ctypes.POINTER(Void))
CANON = ctypes.CFUNCTYPE(Int, Void, Void, Void, Unsigned, Unsigned, Text, Void, Unsigned,
                         ctypes.POINTER(Unsigned))


class Callback(ctypes.Structure):
    _fields_ = [("id", ctypes.c_ulong), ("proc", Void), ("context", Void)]


class Interact(ctypes.Structure):
    _fields_ = [("id", ctypes.c_ulong), ("challenge", Text), ("prompt", Text), ("default", Text),
                ("result", Void), ("len", Unsigned)]


class SecurityProperties(ctypes.Structure):
    _fields_ = [("min", Unsigned), ("max", Unsigned), ("buffer", Unsigned), ("flags", Unsigned),
                ("names", Void), ("values", Void)]


class ChannelBinding(ctypes.Structure):
    _fields_ = [("name", Text), ("critical", Int), ("len", ctypes.c_ulong), ("data", Text)]


class Buffer(ctypes.Structure):
    _fields_ = [("length", ctypes.c_size_t), ("value", Void)]


class PropVal(ctypes.Structure):
    _fields_ = [("name", Text), ("values", ctypes.POINTER(Text)), ("num", Unsigned),
                ("size", Unsigned)]


SASL.sasl_errdetail.restype = Text
SASL.sasl_auxprop_getctx.restype = Void
SASL.prop_get.restype = ctypes.POINTER(PropVal)
SASL.prop_get.argtypes = [Void]


class Peer:
    def __init__(self, config):
        self.config = config
        self.is_client = config["role"] == "client"
        self.log, self.asked, self.kept, self.prompts = [], [], [], Void()
        self.conn = Void()
        self.options = {}
        self._configure("options")
        self.callbacks = self._callbacks()
        init = SASL.sasl_client_init if self.is_client else SASL.sasl_server_init
        code = init(self.callbacks) if self.is_client else init(self.callbacks, b"gssloop-guide")
        assert code == OK, f"init: {code}"
        self._configure("late")
        service, host = config["service"].encode(), config["host"].encode()
        realm = config["realm"].encode() if config.get("realm") else None
        flags = config.get("flags", 0)
        if self.is_client:
            code = SASL.sasl_client_new(service, host, None, None, None, flags,
                                        ctypes.byref(self.conn))
        else:
            code = SASL.sasl_server_new(service, host, realm, None, None, None, flags,
                                        ctypes.byref(self.conn))
        assert code == OK, f"new: {code}"
        self._set_properties()

    def _configure(self, which):
        for name, value in self.config.get(which, {}).items():
            self.options[name.encode()] = None if value is None else str(value).encode()

    def _callback(self, number, kind, function):
        made = kind(function)
        self.kept.append(made)
        return Callback(number, ctypes.cast(made, Void), None)

    def _callbacks(self):
        options = self.options

        def getopt(_context, _plugin, name, result, length):
            if options.get(name) is None:
                return -1
            result[0] = options[name]
            if length:
                length[0] = len(options[name])
            return OK

        def log(_context, level, message):
            self.log.append([level, message.decode(errors="replace")])
            return OK

        made = [self._callback(CB_GETOPT, GETOPT, getopt), self._callback(CB_LOG, LOG, log)]
        for name, answer in self.config.get("answers", {}).items():
            made.append(self._answer(name, answer))
        if "takes" in self.config:
            made.append(self._callback(CB_CANON, CANON, self._canon))
        made.append(Callback(0, None, None))
        return (Callback * len(made))(*made)

    def _canon(self, _conn, _context, name, length, _flags, _realm, out, _max, out_length):
        ctypes.memmove(out, name, length)
        out_length[0] = length
        return self.config["takes"]

    def _answer(self, name, answer):
        number = PROMPTS[name]
        if answer is None:
            return Callback(number, None, None)
        if isinstance(answer, int):
            refuse = lambda *_: self.asked.append(name) or answer
            return self._callback(number, SECRET if name == "pass" else SIMPLE, refuse)
        octets = answer.encode()
        if name == "pass":
            # sasl_secret_t: the length as an unsigned long, the octets, and room for a NUL.
            memory = ctypes.create_string_buffer(
                len(octets).to_bytes(ctypes.sizeof(ctypes.c_ulong), sys.byteorder) + octets)
            self.kept.append(memory)

            def secret(_conn, _context, _id, result):
                self.asked.append(name)
                result[0] = ctypes.addressof(memory)
                return OK

            return self._callback(number, SECRET, secret)
        memory = ctypes.create_string_buffer(octets)
        self.kept.append(memory)

        def simple(_context, _id, result, length):
            self.asked.append(name)
            result[0] = ctypes.addressof(memory)
            if length:
                length[0] = len(octets)
            return OK

        return self._callback(number, SIMPLE, simple)

    def _set_properties(self):
        props = self.config.get("props", {})
        wanted = SecurityProperties(props.get("min", 0), props.get("max", 256),
                                    props.get("buffer", 65536), props.get("flags", 0), None, None)
        self._set(101, wanted)
        if self.config.get("external"):
            self._set(100, Unsigned(self.config["external"]))
        if binding := self.config.get("binding"):
            data = binding["data"].encode()
            self._set(21, ChannelBinding(binding["name"].encode(), binding.get("critical", False),
                                         len(data), data))
        if names := self.config.get("requested"):
            requested = (Text * (len(names) + 1))(*[name.encode() for name in names], None)
            self.kept.append(requested)
            assert SASL.sasl_auxprop_request(self.conn, requested) == OK

    def _set(self, number, value):
        self.kept.append(value)
        code = SASL.sasl_setprop(self.conn, number, ctypes.byref(value))
        assert code == OK, f"sasl_setprop {number}: {code}"

    def _get(self, number, kind):
        value = Void()
        if SASL.sasl_getprop(self.conn, number, ctypes.byref(value)) != OK or not value:
            return None
        if kind is Text:
            return ctypes.cast(value, Text).value.decode(errors="replace")
        if kind is Unsigned:
            return ctypes.cast(value, ctypes.POINTER(Unsigned)).contents.value
        return value

    def _name(self, number):
        name = self._get(number, Void)
        if name is None:
            return None
        text, minor = Buffer(), Unsigned()
        GSS.gss_display_name(ctypes.byref(minor), name, ctypes.byref(text), None)
        return ctypes.string_at(text.value, text.length).decode(errors="replace")

    def _answer_prompts(self):
        """Answers what libsasl asks for, from "typed" of the configuration."""
        prompts = ctypes.cast(self.prompts, ctypes.POINTER(Interact))
        names = {number: name for name, number in PROMPTS.items()}
        index = 0
        while prompts[index].id:
            name = names.get(prompts[index].id, str(prompts[index].id))
            self.asked.append(name + "?")
            text = self.config.get("typed", {}).get(name, "").encode()
            memory = ctypes.create_string_buffer(text)
            self.kept.append(memory)
            prompts[index].result, prompts[index].len = ctypes.addressof(memory), len(text)
            index += 1

    def _report(self, code, out=None, length=None):
        answer = {"code": code, "error": SASL.sasl_errdetail(self.conn).decode(errors="replace"),
                  "log": self.log, "asked": self.asked}
        # NULL and an empty message are two things to libsasl.
        if out is not None and out:
            answer["out"] = base64.b64encode(ctypes.string_at(out, length.value)).decode()
        return answer

    def start(self, request):
        out, length, octets = Void(), Unsigned(), self._in(request)
        for _ in range(8):
            if self.is_client:
                chosen = Text()
                prompts = None if self.config.get("mute") else ctypes.byref(self.prompts)
                code = SASL.sasl_client_start(self.conn, request["mechanism"].encode(), prompts,
                                              ctypes.byref(out), ctypes.byref(length),
                                              ctypes.byref(chosen))
                if code == INTERACT:
                    self._answer_prompts()
                    continue
                return {**self._report(code, out, length),
                        "mechanism": (chosen.value or b"").decode()}
            code = SASL.sasl_server_start(self.conn, request["mechanism"].encode(), octets,
                                          len(octets or b""), ctypes.byref(out),
                                          ctypes.byref(length))
            return self._report(code, out, length)
        return self._report(INTERACT)

    def step(self, request):
        out, length, octets = Void(), Unsigned(), self._in(request)
        if self.is_client:
            code = SASL.sasl_client_step(self.conn, octets, len(octets or b""),
                                         ctypes.byref(self.prompts), ctypes.byref(out),
                                         ctypes.byref(length))
        else:
            code = SASL.sasl_server_step(self.conn, octets, len(octets or b""), ctypes.byref(out),
                                         ctypes.byref(length))
        return self._report(code, out, length)

    def encode(self, request):
        return self._translate(SASL.sasl_encode, request)

    def decode(self, request):
        return self._translate(SASL.sasl_decode, request)

    def _translate(self, function, request):
        out, length, octets = Void(), Unsigned(), self._in(request)
        code = function(self.conn, octets, len(octets), ctypes.byref(out), ctypes.byref(length))
        return self._report(code, out, length)

    def list(self, _request):
        text = Text()
        code = SASL.sasl_listmech(self.conn, None, b"", b" ", b"", ctypes.byref(text), None, None)
        return {**self._report(code), "mechanisms": (text.value or b"").decode().split()}

    def learn(self, _request):
        """What the application sees after a login."""
        properties = {}
        if self.config.get("requested") and not self.is_client:
            entry = SASL.prop_get(SASL.sasl_auxprop_getctx(self.conn))
            while entry and entry[0].name:
                values = entry[0].values
                properties[entry[0].name.decode()] = [
                    value.decode(errors="replace") for value in
                    (values[: entry[0].num] if values else []) if value]
                entry = ctypes.pointer(ctypes.cast(
                    ctypes.addressof(entry[0]) + ctypes.sizeof(PropVal),
                    ctypes.POINTER(PropVal))[0])
        return {"user": self._get(0, Text), "authid": self._get(16, Text),
                "ssf": self._get(1, Unsigned), "maxout": self._get(2, Unsigned),
                "peer": self._name(19), "local": self._name(20),
                "delegated": self._get(11, Void) is not None, "properties": properties}

    @staticmethod
    def _in(request):
        text = request.get("in")
        return None if text is None else base64.b64decode(text)


def main():
    peer = Peer(json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(getattr(peer, request["do"])(request)), flush=True)


if __name__ == "__main__":
    main()
