// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_GSS_SASL_MECHANISM_H_
#define GSSLOOP_GSS_SASL_MECHANISM_H_

#include <string>
#include <string_view>
#include <vector>

#include "gssloop/gss/mechanisms.h"

namespace gssloop::gss {

// The GSS-API mechanisms of a machine that the SASL module offers, and their names. The module and
// the command use the same functions. All of them are pure.

// SaslFamily is the specification by which a SASL mechanism uses a GSS-API mechanism.
enum class SaslFamily {
  kGs2,     // RFC 5801
  kGssapi,  // RFC 4752
  kSpnego,  // [MS-SPNG]
};

// kMaxSaslNameLen is the longest SASL name, in octets, that libsasl accepts with "-PLUS" after it.
inline constexpr std::size_t kMaxSaslNameLen = 15;

// why_not_gs2 returns, as a clause, the reason why a mechanism is not offered as a GS2 mechanism;
// empty if it is. `named` are the SASL names that the option gssloop_mechanisms lists, or null
// without it.
std::string why_not_gs2(const Mechanism& mechanism, const std::vector<std::string>* named);

// SaslMechanism is one SASL mechanism that the module offers.
struct SaslMechanism {
  SaslFamily family = SaslFamily::kGs2;
  std::string sasl_name;  // without -PLUS
  Mechanism gss_mechanism;
  bool binds_channels = true;  // libsasl may offer it with -PLUS
};

// sasl_mechanisms lists the offered mechanisms, in the order in which libsasl gets them: "GSSAPI"
// if the machine has Kerberos, "GSS-SPNEGO" if it has SPNEGO, and the GS2 mechanisms (RFC 5801
// sections 3 and 14: never negotiation mechanisms; only mechanisms that bind channels and
// authenticate both sides). `named` as above.
std::vector<SaslMechanism> sasl_mechanisms(const MechanismRegistry& registry,
                                           const std::vector<std::string>* named);

// lists says whether a list that an administrator wrote has a SASL name, in any case. without_plus
// returns a name without "-PLUS" at its end, in any case: libsasl takes both for one mechanism.
bool lists(const std::vector<std::string>& names, std::string_view sasl_name);
std::string_view without_plus(std::string_view sasl_name) noexcept;

// sasl_names lists the SASL names, without -PLUS, that an option may name: "GSSAPI", "GSS-SPNEGO",
// and each mechanism of the machine that can be a GS2 mechanism, whether or not it is offered.
std::vector<std::string> sasl_names(const MechanismRegistry& registry);

}  // namespace gssloop::gss

#endif  // GSSLOOP_GSS_SASL_MECHANISM_H_
