# SPDX-License-Identifier: BSD-2-Clause
"""The administrator of OTHER makes users of a realm that trusts OTHER, or comes through it: another
database of that realm, with the key that the two share. The realm's own KDC knows nothing of it."""

import os
import pathlib
import re
import struct

import lab
from realms import OTHER, at_port, kadmin


class LyingRealm:
    """A KDC of the realm, in the folder of the test, that has an `admin` of its own."""

    def __init__(self, test, realm):
        self._ccache, self._realm = test.path("lie.ccache"), realm
        profile = pathlib.Path(os.environ["KRB5_KDC_PROFILE"]).read_text()
        profile = profile.replace(f"{test.realm.dir}/{realm}.", f"{test.path('lie')}.")
        client = pathlib.Path(test.known["KRB5_CONFIG"]).read_text()
        self._env = lab.environment(KRB5_KDC_PROFILE=test.path("lie.kdc.conf"),
                                    KRB5_CONFIG=test.path("lie.krb5.conf"))

        def prepare(ports):
            test.write("lie.kdc.conf",
                       re.sub(r"(127\.0\.0\.1):\d+", rf"\1:{ports[0]}", profile))
            test.write("lie.krb5.conf", at_port(client, realm, ports[0]))

        prepare([0])
        self._must("kdb5_util", "create", "-s", "-P", "lie", "-r", realm)
        for words in (("lie", "+requires_preauth", f"admin@{realm}"),
                      ("trust", f"krbtgt/{OTHER}@{realm}")):
            kadmin(realm, "addprinc", "-pw", *words, env=self._env)
        test.serve(lambda _: ["krb5kdc", "-n", "-r", realm, "-P", test.path("lie.pid")], "lie.log",
                   prepare=prepare, env=self._env)

    def _must(self, *words, data=""):
        if not (done := lab.run(words, self._env, data)):
            raise AssertionError(f"{words}: {done.output}")

    def ticket(self):
        """A ccache with the ticket for OTHER alone, in which clients take it for their first one:
        they ask no KDC of the realm that they are said to be from."""
        self._must("kinit", "-c", f"FILE:{self._ccache}", "-S", f"krbtgt/{OTHER}@{self._realm}",
                   f"admin@{self._realm}", data="lie\n")
        octets = self._ccache.read_bytes()
        # Names are counted strings: the realm, then the components.
        old, new = (b"".join(struct.pack(">I", len(word)) + word.encode()
                             for word in (realm, "krbtgt", OTHER))
                    for realm in (self._realm, OTHER))
        assert octets.count(old) == 1
        self._ccache.write_bytes(octets.replace(old, new))
        return f"FILE:{self._ccache}"
