#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A client of memcached's binary protocol, with libsasl.

    memcached_client.py [OPTION...] PORT COMMAND...

Commands, in their order: mechanisms; login=MECHANISM; set=KEY=VALUE; get=KEY. Each prints what came
of it in a line; the first that is refused ends the program with 1, and says by whom.
"""

import argparse
import pathlib
import socket
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import libsasl

GET, SET, LIST, AUTH, STEP = 0x00, 0x01, 0x20, 0x21, 0x22
SUCCESS, AUTH_ERROR, AUTH_CONTINUE = 0x00, 0x20, 0x21


class Refused(Exception):
    """What the server answers instead of what was asked for."""


class Connection:
    """Requests and their answers, one after the other."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)

    def _receive(self, length):
        octets = b""
        while len(octets) < length:
            if not (part := self.socket.recv(length - len(octets))):
                raise Refused("the server closed the connection")
            octets += part
        return octets

    def ask(self, operation, key=b"", value=b"", extras=b"", good=(SUCCESS,)):
        """The answer's status and value; Refused if the status is none of the good ones."""
        length = len(extras) + len(key) + len(value)
        self.socket.sendall(struct.pack(">BBHBBHIIQ", 0x80, operation, len(key), len(extras), 0, 0,
                                        length, 0, 0) + extras + key + value)
        magic, _, key_len, extras_len, _, status, length, _, _ = struct.unpack(
            ">BBHBBHIIQ", self._receive(24))
        assert magic == 0x81
        answer = self._receive(length)[extras_len + key_len:]
        if status not in good:
            text = answer.decode(errors="replace")
            raise Refused(f"the server refused, status 0x{status:02x}: {text}")
        return status, answer


def altered(token, options):
    """The login's first token as an attacker between client and server would change it."""
    if options.header:
        return options.header.encode() + token[token.index(b",,") + 2:]
    return token[:-1] + bytes([token[-1] ^ 1]) if options.garble else token


def login(connection, mechanism, options):
    # No name: the ticket has the user's name.
    libsasl.init_client([libsasl.gives("authname", options.user or ""),
                         libsasl.gives("user", options.act_as or "")])
    sasl = libsasl.Client(*options.service.split("@"))
    sasl.limit(options.min_ssf, 256)
    mechanism, token = sasl.start(mechanism)
    token = altered(token, options)
    # The answer to the last step is a text, and never a token.
    operation, goes_on = AUTH, True
    while goes_on:
        status, answer = connection.ask(operation, mechanism.encode(), token or b"",
                                        good=(SUCCESS, AUTH_CONTINUE))
        operation, goes_on = STEP, status == AUTH_CONTINUE
        token = sasl.step(answer) if goes_on else None
    assert sasl.is_done, "the server is done and the mechanism is not"
    return f"{mechanism}, SSF {sasl.ssf}: {answer.decode()}"


def run(connection, command, options):
    name, _, value = command.partition("=")
    if name == "mechanisms":
        return connection.ask(LIST)[1].decode()
    if name == "login":
        return login(connection, value, options)
    if name == "get":
        return connection.ask(GET, value.encode())[1].decode()
    if name == "set":
        key, _, value = value.partition("=")
        connection.ask(SET, key.encode(), value.encode(), extras=bytes(8))
        return "stored"
    raise AssertionError(f"there is no command {name}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--service", default="memcached@localhost", metavar="NAME@HOST")
    parser.add_argument("--user", help="the user, as an application would name it")
    parser.add_argument("--act-as", help="the name to act under")
    parser.add_argument("--min-ssf", type=int, default=0, help="the weakest layer to take")
    parser.add_argument("--garble", action="store_true", help="change the login's first token")
    parser.add_argument("--header", help="put this in place of its GS2 header")
    parser.add_argument("port", type=int)
    parser.add_argument("commands", nargs="+")
    options = parser.parse_args()
    connection = Connection(options.port)
    for command in options.commands:
        print(run(connection, command, options), flush=True)


if __name__ == "__main__":
    try:
        main()
    except (Refused, libsasl.Refused) as error:
        sys.exit(str(error))
