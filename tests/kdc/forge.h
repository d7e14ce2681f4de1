// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_KDC_FORGE_H_
#define GSSLOOP_TESTS_KDC_FORGE_H_

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gssloop/gss/gssapi_c.h"
#include "tests/kdc/realm.h"

namespace gssloop::testing {

// The client of a forged ticket. Components are octets: blanks, '@', '\\', NUL and what is not
// UTF-8 are all kept as they are.
struct ForgedPrincipal {
  std::vector<std::string> components;
  std::string realm = "EXAMPLE.TEST";
  std::int32_t name_type = 1;  // KRB5_NT_PRINCIPAL
};

// kMissing: indicators are in the ticket without a CAMMAC around them (MIT lists none).
// kNoVerifier: in a CAMMAC without a signature (MIT 1.20 refuses the ticket, minor EINVAL).
enum class Signature { kGood, kBad, kMissing, kNoVerifier };

// How a PAC differs from the one that a KDC would put into the ticket.
struct PacVariation {
  std::vector<std::string> client = {};     // the client that it names; empty: the ticket's
  std::chrono::seconds authtime_offset{0};  // from the ticket's authentication time
  std::string rodc_identifier = {};         // 2 octets behind each signature; empty: none
  std::string second_logon_info = {};       // one more such buffer; empty: none
  int num_containers = 1;                   // the number of AD-IF-RELEVANT around it
};

// One more PAC of a ticket, behind the first.
struct FurtherPac {
  Signature signature = Signature::kGood;
  std::string logon_info = {};
};

// A service ticket as a KDC would make it, made with the service's key.
struct ForgedTicket {
  ForgedPrincipal client;
  // As the initiator will name it; without a realm it is of the first one.
  std::string service = "imap/localhost";
  std::string keytab = {};  // empty: the realm's default keytab
  // The key that encrypts the ticket and signs the PAC; 0: the first of the newest version.
  krb5_kvno kvno = 0;
  krb5_enctype enctype = 0;
  // No value: no PAC. Other than kGood is kBad. The client's name must be UTF-8 then. A PAC holds
  // client-info, both checksums, unless empty the octets of `logon_info`, and other buffers by
  // their types ([MS-PAC] 2.4).
  std::optional<Signature> pac = {};
  std::string logon_info = {};
  std::map<std::uint32_t, std::string> pac_buffers = {};
  PacVariation pac_variation = {};
  std::vector<FurtherPac> further_pacs = {};
  // No value: no indicators. The signature is the CAMMAC's service verifier.
  std::optional<std::vector<std::string>> indicators = {};
  Signature indicators_signature = Signature::kGood;
  std::chrono::seconds start{-60};  // relative to now; both negative: an expired ticket
  std::chrono::seconds end{3600};
};

// forge_ticket replaces `ccache` by one that holds the forged ticket alone. An ordinary initiator
// that uses the cache sends it and asks no KDC. Returns the octets of the ticket's PACs, without
// containers. Throws RealmError.
std::vector<std::string> forge_ticket(const Realm& realm, const ForgedTicket& ticket,
                                      const std::string& ccache);

// The files of a realm that another process has, such as with_kdc.
struct RealmFiles {
  std::string krb5_conf;
  std::string keytab;  // the default of ForgedTicket::keytab
};
std::vector<std::string> forge_ticket(const RealmFiles& realm, const ForgedTicket& ticket,
                                      const std::string& ccache);

// What an initial token says that MIT's own initiator would not let a test choose.
struct ForgedApReq {
  std::string service = "imap/localhost";
  std::string ccache = {};                     // empty: the realm's default
  OM_uint32 flags = GSS_C_MUTUAL_FLAG;         // those in the checksum of RFC 4121 4.1.1
  std::array<std::uint8_t, 16> bindings = {};  // its Bnd field; zero: none were given
  std::chrono::seconds clock_offset{0};        // of the authenticator's time
};

// forged_ap_req returns a framed initial token (RFC 2743 3.1) of the krb5 mechanism, made by
// libkrb5 without any GSS-API. An expired ticket is sent as it is. Throws RealmError.
std::string forged_ap_req(const Realm& realm, const ForgedApReq& request);

// initial_token returns what plain gss_init_sec_context gives first, for "imap@localhost" and the
// default credential of this process's environment; `bindings` may be GSS_C_NO_CHANNEL_BINDINGS.
// Throws RealmError.
std::string initial_token(const std::string& host_based_service, OM_uint32 req_flags,
                          gss_channel_bindings_t bindings = GSS_C_NO_CHANNEL_BINDINGS);

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_KDC_FORGE_H_
