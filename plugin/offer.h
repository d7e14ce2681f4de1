// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_OFFER_H_
#define GSSLOOP_PLUGIN_OFFER_H_

#include <string>
#include <vector>

#include "lib/gss/mechanisms.h"
#include "plugin/options.h"

namespace gssloop::plugin {

// why_not_gs2 says in a clause why a mechanism is not offered as a GS2 mechanism; empty when it is.
// `named` are the SASL names that the option gssloop_mechanisms lists, or null without it.
std::string why_not_gs2(const gss::Mechanism& mechanism, const std::vector<std::string>* named);

// gs2_mechanisms picks from the machine's mechanisms those that are offered (RFC 5801 sections 3
// and 14: never negotiation mechanisms; only such that bind channels and authenticate both sides).
std::vector<gss::Mechanism> gs2_mechanisms(const gss::MechanismRegistry& registry,
                                           const Options& options);

// security_flags and the features are the same for client and server, and chosen so that a client
// that picks by strength still prefers a mechanism with a security layer where it did before.
unsigned gs2_security_flags(const gss::Mechanism& mechanism);

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_OFFER_H_
