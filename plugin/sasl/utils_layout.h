// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_SASL_UTILS_LAYOUT_H_
#define GSSLOOP_PLUGIN_SASL_UTILS_LAYOUT_H_

#include <sasl/prop.h>
#include <sasl/sasl.h>
#include <sasl/saslplug.h>
#include <sasl/saslutil.h>

#include <string>

namespace gssloop::plugin {

// has_layout is true if the members of libsasl's table are where `Table`, a sasl_utils_t, has them.
// libsasl's development branch removed members from the middle of sasl_utils_t, but neither the
// version of the library nor those of the plug-ins changed, and libsasl 2.1.28 never sets
// utils->version. So this compares pointers behind that place with the functions of libsasl that
// they must point to. It includes each exported function that the module calls through the table.
// getcallback and log are not exported; they are between setprop and seterror in all layouts.
//
// False also if the table is of another libsasl than the library that the module is linked with:
// a copy that is part of the program, or a second library. Its functions have other addresses, so
// nothing shows where its members are.
//
// The comparison ends with the first difference, because a table of another layout may be shorter
// than `Table`. Every known layout is long enough for the first member that is compared.
template <class Table>
bool has_layout(const Table& table) noexcept {
  return table.decode64 == &sasl_decode64 && table.setprop == &sasl_setprop &&
         table.seterror == &sasl_seterror && table.prop_request == &prop_request &&
         table.prop_get == &prop_get && table.prop_set == &prop_set &&
         table.prop_erase == &prop_erase;
}

// why_refused says why the module must not use this libsasl, in one line; "" if the module can use
// it. An init function calls this before it uses the table. `max_version` is libsasl's, and
// `plug_version` the headers' version of the plug-in.
std::string why_refused(const sasl_utils_t* utils, int max_version, int plug_version);

// refuse writes one line to syslog(3), facility auth. libsasl also does that with each line that a
// module logs while it is loaded: no connection has a callback then. It does not call utils->log:
// in a table of another layout that is another function, or no function.
void refuse(const std::string& why);

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_SASL_UTILS_LAYOUT_H_
