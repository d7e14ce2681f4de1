#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""As much of a Kafka broker as a client needs to log in and ask what there is, on libsasl.

    kafka_broker.py PORT [--raw] [--layer]

--raw speaks the login's older form, frames of nothing but tokens; --layer offers layers, which
Kafka has none of. The answer to a user that is logged in is a topic of the user's name. The log goes to
stderr.
"""

import pathlib
import socket
import socketserver
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import libsasl

METADATA, JOIN_GROUP, HANDSHAKE, VERSIONS, AUTHENTICATE = 3, 11, 17, 18, 36
UNSUPPORTED_VERSION, UNSUPPORTED_MECHANISM, AUTHENTICATION_FAILED = 35, 33, 58
MAX_LEN = 1 << 20  # what a stranger may make us allocate


def log(*words):
    print(*words, file=sys.stderr, flush=True)


def string(text):
    return struct.pack(">h", len(text.encode())) + text.encode()


def array(items):
    return struct.pack(">i", len(items)) + b"".join(items)


def octets(value):
    return struct.pack(">i", len(value)) + value


class Broker(socketserver.BaseRequestHandler):
    """A connection: requests are answered one after the other."""

    def receive(self, length):
        data = b""
        while len(data) < length:
            if not (part := self.request.recv(length - len(data))):
                raise ConnectionError("the client closed the connection")
            data += part
        return data

    def frame(self):
        length, = struct.unpack(">i", self.receive(4))
        if not 0 <= length <= MAX_LEN:
            raise ConnectionError(f"a frame of {length} octets")
        return self.receive(length)

    def requests(self):
        """The requests: operation, version, and what comes after the header."""
        while True:
            data = self.frame()
            operation, version, self.number, id_len = struct.unpack_from(">hhih", data)
            yield operation, version, data[10 + max(id_len, 0):]

    def answer(self, body):
        self.request.sendall(octets(struct.pack(">i", self.number) + body))

    def handle(self):
        self.sasl = libsasl.Server("kafka", "localhost")
        try:
            if self.server.offers_layer:
                self.sasl.limit(0, 256)
            self.serve()
        except (ConnectionError, TimeoutError) as error:
            log("ended:", error)
        except libsasl.Refused as error:
            log("refused:", error)
        finally:
            self.sasl.close()

    def serve(self):
        user = None
        for operation, version, body in self.requests():
            if operation == VERSIONS:
                self.say_versions(version)
            elif operation == HANDSHAKE:
                self.handshake(body)
                if version == 0:
                    user = self.authenticate_raw()
            elif operation == AUTHENTICATE:
                user = self.authenticate(body[4:])
            elif user is None:
                raise ConnectionError(f"operation {operation} before the login")
            elif operation == METADATA:
                self.say_metadata(user, version)
            else:
                raise ConnectionError(f"operation {operation} is none that it knows")

    def say_versions(self, version):
        # librdkafka takes a broker without groups for one that is older than SASL. From 2.8 on it no
        # longer asks for version 0 of the metadata.
        newest = {METADATA: 1, JOIN_GROUP: 0, HANDSHAKE: 0, VERSIONS: 0}
        if not self.server.is_raw:
            newest |= {HANDSHAKE: 1, AUTHENTICATE: 0}
        self.answer(struct.pack(">h", UNSUPPORTED_VERSION if version else 0) + array(
            [struct.pack(">hhh", operation, 0, highest) for operation, highest in newest.items()]))

    def handshake(self, body):
        self.mechanism, self.is_started = body[2:].decode(), False
        offered = self.sasl.mechanisms()
        error = 0 if self.mechanism in offered else UNSUPPORTED_MECHANISM
        self.answer(struct.pack(">h", error) + array([string(name) for name in offered]))

    def token_for(self, token):
        """The token that answers one of the client's."""
        if self.is_started:
            return self.sasl.step(token) or b""
        self.is_started = True
        return self.sasl.start(self.mechanism, token) or b""

    def logged_in(self):
        if not self.sasl.is_done:
            return None
        log(f"{self.sasl.user} logged in with {self.mechanism}, SSF {self.sasl.ssf}")
        return self.sasl.user

    def authenticate_raw(self):
        while not (user := self.logged_in_by(self.frame())):
            pass
        return user

    def logged_in_by(self, token):
        """The older form ends without an answer where there is no token to send."""
        out = self.token_for(token)
        user = self.logged_in()
        if out or not user:
            self.request.sendall(octets(out))
        return user

    def authenticate(self, token):
        try:
            out = self.token_for(token)
        except libsasl.Refused as error:
            self.answer(struct.pack(">h", AUTHENTICATION_FAILED) + string(error.detail) +
                        octets(b""))
            raise
        user = self.logged_in()
        self.answer(struct.pack(">hh", 0, -1) + octets(out))
        return user

    def say_metadata(self, user, version):
        """Version 1 adds each broker's rack (none), the controller, and which topics are internal."""
        host, port = "localhost", self.server.server_address[1]
        rack, controller, is_internal = b"", b"", b""
        if version > 0:
            rack, controller, is_internal = struct.pack(">h", -1), struct.pack(">i", 0), b"\0"
        self.answer(array([struct.pack(">i", 0) + string(host) + struct.pack(">i", port) + rack]) +
                    controller +
                    array([struct.pack(">h", 0) + string(f"of-{user}") + is_internal + array([])]))


class Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    address_family = socket.AF_INET


def main():
    libsasl.init_server("kafka", [libsasl.log(lambda level, message:
                                              log(f"SASL log {level}: {message}"))])
    with Listener(("127.0.0.1", int(sys.argv[1])), Broker) as listener:
        listener.is_raw = "--raw" in sys.argv
        listener.offers_layer = "--layer" in sys.argv
        listener.serve_forever()


if __name__ == "__main__":
    main()
