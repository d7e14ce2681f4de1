// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_KERBEROS_KDC_REQUEST_H_
#define GSSLOOP_TOOLS_KERBEROS_KDC_REQUEST_H_

#include <ctime>
#include <optional>
#include <string>

#include "gssloop/base/bytes.h"
#include "gssloop/base/result.h"

namespace gssloop::tools {

// One question to a KDC, made and read by libkrb5; the network is the caller's.

// make_kdc_request makes an AS-REQ for a principal "gssloop-doctor" of `realm`, which hardly
// exists: the KDC answers with an error, which tells its time, and logs a name that says who asked.
// No password is tried and no account can be locked by it.
Result<Bytes, Error> make_kdc_request(const std::string& realm);

// KdcAnswer is what came back.
struct KdcAnswer {
  bool serves_realm = true;
  std::optional<std::time_t> time;  // the KDC's clock; only an error tells it
  std::string text;                 // the error, in libkrb5's words; empty for a ticket
};

// read_kdc_answer reads the answer to such a request. Fails for what is no Kerberos message.
Result<KdcAnswer, Error> read_kdc_answer(ByteView answer);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_KERBEROS_KDC_REQUEST_H_
