// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/authz/value_form.h"

#include <iterator>
#include <utility>

#include "gssloop/authz/pac/pac.h"

namespace gssloop::authz {
namespace {

constexpr struct {
  ValueForm form;
  std::string_view name;
} kForms[] = {
    {ValueForm::kText, "text"},
    {ValueForm::kBase64, "base64"},
    {ValueForm::kHex, "hex"},
    {ValueForm::kPacClientInfo, "pac-client-info"},
    {ValueForm::kPacGroups, "pac-groups"},
    {ValueForm::kPacRequestorSid, "pac-requestor-sid"},
    {ValueForm::kPacUpn, "pac-upn"},
};

// Applications get properties as C strings, so a NUL would cut the value short.
std::optional<std::string> text(ByteView value) {
  if (!is_utf8(value) || as_text(value).find('\0') != std::string_view::npos) return std::nullopt;
  return std::string(as_text(value));
}

// The time comes first, because it cannot contain a blank and the name can.
std::optional<std::string> client_info(ByteView value) {
  const auto info = read_pac_client_info(value);
  if (!info) return std::nullopt;
  return info->logon_time + " " + info->name;
}

std::optional<std::string> upn(ByteView value) {
  auto info = read_pac_upn(value);
  if (!info) return std::nullopt;
  return std::move(info->upn);
}

std::optional<std::string> single(ValueForm form, ByteView value) {
  switch (form) {
    case ValueForm::kText:
      return text(value);
    case ValueForm::kBase64:
      return base64(value);
    case ValueForm::kHex:
      return hex(value);
    case ValueForm::kPacClientInfo:
      return client_info(value);
    case ValueForm::kPacRequestorSid:
      return read_pac_requestor_sid(value);
    case ValueForm::kPacUpn:
      return upn(value);
    case ValueForm::kPacGroups:
      break;
  }
  return std::nullopt;
}

}  // namespace

std::optional<ValueForm> parse_value_form(std::string_view name) {
  for (const auto& row : kForms) {
    if (row.name == name) return row.form;
  }
  return std::nullopt;
}

std::string_view to_string(ValueForm form) {
  for (const auto& row : kForms) {
    if (row.form == form) return row.name;
  }
  return "";
}

std::string value_form_names() {
  std::string names;
  for (const auto& row : kForms) {
    if (!names.empty()) names += ", ";
    names += row.name;
  }
  return names;
}

bool apply_form(ValueForm form, ByteView value, std::vector<std::string>* texts) {
  if (form == ValueForm::kPacGroups) {
    auto groups = read_pac_groups(value);
    if (!groups) return false;
    texts->insert(texts->end(), std::make_move_iterator(groups->begin()),
                  std::make_move_iterator(groups->end()));
    return true;
  }
  auto one = single(form, value);
  if (!one) return false;
  texts->push_back(*std::move(one));
  return true;
}

}  // namespace gssloop::authz
