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

// arrives_at is the GSS-API mechanism that a context of `mech` must have in the end: SPNEGO must
// negotiate Kerberos, because names of other mechanisms can look like names of Kerberos users
// without being theirs. For every other mechanism it is the mechanism itself.
gss::Oid arrives_at(const gss::Oid& mech);

// registered_mechanisms lists the offered mechanisms (gss::sasl_mechanisms) under the application's
// options.
std::vector<SaslMechanism> registered_mechanisms(const gss::MechanismRegistry& registry,
                                                 const Options& options);

// security_flags, features and max_ssf describe a mechanism to libsasl. Their values make a client
// that selects by strength select a mechanism with a security layer as before (GSS-SPNEGO, then
// GSSAPI, then GS2), and this module's mechanism if other modules offer the same name.
unsigned security_flags(const SaslMechanism& mechanism);
unsigned client_features(const SaslMechanism& mechanism);
unsigned server_features(const SaslMechanism& mechanism);
unsigned max_ssf(const SaslMechanism& mechanism);

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_SASL_MECHANISM_H_
