// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_SASL_MECHANISM_H_
#define GSSLOOP_PLUGIN_SASL_MECHANISM_H_

#include <string>
#include <vector>

#include "gssloop/gss/sasl_mechanism.h"
#include "plugin/sasl/options.h"

namespace gssloop::plugin {

using Family = gss::SaslFamily;
using gss::SaslMechanism;

// arrives_at is the GSS-API mechanism that a context of `mech` must have in the end: SPNEGO is
// there to arrive at Kerberos, since names of other mechanisms may look like those of its users,
// but are not theirs; every other is there for itself.
gss::Oid arrives_at(const gss::Oid& mech);

// registered_mechanisms lists what is offered (gss::sasl_mechanisms) under the application's
// options.
std::vector<SaslMechanism> registered_mechanisms(const gss::MechanismRegistry& registry,
                                                 const Options& options);

// security_flags, features and max_ssf are what libsasl knows a mechanism by. They are chosen so
// that a client that picks by strength takes a mechanism with a security layer where it did before
// (GSS-SPNEGO, then GSSAPI, then GS2), and this module's where others offer the same name.
unsigned security_flags(const SaslMechanism& mechanism);
unsigned client_features(const SaslMechanism& mechanism);
unsigned server_features(const SaslMechanism& mechanism);
unsigned max_ssf(const SaslMechanism& mechanism);

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_SASL_MECHANISM_H_
