# SPDX-License-Identifier: BSD-2-Clause
"""Adds objects to a domain whose controller does not run yet, all in one transaction.

    samba_objects.py SMB.CONF

reads LDIF with {dn} in place of the domain's DN, adds what it names in this order, and prints
"NAME SID" for each object with a SID.
"""

import sys

import ldb
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB


def main():
    settings = LoadParm()
    settings.load(sys.argv[1])
    directory = SamDB(session_info=system_session(), lp=settings)
    text = sys.stdin.read().replace("{dn}", directory.domain_dn())
    with_sid = "(&(objectSid=*)(sAMAccountName=*))"
    directory.transaction_start()
    directory.add_ldif(text)
    directory.transaction_commit()
    for found in directory.search(directory.domain_dn(), ldb.SCOPE_SUBTREE, with_sid,
                                  ["sAMAccountName", "objectSid"]):
        sid = directory.schema_format_value("objectSid", found["objectSid"][0])
        print(found["sAMAccountName"][0].decode(), sid.decode())


if __name__ == "__main__":
    main()
