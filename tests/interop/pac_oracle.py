#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Buffers of a PAC as Samba writes them, and what Samba reads in others.

    pac_oracle.py make SEED COUNT FILE   writes COUNT lines "KIND OCTETS"
    pac_oracle.py judge FILE ANSWERS     reads such lines, writes one line for each

KIND is the type of the buffer ([MS-PAC] 2.4), OCTETS the buffer in hexadecimal. An answer is
"refused", or what the buffer says, separated by spaces: the SIDs of the groups and of the user; name
and time; UPN, DNS name, and SAM name and SID if there; the SID. Names are UTF-8 in hexadecimal.
"""

import datetime
import random
import struct
import sys

from samba.dcerpc import krb5pac, netlogon, samr, security
from samba.ndr import ndr_pack, ndr_unpack

MAX_SUB_AUTHORITIES = 15
LETTERS = "abcdefghijklmnopqrstuvwxyzABC 0123456789.-_$/@äßЖ中\U0001f600\U0010ffff"


class Refused(Exception):
    """Samba has nothing to say about this buffer."""


# ---- Reading -----------------------------------------------------------------------------------


def sid_text(sid):
    """[MS-DTYP] 2.4.2.1. Samba's own text lacks leading zeros of long authorities."""
    if sid is None:
        raise Refused("null")
    authority = int.from_bytes(bytes(sid.id_auth), "big")
    parts = [f"0x{authority:012x}" if authority >= 1 << 32 else str(authority)]
    parts += [str(sub) for sub in sid.sub_auths[:sid.num_auths]]
    return "-".join(["S", str(sid.sid_rev_num)] + parts)


def elements(count, array):
    """Samba reads a null pointer to elements that are counted. Its servers would follow it: that is
    no answer."""
    if array is None and count > 0:
        raise Refused("null")
    return array or []


def groups_of(info):
    """Which groups a login has, and in which order, as Samba's servers do it."""
    base = info.info3.base
    if base.domain_sid is None:
        raise Refused("no domain")
    domain = sid_text(base.domain_sid)
    rids = [group.rid for group in elements(base.groups.count, base.groups.rids)]
    sids = [] if base.primary_gid in rids else [f"{domain}-{base.primary_gid}"]
    sids += [f"{domain}-{rid}" for rid in rids]
    extra_sids = elements(info.info3.sidcount, info.info3.sids)
    sids += [sid_text(extra.sid) for extra in extra_sids if extra.sid is not None]
    resource = info.resource_groups
    if base.user_flags & netlogon.NETLOGON_RESOURCE_GROUPS and resource.groups.count > 0:
        if resource.domain_sid is None:
            raise Refused("no resource domain")
        domain = sid_text(resource.domain_sid)
        groups = elements(resource.groups.count, resource.groups.rids)
        sids += [f"{domain}-{group.rid}" for group in groups]
    return list(dict.fromkeys(sids))


def user_of(info):
    base = info.info3.base
    return f"{sid_text(base.domain_sid)}-{base.rid}"


def in_hex(name):
    return (name or "").encode().hex()


