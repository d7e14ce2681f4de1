# SPDX-License-Identifier: BSD-2-Clause
"""docs/indicators.md, which each guide names for a policy that requires authentication indicators.

The realms of the guides' tests are as MIT's defaults make them (with_kdc --defaults): no ticket has
an indicator. Here is a KDC of the same realm whose kdc.conf has the lines of the page, and the test
that each guide runs with its own server.
"""

import os
import pathlib
import re
import signal

import lab
from guide import Guide

PAGE = "indicators.md"
KDC_CONF = "/etc/krb5kdc/kdc.conf"


def rule():
    """What the page adds to a policy."""
    return Guide(PAGE).file("/etc/gssloop/policy.toml")


def line_of_rule(policy):
    """The number of the line where the policy has the page's rule."""
    (number,) = [number for number, line in enumerate(policy.splitlines(), 1)
                 if "assurance=" in line]
    return number


class Kdc:
    """A KDC of the test's realm that has read `more` at the end of kdc.conf: it serves the database
    of the realm's own KDC, at another port. `change` takes krb5.conf and gives the one of this KDC
    and its clients."""

    def __init__(self, test, more="", name="strong", change=lambda text: text):
        profile = pathlib.Path(os.environ["KRB5_KDC_PROFILE"]).read_text()
        client = change(pathlib.Path(os.environ["KRB5_CONFIG"]).read_text())

        def prepare(ports):
            for file, text, end in (("kdc.conf", profile, more), ("krb5.conf", client, "")):
                test.write(f"{name}/{file}", re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{ports[0]}",
                                                    text) + end)

        realms = [word for realm in dict.fromkeys(re.findall(r"(?m)^ +(\S+) = {", profile))
                  for word in ("-r", realm)]
        self._folder = test.path(name)
        self.env = lab.environment(KRB5_KDC_PROFILE=self._folder / "kdc.conf",
                                   KRB5_CONFIG=self._folder / "krb5.conf")
        self._words = ["krb5kdc", "-n", *realms, "-P", self._folder / "pid"]
        self._test = test
        self._server = test.serve(lambda _: self._words, f"{name}.log", prepare=prepare,
                                  env=self.env)
        self.port = self._server.port

    def stop(self):
        self.resume()
        self._server.stop()

    def start(self):
        """Starts it again after stop(), at the same port."""
        self._server = self._test.serve(lambda _: self._words, f"{self._folder.name}.log",
                                        env=self.env, ready=lambda _: lab.listens(self.port))

    def suspend(self):
        """From now on it takes requests, and answers none."""
        self._server.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self._server.process.send_signal(signal.SIGCONT)

    def kinit(self, user, *options, password=lab.PASSWORD):
        """A ticket from this KDC; returns the ccache."""
        ccache = f"FILE:{self._folder}/ccache.{user}.{len(list(self._folder.iterdir()))}"
        done = lab.run(["kinit", "-c", ccache, *options, user], self.env, password + "\n")
        if not done:
            raise AssertionError(f"kinit {user}: {done.output}")
        return ccache


class IndicatorsTest:
    """The test of a guide whose first policy is to be used first. A class that has it is a
    lab.ServerTest with `tickets`, the ccaches of users by name, and with these methods:

    use_rule(more): the server gets the guide's first policy with `more` at its end; returns it.
    assertAdmits(user), assertRefuses(user, logged): what the server does with the user's ticket.
    """

    def test_indicators(self):
        def cell(shown):
            return self.cell("a client", "gssloop", "GSSAPI", shown)
        self.addCleanup(self.use_rule, "")
        with cell("the first policy, on a KDC with MIT's defaults: admitted"):
            self.use_rule("")
            self.assertAdmits("alice")
        policy = self.use_rule("\n" + rule())
        with cell("the rule of indicators.md, on a KDC with MIT's defaults: refused"):
            self.assertRefuses("alice", f'the policy refuses "alice": require at '
                               rf"\S+:{line_of_rule(policy)}:12 is false")
        kdc = Kdc(self, Guide(PAGE).file(KDC_CONF))
        with cell("the rule of indicators.md, with the page's lines in kdc.conf: admitted"):
            self.tickets["alice, anew"] = kdc.kinit("alice")
            self.assertAdmits("alice, anew")
