# SPDX-License-Identifier: BSD-2-Clause
"""Moonshot's GSS-EAP (Debian: moonshot-gss-eap), unpacked into .cache or installed."""

import os
import pathlib

SOURCE = pathlib.Path(os.environ.get("GSSLOOP_SRCDIR", ".")).absolute()
PACKAGE = SOURCE / ".cache/moonshot-gss-eap"
# SASL name, name in the GSS-API, OID.
MECHANISMS = (("EAP-AES128", "eap-aes128-cts-hmac-sha1-96", "1.3.6.1.5.5.15.1.1.17"),
              ("EAP-AES256", "eap-aes256-cts-hmac-sha1-96", "1.3.6.1.5.5.15.1.1.18"))


def find_module():
    """The mechanism's file; None if the package is neither unpacked nor installed."""
    for root in (PACKAGE, pathlib.Path("/")):
        for module in root.glob("usr/lib/*/gss/mech_eap.so"):
            return module
    return None


def environment(module, config):
    """The variables with which the GSS-API library loads the mechanism; `config` is the file that
    names it to the library, and is written here."""
    config.write_text("".join(f"{name} {oid} {module}\n" for _, name, oid in MECHANISMS))
    libraries = [str(module.parents[1]), os.environ.get("LD_LIBRARY_PATH", "")]
    return {"GSS_MECH_CONFIG": str(config), "LD_LIBRARY_PATH": ":".join(filter(None, libraries))}
