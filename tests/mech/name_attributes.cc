// SPDX-License-Identifier: BSD-2-Clause

// The attributes of RFC 6680.

#include <algorithm>

#include "tests/mech/composite.h"
#include "tests/mech/objects.h"

using namespace gssloop::testing;  // NOLINT: the exported functions have no namespace

namespace {

Attribute* find_attribute(MechName& name, const std::string& wanted) {
  const auto found = std::find_if(name.attributes.begin(), name.attributes.end(),
                                  [&](const Attribute& it) { return it.name == wanted; });
  return found == name.attributes.end() ? nullptr : &*found;
}

// The cursor that comes with value `i`.
int cursor_after(const Attribute& attribute, std::size_t i) {
  if (attribute.values[i].more) return *attribute.values[i].more;
  if (i + 1 == attribute.values.size() && !attribute.endless) return 0;
  return static_cast<int>(i + 1);
}

// Which value a cursor asks for, and what cursor goes with it; nullopt if it was never handed out.
struct Position {
  std::size_t value;
  int more_out;
};

std::optional<Position> locate(const Attribute& attribute, int more_in) {
  if (attribute.values.empty()) return std::nullopt;
  if (more_in == -1) return Position{0, cursor_after(attribute, 0)};
  for (std::size_t i = 0; i + 1 < attribute.values.size(); ++i) {
    if (more_in != 0 && cursor_after(attribute, i) == more_in) {
      return Position{i + 1, cursor_after(attribute, i + 1)};
    }
  }
  const auto num_values = static_cast<int>(attribute.values.size());
  if (!attribute.endless || more_in < num_values) return std::nullopt;
  return Position{attribute.values.size() - 1, more_in + 1};
}

OM_uint32 finish(Call& call, GetAttributeCall& given, const Answer& answer) {
  given.major = answer.major;
  call.record().attribute_gets.push_back(given);
  call.fact("attribute", given.name);
  return call.answer(answer);
}

OM_uint32 add_names(const MechName& name, gss_buffer_set_t* set) {
  OM_uint32 ignored = 0;
  OM_uint32 major = GSS_S_COMPLETE;
  for (const Attribute& attribute : name.attributes) {
    std::string octets = attribute.name;
    gss_buffer_desc member{octets.size(), octets.data()};
    if (attribute.listed && major == GSS_S_COMPLETE) {
      major = gss_add_buffer_set_member(&ignored, &member, set);
    }
  }
  return major;
}

}  // namespace

MECH_EXPORT OM_uint32 gss_inquire_name(OM_uint32* minor, gss_name_t name, int* name_is_mn,
                                       gss_OID* mech_type, gss_buffer_set_t* attributes) {
  Call call("gss_inquire_name", minor);
  const MechName* const found = call.name(name);
  if (found == nullptr) return call.answer(GSS_S_BAD_NAME);
  const NameScript& scripted = call.script().names;
  if (is_error(scripted.inquire.major)) return call.answer(scripted.inquire);
  if (name_is_mn != nullptr) *name_is_mn = scripted.is_mn ? 1 : 0;
  if (mech_type != nullptr) *mech_type = oid(found->mech);
  if (attributes == nullptr) return call.answer(scripted.inquire);
  *attributes = GSS_C_NO_BUFFER_SET;
  OM_uint32 ignored = 0;
  if (scripted.empty_set) gss_create_empty_buffer_set(&ignored, attributes);
  if (!scripted.null_set) {
    const OM_uint32 major = add_names(*found, attributes);
    if (is_error(major)) return call.answer(major);
  }
  return call.answer(scripted.inquire);
}

