// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_AUTHZ_PAC_PAC_H_
#define GSSLOOP_AUTHZ_PAC_PAC_H_

#include <optional>
#include <string>
#include <vector>

#include "gssloop/base/bytes.h"

// Readers of single buffers of a PAC ([MS-PAC]), as MIT krb5 hands them out: the value of the
// attribute "urn:mspac:..." is the buffer alone, without the PAC's header.
//
// That a buffer is authenticated says who signed it, not that it is whole or well-formed: MIT krb5
// checks the signatures, compares client-info with the ticket, and looks at nothing else. Each
// reader takes exactly the form of its section and refuses (nullopt) all else: it fills nothing in,
// and there is never a part of a list. A refused buffer makes the attribute unknown to a rule,
// which denies wherever it could matter.
//
// The readers take any octets and look at none outside of `buffer`. Time and memory are in
// proportion to its length, whatever the counts in it say. They keep nothing, and any number of
// threads may call them at once. Out of memory throws std::bad_alloc.

namespace gssloop::authz {

// kMaxPacGroups bounds each of the three lists that read_pac_groups reads; a longer one is refused.
// Windows lets nobody log on with more than 1015 groups, all lists together.
inline constexpr std::size_t kMaxPacGroups = 4096;

// What PAC_CLIENT_INFO says ([MS-PAC] 2.7).
struct PacClientInfo {
  std::string name;        // UTF-8, not empty, no control characters; the realm may be part of it
  std::string logon_time;  // of the first ticket: UTC without fractions, "2026-11-22T08:51:39Z"
};

// read_pac_client_info reads "urn:mspac:client-info". Refused as well: a time of 0, or after the
// year 9999.
std::optional<PacClientInfo> read_pac_client_info(ByteView buffer);

// read_pac_groups reads "urn:mspac:logon-info" (KERB_VALIDATION_INFO, [MS-PAC] 2.5) and returns the
// SIDs ("S-1-5-21-...-513") of all the groups that it makes the user a member of, each once: the
// primary group if it is not among the GroupIds, the GroupIds, the ExtraSids, the ResourceGroupIds.
// The list may name what no directory lists as a group, such as S-1-18-1 (how the KDC knows
// the user), and lacks what a server would add itself (Everyone, its local groups).
// Which domains a KDC may speak for is for the KDCs on the way to check (SID filtering).
//
// Refused as well, because a server that guessed could be wrong:
// - A group that is not enabled, or is for denials only: it must neither let anybody in nor be
//   missing where a rule denies. No KDC is known to send one. (Section 2.2.1 knows no bit for
//   denials, and has readers ignore the bits that it does not know; so it is with all others.)
// - ExtraSids or resource groups although UserFlags says that there are none (bits D and H), which
//   section 2.5 forbids. Readers differ: Samba counts such ExtraSids and passes over such resource
//   groups. The contrary, a bit without a list, is taken: it leaves no doubt, and Windows KDCs were
//   seen to do it.
// - A UserId of 0: the first of the ExtraSids is the user then, not a group.
std::optional<std::vector<std::string>> read_pac_groups(ByteView buffer);

// read_pac_requestor_sid reads PAC_REQUESTOR ([MS-PAC] 2.15), in MIT krb5 1.20 "urn:mspac:18": the
// SID of the user who asked for the first ticket.
std::optional<std::string> read_pac_requestor_sid(ByteView buffer);

// What UPN_DNS_INFO says ([MS-PAC] 2.10), in UTF-8, without control characters.
struct PacUpn {
  std::string upn;         // never empty; may be made up from the name, and need not be unique
  std::string dns_domain;  // never empty
  // Only where the buffer says that it holds them (bit S of its flags), and then never empty.
  std::string sam_name;
  std::string sid;  // of the user
};

// read_pac_upn reads "urn:mspac:upn-dns-info". The parts may come in any order, but must lie one
// after the other: what separates them, and what follows the last, is padding of at most 7 octets.
std::optional<PacUpn> read_pac_upn(ByteView buffer);

}  // namespace gssloop::authz

#endif  // GSSLOOP_AUTHZ_PAC_PAC_H_
