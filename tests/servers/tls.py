# SPDX-License-Identifier: BSD-2-Clause
"""Certificates that a test makes for itself, and an attacker in between."""

import contextlib
import select
import socket
import ssl
import threading

import lab


def make_certificate(certificate, key, host="localhost"):
    """A self-signed certificate of today for the host, and its key, as PEM files."""
    done = lab.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:prime256v1", "-noenc", "-days", "2", "-subj", f"/CN={host}",
                "-addext", f"subjectAltName=DNS:{host}", "-keyout", key, "-out", certificate])
    if not done:
        raise AssertionError("openssl: " + done.output)


class Relay:
    """An attacker between client and server. With a certificate (a PEM file that has the key as well) it
    speaks TLS to both of them.

    `edit` may change the octets that the client sends, `edit_answer` those of the server; they must
    see what they look for in one piece.
    """

    def __init__(self, server_port, certificate=None, edit=lambda octets: octets,
                 edit_answer=lambda octets: octets):
        self._server_port, self._certificate = server_port, certificate
        self._edit, self._edit_answer = edit, edit_answer
        self.sent = b""  # what the client sent
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.close()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                client = self._listener.accept()[0]
                with contextlib.suppress(OSError), client:
                    self._relay(client)

    def _relay(self, client):
        server = socket.create_connection(("127.0.0.1", self._server_port))
        if self._certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._certificate)
            client = context.wrap_socket(client, server_side=True)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            server = context.wrap_socket(server)
        with server, client:
            self._pump(client, server)

    @staticmethod
    def _receive(source):
        """What has arrived; None if only messages of TLS itself have, such as its tickets."""
        source.setblocking(False)
        try:
            # More than TLS keeps in one record, so that nothing stays behind in it unseen.
            return source.recv(65536)
        except (ssl.SSLWantReadError, BlockingIOError):
            return None
        finally:
            source.setblocking(True)

    def _pump(self, client, server):
        while True:
            for source in select.select([client, server], [], [], lab.PATIENCE)[0] or [None]:
                octets = self._receive(source) if source else b""
                if octets == b"":
                    return
                if octets is None:
                    continue
                if source is client:
                    self.sent += octets
                    server.sendall(self._edit(octets))
                else:
                    client.sendall(self._edit_answer(octets))
