#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The negotiation loop as python3-gssapi knows it, over the frames of lib/gssloop/io/frame.h.

    loop_peer.py acceptor --port-file FILE [OPTION...]
    loop_peer.py initiator HOST PORT [OPTION...]

The options, and what it prints, are those of loop_peer.cc. Exit status: 0 there is a context and
all bytes came back, 1 not so, 2 wrong usage.
"""

import argparse
import os
import socket
import struct
import sys

import gssapi

TIMEOUT_S = 20
MAX_FRAME_LEN = 1 << 20
PIECE_LEN = 16384
SPNEGO = gssapi.OID.from_int_seq("1.3.6.1.5.5.2")
REQUIRED = (gssapi.RequirementFlag.mutual_authentication | gssapi.RequirementFlag.integrity
            | gssapi.RequirementFlag.confidentiality)


class Failed(Exception):
    """There is no context, or the data did not come through; the text says why."""


class Frames:
    """Messages: 1 octet of kind, 4 octets of length in network order, the body."""

    HEADER = struct.Struct("!cI")

    def __init__(self, peer):
        self.peer = peer

    def send(self, kind, body):
        self.peer.sendall(self.HEADER.pack(kind, len(body)) + body)

    def receive(self, kind):
        """The body of the next frame; None if the peer closed the connection between two."""
        header = self._read(self.HEADER.size)
        if header is None:
            return None
        got, length = self.HEADER.unpack(header)
        if got == b"F":
            raise Failed("the peer reported a failure")
        if got != kind or length > MAX_FRAME_LEN:
            raise Failed(f"a frame {got!r} of {length} octets")
        body = self._read(length)
        if body is None and length > 0:
            raise Failed("the peer closed the connection inside a frame")
        return body or b""

    def _read(self, length):
        octets = b""
        while len(octets) < length:
            part = self.peer.recv(length - len(octets))
            if not part:
                if octets:
                    raise Failed("the peer closed the connection inside a frame")
                return None
            octets += part
        return octets


def establish(context, frames):
    """Runs the loop until the context is complete. A context of this library has no token to send
    exactly if step() gives None or nothing."""
    token = None if context.usage == "initiate" else frames.receive(b"T")
    while True:
        out = context.step(token)
        if out:
            frames.send(b"T", out)
        if context.complete:
            break
        token = frames.receive(b"T")
        if token is None:
            raise Failed("the peer closed the connection")
    if context.actual_flags & REQUIRED != REQUIRED:
        raise Failed(f"the flags are only {context.actual_flags}")
    print("python  LOGGED IN", flush=True)


def pieces(length):
    """The data, in pieces."""
    data = bytes((i * 7 >> 3) & 0xFF for i in range(length))
    return [data[i:i + PIECE_LEN] for i in range(0, length, PIECE_LEN)]


def unwrap(context, packet, encrypt):
    result = context.unwrap(packet)
    if result.encrypted != encrypt:
        raise Failed(f"encrypted is {result.encrypted}, not {encrypt}")
    return result.message


def initiate(frames, options):
    target = gssapi.Name("imap@localhost", gssapi.NameType.hostbased_service)
    mech = SPNEGO if options.mech == "spnego" else gssapi.MechType.kerberos
    context = gssapi.SecurityContext(name=target, mech=mech, usage="initiate", flags=REQUIRED)
    establish(context, frames)
    encrypt = options.protection == "confidentiality"
    for piece in pieces(options.len):
        frames.send(b"D", context.wrap(piece, encrypt).message)
        answer = frames.receive(b"D")
        if answer is None or unwrap(context, answer, encrypt) != piece:
            raise Failed("other bytes came back, or none")
    print(f"python  LAYER {options.protection}: {options.len} bytes there and back")


def accept(frames, options):
    context = gssapi.SecurityContext(usage="accept")
    establish(context, frames)
    print(f"python    authid  {context.initiator_name}", flush=True)
    encrypt = options.protection == "confidentiality"
    num_echoed = 0
    while (packet := frames.receive(b"D")) is not None:
        piece = unwrap(context, packet, encrypt)
        frames.send(b"D", context.wrap(piece, encrypt).message)
        num_echoed += len(piece)
    print(f"python  LAYER {options.protection}: {num_echoed} bytes sent back")


def accept_one(port_file):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # Under another name first: the program that waits for the file must not read half a number.
        with open(port_file + ".new", "w", encoding="ascii") as file:
            print(listener.getsockname()[1], file=file)
        os.rename(port_file + ".new", port_file)
        return listener.accept()[0]


def parse():
    parser = argparse.ArgumentParser()
    side = parser.add_mutually_exclusive_group(required=True)
    side.add_argument("--port-file", help="be the acceptor")
    side.add_argument("--port", type=int, help="be the initiator")
    parser.add_argument("--mech", choices=["krb5", "spnego"], default="krb5")
    parser.add_argument("--len", type=int, default=200000)
    parser.add_argument("--protection", choices=["integrity", "confidentiality"],
                        default="confidentiality")
    return parser.parse_args()


def main():
    options = parse()
    is_acceptor = options.port_file is not None
    peer = accept_one(options.port_file) if is_acceptor else socket.create_connection(
        ("127.0.0.1", options.port))
    with peer:
        peer.settimeout(TIMEOUT_S)
        try:
            (accept if is_acceptor else initiate)(Frames(peer), options)
        except (Failed, gssapi.exceptions.GSSError, OSError) as error:
            print(f"python  FAILED: {error}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
