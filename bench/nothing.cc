// SPDX-License-Identifier: BSD-2-Clause
// A SASL mechanism that does nothing, which shows what libsasl itself costs.
#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#include <stdexcept>

#include "bench/sasl_calls.h"

namespace gssloop::bench {
namespace {

constexpr char kUser[] = "alice";
constexpr unsigned kUserLen = sizeof kUser - 1;
// The same as those of this module's GS2.
constexpr unsigned kSecurityFlags = SASL_SEC_NOPLAINTEXT | SASL_SEC_NOACTIVE |
                                    SASL_SEC_NODICTIONARY | SASL_SEC_NOANONYMOUS |
                                    SASL_SEC_MUTUAL_AUTH;

void dispose(void* /*connection*/, const sasl_utils_t* /*utils*/) {}

int server_new(void* /*glob_context*/, sasl_server_params_t* /*params*/, const char*, unsigned,
               void** connection) {
  *connection = nullptr;
  return SASL_OK;
}

int server_step(void* /*connection*/, sasl_server_params_t* params, const char*, unsigned,
                const char** out, unsigned* out_len, sasl_out_params_t* result) {
  *out = nullptr;
  *out_len = 0;
  result->doneflag = 1;
  return params->canon_user(params->utils->conn, kUser, kUserLen,
                            SASL_CU_AUTHID | SASL_CU_AUTHZID | SASL_CU_EXTERNALLY_VERIFIED, result);
}

int client_new(void* /*glob_context*/, sasl_client_params_t* /*params*/, void** connection) {
  *connection = nullptr;
  return SASL_OK;
}

int client_step(void* /*connection*/, sasl_client_params_t* params, const char*, unsigned,
                sasl_interact_t**, const char** out, unsigned* out_len, sasl_out_params_t* result) {
  *out = kUser;
  *out_len = kUserLen;
  result->doneflag = 1;
  return params->canon_user(params->utils->conn, kUser, kUserLen, SASL_CU_AUTHID | SASL_CU_AUTHZID,
                            result);
}

// What both sides of the mechanism are for libsasl.
template <class Plug, class New, class Step>
Plug plug_of(New make, Step step) {
  Plug plug{};
  plug.mech_name = kNothing;
  plug.security_flags = kSecurityFlags;
  plug.features = SASL_FEAT_WANT_CLIENT_FIRST;
  plug.mech_new = make;
  plug.mech_step = step;
  plug.mech_dispose = dispose;
  return plug;
}

int init_server(const sasl_utils_t* /*utils*/, int /*max_version*/, int* version,
                sasl_server_plug_t** plugs, int* num_plugs) {
  static auto plug = plug_of<sasl_server_plug_t>(server_new, server_step);
  *version = SASL_SERVER_PLUG_VERSION;
  *plugs = &plug;
  *num_plugs = 1;
  return SASL_OK;
}

int init_client(const sasl_utils_t* /*utils*/, int /*max_version*/, int* version,
                sasl_client_plug_t** plugs, int* num_plugs) {
  static const unsigned long kNoPrompts[] = {SASL_CB_LIST_END};  // null: name and password
  static auto plug = plug_of<sasl_client_plug_t>(client_new, client_step);
  plug.required_prompts = kNoPrompts;
  *version = SASL_CLIENT_PLUG_VERSION;
  *plugs = &plug;
  *num_plugs = 1;
  return SASL_OK;
}

}  // namespace

void add_nothing() {
  if (sasl_server_add_plugin("nothing", init_server) != SASL_OK ||
      sasl_client_add_plugin("nothing", init_client) != SASL_OK) {
    throw std::runtime_error("libsasl does not take the mechanism that does nothing");
  }
}

}  // namespace gssloop::bench
