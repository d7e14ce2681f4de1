# SPDX-License-Identifier: BSD-2-Clause
"""Samba's own LDAP client, which logs in with a ticket and reads the server's root entry.

    samba_client.py URL
"""

import sys

import ldb
import samba
from samba.credentials import MUST_USE_KERBEROS, Credentials
from samba.param import LoadParm


def main():
    settings = LoadParm()
    settings.load_default()
    credentials = Credentials()
    credentials.guess(settings)
    credentials.set_kerberos_state(MUST_USE_KERBEROS)
    directory = samba.Ldb(sys.argv[1], lp=settings, credentials=credentials)
    for found in directory.search("", ldb.SCOPE_BASE, attrs=["supportedSASLMechanisms"]):
        print(*[str(name) for name in found["supportedSASLMechanisms"]])


if __name__ == "__main__":
    main()
