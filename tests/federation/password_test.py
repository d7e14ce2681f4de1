#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""An indicator of MIT's KDC, which a password gives by SPAKE, decides with each mechanism."""

import pathlib
import sys

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import federation

RULE = "assurance=spake"
POLICY = f"""[attributes.assurance]
from = [{{ mechanism = "krb5", name = "auth-indicators" }}]

[services.imap]
require = ["{RULE}"]
"""


class Password(federation.FederationTest):
    SOURCE = "MIT KDC, password (SPAKE)"
    ATTRIBUTE = "auth-indicators"

    def test_the_rule_decides(self):
        self.realm.add_user("bob", requires_preauth=False)
        tickets = {user: self.realm.kinit(user) for user in ("alice", "bob")}
        for mechanism in federation.MECHANISMS:
            with self.decision(mechanism, RULE, "alice admitted"):
                login = self.log_in(mechanism, POLICY, tickets["alice"], ["assurance"])
                seen = self.assertAdmitted(login, "alice")
                self.assertIn("spake", seen["properties"]["assurance"])
            with self.decision(mechanism, RULE, "without pre-authentication: bob refused"):
                login = self.log_in(mechanism, POLICY, tickets["bob"])
                self.assertRefused(login, r'policy refuses "bob": require at \S+policy.toml:5:12 ')


if __name__ == "__main__":
    federation.main(__file__, services=["imap/localhost"], needs=["krb5kdc", "kinit"])
