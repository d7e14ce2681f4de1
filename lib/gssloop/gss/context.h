// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_GSS_CONTEXT_H_
#define GSSLOOP_GSS_CONTEXT_H_

#include <optional>
#include <string>

#include "gssloop/base/bytes.h"
#include "gssloop/base/flags.h"
#include "gssloop/gss/handle.h"
#include "gssloop/gss/oid.h"
#include "gssloop/gss/status.h"

namespace gssloop::gss {

// ChannelBindings are the octets that tie a context to a channel. Both address types are 0 and both
// addresses empty (RFC 5801 section 5.1). Owns its octets, so that they stay fixed for the whole
// loop (loop section 2.5).
class ChannelBindings {
 public:
  // Takes over the octets, in the format of the application protocol.
  explicit ChannelBindings(Bytes application_data)
      : application_data_(std::move(application_data)) {}
  // application_data borrows them.
  ByteView application_data() const noexcept { return application_data_; }

 private:
  Bytes application_data_;
};

// InitiatorInput is the input of an initiator for every call of GSS_Init_sec_context in the loop.
// All of it stays fixed (loop section 2), so the loop keeps it const. The credential is borrowed:
// it must outlive the loop. Empty means the default initiator credential.
struct InitiatorInput {
  gss_cred_id_t credential = GSS_C_NO_CREDENTIAL;  // borrowed
  Name target;                                     // the acceptor
  Oid mech;                                        // empty: the mechanism library's default
  Flags request;                                   // req_flags
  OM_uint32 time_req = 0;                          // seconds; 0 asks for the default lifetime
  std::optional<ChannelBindings> bindings;         // none: GSS_C_NO_CHANNEL_BINDINGS
  // `credential` can negotiate nothing but Kerberos (restrict_negotiation). Behind GSS-Proxy,
  // SPNEGO with a credential needs this promise.
  bool negotiates_only_kerberos = false;
};

// AcceptorInput is the same for GSS_Accept_sec_context.
struct AcceptorInput {
  gss_cred_id_t credential = GSS_C_NO_CREDENTIAL;  // borrowed
  std::optional<ChannelBindings> bindings;         // none: any binding of the initiator is accepted
  // The name of the keytab that the credential came from, empty for the default one; it verifies
  // the PACs of tickets. No value: the default keytab if the credential is the default one, else it
  // is not known, and PACs are unreadable.
  std::optional<std::string> keytab = std::nullopt;

  // pac_keytab is the keytab that verifies PACs.
  std::optional<std::string> pac_keytab() const {
    if (!keytab && credential == GSS_C_NO_CREDENTIAL) return std::string();
    return keytab;
  }
};

// CallOutcome is the result of one context call. Flags are meaningful after COMPLETE and, for an
// initiator, after CONTINUE_NEEDED; for an acceptor that must continue, the mechglue does not
// return the flags, the name and the mechanism.
struct CallOutcome {
  OM_uint32 major = GSS_S_FAILURE;  // unchanged
  OM_uint32 minor = 0;              // the mechanism's own
  Buffer output;                    // a token for the peer, or nothing
  Flags flags;                      // ret_flags
  Oid mech;                         // mech_type: under SPNEGO the negotiated one, once it is known
  Name source;                      // acceptor: the initiator's name, of the last leg
  Credential delegated;             // acceptor: of the last leg
};

// init_sec_context makes one call of GSS_Init_sec_context. No `input` means the first call, which
// passes GSS_C_NO_BUFFER: IAKERB rejects even an empty descriptor.
CallOutcome init_sec_context(Context* context, const InitiatorInput& fixed,
                             std::optional<ByteView> input);

// accept_sec_context makes one call of GSS_Accept_sec_context.
CallOutcome accept_sec_context(Context* context, const AcceptorInput& fixed, ByteView input);

// ContextInfo is the result of GSS_Inquire_context for an established context.
struct ContextInfo {
  Flags flags;             // ctx_flags
  Oid mech;                // mech_type
  OM_uint32 lifetime = 0;  // seconds left
  bool is_open = false;    // established on this side
};

// inquire_context reads the properties of a context, without its names: reading names takes time,
// and some mechanisms crash. Fails with GSS_S_NO_CONTEXT for a context that a deletion token
// removed.
Result<ContextInfo> inquire_context(const Context& context);

// inquire_source_name and inquire_target_name return the initiator's and the acceptor's name. Each
// takes about 25 microseconds with MIT Kerberos, which initialises its library again for the call.
Result<Name> inquire_source_name(const Context& context);
Result<Name> inquire_target_name(const Context& context);

// confidentiality_ssf is the strength, in bits, of the context's encryption: what SASL calls its
// security strength factor. nullopt if the mechanism does not return it. Fails if the answer is not
// one number of 4 octets. Only for contexts for which inquire_context succeeded: MIT's IAKERB
// reports some contexts complete that do not exist, and the process would crash.
Result<std::optional<unsigned>> confidentiality_ssf(const Context& context);

// process_context_token gives the mechanism a token that arrived after completion (loop 3.2).
Status process_context_token(const Context& context, ByteView token);

}  // namespace gssloop::gss

#endif  // GSSLOOP_GSS_CONTEXT_H_
