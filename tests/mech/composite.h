// SPDX-License-Identifier: BSD-2-Clause

// The name tokens of the scripted mechanism: exported (RFC 2743 3.2) and composite (RFC 6680 7.8).

#ifndef GSSLOOP_TESTS_MECH_COMPOSITE_H_
#define GSSLOOP_TESTS_MECH_COMPOSITE_H_

#include <optional>
#include <string>
#include <string_view>

#include "tests/mech/objects.h"

namespace gssloop::testing {

// make_exported writes 04 01, the mechanism's OID and the name: no type and no attributes.
std::string make_exported(const MechName& name);

// parse_exported accepts exactly what make_exported writes. The name type is GSS_C_NT_USER_NAME.
std::optional<MechName> parse_exported(std::string_view token);

// make_composite writes 04 02, the mechanism's OID, the name and its type, and every attribute with
// its values and flags. Scripted answers are not in it.
std::string make_composite(const MechName& name);

// parse_composite accepts exactly what make_composite writes.
std::optional<MechName> parse_composite(std::string_view token);

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_MECH_COMPOSITE_H_
