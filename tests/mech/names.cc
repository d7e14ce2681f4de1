// SPDX-License-Identifier: BSD-2-Clause

// Names without their attributes.
//
// gss_export_name must be here: without it the glue takes the tokens of exported names apart before
// gss_import_name, composite ones too, and the attributes would be lost.

#include <mutex>
#include <utility>

#include "tests/mech/composite.h"
#include "tests/mech/objects.h"

using namespace gssloop::testing;  // NOLINT: the exported functions have no namespace

MECH_EXPORT OM_uint32 gss_import_name(OM_uint32* minor, gss_buffer_t input, gss_OID type,
                                      gss_name_t* output) {
  Call call("gss_import_name", minor);
  call.fact("name", to_string(input));
  const Answer& scripted = call.script().names.import;
  if (is_error(scripted.major)) return call.answer(scripted);
  const bool is_exported = octets(type) == octets(GSS_C_NT_EXPORT_NAME);
  if (is_exported || octets(type) == octets(GSS_C_NT_COMPOSITE_EXPORT)) {
    auto name = is_exported ? parse_exported(to_string(input)) : parse_composite(to_string(input));
    if (!name) return call.answer(GSS_S_BAD_NAME);
    *output = call.add(std::move(*name));
  } else {
    *output = call.add(MechName{to_string(input), static_oid(type), {}, Mech::kScripted});
  }
  return call.answer(scripted);
}

MECH_EXPORT OM_uint32 gss_release_name(OM_uint32* minor, gss_name_t* name) {
  Call call("gss_release_name", minor);
  call.remove(name);
  return call.answer(GSS_S_COMPLETE);
}

MECH_EXPORT OM_uint32 gss_display_name(OM_uint32* minor, gss_name_t name, gss_buffer_t output,
                                       gss_OID* type) {
  Call call("gss_display_name", minor);
  const MechName* const found = call.name(name);
  if (found == nullptr) return call.answer(GSS_S_BAD_NAME);
  const Answer& scripted = call.script().names.display;
  if (is_error(scripted.major)) return call.answer(scripted);
  fill(output, found->text);
  // The glue passes even the value of an empty name to free().
  if (output != GSS_C_NO_BUFFER && found->text.empty()) output->value = nullptr;
  if (type != nullptr) *type = static_oid(found->type);
  return call.answer(scripted);
}

MECH_EXPORT OM_uint32 gss_export_name(OM_uint32* minor, const gss_name_t name,
                                      gss_buffer_t output) {
  Call call("gss_export_name", minor);
  const MechName* const found = call.name(name);
  if (found == nullptr) return call.answer(GSS_S_BAD_NAME);
  fill(output, make_exported(*found));
  return call.answer(GSS_S_COMPLETE);
}

MECH_EXPORT OM_uint32 gss_duplicate_name(OM_uint32* minor, const gss_name_t name,
                                         gss_name_t* output) {
  Call call("gss_duplicate_name", minor);
  const MechName* const found = call.name(name);
  if (found == nullptr) return call.answer(GSS_S_BAD_NAME);
  *output = call.add(MechName(*found));
  return call.answer(GSS_S_COMPLETE);
}

MECH_EXPORT OM_uint32 gss_canonicalize_name(OM_uint32* minor, const gss_name_t name,
                                            const gss_OID mech_type, gss_name_t* output) {
  Call call("gss_canonicalize_name", minor);
  const MechName* const found = call.name(name);
  if (found == nullptr) return call.answer(GSS_S_BAD_NAME);
  MechName copy(*found);
  copy.mech = mech_of(octets(mech_type)).value_or(copy.mech);
  *output = call.add(std::move(copy));
  return call.answer(GSS_S_COMPLETE);
}

MECH_EXPORT OM_uint32 gss_compare_name(OM_uint32* minor, gss_name_t one, gss_name_t two,
                                       int* name_equal) {
  Call call("gss_compare_name", minor);
  const MechName* const first = call.name(one);
  const MechName* const second = call.name(two);
  if (first == nullptr || second == nullptr) return call.answer(GSS_S_BAD_NAME);
  // RFC 2744 5.6: anonymous names are equal to nothing.
  const bool is_anonymous = octets(first->type) == octets(GSS_C_NT_ANONYMOUS) ||
                            octets(second->type) == octets(GSS_C_NT_ANONYMOUS);
  const bool is_equal = first->text == second->text && octets(first->type) == octets(second->type);
  *name_equal = is_equal && !is_anonymous ? 1 : 0;
  return call.answer(GSS_S_COMPLETE);
}

MECH_EXPORT OM_uint32 gss_localname(OM_uint32* minor, const gss_name_t name,
                                    gss_const_OID /*mech_type*/, gss_buffer_t output) {
  Call call("gss_localname", minor);
  if (call.name(name) == nullptr) return call.answer(GSS_S_BAD_NAME);
  const auto& localname = call.script().names.localname;
  if (!localname) return call.answer(GSS_S_UNAVAILABLE);
  fill(output, *localname);
  return call.answer(GSS_S_COMPLETE);
}

MECH_EXPORT OM_uint32 gss_inquire_names_for_mech(OM_uint32* minor, gss_OID /*mech_type*/,
                                                 gss_OID_set* types) {
  Call call("gss_inquire_names_for_mech", minor);
  OM_uint32 ignored = 0;
  OM_uint32 major = gss_create_empty_oid_set(&ignored, types);
  for (gss_OID type : {GSS_C_NT_USER_NAME, GSS_C_NT_HOSTBASED_SERVICE, GSS_C_NT_ANONYMOUS,
                       GSS_C_NT_EXPORT_NAME, GSS_C_NT_COMPOSITE_EXPORT}) {
    if (major == GSS_S_COMPLETE) major = gss_add_oid_set_member(&ignored, type, types);
  }
  return call.answer(major);
}

// The glue asks every mechanism whether an OID that it is about to free is one of theirs. Not a
// Call: it would clutter the log, and the glue holds its own lock here.
MECH_EXPORT OM_uint32 gss_internal_release_oid(OM_uint32* minor, gss_OID* type) {
  const std::lock_guard lock(gssloop_scripted_mechanism()->mutex());
  *minor = 0;
  if (!is_own_oid(*type)) return GSS_S_CONTINUE_NEEDED;  // as krb5 answers
  *type = GSS_C_NO_OID;
  return GSS_S_COMPLETE;
}