MECH_EXPORT OM_uint32 gss_get_name_attribute(OM_uint32* minor, gss_name_t name,
                                             gss_buffer_t attribute, int* authenticated,
                                             int* complete_set, gss_buffer_t value,
                                             gss_buffer_t display, int* more) {
  Call call("gss_get_name_attribute", minor);
  GetAttributeCall given{to_string(attribute), *more, 0, 0};
  MechName* const found = call.name(name);
  if (found == nullptr) return finish(call, given, {GSS_S_BAD_NAME, 0});
  const Attribute* const known = find_attribute(*found, given.name);
  if (known == nullptr) return finish(call, given, {GSS_S_UNAVAILABLE, 0});
  if (is_error(known->get.major)) return finish(call, given, known->get);
  const auto position = locate(*known, *more);
  if (!position) {
    if (!known->values.empty()) ++call.record().bad_cursors;
    return finish(call, given, {GSS_S_UNAVAILABLE, 0});
  }
  const AttributeValue& scripted = known->values[position->value];
  if (is_error(scripted.get.major)) return finish(call, given, scripted.get);
  *authenticated = scripted.authenticated ? 1 : 0;
  *complete_set = scripted.complete ? 1 : 0;
  fill(value, scripted.value);
  fill(display, scripted.display);
  *more = given.more_out = position->more_out;
  return finish(call, given, scripted.get);
}

MECH_EXPORT OM_uint32 gss_set_name_attribute(OM_uint32* minor, gss_name_t name, int complete_set,
                                             gss_buffer_t attribute, gss_buffer_t value) {
  Call call("gss_set_name_attribute", minor);
  const std::string wanted = to_string(attribute);
  const bool is_complete = complete_set != 0;
  call.record().attribute_changes.push_back({true, wanted, to_string(value), is_complete});
  MechName* const found = call.name(name);
  if (found == nullptr) return call.answer(GSS_S_BAD_NAME);
  Attribute* known = find_attribute(*found, wanted);
  const Answer answer = known != nullptr ? known->set : call.script().names.set_unknown;
  if (is_error(answer.major)) return call.answer(answer);
  if (known == nullptr) {
    found->attributes.emplace_back();
    known = &found->attributes.back();
    known->name = wanted;
  }
  // What the caller sets is asserted, never authenticated.
  AttributeValue added;
  added.value = to_string(value);
  added.authenticated = false;
  added.complete = is_complete;
  known->values.push_back(added);
  return call.answer(answer);
}

MECH_EXPORT OM_uint32 gss_delete_name_attribute(OM_uint32* minor, gss_name_t name,
                                                gss_buffer_t attribute) {
  Call call("gss_delete_name_attribute", minor);
  const std::string wanted = to_string(attribute);
  call.record().attribute_changes.push_back({false, wanted, {}, false});
  MechName* const found = call.name(name);
  if (found == nullptr) return call.answer(GSS_S_BAD_NAME);
  const Attribute* const known = find_attribute(*found, wanted);
  if (known == nullptr) return call.answer(call.script().names.remove_unknown);
  const Answer answer = known->remove;
  if (!is_error(answer.major)) {
    found->attributes.erase(found->attributes.begin() + (known - found->attributes.data()));
  }
  return call.answer(answer);
}

MECH_EXPORT OM_uint32 gss_export_name_composite(OM_uint32* minor, gss_name_t name,
                                                gss_buffer_t output) {
  Call call("gss_export_name_composite", minor);
  const MechName* const found = call.name(name);
  if (found == nullptr) return call.answer(GSS_S_BAD_NAME);
  const NameScript& scripted = call.script().names;
  if (is_error(scripted.export_composite.major)) return call.answer(scripted.export_composite);
  fill(output, scripted.composite_token ? *scripted.composite_token : make_composite(*found));
  return call.answer(scripted.export_composite);
}

MECH_EXPORT OM_uint32 gss_display_name_ext(OM_uint32* minor, gss_name_t name, gss_OID /*type*/,
                                           gss_buffer_t output) {
  Call call("gss_display_name_ext", minor);
  if (call.name(name) == nullptr) return call.answer(GSS_S_BAD_NAME);
  const NameScript& scripted = call.script().names;
  if (!is_error(scripted.display_ext.major)) fill(output, scripted.display_ext_text);
  return call.answer(scripted.display_ext);
}
