#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""One side of a SASL login: an application of which nothing is ours but what it is told to do.

What it finds depends on SASL_PATH, SASL_CONF_PATH and the environment that Kerberos reads, so that
any module can be loaded on either side. It reads lines of JSON that say what to do, and answers each
by one on standard output. The first line is the configuration:

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
  typed      {"user", "authname", "pass"}: what is given by interaction; null: it gives up
  takes      what a canon_user callback of the application's answers: 0 takes every name
  proxy      what a callback answers if a user acts as another; without it libsasl refuses
  mute       true: the application cannot be asked for anything
  credential "all": the application's own, for all mechanisms of the GSS-API for which it has any;
             "kerberos": SPNEGO negotiates Kerberos alone with it; "both": it initiates and accepts
  requested  auxiliary properties to ask for
  flags      of sasl_client_new and sasl_server_new
"""

import base64
import ctypes
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import libsasl

GSS = ctypes.CDLL("libgssapi_krb5.so.2")


class GssBuffer(ctypes.Structure):
    _fields_ = [("length", ctypes.c_size_t), ("value", ctypes.c_void_p)]


def displayed(name):
    """The text of a gss_name_t; None of none."""
    if name is None:
        return None
    text, minor = GssBuffer(), ctypes.c_uint()
    GSS.gss_display_name(ctypes.byref(minor), name, ctypes.byref(text), None)
    return ctypes.string_at(text.value, text.length).decode(errors="replace")


INDEFINITE, BOTH, INITIATE, ACCEPT = 0xffffffff, 0, 1, 2


class GssOid(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint), ("elements", ctypes.c_char_p)]


class GssOidSet(ctypes.Structure):
    _fields_ = [("count", ctypes.c_size_t), ("elements", ctypes.POINTER(GssOid))]


KERBEROS = GssOid(9, b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02")


def default_credential(is_client, kind):
    """A credential for each mechanism that has one without a name."""
    credential, minor = ctypes.c_void_p(), ctypes.c_uint()
    usage = BOTH if kind == "both" else INITIATE if is_client else ACCEPT
    if GSS.gss_acquire_cred(ctypes.byref(minor), None, INDEFINITE, None, usage,
                            ctypes.byref(credential), None, None):
        raise RuntimeError("the application has no credential")
    # Gets the ticket of a service now, and not at the first login.
    if kind == "both" and GSS.gss_inquire_cred(ctypes.byref(minor), credential, None,
                                               ctypes.byref(ctypes.c_uint()), None, None):
        raise RuntimeError("the application has no ticket")
    alone = GssOidSet(1, ctypes.pointer(KERBEROS))
    if kind == "kerberos" and GSS.gss_set_neg_mechs(ctypes.byref(minor), credential,
                                                    ctypes.byref(alone)):
        raise RuntimeError("the application's credential cannot be restricted")
    return credential


class Peer:
    def __init__(self, config):
        self.config = config
        self.is_client = config["role"] == "client"
        self.log, self.asked = [], []
        options = dict(config.get("options", {}))
        callbacks = self._callbacks(options)
        if self.is_client:
            libsasl.init_client(callbacks)
        else:
            libsasl.init_server("gssloop-guide", callbacks)
        options.update(config.get("late", {}))
        where, flags = (config["service"], config["host"]), config.get("flags", 0)
        self.connect = lambda: (
            libsasl.Client(*where, flags, None if config.get("mute") else self._typed)
            if self.is_client else libsasl.Server(*where, config.get("realm"), flags))
        self.anew()

    def anew(self, _request=None):
        """A new connection, in the same process."""
        self.sasl = self.connect()
        self._set_properties()
        return {}

    def _callbacks(self, options):
        made = [libsasl.option(options),
                libsasl.log(lambda level, message: self.log.append([level, message]))]
        made += [libsasl.gives(what, answer, self.asked.append)
                 for what, answer in self.config.get("answers", {}).items()]
        made += [libsasl.takes(self.config["takes"])] if "takes" in self.config else []
        return made + ([libsasl.proxies(self.config["proxy"])] if "proxy" in self.config else [])

    def _typed(self, what):
        self.asked.append(what + "?")
        typed = self.config.get("typed", {})
        return None if typed is None else typed.get(what, "")

    def _set_properties(self):
        props = self.config.get("props", {})
        self.sasl.limit(props.get("min", 0), props.get("max", 256), props.get("buffer", 65536),
                        props.get("flags", 0))
        if self.config.get("external"):
            self.sasl.is_inside(self.config["external"])
        if binding := self.config.get("binding"):
            self.sasl.bind(**binding)
        if kind := self.config.get("credential"):
            self.sasl.use(default_credential(self.is_client, kind))
        if self.config.get("requested"):
            self.sasl.request(self.config["requested"])

    def _report(self, function, *arguments):
        """What became of a call: the code, the message that it gave, and all that was said."""
        try:
            given = function(*arguments)
            code = libsasl.OK if self.sasl.is_done else libsasl.CONTINUE
        except libsasl.Refused as refused:
            given, code = refused.token, refused.code
        mechanism, token = given if isinstance(given, tuple) else (None, given)
        answer = {"code": code, "error": self.sasl.detail, "log": self.log, "asked": self.asked,
                  "mechanism": mechanism}
        # None and an empty message are two things to libsasl.
        if token is not None:
            answer["out"] = base64.b64encode(token).decode()
        return answer

    def start(self, request):
        token = () if self.is_client else (self._in(request),)
        return self._report(self.sasl.start, request["mechanism"], *token)

    def step(self, request):
        return self._report(self.sasl.step, self._in(request))

    def encode(self, request):
        return self._report(self.sasl.encode, self._in(request))

    def decode(self, request):
        return self._report(self.sasl.decode, self._in(request))

    def list(self, _request):
        return {"mechanisms": self.sasl.mechanisms(), "error": self.sasl.detail, "log": self.log}

    def learn(self, _request):
        """What the application sees after a login."""
        wants_properties = self.config.get("requested") and not self.is_client
        return {"user": self.sasl.user, "authid": self.sasl.text(libsasl.AUTHUSER),
                "ssf": self.sasl.ssf, "maxout": self.sasl.number(libsasl.MAXOUTBUF),
                "peer": displayed(self.sasl.pointer(libsasl.PEER_NAME)),
                "local": displayed(self.sasl.pointer(libsasl.LOCAL_NAME)),
                "delegated": self.sasl.pointer(libsasl.DELEGATED_CREDS) is not None,
                "properties": self.sasl.properties() if wants_properties else {}}

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
