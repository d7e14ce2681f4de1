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
    {ValueForm::kPacSid, "pac-sid"},
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

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kSidOctets = "S-x0123456789abcdef";
constexpr std::string_view kBase64Octets =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

bool consists_of(std::string_view text, std::string_view octets) noexcept {
  return !text.empty() && text.find_first_not_of(octets) == text.npos;
}

// As pac_parts.cc writes them: [MS-DTYP] section 2.4.2.1.
bool is_sid(std::string_view text) {
  constexpr std::string_view kBegin = "S-1-";
  if (!text.starts_with(kBegin)) return false;
  text.remove_prefix(kBegin.size());
  for (bool is_authority = true;; is_authority = false) {
    const std::string_view part = text.substr(0, text.find('-'));
    const bool is_long = is_authority && part.starts_with("0x") && part.size() == 14 &&
                         consists_of(part.substr(2), kHexDigits);
    const bool is_number = consists_of(part, kDigits) && part.size() <= 10 &&
                           (part.size() == 1 || part.front() != '0');
    if (!is_long && !is_number) return false;
    if (part.size() == text.size()) return true;
    text.remove_prefix(part.size() + 1);
  }
}

// "2026-11-30T09:00:00Z alice"
bool is_client_info(std::string_view text) noexcept {
  const std::size_t blank = text.find(' ');
  return blank != text.npos && blank >= 20 && text[blank - 1] == 'Z' && text[blank - 10] == 'T';
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
    case ValueForm::kPacSid:
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

std::string_view value_form_description(ValueForm form) {
  switch (form) {
    case ValueForm::kText:
    case ValueForm::kPacUpn:
      return "UTF-8 without the byte 0";
    case ValueForm::kBase64:
      return "base64 with padding";
    case ValueForm::kHex:
      return "two lower-case hexadecimal digits for each byte";
    case ValueForm::kPacClientInfo:
      return "a time and a name, for example 2026-11-30T09:00:00Z alice";
    case ValueForm::kPacGroups:
    case ValueForm::kPacRequestorSid:
    case ValueForm::kPacSid:
      break;
  }
  return "SIDs, for example S-1-5-21-1004336348-1177238915-682003330-1105";
}

bool is_sid_form(ValueForm form) noexcept {
  return form == ValueForm::kPacGroups || form == ValueForm::kPacRequestorSid ||
         form == ValueForm::kPacSid;
}

bool can_be_value(ValueForm form, std::string_view text) {
  switch (form) {
    case ValueForm::kText:
    case ValueForm::kPacUpn:
      return is_utf8(as_bytes(text)) && text.find('\0') == text.npos;
    case ValueForm::kBase64:
      return from_base64(text).has_value();
    case ValueForm::kHex:
      return text.size() % 2 == 0 && text.find_first_not_of(kHexDigits) == text.npos;
    case ValueForm::kPacClientInfo:
      return is_client_info(text);
    case ValueForm::kPacGroups:
    case ValueForm::kPacRequestorSid:
    case ValueForm::kPacSid:
      break;
  }
  return is_sid(text);
}

bool can_be_in_value(ValueForm form, char octet) noexcept {
  switch (form) {
    case ValueForm::kText:
    case ValueForm::kPacClientInfo:
    case ValueForm::kPacUpn:
      return octet != '\0';
    case ValueForm::kBase64:
      return kBase64Octets.find(octet) != kBase64Octets.npos;
    case ValueForm::kHex:
      return kHexDigits.find(octet) != kHexDigits.npos;
    case ValueForm::kPacGroups:
    case ValueForm::kPacRequestorSid:
    case ValueForm::kPacSid:
      break;
  }
  return kSidOctets.find(octet) != kSidOctets.npos;
}

bool apply_form(ValueForm form, ByteView value, std::vector<std::string>* texts) {
  if (form == ValueForm::kPacGroups) {
    auto groups = read_pac_groups(value);
    if (!groups) return false;
    texts->insert(texts->end(), std::make_move_iterator(groups->begin()),
                  std::make_move_iterator(groups->end()));
    return true;
  }
  auto one = form == ValueForm::kPacSid ? read_pac_user_sid(value) : single(form, value);
  if (!one) return false;
  if (form == ValueForm::kPacSid && one->empty()) return true;
  texts->push_back(*std::move(one));
  return true;
}

}  // namespace gssloop::authz
