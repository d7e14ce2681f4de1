// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_KERBEROS_KDC_REQUEST_H_
#define GSSLOOP_TOOLS_KERBEROS_KDC_REQUEST_H_

#include <ctime>
#include <optional>
#include <string>

#include "gssloop/base/bytes.h"
#include "gssloop/base/result.h"

namespace gssloop::tools {

// One request to a KDC. libkrb5 makes it and reads the answer; the caller sends and receives.

// make_kdc_request makes an AS-REQ for the principal "gssloop-doctor" of `realm`, which should not
// exist. The KDC answers with an error that holds its time, and logs a name that says who asked.
// The request tries no password and locks no account.
Result<Bytes, Error> make_kdc_request(const std::string& realm);

// KdcAnswer is the KDC's answer.
struct KdcAnswer {
  bool serves_realm = true;
  std::optional<std::time_t> time;  // the KDC's clock; only an error holds it
  std::string text;                 // libkrb5's text for the error; empty for a ticket
};

// read_kdc_answer reads the answer to such a request. It fails if that is no Kerberos message.
Result<KdcAnswer, Error> read_kdc_answer(ByteView answer);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_KERBEROS_KDC_REQUEST_H_
