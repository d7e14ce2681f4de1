// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/mech/kerberos_negotiation.h"

#include "gssloop/gss/negotiation_token.h"

namespace gssloop::plugin {

std::string why_not_kerberos(ByteView token) {
  if (token.empty()) return {};
  const auto mechanisms = gss::negotiable_mechanisms(token);
  if (!mechanisms) return "the mechanism returned a token that is not one of SPNEGO";
  for (const gss::Oid& oid : *mechanisms) {
    if (gss::names_kerberos(oid)) continue;
    return "SPNEGO would negotiate the mechanism " + oid.dotted() +
           ", which is not Kerberos - restrict the application's credential (SASL_GSS_CREDS) with "
           "gss_set_neg_mechs";
  }
  return {};
}

}  // namespace gssloop::plugin
