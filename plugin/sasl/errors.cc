// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/sasl/errors.h"

#include "gssloop/loop/explain.h"

namespace gssloop::plugin {
namespace {

using loop::Fault;

struct ErrorRow {
  ErrorKind kind;
  int client_code;
  int server_code;
  const char* harmless;  // for clients: no path, principal, key version, rule or minor text
};

// The table that turns failures into SASL codes. Nothing else in the plugin chooses one.
constexpr ErrorRow kErrorTable[] = {
    {ErrorKind::kProtocol, SASL_BADPROT, SASL_BADPROT, "malformed authentication message"},
    {ErrorKind::kRejected, SASL_BADSERV, SASL_BADAUTH, "authentication failed"},
    {ErrorKind::kUnbound, SASL_BADSERV, SASL_BADAUTH, "authentication failed"},
    {ErrorKind::kBinding, SASL_BADBINDING, SASL_BADBINDING, "channel binding failed"},
    {ErrorKind::kTooWeak, SASL_TOOWEAK, SASL_TOOWEAK,
     "no security layer fits the limits of both client and server"},
    {ErrorKind::kPacket, SASL_BADMAC, SASL_BADMAC,
     "a protected message is damaged or out of order"},
    {ErrorKind::kIdentity, SASL_BADAUTH, SASL_BADAUTH, "authentication failed"},
    {ErrorKind::kPolicy, SASL_NOAUTHZ, SASL_NOAUTHZ, "not authorized"},
    {ErrorKind::kAnonymous, SASL_BADAUTH, SASL_BADAUTH, "anonymous logins are not accepted"},
    {ErrorKind::kCredential, SASL_FAIL, SASL_FAIL,
     "the server cannot authenticate users at present"},
    {ErrorKind::kRefusedCredential, SASL_BADAUTH, SASL_BADAUTH, "authentication failed"},
    {ErrorKind::kConfiguration, SASL_CONFIGERR, SASL_CONFIGERR, "the server is misconfigured"},
    {ErrorKind::kMechanism, SASL_FAIL, SASL_FAIL, "internal error"},
    {ErrorKind::kMisuse, SASL_FAIL, SASL_FAIL, "internal error"},
    {ErrorKind::kMemory, SASL_NOMEM, SASL_NOMEM, "out of memory"},
    {ErrorKind::kAudit, SASL_FAIL, SASL_FAIL, "the server cannot authenticate users at present"},
    {ErrorKind::kCallback, SASL_FAIL, SASL_FAIL, "authentication failed"},
};

const ErrorRow& row_of(ErrorKind kind) {
  for (const ErrorRow& row : kErrorTable) {
    if (row.kind == kind) return row;
  }
  return kErrorTable[0];
}

ErrorKind classify(loop::Role role, const loop::Failure& failure) {
  switch (failure.fault) {
    case Fault::kPeerProtocol:
    case Fault::kTimedOut:
      return ErrorKind::kProtocol;
    case Fault::kFlagsMissing:
      return failure.missing.has(Flag::kChannelBound) ? ErrorKind::kUnbound : ErrorKind::kRejected;
    case Fault::kAnonymityLost:
      return ErrorKind::kAnonymous;
    case Fault::kLocalCredential:
      return ErrorKind::kCredential;
    case Fault::kMechanismDefect:
      return ErrorKind::kMechanism;
    case Fault::kPeerRejected:
    case Fault::kCancelled:
      if (loop::is_binding_mismatch(failure)) return ErrorKind::kBinding;
      if (role == loop::Role::kAcceptor) return ErrorKind::kRejected;
      // The KDC's refusals may come on a later leg, for example in IAKERB.
      if (loop::is_credential_fault(failure)) return ErrorKind::kCredential;
      // RFC 2743 section 2.2.1: the initiator's own credential. With EAP the RADIUS server refused
      // the name or the password, and the acceptor's error token says so.
      return failure.status.routine_error() == GSS_S_DEFECTIVE_CREDENTIAL
                 ? ErrorKind::kRefusedCredential
                 : ErrorKind::kRejected;
    case Fault::kLocalMisuse:
    case Fault::kNone:
      break;
  }
  return ErrorKind::kMisuse;
}

int code_of(const LoginError& error, int from_table) {
  // A failure is negative: a callback's SASL_CONTINUE must not let the exchange go on.
  const int code = error.callback_code.value_or(from_table);
  return code < SASL_OK ? code : from_table;
}

}  // namespace

LoginError explain(const std::string& subject, loop::Role role, const loop::Failure& failure) {
  return {classify(role, failure), subject + " failed: " + loop::explain(failure)};
}

LoginError explain(const std::string& subject, ErrorKind kind, const gss::Status& status) {
  return {kind, subject + " failed: " + loop::explain(status)};
}

int report_client(const SaslUtils& sasl, const LoginError& error) {
  sasl.log(SASL_LOG_FAIL, error.sentence);
  sasl.set_error(error.sentence);
  return code_of(error, row_of(error.kind).client_code);
}

int report_server(const SaslUtils& sasl, const LoginError& error, bool is_verbose) {
  log_server(sasl, error);
  return set_client_error(sasl, error, is_verbose);
}

void log_server(const SaslUtils& sasl, const LoginError& error) {
  sasl.log(SASL_LOG_ERR, error.sentence);
}

const char* client_text(ErrorKind kind) noexcept { return row_of(kind).harmless; }

int closed_layer_code() noexcept { return row_of(ErrorKind::kPacket).client_code; }

int set_client_error(const SaslUtils& sasl, const LoginError& error, bool is_verbose) {
  const ErrorRow& row = row_of(error.kind);
  sasl.set_error(is_verbose ? error.sentence : row.harmless);
  return code_of(error, row.server_code);
}

}  // namespace gssloop::plugin