def client_of(info):
    epoch = datetime.datetime(1601, 1, 1)
    time = epoch + datetime.timedelta(seconds=info.logon_time // 10**7)
    return [in_hex(info.account_name), time.strftime("%Y-%m-%dT%H:%M:%SZ")]


def upn_of(info):
    fields = [in_hex(info.upn_name), in_hex(info.dns_domain_name)]
    if info.flags & krb5pac.PAC_UPN_DNS_FLAG_HAS_SAM_NAME_AND_SID:
        fields += [in_hex(info.ex.samaccountname), sid_text(info.ex.objectsid)]
    return fields


def read(kind, octets):
    """One buffer, in a PAC around it: Samba reads them no other way."""
    padded = octets + bytes(-len(octets) % 8)
    pac = struct.pack("<IIIIQ", 1, 0, kind, len(octets), 24) + padded
    info = ndr_unpack(krb5pac.PAC_DATA, pac).buffers[0].info
    if kind == krb5pac.PAC_TYPE_LOGON_INFO:
        if info.info is None:
            raise Refused("null")
        return groups_of(info.info) + [user_of(info.info)]
    if kind == krb5pac.PAC_TYPE_LOGON_NAME:
        return client_of(info)
    if kind == krb5pac.PAC_TYPE_UPN_DNS_INFO:
        return upn_of(info)
    return [sid_text(info.sid)]


def judge(line):
    kind, octets = line.split(" ")
    try:
        return " ".join(read(int(kind), bytes.fromhex(octets)))
    except (Refused, RuntimeError, ValueError, OverflowError):  # RuntimeError: an NDR error
        return "refused"


# ---- Writing -----------------------------------------------------------------------------------


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def name(self, least=1):
        length = self.random.choice([1, 2, 3, 5, 8, 13, 40])
        return "".join(self.random.choices(LETTERS, k=max(least, length)))

    def sid(self, max_subs=MAX_SUB_AUTHORITIES):
        authority = self.random.choice([1, 5, 5, 5, 18, 0xFFFFFFFE, 1 << 32, (1 << 48) - 2])
        # Text with a hexadecimal authority is not read alike by all versions: set the fields.
        sid = security.dom_sid("S-1-5-21")
        sid.id_auth = list(authority.to_bytes(6, "big"))
        count = self.random.randint(1, max_subs)
        sid.num_auths = count
        subs = [self.random.choice([0, 21, 544, self.random.getrandbits(32)]) for _ in range(count)]
        sid.sub_auths = subs + [0] * (MAX_SUB_AUTHORITIES - count)
        return sid

    def groups(self, groups, count):
        groups.count = count
        rids = []
        for _ in range(count):
            group = samr.RidWithAttribute()
            group.rid = self.random.choice([513, self.random.randint(500, 600),
                                            self.random.getrandbits(32)])
            group.attributes = self.random.choice([7, 15, 0x20000007])
            rids.append(group)
        groups.rids = rids

    def logon_info(self):
        info = krb5pac.PAC_LOGON_INFO()
        base = info.info3.base
        base.logon_time = self.random.getrandbits(62)
        base.user_flags = self.random.getrandbits(32) & ~(netlogon.NETLOGON_EXTRA_SIDS
                                                          | netlogon.NETLOGON_RESOURCE_GROUPS)
        for text in (base.account_name, base.full_name, base.logon_script, base.profile_path,
                     base.home_directory, base.home_drive, base.logon_server, base.logon_domain):
            text.string = self.random.choice([None, "", self.name()])
        base.rid = self.random.randint(1, 1 << 31)
        base.primary_gid = self.random.choice([513, self.random.getrandbits(32)])
        base.domain_sid = self.sid(MAX_SUB_AUTHORITIES - 1)
        self.groups(base.groups, self.random.choice([0, 1, 2, 7, 60]))
        self.extra_sids(info)
        if self.random.random() < 0.5:
            base.user_flags |= netlogon.NETLOGON_RESOURCE_GROUPS
            info.resource_groups.domain_sid = self.sid(MAX_SUB_AUTHORITIES - 1)
            self.groups(info.resource_groups.groups, self.random.choice([0, 1, 9]))
        container = krb5pac.PAC_LOGON_INFO_CTR()
        container.info = info
        return container

    def extra_sids(self, info):
        count = self.random.choice([0, 0, 1, 2, 12])
        if count == 0:
            return
        sids = []
        for _ in range(count):
            extra = netlogon.netr_SidAttr()
            again = sids and self.random.random() < 0.2
            extra.sid = sids[-1].sid if again else self.sid()
            extra.attributes = 7
            sids.append(extra)
        info.info3.sidcount = count
        info.info3.sids = sids
        info.info3.base.user_flags |= netlogon.NETLOGON_EXTRA_SIDS

    def client_info(self):
        info = krb5pac.PAC_LOGON_NAME()
        info.logon_time = self.random.randint(1, 2650467743999999999)
        info.account_name = self.name()
        return info

    def upn(self):
        info = krb5pac.PAC_UPN_DNS_INFO()
        info.upn_name = self.name()
        info.dns_domain_name = self.name()
        info.flags = self.random.choice([0, 1, 2, 3])
        if info.flags & krb5pac.PAC_UPN_DNS_FLAG_HAS_SAM_NAME_AND_SID:
            info.ex = krb5pac.PAC_UPN_DNS_INFO_SAM_NAME_AND_SID()
            info.ex.samaccountname = self.name()
            info.ex.objectsid = self.sid()
        return info

    def requester(self):
        info = krb5pac.PAC_REQUESTER_SID()
        info.sid = self.sid()
        return info

    def line(self):
        kind, make = self.random.choice([
            (krb5pac.PAC_TYPE_LOGON_INFO, self.logon_info),
            (krb5pac.PAC_TYPE_LOGON_INFO, self.logon_info),
            (krb5pac.PAC_TYPE_LOGON_NAME, self.client_info),
            (krb5pac.PAC_TYPE_UPN_DNS_INFO, self.upn),
            (krb5pac.PAC_TYPE_REQUESTER_SID, self.requester),
        ])
        buffer = krb5pac.PAC_BUFFER()
        buffer.type = kind
        buffer.info = make()
        pac = krb5pac.PAC_DATA()
        pac.num_buffers = 1
        pac.version = 0
        pac.buffers = [buffer]
        # As in the PAC, and of the length that the PAC gives for it.
        raw = ndr_unpack(krb5pac.PAC_DATA_RAW, ndr_pack(pac)).buffers[0]
        return f"{kind} {bytes(raw.info.remaining)[:raw.ndr_size].hex()}"


def main():
    if sys.argv[1] == "make":
        maker = Maker(int(sys.argv[2]))
        lines = [maker.line() for _ in range(int(sys.argv[3]))]
        target = sys.argv[4]
    else:
        with open(sys.argv[2], encoding="ascii") as file:
            lines = [judge(line.rstrip("\n")) for line in file]
        target = sys.argv[3]
    with open(target, "w", encoding="ascii") as file:
        file.writelines(line + "\n" for line in lines)


if __name__ == "__main__":
    main()
