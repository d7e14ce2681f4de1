// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_SERVER_PLUGIN_H_
#define GSSLOOP_PLUGIN_SERVER_PLUGIN_H_

#include <string>
#include <utility>

#include "plugin/acceptor_credentials.h"

namespace gssloop::plugin {

// ServerPlugin is what all logins of a server process share. Made at plugin init, freed with the
// last mechanism; immutable but for the credentials, which take care of themselves.
struct ServerPlugin {
  ServerPlugin(std::string realm, std::string default_keytab)
      : default_realm(std::move(realm)), credentials(std::move(default_keytab)) {}

  const std::string default_realm;  // empty: none
  AcceptorCredentials credentials;
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_SERVER_PLUGIN_H_
