// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/sasl/mechanism.h"

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

namespace gssloop::plugin {

// libsasl's limit applies to the name with "-PLUS".
static_assert(gss::kMaxSaslNameLen == SASL_MECHNAMEMAX - 5);

gss::Oid arrives_at(const gss::Oid& mech) {
  return mech == gss::Oid::spnego() ? gss::Oid::krb5() : mech;
}

std::vector<SaslMechanism> registered_mechanisms(const gss::MechanismRegistry& registry,
                                                 const Options& options) {
  auto mechanisms =
      gss::sasl_mechanisms(registry, options.mechanisms ? &*options.mechanisms : nullptr);
  for (SaslMechanism& mechanism : mechanisms) {
    // GS2 binds its header, with or without a binding of the application.
    mechanism.binds_channels = mechanism.family == Family::kGs2 || options.binds_channels;
  }
  return mechanisms;
}

unsigned security_flags(const SaslMechanism& mechanism) {
  unsigned flags = SASL_SEC_NOPLAINTEXT | SASL_SEC_NOACTIVE | SASL_SEC_NOANONYMOUS |
                   SASL_SEC_MUTUAL_AUTH | SASL_SEC_PASS_CREDENTIALS;
#ifdef SASL_SEC_NONSTD_CBIND
  // In libsasl's development branch an application asks with this flag that GSSAPI and GSS-SPNEGO
  // use its channel binding. This module's do so in any case, but libsasl then offers only
  // mechanisms that declare the flag.
  if (mechanism.binds_channels) flags |= SASL_SEC_NONSTD_CBIND;
#endif
  // A passive listener cannot guess passwords from the exchange of a service ticket. For other
  // mechanisms this is not known.
  const gss::Oid& oid = mechanism.gss_mechanism.oid;
  const bool is_ticket = oid == gss::Oid::krb5() || oid == gss::Oid::spnego();
  return is_ticket ? flags | SASL_SEC_NODICTIONARY : flags;
}

namespace {

unsigned common_features(const SaslMechanism& mechanism) {
  return SASL_FEAT_WANT_CLIENT_FIRST | (mechanism.binds_channels ? SASL_FEAT_CHANNEL_BINDING : 0U) |
         (mechanism.family == Family::kSpnego ? SASL_FEAT_SUPPORTS_HTTP : 0U);
}

}  // namespace

unsigned client_features(const SaslMechanism& mechanism) {
  // GSS-SPNEGO carries no authorization identity. A client that must act as another user selects
  // another mechanism. For a server the absence only means that no client acts as another user.
  const bool carries_authzid = mechanism.family != Family::kSpnego;
  return common_features(mechanism) | SASL_FEAT_NEEDSERVERFQDN |
         (carries_authzid ? SASL_FEAT_ALLOWS_PROXY : 0U);
}

unsigned server_features(const SaslMechanism& mechanism) {
  return common_features(mechanism) | SASL_FEAT_ALLOWS_PROXY | SASL_FEAT_DONTUSE_USERPASSWD;
}

// GS2 has no security layer (RFC 5801 section 12); AES-256 is the strongest cipher of Kerberos.
unsigned max_ssf(const SaslMechanism& mechanism) {
  return mechanism.family == Family::kGs2 ? 0 : 256;
}

}  // namespace gssloop::plugin
