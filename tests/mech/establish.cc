// SPDX-License-Identifier: BSD-2-Clause

// gss_init_sec_context, gss_accept_sec_context: the legs of the script.

#include <utility>

#include "tests/mech/objects.h"

namespace gssloop::testing {
namespace {

// What one leg works on and comes to.
struct Hop {
  MechContext context;  // as it was before the leg, or a new one
  bool is_first = true;
  Leg leg;
  OM_uint32 ret_flags = 0;
  std::optional<std::string> output;
};

Leg take_leg(Call& call, const std::vector<Leg>& legs, std::size_t number) {
  call.fact("leg", static_cast<unsigned>(number + 1));
  if (number < legs.size()) return legs[number];
  ++call.record().overruns;
  return fail(GSS_S_FAILURE);
}

// The payload of an input token: without the framing where the peer's first token has it.
std::string payload_of(const InputToken& input, bool has_header) {
  if (!has_header) return input.bytes;
  const auto first = parse_first_token(input.bytes);
  return first ? first->payload : input.bytes;
}

void check_input(Leg& leg, const std::string& payload) {
  if (leg.expected_input && *leg.expected_input != payload) leg = fail(GSS_S_DEFECTIVE_TOKEN);
}

OM_uint32 granted(const Leg& leg, OM_uint32 by_default) {
  OM_uint32 flags = leg.ret_flags.value_or(by_default);
  if (!leg.ret_flags && leg.major == GSS_S_COMPLETE)
    flags |= GSS_C_PROT_READY_FLAG | GSS_C_TRANS_FLAG;
  return (flags | leg.flags_added) & ~leg.flags_cleared;
}

bool is_kept_by_glue(OM_uint32 major) {
  return major == GSS_S_COMPLETE || major == GSS_S_CONTINUE_NEEDED;
}

// Stores the context as the leg left it. After a failed first call there is none: RFC 2744 5.19
// and 5.1 say so, and the glue would lose it.
void store_context(Call& call, gss_ctx_id_t* handle, Hop& hop) {
  if (hop.is_first && (!is_kept_by_glue(hop.leg.major) || hop.leg.drop_context)) return;
  hop.context.next_leg += 1;
  hop.context.flags = hop.ret_flags;
  hop.context.is_open = hop.leg.major == GSS_S_COMPLETE;
  if (hop.is_first) {
    *handle = call.add(std::move(hop.context));
  } else if (hop.leg.drop_context) {
    call.remove(handle);
  } else {
    *call.context(*handle) = std::move(hop.context);
  }
}

NameSpec spec_of(const MechName& name) { return {name.text, name.type}; }

std::optional<NameSpec> credential_name(Call& call, gss_cred_id_t handle,
                                        const NameSpec& fallback) {
  if (handle == GSS_C_NO_CREDENTIAL) return fallback;
  const MechCredential* const credential = call.credential(handle);
  if (credential == nullptr || !credential->name) return fallback;
  return NameSpec{*credential->name, credential->name_type};
}

void give_result(Hop& hop, gss_buffer_t output_token, OM_uint32* ret_flags, OM_uint32* time_rec,
                 OM_uint32 lifetime) {
  if (hop.output) fill(output_token, *hop.output);
  if (ret_flags != nullptr) *ret_flags = hop.ret_flags;
  if (time_rec != nullptr) *time_rec = lifetime;
}

void give_source(Call& call, const Hop& hop, gss_name_t* src_name) {
  if (src_name == nullptr || hop.leg.major != GSS_S_COMPLETE || !hop.context.source) return;
  const NameSpec& source = *hop.context.source;
  *src_name =
      call.add(MechName{source.text, source.type, call.script().attributes, hop.context.mech});
}

void give_delegated(Call& call, Hop& hop, gss_cred_id_t* delegated) {
  const auto& spec = call.script().credentials.delegated;
  if (!spec || hop.leg.major != GSS_S_COMPLETE) return;
  hop.ret_flags |= GSS_C_DELEG_FLAG;
  // Without the flag the glue would lose the credential; the flag is set just above.
  if (delegated != nullptr) {
    *delegated = call.add(MechCredential{spec->text, spec->type, GSS_C_INITIATE});
  }
}

gss_OID actual_mech(Call& call, Mech mech) {
  return call.script().actual_mech != GSS_C_NO_OID ? call.script().actual_mech : oid(mech);
}

// Fills hop.leg and the rest of `hop` for an initiator. The context is known to be valid.
void run_initiator_leg(Call& call, Hop& hop, const InitCall& given) {
  hop.leg = take_leg(call, call.script().initiator, hop.context.next_leg);
  check_input(hop.leg, given.input.bytes);
  hop.output = hop.leg.token;
  if (hop.is_first && hop.output && !hop.leg.raw) {
    hop.output = first_token(hop.context.mech, *hop.output);
  }
  hop.ret_flags = granted(hop.leg, given.req_flags);
}

void run_acceptor_leg(Call& call, Hop& hop, const AcceptCall& given) {
  hop.leg = take_leg(call, call.script().acceptor, hop.context.next_leg);
  check_input(hop.leg, payload_of(given.input, hop.is_first));
  hop.output = hop.leg.token;
  OM_uint32 flags = kDefaultAcceptorFlags;
  if (hop.leg.major == GSS_S_COMPLETE && given.bindings &&
      given.bindings == call.state().last_initiator_bindings) {
    flags |= GSS_C_CHANNEL_BOUND_FLAG;
  }
  hop.ret_flags = granted(hop.leg, flags);
}

// The context as it is before the leg. False if the handle is stale.
bool load_context(Call& call, gss_ctx_id_t handle, Hop& hop) {
  hop.is_first = handle == GSS_C_NO_CONTEXT;
  if (hop.is_first) return true;
  const MechContext* const found = call.context(handle);
  if (found != nullptr) hop.context = *found;
  return found != nullptr;
}

// Stores the context and completes what is recorded of the call.
template <typename Given>
void conclude(Call& call, gss_ctx_id_t* handle, Hop& hop, Given& given,
              std::vector<Given>& record) {
  store_context(call, handle, hop);
  given.context_out = call.serial(*handle);
  given.major = hop.leg.major;
  given.output = hop.output;
  given.ret_flags = hop.ret_flags;
  record.push_back(given);
}

void start_initiator(Call& call, Hop& hop, const InitCall& given, gss_cred_id_t credential) {
  hop.context.is_initiator = true;
  hop.context.mech = mech_of(given.mech_type).value_or(Mech::kScripted);
  hop.context.source = credential_name(call, credential, call.script().credentials.initiator);
}

void start_acceptor(Call& call, Hop& hop, const AcceptCall& given, gss_cred_id_t credential) {
  // Nothing but the token tells an acceptor which of its OIDs the glue has chosen.
  if (const auto first = parse_first_token(given.input.bytes)) hop.context.mech = first->mech;
  hop.context.source = call.script().source;
  hop.context.target = credential_name(call, credential, call.script().credentials.acceptor);
}

}  // namespace
}  // namespace gssloop::testing

