// SPDX-License-Identifier: BSD-2-Clause

// What can be done with a context besides its legs and its messages.

#include "tests/mech/objects.h"

using namespace gssloop::testing;  // NOLINT: the exported functions have no namespace

namespace {

void give_name(Call& call, const std::optional<NameSpec>& scripted,
               const std::optional<NameSpec>& own, const MechContext& context, bool is_source,
               gss_name_t* out) {
  if (out == nullptr) return;
  *out = GSS_C_NO_NAME;
  const auto& spec = scripted ? scripted : own;
  if (!spec) return;
  MechName name{spec->text, spec->type, {}, context.mech};
  if (is_source && !context.is_initiator) name.attributes = call.script().attributes;
  *out = call.add(std::move(name));
}

}  // namespace

MECH_EXPORT OM_uint32 gss_delete_sec_context(OM_uint32* minor, gss_ctx_id_t* context,
                                             gss_buffer_t output_token) {
  Call call("gss_delete_sec_context", minor);
  call.record().deletes.push_back({call.serial(*context), output_token != GSS_C_NO_BUFFER});
  call.fact("context", call.serial(*context));
  if (output_token != GSS_C_NO_BUFFER) *output_token = gss_buffer_desc{0, nullptr};
  if (*context != GSS_C_NO_CONTEXT) call.remove(context);
  return call.answer(GSS_S_COMPLETE);
}

MECH_EXPORT OM_uint32 gss_process_context_token(OM_uint32* minor, gss_ctx_id_t context,
                                                gss_buffer_t token) {
  Call call("gss_process_context_token", minor);
  call.record().process_tokens.push_back({call.serial(context), to_input_token(token)});
  MechContext* const found = call.context(context);
  if (found == nullptr) return call.answer(GSS_S_NO_CONTEXT);
  const ProcessTokenScript& scripted = call.script().process_token;
  found->flags &= ~scripted.flags_lost;
  if (scripted.context_gone) found->is_gone = true;
  return call.answer(scripted.answer);
}

MECH_EXPORT OM_uint32 gss_inquire_context(OM_uint32* minor, gss_ctx_id_t context,
                                          gss_name_t* source, gss_name_t* target,
                                          OM_uint32* lifetime, gss_OID* mech_type, OM_uint32* flags,
                                          int* locally_initiated, int* open) {
  Call call("gss_inquire_context", minor);
  call.record().context_inquiries.push_back(
      {call.serial(context), source != nullptr, target != nullptr});
  const MechContext* const found = call.context(context);
  if (found == nullptr || found->is_gone) return call.answer(GSS_S_NO_CONTEXT);
  const InquiryScript& scripted = call.script().inquiry;
  if (is_error(scripted.answer.major)) return call.answer(scripted.answer);
  give_name(call, scripted.source, found->source, *found, true, source);
  give_name(call, scripted.target, found->target, *found, false, target);
  if (lifetime != nullptr) *lifetime = scripted.lifetime;
  if (mech_type != nullptr) {
    *mech_type = scripted.mech_type != GSS_C_NO_OID ? scripted.mech_type : oid(found->mech);
  }
  if (flags != nullptr) *flags = scripted.flags.value_or(found->flags);
  if (locally_initiated != nullptr) *locally_initiated = found->is_initiator ? 1 : 0;
  if (open != nullptr) *open = found->is_open ? 1 : 0;
  return call.answer(scripted.answer);
}

MECH_EXPORT OM_uint32 gss_context_time(OM_uint32* minor, gss_ctx_id_t context,
                                       OM_uint32* time_rec) {
  Call call("gss_context_time", minor);
  const MechContext* const found = call.context(context);
  if (found == nullptr || found->is_gone) return call.answer(GSS_S_NO_CONTEXT);
  *time_rec = call.script().inquiry.lifetime;
  return call.answer(call.script().inquiry.answer);
}

MECH_EXPORT OM_uint32 gss_inquire_sec_context_by_oid(OM_uint32* minor, const gss_ctx_id_t context,
                                                     const gss_OID desired,
                                                     gss_buffer_set_t* data) {
  Call call("gss_inquire_sec_context_by_oid", minor);
  if (call.context(context) == nullptr) return call.answer(GSS_S_NO_CONTEXT);
  const InquiryScript& scripted = call.script().inquiry;
  if (!scripted.sasl_ssf || octets(desired) != octets(GSS_C_SEC_CONTEXT_SASL_SSF)) {
    return call.answer(GSS_S_UNAVAILABLE);
  }
  OM_uint32 major = GSS_S_COMPLETE;
  for (std::string value : *scripted.sasl_ssf) {
    gss_buffer_desc member{value.size(), value.data()};
    OM_uint32 ignored = 0;
    if (major == GSS_S_COMPLETE) major = gss_add_buffer_set_member(&ignored, &member, data);
  }
  if (major != GSS_S_COMPLETE) return call.answer(major);
  return call.answer(scripted.sasl_ssf_answer);
}
