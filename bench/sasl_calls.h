// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_BENCH_SASL_CALLS_H_
#define GSSLOOP_BENCH_SASL_CALLS_H_

#include <string>

#include "tests/support/sasl_pair.h"

namespace gssloop::bench {

// What both benchmarks do with libsasl. Everything throws std::runtime_error with the error's text.

// Library is libsasl with the modules that SASL_PATH names, and with a user database that has each
// user: Cyrus SASL's GS2 server refuses a user that no database has. Nothing is logged.
class Library {
 public:
  Library();

 private:
  const testing::SaslLibrary library_;
};

// A mechanism of the benchmark that does nothing: what it costs is libsasl's own.
inline constexpr char kNothing[] = "NOTHING";
// add_nothing gives it to libsasl. Library does that.
void add_nothing();

// What is logged by a client or a server: nothing.
inline constexpr int kLogLevel = SASL_LOG_NONE;

// checked_login runs an exchange to its end.
void checked_login(testing::SaslClient* client, testing::SaslServer* server,
                   const std::string& mechanism);

}  // namespace gssloop::bench

#endif  // GSSLOOP_BENCH_SASL_CALLS_H_
