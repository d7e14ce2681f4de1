// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_AUTHZ_TOML_CHECK_H_
#define GSSLOOP_AUTHZ_TOML_CHECK_H_

#include <optional>
#include <string>
#include <string_view>

namespace gssloop::authz {

// TomlFault is the reason why a text must not be given to the TOML parser.
struct TomlFault {
  unsigned line = 0, column = 0;  // from 1; a column is a character
  std::string message;            // for the administrator
};

// find_toml_fault finds the first text with which toml++ would end the process or read memory that
// is not the text's: a character outside ASCII between tokens, in its sense, is undefined behaviour
// there, and keys and brackets that are nested deeply exhaust the stack. It also refuses what TOML
// forbids everywhere: text that is not UTF-8, and control characters. nullopt means only that the
// parser can read the text, not that the text is TOML. Total, in linear time.
std::optional<TomlFault> find_toml_fault(std::string_view text);

}  // namespace gssloop::authz

#endif  // GSSLOOP_AUTHZ_TOML_CHECK_H_
