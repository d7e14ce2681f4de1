// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_SASL_ERRORS_H_
#define GSSLOOP_PLUGIN_SASL_ERRORS_H_

#include <optional>
#include <string>

#include "gssloop/gss/status.h"
#include "gssloop/loop/step.h"
#include "plugin/sasl/sasl_utils.h"

namespace gssloop::plugin {

// The one place where a failure becomes a SASL code and the texts that go with it.

// What went wrong, as a stranger may know it.
enum class ErrorKind {
  kProtocol,       // the peer's message is not of the protocol
  kRejected,       // the mechanism refused the peer
  kUnbound,        // the peer's token does not vouch for the GS2 header
  kBinding,        // channel binding: wrong, missing or unknown
  kTooWeak,        // no security layer that both sides' limits admit
  kPacket,         // a packet of the security layer is not the peer's next one
  kIdentity,       // authenticated, but the name cannot be used
  kPolicy,         // the policy refuses the peer
  kAnonymous,      // an anonymous peer, or anonymity that was not granted
  kCredential,     // our own credential
  kConfiguration,  // our own options
  kMechanism,      // the GSS mechanism broke its contract
  kMisuse,         // the application called out of turn
  kMemory,
  kCallback,  // a callback of the application, or libsasl, refused
};

// LoginError is a failure with everything that is to be said about it.
struct LoginError {
  ErrorKind kind = ErrorKind::kMisuse;
  std::string sentence;  // whole: what failed, for whom, what to look at
  // The code of ErrorKind::kCallback, which is passed on as it came.
  std::optional<int> callback_code = std::nullopt;
};

// explain makes a LoginError of the loop's failure. `subject` says for whom: "login to imap@host".
LoginError explain(const std::string& subject, const loop::Failure& failure);
// explain makes one of a failed GSS-API call outside the loop.
LoginError explain(const std::string& subject, ErrorKind kind, const gss::Status& status);

// report_client puts the whole sentence into sasl_errdetail and returns the SASL code.
int report_client(const SaslUtils& sasl, const LoginError& error);

// report_server logs the whole sentence, and puts a fixed text of the class into sasl_errdetail,
// since servers hand that to strangers; the sentence itself only if `is_verbose`. Returns the code.
int report_server(const SaslUtils& sasl, const LoginError& error, bool is_verbose);
// set_client_error does the same without the log, for a failure that stands there already.
int set_client_error(const SaslUtils& sasl, const LoginError& error, bool is_verbose);

// closed_layer_code is the code for a security layer that was closed before, of which everything
// has been said already.
int closed_layer_code() noexcept;

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_SASL_ERRORS_H_
