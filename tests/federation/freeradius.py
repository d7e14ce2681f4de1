# SPDX-License-Identifier: BSD-2-Clause
"""FreeRADIUS as Debian's package installs it, in a folder of the test's: `Radius`.

The configuration is Debian's, except for what a test must not share with the machine: folders, the
port, the user as whom the server runs, and the certificate, which Debian makes for each machine.
"""

import hashlib
import os
import pathlib
import re
import shutil
import ssl

import lab

ETC = "etc/freeradius/3.0"
# Debian's postinst enables these, each by a link.
SITES = ("default", "inner-tunnel")
MODULES = ("always attr_filter chap detail detail.log digest dynamic_clients eap echo exec "
           "expiration expr files linelog logintime mschap ntlm_auth pap passwd preprocess radutmp "
           "realm replicate soh sradutmp unix unpack utf8").split()
CERTIFICATE = {"/etc/ssl/private/ssl-cert-snakeoil.key": "server.key",
               "/etc/ssl/certs/ssl-cert-snakeoil.pem": "server.pem",
               "/etc/ssl/certs/ca-certificates.crt": "server.pem"}


def find_root():
    """Where the package is: unpacked, or installed with a configuration that this user can read."""
    for root in (lab.UNPACKED / "freeradius", pathlib.Path("/")):
        is_there = (root / "usr/sbin/freeradius").exists()
        if is_there and os.access(root / ETC / "radiusd.conf", os.R_OK):
            return root
    return None


def _without_listen(text):
    """A virtual server's file without its blocks `listen { ... }`."""
    kept, depth = [], 0
    for line in text.splitlines(keepends=True):
        code = line.partition("#")[0]
        if depth or re.match(r"\s*listen\s*\{", code):
            depth += code.count("{") - code.count("}")
        else:
            kept.append(line)
    return "".join(kept)


class Radius:
    """A server of the class's tests. `etc` is its folder /etc/freeradius/3.0, which a test changes
    before start(). `port` is that of the running server."""

    def __init__(self, test_class, name="radius"):
        self._test_class = test_class
        self._root = find_root()
        self._folder = test_class.path(name)
        self.etc = self._folder / "etc"
        self._server = None
        self._install()
        self._separate()
        self._listen_on([lab.free_port()])  # until start(): a check of the files wants one

    def _install(self):
        shutil.copytree(self._root / ETC, self.etc)
        for kind, names in (("sites", SITES), ("mods", MODULES)):
            for name in names:
                if (self.etc / f"{kind}-available" / name).exists():
                    os.symlink(f"../{kind}-available/{name}", self.etc / f"{kind}-enabled/{name}")

    def change(self, file, *changes):
        """Replaces (old, new) in a file; each `old` must be there."""
        text = (self.etc / file).read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text, f"{file} has no {old}"
            text = text.replace(old, str(new))
        (self.etc / file).write_text(text, encoding="utf-8")

    def _separate(self):
        for name in ("log", "run"):
            (self._folder / name).mkdir()
        lines = {"prefix": self._root / "usr", "libdir": self._root / "usr/lib/freeradius",
                 "raddbdir": self.etc, "logdir": self._folder / "log",
                 "run_dir": self._folder / "run"}
        text = (self.etc / "radiusd.conf").read_text(encoding="utf-8")
        for name, value in lines.items():
            text, count = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value}", text)
            assert count == 1, name
        text = re.sub(r"(?m)^\s*(user|group) = freerad$", "", text)
        # A refusal is delayed by a second, which the tests would all wait for.
        text = re.sub(r"(?m)^(\s*reject_delay) = .*$", r"\1 = 0", text)
        (self.etc / "radiusd.conf").write_text(text, encoding="utf-8")
        for site in SITES:
            file = self.etc / "sites-available" / site
            file.write_text(_without_listen(file.read_text(encoding="utf-8")), encoding="utf-8")
        # Tests are clients of their own, from the same address.
        self.change("clients.conf", ("ipaddr = 127.0.0.1", "ipaddr = 127.255.255.254"))
        self.change("mods-available/eap",
                    *((old, self._folder / new) for old, new in CERTIFICATE.items()))
        done = lab.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-subj", "/CN=radius.example.com", "-keyout", self._folder / "server.key",
                        "-out", self._folder / "server.pem"])
        assert done, done.output

    @property
    def fingerprint(self):
        """The SHA-256 of the server's certificate, in hexadecimal digits."""
        pem = (self._folder / "server.pem").read_text(encoding="ascii")
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()

    def _listen_on(self, ports):
        file = self.etc / "sites-available/default"
        text = _without_listen(file.read_text(encoding="utf-8"))
        listen = f"listen {{\n type = auth\n ipaddr = 127.0.0.1\n port = {ports[0]}\n}}\n"
        file.write_text(re.sub(r"(?m)^(server default \{\n)", r"\1" + listen, text),
                        encoding="utf-8")

    def command(self, *options):
        libraries = [str(self._root / "usr/lib/freeradius"),
                     *map(str, (self._root / "usr/lib").glob("*-linux-gnu"))]
        env = lab.environment(LD_LIBRARY_PATH=":".join(libraries), LD_PRELOAD=None)
        return [str(self._root / "usr/sbin/freeradius"), "-d", str(self.etc), "-D",
                str(self._root / "usr/share/freeradius"), "-n", "radiusd", *options], env

    def start(self):
        """Starts the server with what `etc` says now."""
        argv, env = self.command("-f", "-X")
        log = self._folder / "output.log"
        log.unlink(missing_ok=True)
        self._server = self._test_class.serve(
            lambda _ports: argv, log, env=env, prepare=self._listen_on,
            ready=lambda _ports: "Ready to process requests" in log.read_text(errors="replace"))
        self.port = self._server.port

    def stop(self):
        self._server.stop()

    def log(self):
        return self._server.log()
