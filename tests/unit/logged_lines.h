// SPDX-License-Identifier: BSD-2-Clause
// What a part of the module logs through libsasl's table of functions.
#ifndef GSSLOOP_TESTS_UNIT_LOGGED_LINES_H_
#define GSSLOOP_TESTS_UNIT_LOGGED_LINES_H_

#include <sasl/saslplug.h>

#include <cstdarg>
#include <cstdio>
#include <string>

namespace gssloop::testing {

// The lines that keep_logged_line got since a test cleared this, each with a line break. Not for
// several threads.
inline std::string& logged_lines() {
  static std::string all;
  return all;
}

// For sasl_utils_t::log.
[[gnu::format(printf, 3, 4)]] inline void keep_logged_line(sasl_conn_t* /*connection*/,
                                                           int /*level*/, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  char line[512];
  std::vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  logged_lines() += std::string(line) + "\n";
}

}  // namespace gssloop::testing

#endif
