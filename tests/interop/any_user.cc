// SPDX-License-Identifier: BSD-2-Clause
//
// A user database that has each user, as a SASL module. Cyrus SASL's own gs2 server refuses a
// Kerberos user that is in no database of libsasl.

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

namespace {

int look_up(void* /*glob_context*/, sasl_server_params_t* /*params*/, unsigned /*flags*/,
            const char* /*user*/, unsigned /*user_len*/) {
  return SASL_OK;
}

char name[] = "any-user";
sasl_auxprop_plug_t plug = {0, 0, nullptr, nullptr, look_up, name, nullptr};

}  // namespace

extern "C" __attribute__((visibility("default"))) int sasl_auxprop_plug_init(
    const sasl_utils_t* /*utils*/, int max_version, int* out_version,
    sasl_auxprop_plug_t** out_plug, const char* /*plugin_name*/) {
  if (max_version < SASL_AUXPROP_PLUG_VERSION) return SASL_BADVERS;
  *out_version = SASL_AUXPROP_PLUG_VERSION;
  *out_plug = &plug;
  return SASL_OK;
}
