// SPDX-License-Identifier: BSD-2-Clause
// A module that refuses every libsasl, as this project's module refuses one that it was not built
// for.
#include <sasl/sasl.h>
#include <sasl/saslplug.h>

extern "C" int sasl_client_plug_init(const sasl_utils_t*, int, int*, sasl_client_plug_t**, int*) {
  return SASL_BADVERS;
}

extern "C" int sasl_server_plug_init(const sasl_utils_t*, int, int*, sasl_server_plug_t**, int*) {
  return SASL_BADVERS;
}
