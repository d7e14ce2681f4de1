// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_TRIAL_LOGIN_OPTIONS_H_
#define GSSLOOP_TOOLS_TRIAL_LOGIN_OPTIONS_H_

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "gssloop/base/flags.h"
#include "gssloop/base/result.h"
#include "gssloop/gss/context.h"
#include "gssloop/gss/oid.h"
#include "gssloop/gss/per_message.h"
#include "gssloop/io/transport.h"
#include "gssloop/loop/negotiation.h"
#include "tools/command.h"

namespace gssloop::tools {

// The options of the subcommands that log in, and what they mean.

// LoginOptions holds the values of the command line.
struct LoginOptions {
  std::string mechanism = {};             // a name or an OID; empty is the default
  std::string flags = {};                 // to ask for, with commas; empty is the command's default
  std::string required = {};              // the same
  std::vector<std::string> binding = {};  // parts, concatenated in this order
  bool is_integrity_only = false;
  unsigned timeout = 60;  // seconds, 0 is for ever
  loop::Limits limits = {};
};

// add_login_options adds the options that both sides know to *list.
void add_login_options(LoginOptions* options, std::vector<Option>* list);

// LoginTerms is the meaning of these values.
struct LoginTerms {
  gss::Oid mech;  // empty: the default
  std::optional<Flags> flags, required;
  std::optional<gss::ChannelBindings> bindings;
  gss::Protection protection = gss::Protection::kConfidentiality;
  std::chrono::seconds patience{0};

  io::Deadline deadline() const;
};

// check_usage says what is wrong with an option. It reads no file.
std::optional<Error> check_usage(const LoginOptions& options);

// terms_of fails if an option is wrong, or names a file that cannot be read.
Result<LoginTerms, Error> terms_of(const LoginOptions& options);

// needed_for_data lists the flags that the protection of `terms` needs.
Flags needed_for_data(const LoginTerms& terms);

// These parse values of options. parse_flags takes the names of to_string(Flags), or "none", with
// commas. parse_mechanism takes "krb5", "spnego", "iakerb", a SASL name or a dotted OID.
Result<Flags, Error> parse_flags(std::string_view names);
Result<gss::Oid, Error> parse_mechanism(const std::string& text);

// target_name makes the acceptor's name of "imap@host", of "imap" (on `host`), or of a Kerberos
// principal, which has a slash.
gss::Result<gss::Name> target_name(const std::string& service, const std::string& host);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_TRIAL_LOGIN_OPTIONS_H_
