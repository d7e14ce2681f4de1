// SPDX-License-Identifier: BSD-2-Clause
#include "bench/sasl_calls.h"

#include <sasl/saslplug.h>

#include <stdexcept>

#include "bench/logins.h"

namespace gssloop::bench {
namespace {

int look_up(void* /*glob_context*/, sasl_server_params_t* /*params*/, unsigned /*flags*/,
            const char* /*user*/, unsigned /*user_len*/) {
  return SASL_OK;
}

int init_any_user(const sasl_utils_t* /*utils*/, int /*max_version*/, int* out_version,
                  sasl_auxprop_plug_t** out_plug, const char* /*name*/) {
  static char name[] = "any-user";
  static sasl_auxprop_plug_t plug = {0, 0, nullptr, nullptr, look_up, name, nullptr};
  *out_version = SASL_AUXPROP_PLUG_VERSION;
  *out_plug = &plug;
  return SASL_OK;
}

void check(const testing::SaslSide& side, const testing::Turn& turn, const char* side_name) {
  if (turn.code != SASL_OK) throw std::runtime_error(std::string(side_name) + ": " + side.error());
}

}  // namespace

Library::Library()
    : library_(testing::LibrarySetup{.server_name = kServerName, .log = {kLogLevel}}) {
  const int result = sasl_auxprop_add_plugin("any-user", init_any_user);
  if (result != SASL_OK) {
    throw std::runtime_error(std::string("sasl_auxprop_add_plugin: ") +
                             sasl_errstring(result, nullptr, nullptr));
  }
  add_nothing();
}

void checked_login(testing::SaslClient* client, testing::SaslServer* server,
                   const std::string& mechanism) {
  const testing::Login login = testing::log_in(client, server, mechanism);
  check(*server, login.server, "server");
  check(*client, login.client, "client");
}

}  // namespace gssloop::bench
