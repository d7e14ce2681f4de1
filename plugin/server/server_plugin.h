// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_SERVER_SERVER_PLUGIN_H_
#define GSSLOOP_PLUGIN_SERVER_SERVER_PLUGIN_H_

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "plugin/audit/trail.h"
#include "plugin/server/acceptor_credentials.h"
#include "plugin/server/policies.h"

namespace gssloop::plugin {

// ServerPlugin is what all logins of a server process share. Made at plugin init, freed with the
// last mechanism; immutable except for the credentials and policies, which synchronise their own
// changes, and flags.
struct ServerPlugin {
  ServerPlugin(std::string realm, std::vector<authz::MechanismName> mechanisms,
               std::vector<std::string> names)
      : default_realm(std::move(realm)),
        sasl_names(std::move(names)),
        policies(std::move(mechanisms)) {}

  const std::string default_realm;            // empty: none
  const std::vector<std::string> sasl_names;  // for Options::read
  AcceptorCredentials credentials;
  Policies policies;
  audit::Trail trail;
  // A missing key was logged as an error. Each listing of mechanisms finds it again.
  std::atomic<bool> has_reported_missing_key = false;
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_SERVER_SERVER_PLUGIN_H_
