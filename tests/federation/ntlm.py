# SPDX-License-Identifier: BSD-2-Clause
"""NTLM as a mechanism of the GSS-API (Debian: gss-ntlmssp), unpacked into .cache or installed."""

import os
import pathlib

import lab

OID = "1.3.6.1.4.1.311.2.2.10"
MARK = b"NTLMSSP\0"  # each message of NTLM begins with it
SASL_NAME = "GS2-NTLM"  # the one that the mechanism gives itself
DOMAIN, USER, PASSWORD = "EXAMPLE", "mallory", "secret"


def find_module():
    """The mechanism's file; None if the package is neither unpacked nor installed."""
    for root in (lab.UNPACKED / "gss-ntlmssp", pathlib.Path("/")):
        for module in root.glob("usr/lib/*/gssntlmssp/gssntlmssp.so"):
            return module
    return None


def environment(module, config, users):
    """The variables with which the GSS-API library loads the mechanism, and the mechanism has a
    credential of each kind: an initiator's, and an acceptor's with the users' passwords. Writes
    both files."""
    config.write_text(f"gssntlmssp_v1 {OID} {module}\n")
    users.write_text(f"{DOMAIN}:{USER}:{PASSWORD}\n")
    libraries = [str(module.parents[1]), os.environ.get("LD_LIBRARY_PATH", "")]
    return {"GSS_MECH_CONFIG": str(config), "NTLM_USER_FILE": str(users),
            "LD_LIBRARY_PATH": ":".join(filter(None, libraries))}
