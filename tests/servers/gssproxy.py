# SPDX-License-Identifier: BSD-2-Clause
"""GSS-Proxy as the tests use it: a daemon of their own, and the environment of its clients.

The daemon of Debian's package reads a configuration and opens sockets that the test names. The
module with which it is reached, an interposer of the GSS-API, is named in a file of the test's, too.
"""

import glob
import os

import lab

INTERPOSER_OID = "2.16.840.1.113730.3.8.15.1"
NOWHERE = "FILE:/nonexistent/file"


def interposer():
    """The path of GSS-Proxy's interposer; None if it is not installed."""
    found = glob.glob("/usr/lib*/gssproxy/proxymech.so") + \
        glob.glob("/usr/lib/*/gssproxy/proxymech.so")
    return found[0] if found else None


class GssProxy:
    """A daemon with the services `services`: {name: {key: value of gssproxy.conf}}, and with those
    of `more`, text of such a file."""

    def __init__(self, test, services, more=""):
        self.folder = test.path("gssproxy")
        self.folder.mkdir()
        self.mechanisms = test.write("mechanisms", f"gssproxy_v1 {INTERPOSER_OID} {interposer()} "
                                     "<interposer>\n")
        conf = ["[gssproxy]"]
        for name, options in services.items():
            conf += [f"[service/{name}]", "mechs = krb5", f"euid = {os.geteuid()}",
                     f"socket = {self.socket(name)}"]
            conf += [f"{key} = {value}" for key, value in options.items()]
        file = test.write("gssproxy.conf", "\n".join(conf) + "\n" + more)
        # Where it may, it writes its number to /run.
        self._words = lab.namespace({"/run": None}) if os.geteuid() == 0 else []
        self._words += ["gssproxy", "-i", "-d", "-c", file, "-s", self.folder / "default"]
        self._test, self._services, self._log = test, list(services), test.path("gssproxy.log")
        self.start()

    def start(self):
        """Starts the daemon, also after stop()."""
        for name in self._services:
            self.socket(name).unlink(missing_ok=True)
        self.server = self._test.serve(
            lambda _: self._words, self._log,
            env=lab.environment(KRB5CCNAME=None, KRB5_KTNAME=NOWHERE, KRB5_CLIENT_KTNAME=NOWHERE),
            ready=lambda _: all(self.socket(name).exists() for name in self._services))

    def stop(self):
        self.server.stop()

    def socket(self, name):
        return self.folder / name

    def env(self, name, ccache, **changes):
        """The environment of a process that has its keys and tickets from a service alone. The
        interposer writes what the daemon gave it into the ccache."""
        return {"GSS_USE_PROXY": "yes", "GSS_MECH_CONFIG": self.mechanisms,
                "GSSPROXY_SOCKET": self.socket(name), "KRB5CCNAME": f"FILE:{ccache}",
                "KRB5_KTNAME": NOWHERE, "KRB5_CLIENT_KTNAME": NOWHERE} | changes
