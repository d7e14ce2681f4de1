// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/gss/context.h"

#include "gssloop/gss/interposer.h"

namespace gssloop::gss {

// The library's own flag numbers are those of the GSS-API headers.
static_assert(static_cast<OM_uint32>(Flag::kDeleg) == GSS_C_DELEG_FLAG);
static_assert(static_cast<OM_uint32>(Flag::kMutual) == GSS_C_MUTUAL_FLAG);
static_assert(static_cast<OM_uint32>(Flag::kReplay) == GSS_C_REPLAY_FLAG);
static_assert(static_cast<OM_uint32>(Flag::kSequence) == GSS_C_SEQUENCE_FLAG);
static_assert(static_cast<OM_uint32>(Flag::kConf) == GSS_C_CONF_FLAG);
static_assert(static_cast<OM_uint32>(Flag::kInteg) == GSS_C_INTEG_FLAG);
static_assert(static_cast<OM_uint32>(Flag::kAnon) == GSS_C_ANON_FLAG);
static_assert(static_cast<OM_uint32>(Flag::kProtReady) == GSS_C_PROT_READY_FLAG);
static_assert(static_cast<OM_uint32>(Flag::kTrans) == GSS_C_TRANS_FLAG);
static_assert(static_cast<OM_uint32>(Flag::kChannelBound) == GSS_C_CHANNEL_BOUND_FLAG);
static_assert(static_cast<OM_uint32>(Flag::kDelegPolicy) == GSS_C_DELEG_POLICY_FLAG);

namespace {

// Lends ChannelBindings to a call: GSS_C_NO_CHANNEL_BINDINGS without bindings.
class BindingsArgument {
 public:
  explicit BindingsArgument(const std::optional<ChannelBindings>& bindings) noexcept {
    if (!bindings) return;
    desc_.application_data = *BufferView(bindings->application_data()).desc();
    argument_ = &desc_;
  }
  BindingsArgument(const BindingsArgument&) = delete;
  gss_channel_bindings_t get() noexcept { return argument_; }

 private:
  gss_channel_bindings_struct desc_{};
  gss_channel_bindings_t argument_ = GSS_C_NO_CHANNEL_BINDINGS;
};

// The credential for one call. SPNEGO's first call makes the context with the chosen credential,
// and then reads a property of it: for that, GSS-Proxy's interposer takes the context over into
// this process. Later it refuses a credential that is in the daemon, but continues without one: the
// context has all that Kerberos needs. Another mechanism would then use its default credential.
gss_cred_id_t credential_for_call(const InitiatorInput& fixed, bool is_first) {
  const bool is_taken_over = !is_first && fixed.negotiates_only_kerberos &&
                             fixed.mech == Oid::spnego() && is_behind_gss_proxy();
  return is_taken_over ? GSS_C_NO_CREDENTIAL : fixed.credential;
}

}  // namespace

CallOutcome init_sec_context(Context* context, const InitiatorInput& fixed,
                             std::optional<ByteView> input) {
  CallOutcome outcome;
  OidArgument mech(fixed.mech);
  BindingsArgument bindings(fixed.bindings);
  BufferView token(input.value_or(ByteView()));
  gss_OID actual_mech = GSS_C_NO_OID;
  OM_uint32 flags = 0;  // set before the call: a call that fails does not change it
  outcome.major = gss_init_sec_context(
      &outcome.minor, credential_for_call(fixed, !input), context->in_out(), fixed.target.get(),
      mech.get(), fixed.request.bits(), fixed.time_req, bindings.get(),
      input ? token.desc() : GSS_C_NO_BUFFER, &actual_mech, outcome.output.out(), &flags, nullptr);
  outcome.flags = Flags::from_bits(flags);
  outcome.mech = Oid(actual_mech);
  return outcome;
}

CallOutcome accept_sec_context(Context* context, const AcceptorInput& fixed, ByteView input) {
  CallOutcome outcome;
  BindingsArgument bindings(fixed.bindings);
  BufferView token(input);
  gss_OID mech = GSS_C_NO_OID;
  OM_uint32 flags = 0;
  outcome.major = gss_accept_sec_context(
      &outcome.minor, context->in_out(), fixed.credential, token.desc(), bindings.get(),
      outcome.source.out(), &mech, outcome.output.out(), &flags, nullptr, outcome.delegated.out());
  outcome.flags = Flags::from_bits(flags);
  outcome.mech = Oid(mech);
  return outcome;
}

Result<ContextInfo> inquire_context(const Context& context) {
  OM_uint32 lifetime = 0;
  OM_uint32 flags = 0;
  gss_OID mech = GSS_C_NO_OID;
  int is_open = 0;
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_inquire_context(&minor, context.get(), nullptr, nullptr, &lifetime,
                                              &mech, &flags, nullptr, &is_open);
  if (major != GSS_S_COMPLETE) return Status("gss_inquire_context", major, minor);
  return ContextInfo{Flags::from_bits(flags), Oid(mech), lifetime, is_open != 0};
}

Result<Name> inquire_source_name(const Context& context) {
  Name name;
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_inquire_context(&minor, context.get(), name.out(), nullptr, nullptr,
                                              nullptr, nullptr, nullptr, nullptr);
  if (major != GSS_S_COMPLETE) return Status("gss_inquire_context", major, minor);
  return name;
}

Result<Name> inquire_target_name(const Context& context) {
  Name name;
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_inquire_context(&minor, context.get(), nullptr, name.out(), nullptr,
                                              nullptr, nullptr, nullptr, nullptr);
  if (major != GSS_S_COMPLETE) return Status("gss_inquire_context", major, minor);
  return name;
}

Result<std::optional<unsigned>> confidentiality_ssf(const Context& context) {
  BufferSet answer;
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_inquire_sec_context_by_oid(&minor, context.get(),
                                                         GSS_C_SEC_CONTEXT_SASL_SSF, answer.out());
  if (GSS_ROUTINE_ERROR(major) == GSS_S_UNAVAILABLE) return std::optional<unsigned>();
  if (major != GSS_S_COMPLETE) return Status("gss_inquire_sec_context_by_oid", major, minor);
  constexpr std::size_t kNumberLen = 4;
  if (!answer || answer.get()->count != 1 || answer.get()->elements[0].length != kNumberLen) {
    return Status(
        "gss_inquire_sec_context_by_oid: the mechanism did not return the strength as one number",
        GSS_S_FAILURE, 0);
  }
  const auto* octets = static_cast<const std::uint8_t*>(answer.get()->elements[0].value);
  return std::optional<unsigned>(from_network_order({octets, kNumberLen}));
}

Status process_context_token(const Context& context, ByteView token) {
  BufferView input(token);
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_process_context_token(&minor, context.get(), input.desc());
  return Status("gss_process_context_token", major, minor);
}

}  // namespace gssloop::gss
