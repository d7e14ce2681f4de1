// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_OFFER_H_
#define GSSLOOP_PLUGIN_OFFER_H_

#include <string>
#include <vector>

#include "gssloop/gss/mechanisms.h"
#include "plugin/options.h"

namespace gssloop::plugin {

// why_not_gs2 says in a clause why a mechanism is not offered as a GS2 mechanism; empty when it is.
// `named` are the SASL names that the option gssloop_mechanisms lists, or null without it.
std::string why_not_gs2(const gss::Mechanism& mechanism, const std::vector<std::string>* named);

// Family is what a SASL mechanism does with a GSS-API mechanism.
enum class Family {
  kGs2,     // RFC 5801
  kGssapi,  // RFC 4752
  kSpnego,  // [MS-SPNG]
};

// Offer is one SASL mechanism of this module.
struct Offer {
  Family family = Family::kGs2;
  std::string sasl_name;  // without -PLUS
  gss::Mechanism mechanism;
  bool binds_channels = true;  // libsasl may offer -PLUS
};

// arrives_at is the GSS-API mechanism that a context of `mech` must have in the end: SPNEGO is
// there to arrive at Kerberos, since names of other mechanisms may look like those of its users,
// but are not theirs; every other is there for itself.
gss::Oid arrives_at(const gss::Oid& mech);

// offers lists what is offered, in the order in which libsasl is told: "GSSAPI" where the machine
// has Kerberos, "GSS-SPNEGO" where it has that, and the GS2 mechanisms (RFC 5801 sections 3 and 14:
// never negotiation mechanisms; only such that bind channels and authenticate both sides).
std::vector<Offer> offers(const gss::MechanismRegistry& registry, const Options& options);

// security_flags, features and max_ssf are what libsasl knows a mechanism by. They are chosen so
// that a client that picks by strength takes a mechanism with a security layer where it did before
// (GSS-SPNEGO, then GSSAPI, then GS2), and this module's where others offer the same name.
unsigned security_flags(const Offer& offer);
unsigned client_features(const Offer& offer);
unsigned server_features(const Offer& offer);
unsigned max_ssf(const Offer& offer);

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_OFFER_H_
