// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/offer.h"

#include <sasl/sasl.h>
#include <sasl/saslplug.h>
#include <strings.h>

#include <algorithm>

namespace gssloop::plugin {
namespace {

// libsasl's limit is for the name with "-PLUS".
constexpr std::size_t kMaxNameLen = SASL_MECHNAMEMAX - 5;

bool lists(const std::vector<std::string>& names, const std::string& sasl_name) {
  return std::ranges::any_of(names, [&](const std::string& name) {
    return strcasecmp(name.c_str(), sasl_name.c_str()) == 0;
  });
}

}  // namespace

std::string why_not_gs2(const gss::Mechanism& mechanism, const std::vector<std::string>* named) {
  if (mechanism.sasl_name.empty()) return "it has no SASL name";
  if (mechanism.sasl_name.size() > kMaxNameLen) return "its SASL name is too long for libsasl";
  if (mechanism.is_negotiation) return "it negotiates other mechanisms (RFC 5801 section 14)";
  if (mechanism.is_pseudo) return "it is not a mechanism of its own";
  if (mechanism.is_deprecated) return "it is deprecated";
  if (!mechanism.binds_channels) return "it does not support channel bindings";
  if (!mechanism.authenticates_initiator || !mechanism.authenticates_target) {
    return "it does not authenticate both sides";
  }
  if (named != nullptr && !lists(*named, mechanism.sasl_name)) {
    return "gssloop_mechanisms does not list it";
  }
  // IAKERB among them: it sends a password's proof through the server, and MIT 1.20's acceptor
  // calls contexts complete that do not exist.
  if (named == nullptr && !mechanism.is_default) {
    return "it is not a default mechanism, and gssloop_mechanisms does not list it";
  }
  return {};
}

gss::Oid arrives_at(const gss::Oid& mech) {
  return mech == gss::Oid::spnego() ? gss::Oid::krb5() : mech;
}

std::vector<Offer> offers(const gss::MechanismRegistry& registry, const Options& options) {
  const auto* named = options.mechanisms ? &*options.mechanisms : nullptr;
  std::vector<Offer> offered;
  const auto add = [&](Family family, const char* sasl_name, const gss::Oid& oid) {
    const gss::Mechanism* mechanism = registry.find(oid);
    if (mechanism == nullptr || (named != nullptr && !lists(*named, sasl_name))) return;
    offered.push_back({family, sasl_name, *mechanism, options.binds_channels});
  };
  // libsasl puts the later of two equal mechanisms first.
  add(Family::kGssapi, "GSSAPI", gss::Oid::krb5());
  add(Family::kSpnego, "GSS-SPNEGO", gss::Oid::spnego());
  for (const gss::Mechanism& mechanism : registry.all()) {
    if (!why_not_gs2(mechanism, named).empty()) continue;
    offered.push_back({Family::kGs2, mechanism.sasl_name, mechanism});
  }
  return offered;
}

unsigned security_flags(const Offer& offer) {
  const unsigned flags = SASL_SEC_NOPLAINTEXT | SASL_SEC_NOACTIVE | SASL_SEC_NOANONYMOUS |
                         SASL_SEC_MUTUAL_AUTH | SASL_SEC_PASS_CREDENTIALS;
  // A passive listener learns nothing to guess passwords by from a service ticket's exchange. Of
  // other mechanisms that is not known.
  const gss::Oid& oid = offer.mechanism.oid;
  const bool is_ticket = oid == gss::Oid::krb5() || oid == gss::Oid::spnego();
  return is_ticket ? flags | SASL_SEC_NODICTIONARY : flags;
}

namespace {

unsigned common_features(const Offer& offer) {
  return SASL_FEAT_WANT_CLIENT_FIRST | (offer.binds_channels ? SASL_FEAT_CHANNEL_BINDING : 0U) |
         (offer.family == Family::kSpnego ? SASL_FEAT_SUPPORTS_HTTP : 0U);
}

}  // namespace

unsigned client_features(const Offer& offer) {
  // GSS-SPNEGO carries no authorization identity. A client that has to act as somebody else takes
  // another mechanism; a server can only see that nobody does.
  const bool carries_authzid = offer.family != Family::kSpnego;
  return common_features(offer) | SASL_FEAT_NEEDSERVERFQDN |
         (carries_authzid ? SASL_FEAT_ALLOWS_PROXY : 0U);
}

unsigned server_features(const Offer& offer) {
  return common_features(offer) | SASL_FEAT_ALLOWS_PROXY | SASL_FEAT_DONTUSE_USERPASSWD;
}

// GS2 has no security layer (RFC 5801 section 12); AES-256 is the strongest cipher of Kerberos.
unsigned max_ssf(const Offer& offer) { return offer.family == Family::kGs2 ? 0 : 256; }

}  // namespace gssloop::plugin
