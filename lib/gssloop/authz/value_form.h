// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_AUTHZ_VALUE_FORM_H_
#define GSSLOOP_AUTHZ_VALUE_FORM_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gssloop/base/bytes.h"

namespace gssloop::authz {

// ValueForm says how the octets of a name attribute's value become text for rules and applications.
// It belongs to the attribute's name, never to the value: otherwise a peer could choose it.
enum class ValueForm {
  kText,             // "text": UTF-8 without NUL, as it is
  kBase64,           // "base64": RFC 4648 section 4
  kHex,              // "hex": lower case
  kPacClientInfo,    // "pac-client-info": logon time, a blank, the name; [MS-PAC] section 2.7
  kPacGroups,        // "pac-groups": one SID for each group; [MS-PAC] section 2.5
  kPacRequestorSid,  // "pac-requestor-sid": [MS-PAC] section 2.15
  kPacSid,           // "pac-sid": the user's SID; [MS-PAC] sections 2.5 and 2.10
  kPacUpn,           // "pac-upn": the user principal name; [MS-PAC] section 2.10
};

// parse_value_form returns the form with this name in a policy file; to_string is that name.
std::optional<ValueForm> parse_value_form(std::string_view name);
std::string_view to_string(ValueForm form);
// value_form_names lists them all, for messages: "text, base64, ...".
std::string value_form_names();

// value_form_description says for a person what values of the form look like: "SIDs, for ...".
std::string_view value_form_description(ValueForm form);

// is_sid_form says whether each value of the form is a SID.
bool is_sid_form(ValueForm form) noexcept;

// can_be_value is false if apply_form never makes this text, and can_be_in_value if it never makes
// one with this octet.
bool can_be_value(ValueForm form, std::string_view text);
bool can_be_in_value(ValueForm form, char octet) noexcept;

// apply_form appends one value in that form: one text, several if the decoder finds several, or
// none, if a buffer of a PAC that may contain a SID contains none.
// Returns false, and appends nothing, if the octets do not have the form; such a value is unknown,
// which is not the same as absent.
bool apply_form(ValueForm form, ByteView value, std::vector<std::string>* texts);

}  // namespace gssloop::authz

#endif  // GSSLOOP_AUTHZ_VALUE_FORM_H_
