// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_OFFER_H_
#define GSSLOOP_PLUGIN_OFFER_H_

#include <string>
#include <vector>

#include "gssloop/gss/sasl_offer.h"
#include "plugin/options.h"

namespace gssloop::plugin {

using Family = gss::SaslFamily;

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

// offers lists what is offered (gss::sasl_offers) under the application's options.
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