using namespace gssloop::testing;  // NOLINT: the exported functions have no namespace

MECH_EXPORT OM_uint32 gss_init_sec_context(OM_uint32* minor, gss_cred_id_t credential,
                                           gss_ctx_id_t* context, gss_name_t target,
                                           gss_OID mech_type, OM_uint32 req_flags,
                                           OM_uint32 time_req, gss_channel_bindings_t bindings,
                                           gss_buffer_t input_token, gss_OID* actual_mech_type,
                                           gss_buffer_t output_token, OM_uint32* ret_flags,
                                           OM_uint32* time_rec) {
  Call call("gss_init_sec_context", minor);
  InitCall given;
  given.context_in = call.serial(*context);
  given.credential = call.serial(credential);
  given.mech_type = octets(mech_type);
  given.req_flags = req_flags;
  given.time_req = time_req;
  given.bindings = call.state().last_initiator_bindings = to_bindings(bindings);
  given.input = to_input_token(input_token);
  Hop hop;
  start_initiator(call, hop, given, credential);
  if (const MechName* const name = call.name(target)) {
    given.target = name->text;
    given.target_type = octets(name->type);
    hop.context.target = spec_of(*name);
  }
  if (!load_context(call, *context, hop)) return call.answer(GSS_S_NO_CONTEXT);
  run_initiator_leg(call, hop, given);
  if (actual_mech_type != nullptr) *actual_mech_type = actual_mech(call, hop.context.mech);
  give_result(hop, output_token, ret_flags, time_rec, call.script().lifetime);
  conclude(call, context, hop, given, call.record().inits);
  return call.answer(hop.leg.major, hop.leg.minor);
}

MECH_EXPORT OM_uint32 gss_accept_sec_context(OM_uint32* minor, gss_ctx_id_t* context,
                                             gss_cred_id_t credential, gss_buffer_t input_token,
                                             gss_channel_bindings_t bindings, gss_name_t* src_name,
                                             gss_OID* mech_type, gss_buffer_t output_token,
                                             OM_uint32* ret_flags, OM_uint32* time_rec,
                                             gss_cred_id_t* delegated) {
  Call call("gss_accept_sec_context", minor);
  AcceptCall given;
  given.context_in = call.serial(*context);
  given.credential = call.serial(credential);
  given.bindings = to_bindings(bindings);
  given.input = to_input_token(input_token);
  given.asked_source = src_name != nullptr;
  given.asked_delegated = delegated != nullptr;
  Hop hop;
  start_acceptor(call, hop, given, credential);
  if (!load_context(call, *context, hop)) return call.answer(GSS_S_NO_CONTEXT);
  run_acceptor_leg(call, hop, given);
  give_delegated(call, hop, delegated);
  give_source(call, hop, src_name);
  if (mech_type != nullptr) *mech_type = actual_mech(call, hop.context.mech);
  give_result(hop, output_token, ret_flags, time_rec, call.script().lifetime);
  conclude(call, context, hop, given, call.record().accepts);
  return call.answer(hop.leg.major, hop.leg.minor);
}
