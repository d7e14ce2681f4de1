// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_EXCHANGE_SERVER_SESSION_H_
#define GSSLOOP_PLUGIN_EXCHANGE_SERVER_SESSION_H_

#include <memory>
#include <optional>
#include <string>

#include "gssloop/loop/established_context.h"
#include "plugin/server/acceptor_pool.h"
#include "plugin/server/auxprops.h"

namespace gssloop::plugin {

// ServerSession is what a server keeps of a complete login, as long as libsasl keeps the exchange:
// the context, the properties, and all that libsasl's output parameters point to. Connections may
// be idle for hours, so it has nothing that only the login needs.
struct ServerSession {
  ServerSession(const SaslUtils& sasl, propctx* propctx_of_libsasl)
      : properties(sasl, propctx_of_libsasl) {}

  AuxProps properties;
  std::optional<loop::EstablishedContext> context;
  // The server's name is of one of the two; libsasl points to it.
  std::shared_ptr<AcceptorPool> pool;             // null: the application's own credential
  gss::Name acceptor_name;                        // from the context; empty unless it was asked for
  gss_cred_id_t delegated = GSS_C_NO_CREDENTIAL;  // borrowed from the context
  std::string binding_name;                       // of SASL_CB_DISP_USED
  bool is_verbose = false;                        // option gssloop_verbose_errors
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_EXCHANGE_SERVER_SESSION_H_
