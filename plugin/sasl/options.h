// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_SASL_OPTIONS_H_
#define GSSLOOP_PLUGIN_SASL_OPTIONS_H_

#include <compare>
#include <optional>
#include <string>
#include <vector>

#include "gssloop/base/result.h"
#include "gssloop/loop/negotiation.h"
#include "plugin/sasl/ccache_store.h"
#include "plugin/sasl/sasl_utils.h"

namespace gssloop::plugin {

// ServicePrincipal says which of a keytab's keys may answer for a service (option
// service_principal).
struct ServicePrincipal {
  enum class Kind {
    kServiceAtHost,  // not set: the application's service at the application's host
    kAnyHost,        // "*": the application's service at any host
    kAnyService,     // "**": whatever the keytab holds
    kNamed,          // one name, for every login
  };
  Kind kind = Kind::kServiceAtHost;
  std::string name;  // of kNamed: "imap/host@REALM" (a principal) or "imap@host"
  friend auto operator<=>(const ServicePrincipal&, const ServicePrincipal&) = default;
};

// AcceptorOptions are those that a server's credential depends on, which libsasl makes us look for
// whenever mechanisms are listed. They take every value, so that reading them never fails.
struct AcceptorOptions {
  std::string keytab;  // empty: Kerberos' default
  ServicePrincipal service_principal;

  static AcceptorOptions read(const SaslUtils& sasl);
};

// Options are what an administrator can set (gssloop-sasl(7), section OPTIONS). Read once for each
// login, since applications may answer differently for each connection.
struct Options : AcceptorOptions {
  // GSSAPI: a server takes the choice of integrity and confidentiality at once for the latter, a
  // client makes it.
  bool ad_compat = false;
  // Where a server keeps delegated credentials beside handing them to the application.
  std::optional<CcacheStore> ccache_store;
  // The policy, a file or a directory; nullopt: the compiled-in path, where nothing need be.
  std::optional<std::string> policy;
  // SASL names to offer, as written; nullopt: all that are eligible.
  std::optional<std::vector<std::string>> mechanisms;
  // SASL names whose acceptor may leave GSS_C_CHANNEL_BOUND_FLAG clear in GS2.
  std::vector<std::string> allow_unbound;
  // GSSAPI and GSS-SPNEGO pass the application's channel binding.
  bool binds_channels = true;
  bool sends_error_token = true;
  bool is_anonymous = false;
  bool is_verbose = false;
  loop::Limits limits;

  bool allows_unbound(std::string_view sasl_name) const;

  // read fails with one sentence that names the option, its value and what it takes. A wrong option
  // refuses logins: a security setting that was misspelt must not be ignored.
  static Result<Options, Error> read(const SaslUtils& sasl);
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_SASL_OPTIONS_H_
