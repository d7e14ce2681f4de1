// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_DOCTOR_SASL_CALLBACKS_H_
#define GSSLOOP_TOOLS_DOCTOR_SASL_CALLBACKS_H_

#include <sasl/sasl.h>

#include <map>
#include <string>

namespace gssloop::tools {

// What the files that call libsasl have in common.

// as_callback makes a callback of any type one of libsasl's list.
template <class Function>
int (*as_callback(Function* function))() {
  return reinterpret_cast<int (*)()>(reinterpret_cast<void (*)()>(function));
}

// answer_option is a SASL_CB_GETOPT whose context is as_context(a map of options). It fails for an
// option that is not in the map; libsasl then reads the application's configuration.
int answer_option(void* context, const char* plugin, const char* option, const char** result,
                  unsigned* len);
inline void* as_context(const std::map<std::string, std::string>& options) {
  return const_cast<std::map<std::string, std::string>*>(&options);
}

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_DOCTOR_SASL_CALLBACKS_H_
