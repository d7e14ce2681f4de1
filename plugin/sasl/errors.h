// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_SASL_ERRORS_H_
#define GSSLOOP_PLUGIN_SASL_ERRORS_H_

#include <optional>
#include <string>

#include "gssloop/gss/status.h"
#include "gssloop/loop/decide.h"
#include "gssloop/loop/step.h"
#include "plugin/sasl/sasl_utils.h"

namespace gssloop::plugin {

// The only code that turns a failure into a SASL code and its texts.

// The class of a failure. A server may tell the client the class, but not the details.
enum class ErrorKind {
  kProtocol,           // the peer's message violates the protocol
  kRejected,           // the mechanism refused the peer
  kUnbound,            // the peer's token does not protect the GS2 header
  kBinding,            // channel binding: wrong, missing or unknown
  kTooWeak,            // no security layer is within the limits of both sides
  kPacket,             // a packet of the security layer is not the peer's next one
  kIdentity,           // authenticated, but the name cannot be used
  kPolicy,             // the policy refuses the peer
  kAnonymous,          // an anonymous peer, or anonymity that was not granted
  kCredential,         // our own credential
  kRefusedCredential,  // the other side does not accept it
  kConfiguration,      // our own options
  kMechanism,          // the GSS-API mechanism violated its specification
  kMisuse,             // the application made a call that is not allowed now
  kMemory,
  kAudit,     // no audit line, although the options require one
  kCallback,  // a callback of the application, or libsasl, refused
};

// LoginError is a failure and its message.
struct LoginError {
  ErrorKind kind = ErrorKind::kMisuse;
  std::string sentence;  // complete: the login that failed, the reason, and what to check
  // Of ErrorKind::kCallback: the callback's code, which is returned unchanged.
  std::optional<int> callback_code = std::nullopt;
};

// explain makes a LoginError from the loop's failure of this role. `subject` names the login:
// "login to imap@host".
LoginError explain(const std::string& subject, loop::Role role, const loop::Failure& failure);
// explain makes a LoginError from a failed GSS-API call outside the loop.
LoginError explain(const std::string& subject, ErrorKind kind, const gss::Status& status);

// report_client puts the whole sentence into sasl_errdetail and returns the SASL code.
int report_client(const SaslUtils& sasl, const LoginError& error);

// report_server logs the whole sentence, and does what set_client_error does.
int report_server(const SaslUtils& sasl, const LoginError& error, bool is_verbose);
// log_server only logs the sentence, for a step that does not fail: libsasl would show a text in
// sasl_errdetail as "successful result: ...".
void log_server(const SaslUtils& sasl, const LoginError& error);
// set_client_error puts a fixed text of the class into sasl_errdetail, because servers send that to
// clients. If `is_verbose`, it puts the sentence there instead. Returns the code.
int set_client_error(const SaslUtils& sasl, const LoginError& error, bool is_verbose);

// client_text is the fixed text of the class.
const char* client_text(ErrorKind kind) noexcept;

// closed_layer_code is the code for a security layer that an earlier failure closed. That failure
// was reported.
int closed_layer_code() noexcept;

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_SASL_ERRORS_H_
