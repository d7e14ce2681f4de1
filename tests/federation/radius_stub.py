# SPDX-License-Identifier: BSD-2-Clause
"""A RADIUS server (RFC 2865) for one-time passwords: it accepts each password of a user once."""

import hashlib
import hmac
import socket
import struct
import threading

REQUEST, ACCEPT, REJECT = 1, 2, 3
USER_NAME, USER_PASSWORD, MESSAGE_AUTHENTICATOR = 1, 2, 80


class RadiusStub:
    """Serves on a port of loopback until stop(). `passwords` has sets of them by user."""

    def __init__(self, secret, passwords):
        self._secret, self._passwords = secret.encode(), passwords
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.users = []  # who asked, in their order
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self):
        """An empty datagram ends the thread."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def _serve(self):
        answers = {}
        while True:
            packet, sender = self._socket.recvfrom(4096)
            if not packet:
                return
            if packet[0] == REQUEST:
                # A busy KDC may have sent it again.
                answers[packet] = answers.get(packet) or self._answer(packet)
                self._socket.sendto(answers[packet], sender)

    def _answer(self, packet):
        attributes, rest = {}, packet[20:]
        while rest:
            attributes[rest[0]], rest = rest[2:rest[1]], rest[rest[1]:]
        authenticator = packet[4:20]
        user = attributes[USER_NAME].decode()
        self.users.append(user)
        password = self._revealed(attributes[USER_PASSWORD], authenticator)
        is_right = password in self._passwords.get(user, set())
        if is_right:
            self._passwords[user].remove(password)
        return self._packet(ACCEPT if is_right else REJECT, packet[1], authenticator,
                            MESSAGE_AUTHENTICATOR in attributes)

    def _revealed(self, hidden, before):
        """RFC 2865 section 5.2."""
        clear = b""
        for block in (hidden[start:start + 16] for start in range(0, len(hidden), 16)):
            key = hashlib.md5(self._secret + before).digest()
            clear += bytes(one ^ other for one, other in zip(block, key))
            before = block
        return clear.rstrip(b"\0").decode()

    def _packet(self, code, number, authenticator, has_mac):
        # RFC 3579 section 3.2. A libkrad that sends a Message-Authenticator demands one; an older
        # one takes none.
        body = b""
        head = struct.pack(">BBH", code, number, 38 if has_mac else 20)
        if has_mac:
            attribute = bytes([MESSAGE_AUTHENTICATOR, 18])
            octets = head + authenticator + attribute + bytes(16)
            body = attribute + hmac.new(self._secret, octets, "md5").digest()
        return head + hashlib.md5(head + authenticator + body + self._secret).digest() + body
