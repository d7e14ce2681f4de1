// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_BENCH_SASL_CALLS_H_
#define GSSLOOP_BENCH_SASL_CALLS_H_

#include <sasl/sasl.h>

#include <memory>
#include <string>

#include "tests/support/sasl_library.h"

namespace gssloop::bench {

// What both benchmarks do with libsasl. Everything throws std::runtime_error with the error's text.

struct ConnectionDeleter {
  void operator()(sasl_conn_t* connection) const { sasl_dispose(&connection); }
};
using Connection = std::unique_ptr<sasl_conn_t, ConnectionDeleter>;

void check(int result, const char* what, sasl_conn_t* connection = nullptr);

using testing::as_callback;

// start_library begins the use of libsasl in this process: with mutexes, a silent log, and a user
// database in which everybody is, since Cyrus SASL's GS2 server refuses whom none knows.
void start_library();

// A client and a server for imap@localhost. `callbacks` may be null; they must outlive the result.
Connection new_client(const sasl_callback_t* callbacks);
Connection new_server(const sasl_callback_t* callbacks);

// log_in runs an exchange to its end.
void log_in(sasl_conn_t* client, sasl_conn_t* server, const char* mechanism);

}  // namespace gssloop::bench

#endif  // GSSLOOP_BENCH_SASL_CALLS_H_
