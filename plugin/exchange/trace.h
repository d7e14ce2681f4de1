// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_EXCHANGE_TRACE_H_
#define GSSLOOP_PLUGIN_EXCHANGE_TRACE_H_

#include <string>

#include "config.h"
#include "gssloop/authz/decision.h"
#include "gssloop/gss/attributes.h"
#include "gssloop/loop/step.h"
#include "plugin/layer/security_layer.h"
#include "plugin/sasl/sasl_utils.h"

namespace gssloop::plugin {

// trace_step logs, at SASL_LOG_DEBUG, the loop's decision on one leg: the side, the row of the
// table, and the token's length in bytes. Never a token.
void trace_step(const SaslUtils& sasl, const char* who, unsigned num_legs, const loop::Step& step);

// trace_attributes logs, at SASL_LOG_DEBUG, the attributes of the peer's name, and whether they are
// authenticated and complete. Never a value.
void trace_attributes(const SaslUtils& sasl, gss::SourceAttributes* source);

// trace_decision logs the result of each rule of the policy, with its place.
void trace_decision(const SaslUtils& sasl, const authz::LoginDecision& decision);

// trace_layer logs, at SASL_LOG_DEBUG, the negotiated security layer; null: there is none.
void trace_layer(const SaslUtils& sasl, const char* who, const SecurityLayer* layer);

// is_tracing says whether the application's log has this level.
inline bool is_tracing(const sasl_server_params_t& params) noexcept {
  return params.log_level >= SASL_LOG_DEBUG;
}
inline bool is_tracing(const sasl_client_params_t& params) noexcept {
#if HAVE_STRUCT_SASL_CLIENT_PARAMS_LOG_LEVEL
  return params.log_level >= SASL_LOG_DEBUG;
#else
  // Without this field a client cannot learn the level; libsasl drops lines above its own level.
  static_cast<void>(params);
  return true;
#endif
}

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_EXCHANGE_TRACE_H_
