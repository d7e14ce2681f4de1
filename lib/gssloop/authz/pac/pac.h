// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_AUTHZ_PAC_PAC_H_
#define GSSLOOP_AUTHZ_PAC_PAC_H_

#include <optional>
#include <string>
#include <vector>

#include "gssloop/base/bytes.h"

// Readers of single buffers of a PAC ([MS-PAC]), as MIT krb5 returns them: the value of the
// attribute "urn:mspac:..." is only the buffer, without the PAC's header.
//
// An authenticated buffer has a known signer, but need not be complete or well-formed: MIT krb5
// checks only the signatures, and compares client-info with the ticket. Each reader accepts exactly
// the format of its section and refuses (nullopt) all else: it adds no missing value, and never
// returns a part of a list. A refused buffer makes the attribute unknown to rules, which then
// refuse the login if the attribute could matter.
//
// The readers accept any octets and read none outside of `buffer`. Time and memory are proportional
// to its length, whatever the counts in it are. They keep no state, and any number of threads may
// call them at once. They throw std::bad_alloc if memory runs out.

namespace gssloop::authz {

// kMaxPacGroups bounds each of the three lists that read_pac_groups reads; a longer list is
// refused. Windows refuses users with more than 1015 groups in all lists together.
inline constexpr std::size_t kMaxPacGroups = 4096;

// The content of PAC_CLIENT_INFO ([MS-PAC] 2.7).
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
// The list may contain SIDs that no directory lists as groups, such as S-1-18-1 (how the KDC
// authenticated the user). It does not contain the groups that a server adds itself (Everyone, its
// local groups). The KDCs on the way check for which domains a KDC may issue SIDs (SID filtering).
//
// These buffers are refused as well, because a guess could be wrong:
// - A group that is not enabled, or is for denials only: it must not admit a user, and it must not
//   be missing for a deny. No KDC is known to send one. (Section 2.2.1 has no bit for denials, and
//   readers must ignore the bits that it does not define; the readers do so with all other bits.)
// - ExtraSids or resource groups although UserFlags says that there are none (bits D and H), which
//   section 2.5 forbids. Readers differ: Samba counts such ExtraSids and ignores such resource
//   groups. The opposite, a bit without a list, is accepted: it is unambiguous, and Windows KDCs
//   send it.
// - A UserId of 0: the first of the ExtraSids is the user then, not a group.
std::optional<std::vector<std::string>> read_pac_groups(ByteView buffer);

// read_pac_user_sid reads the SID of the user from "urn:mspac:logon-info" (LogonDomainId and
// UserId, [MS-PAC] 2.5) or "urn:mspac:upn-dns-info" (2.10). No octets have both forms: as
// UPN_DNS_INFO, the first octets of a logon-info would put the UPN into the header. It refuses what
// read_pac_groups and read_pac_upn refuse. Empty: a upn-dns-info that does not contain a SID.
std::optional<std::string> read_pac_user_sid(ByteView buffer);

// read_pac_requestor_sid reads PAC_REQUESTOR ([MS-PAC] 2.15), in MIT krb5 1.20 "urn:mspac:18": the
// SID of the user who asked for the first ticket.
std::optional<std::string> read_pac_requestor_sid(ByteView buffer);

// The content of UPN_DNS_INFO ([MS-PAC] 2.10), in UTF-8, without control characters.
struct PacUpn {
  std::string upn;         // never empty; may be made up from the name, and need not be unique
  std::string dns_domain;  // never empty
  // Only if the buffer says that it contains them (bit S of its flags), and then never empty.
  std::string sam_name;
  std::string sid;  // of the user
};

// read_pac_upn reads "urn:mspac:upn-dns-info". The parts may have any order, but must follow one
// another: only padding of at most 7 octets may be between them and after the last.
std::optional<PacUpn> read_pac_upn(ByteView buffer);

}  // namespace gssloop::authz

#endif  // GSSLOOP_AUTHZ_PAC_PAC_H_
