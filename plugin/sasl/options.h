// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_SASL_OPTIONS_H_
#define GSSLOOP_PLUGIN_SASL_OPTIONS_H_

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gssloop/base/result.h"
#include "gssloop/gss/sasl_mechanism.h"
#include "gssloop/loop/negotiation.h"
#include "plugin/sasl/ccache_store.h"
#include "plugin/sasl/sasl_utils.h"

namespace gssloop::plugin {

// ServicePrincipal says which keys of a keytab a service may use (option service_principal).
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

// AcceptorOptions are the options on which a server's credential depends. The module reads them
// whenever libsasl lists mechanisms. Every value is valid, so reading them never fails.
struct AcceptorOptions {
  std::string keytab;  // empty: Kerberos' default
  ServicePrincipal service_principal;

  // is_told_to_offer: the administrator wants logins with this mechanism, because libsasl's own
  // option mech_list names it (also with -PLUS), or an option says which key the server has.
  bool is_told_to_offer(std::string_view sasl_name, const SaslUtils& sasl) const;

  static AcceptorOptions read(const SaslUtils& sasl);
};

// AuditOptions say where a server records the decisions about logins.
struct AuditOptions {
  enum class To { kNothing, kSyslog, kFile };
  To to = To::kNothing;
  std::string path;  // of kFile, absolute
  // A login of which no line can be written is refused.
  bool is_required = false;
  std::vector<std::string> values;  // the local attributes whose values the lines have

  // check returns the error of options that contradict each other, each of which is valid alone.
  std::optional<Error> check() const;

  // read fails as Options::read does.
  static Result<AuditOptions, Error> read(const SaslUtils& sasl);
};

// Options are the module's options (gssloop-sasl(7), section OPTIONS). The module reads them once
// for each login, because applications may answer differently for each connection.
struct Options : AcceptorOptions {
  // GSSAPI: a server accepts the choice of both integrity and confidentiality as confidentiality,
  // and a client makes that choice.
  bool ad_compat = false;
  // The ccache in which a server stores delegated credentials. The application gets them as well.
  std::optional<CcacheStore> ccache_store;
  // The policy, a file or a folder; nullopt: the compiled-in path, where no file need exist.
  std::optional<std::string> policy;
  // SASL names to offer, as written; nullopt: all that are eligible; empty: none.
  std::optional<std::vector<std::string>> mechanisms;
  // SASL names whose acceptor may leave GSS_C_CHANNEL_BOUND_FLAG clear in GS2.
  std::vector<std::string> allow_unbound;
  // SASL names, without -PLUS, in which a client may use the application's password; nullopt: those
  // of the GS2 mechanisms.
  std::optional<std::vector<std::string>> password_mechanisms;
  // GSSAPI and GSS-SPNEGO pass the application's channel binding.
  bool binds_channels = true;
  bool sends_error_token = true;
  bool is_anonymous = false;
  bool is_verbose = false;
  loop::Limits limits;
  AuditOptions audit;

  bool allows_unbound(std::string_view sasl_name) const;
  // allows_password says whether a client may ask the application for a password, and send requests
  // to the KDC with it. By default GSSAPI and GSS-SPNEGO may not: other modules never ask there,
  // and the password that an application has may be for another purpose.
  bool allows_password(const gss::SaslMechanism& mechanism) const;

  // read fails with one sentence that names the option, its value and the values that it accepts.
  // With a wrong option all logins fail, because a misspelt security setting must not be ignored.
  // `sasl_names` are the names that gssloop_password and gssloop_mechanisms may list
  // (gss::sasl_names).
  static Result<Options, Error> read(const SaslUtils& sasl,
                                     const std::vector<std::string>& sasl_names);
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_SASL_OPTIONS_H_
