# SPDX-License-Identifier: BSD-2-Clause
"""Certificates that a test makes for itself, and somebody who stands in between."""

import contextlib
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
    """Somebody in between: a TLS server for imtest, a TLS client of the server, who passes on what
    each of them says to the other."""

    def __init__(self, folder, server_port):
        make_certificate(folder / "relay.pem", folder / "relay.key")
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder / "relay.pem", folder / "relay.key")
        self.server_port = server_port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client = self.context.wrap_socket(self.listener.accept()[0], server_side=True)
                unchecked = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
                server = unchecked.wrap_socket(
                    socket.create_connection(("127.0.0.1", self.server_port)))
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    @staticmethod
    def _pass_on(source, sink):
        with contextlib.suppress(OSError):
            while octets := source.recv(65536):
                sink.sendall(octets)
            sink.shutdown(socket.SHUT_RDWR)
