// SPDX-License-Identifier: BSD-2-Clause

// What a mechanism says of itself: attributes, SASL names, texts of its minor statuses.

#include "tests/mech/objects.h"

using namespace gssloop::testing;  // NOLINT: the exported functions have no namespace

MECH_EXPORT OM_uint32 gss_inquire_attrs_for_mech(OM_uint32* minor, gss_const_OID mech_type,
                                                 gss_OID_set* attributes, gss_OID_set* known) {
  Call call("gss_inquire_attrs_for_mech", minor);
  const auto mech = mech_of(octets(mech_type));
  if (!mech) return call.answer(GSS_S_BAD_MECH);
  const MechFacts& facts = call.script().mech(*mech);
  // NULL makes the glue answer with all attributes it knows.
  if (known != nullptr) *known = GSS_C_NO_OID_SET;
  if (is_error(facts.attributes_answer.major) || attributes == nullptr) {
    return call.answer(facts.attributes_answer);
  }
  OM_uint32 ignored = 0;
  OM_uint32 major = gss_create_empty_oid_set(&ignored, attributes);
  for (gss_const_OID attribute : facts.attributes) {
    if (major != GSS_S_COMPLETE) return call.answer(major);
    major = gss_add_oid_set_member(&ignored, const_cast<gss_OID>(attribute), attributes);
  }
  return call.answer(facts.attributes_answer);
}

MECH_EXPORT OM_uint32 gss_inquire_saslname_for_mech(OM_uint32* minor, const gss_OID mech_type,
                                                    gss_buffer_t sasl_name, gss_buffer_t mech_name,
                                                    gss_buffer_t description) {
  Call call("gss_inquire_saslname_for_mech", minor);
  const auto mech = mech_of(octets(mech_type));
  if (!mech) return call.answer(GSS_S_BAD_MECH);
  const SaslNames& names = call.script().mech(*mech).names;
  if (is_error(names.answer.major)) return call.answer(names.answer);
  fill(sasl_name, names.sasl_name);
  fill(mech_name, names.mech_name);
  fill(description, names.description);
  return call.answer(names.answer);
}

// The glue asks this for each line of its configuration until one says COMPLETE.
MECH_EXPORT OM_uint32 gss_inquire_mech_for_saslname(OM_uint32* minor, const gss_buffer_t sasl_name,
                                                    gss_OID* mech_type) {
  Call call("gss_inquire_mech_for_saslname", minor);
  const std::string wanted = to_string(sasl_name);
  for (Mech mech : kMechs) {
    const SaslNames& names = call.script().mech(mech).names;
    if (is_error(names.answer.major) || names.sasl_name != wanted) continue;
    if (mech_type != nullptr) *mech_type = oid(mech);
    return call.answer(GSS_S_COMPLETE);
  }
  return call.answer(GSS_S_BAD_MECH);
}

MECH_EXPORT OM_uint32 gss_display_status(OM_uint32* minor, OM_uint32 status, int status_type,
                                         gss_OID /*mech_type*/, OM_uint32* message_context,
                                         gss_buffer_t text) {
  Call call("gss_display_status", minor);
  if (status_type != GSS_C_MECH_CODE) return call.answer(GSS_S_BAD_STATUS);
  const auto& all = call.script().minor_texts;
  const auto found = all.find(status);
  if (found == all.end() || found->second.empty()) {
    *message_context = 0;
    fill(text, "scripted minor status " + std::to_string(status));
    return call.answer(GSS_S_COMPLETE);
  }
  const auto& messages = found->second;
  if (*message_context >= messages.size()) return call.answer(GSS_S_BAD_STATUS);
  fill(text, messages[*message_context]);
  *message_context = *message_context + 1 < messages.size() ? *message_context + 1 : 0;
  return call.answer(GSS_S_COMPLETE);
}
