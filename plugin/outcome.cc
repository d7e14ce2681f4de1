// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/outcome.h"

#include "gssloop/gss/kerberos.h"

namespace gssloop::plugin {
namespace {

using gss::Complaint;
using loop::Fault;

struct Verdict {
  Class what;
  int client_code;
  int server_code;
  const char* harmless;  // for strangers: no path, principal, key version, rule or minor text
};

// The table that turns failures into SASL codes. Nothing else in the plugin chooses one.
constexpr Verdict kVerdicts[] = {
    {Class::kProtocol, SASL_BADPROT, SASL_BADPROT, "malformed authentication message"},
    {Class::kRejected, SASL_BADSERV, SASL_BADAUTH, "authentication failed"},
    {Class::kUnbound, SASL_BADSERV, SASL_BADAUTH, "authentication failed"},
    {Class::kBinding, SASL_BADBINDING, SASL_BADBINDING, "channel binding failed"},
    {Class::kTooWeak, SASL_TOOWEAK, SASL_TOOWEAK,
     "no security layer fits the limits of both client and server"},
    {Class::kPacket, SASL_BADMAC, SASL_BADMAC, "a protected message is damaged or out of order"},
    {Class::kIdentity, SASL_BADAUTH, SASL_BADAUTH, "authentication failed"},
    {Class::kPolicy, SASL_NOAUTHZ, SASL_NOAUTHZ, "not authorized"},
    {Class::kAnonymous, SASL_BADAUTH, SASL_BADAUTH, "anonymous logins are not accepted"},
    {Class::kCredential, SASL_FAIL, SASL_FAIL, "the server cannot authenticate anybody now"},
    {Class::kConfiguration, SASL_CONFIGERR, SASL_CONFIGERR, "the server is misconfigured"},
    {Class::kMechanism, SASL_FAIL, SASL_FAIL, "internal error"},
    {Class::kMisuse, SASL_FAIL, SASL_FAIL, "internal error"},
    {Class::kMemory, SASL_NOMEM, SASL_NOMEM, "out of memory"},
    {Class::kHost, SASL_FAIL, SASL_FAIL, "authentication failed"},
};

const Verdict& verdict(Class what) {
  for (const Verdict& row : kVerdicts) {
    if (row.what == what) return row;
  }
  return kVerdicts[0];
}

Class classify(const loop::Failure& failure) {
  switch (failure.fault) {
    case Fault::kPeerProtocol:
    case Fault::kTimedOut:
      return Class::kProtocol;
    case Fault::kFlagsMissing:
      return failure.missing.has(Flag::kChannelBound) ? Class::kUnbound : Class::kRejected;
    case Fault::kAnonymityLost:
      return Class::kAnonymous;
    case Fault::kLocalCredential:
      return Class::kCredential;
    case Fault::kMechanismDefect:
      return Class::kMechanism;
    case Fault::kPeerRejected:
    case Fault::kCancelled:
      return gss::complaint(failure.status) == Complaint::kBadBindings ? Class::kBinding
                                                                       : Class::kRejected;
    case Fault::kLocalMisuse:
    case Fault::kNone:
      break;
  }
  return Class::kMisuse;
}

// What a person should look at.
const char* hint(const loop::Failure& failure) {
  if (failure.missing.has(Flag::kChannelBound)) {
    return "the peer's token does not vouch for the GS2 header in front of it: the header is "
           "forged, or the client does not follow RFC 5801 section 5.1";
  }
  if (failure.missing.has(Flag::kMutual)) {
    return "the peer did not ask for mutual authentication, which GS2 demands, and some servers' "
           "security properties";
  }
  if (failure.fault == Fault::kAnonymityLost) {
    return "the mechanism does not grant anonymity, so nothing was sent: switch "
           "gssloop_anonymous off, or use an anonymous ticket (kinit -n)";
  }
  return failure.status.is_complete() ? "" : gss::advice(gss::complaint(failure.status));
}

std::string with_advice(const std::string& what, const char* look_at) {
  return *look_at == '\0' ? what : what + " - " + look_at;
}

int code_of(const Refusal& refusal, int from_table) {
  // A failure is negative: a callback's SASL_CONTINUE must not let the exchange go on.
  const int code = refusal.host_code.value_or(from_table);
  return code < SASL_OK ? code : from_table;
}

}  // namespace

std::string explain(const gss::Status& status) {
  return with_advice(status.text(), gss::advice(gss::complaint(status)));
}

Refusal explain(const std::string& subject, const loop::Failure& failure) {
  return {classify(failure), subject + " failed: " + with_advice(failure.text(), hint(failure))};
}

Refusal explain(const std::string& subject, Class what, const gss::Status& status) {
  return {what, subject + " failed: " + explain(status)};
}

int report_client(const SaslUtils& sasl, const Refusal& refusal) {
  sasl.log(SASL_LOG_FAIL, refusal.sentence);
  sasl.set_error(refusal.sentence);
  return code_of(refusal, verdict(refusal.what).client_code);
}

int report_server(const SaslUtils& sasl, const Refusal& refusal, bool is_verbose) {
  sasl.log(SASL_LOG_ERR, refusal.sentence);
  return tell_peer(sasl, refusal, is_verbose);
}

int closed_layer_code() noexcept { return verdict(Class::kPacket).client_code; }

int tell_peer(const SaslUtils& sasl, const Refusal& refusal, bool is_verbose) {
  const Verdict& row = verdict(refusal.what);
  sasl.set_error(is_verbose ? refusal.sentence : row.harmless);
  return code_of(refusal, row.server_code);
}

}  // namespace gssloop::plugin
