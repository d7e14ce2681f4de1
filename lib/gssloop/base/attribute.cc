// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/base/attribute.h"

namespace gssloop {

std::size_t Attribute::num_values() const noexcept {
  return authenticated() != nullptr ? authenticated()->size() : asserted()->size();
}

std::string Attribute::text() const {
  return std::string(authenticated() != nullptr ? "authenticated" : "asserted") + ", " +
         (is_complete ? "complete" : "not complete") + ", " + std::to_string(num_values()) +
         (num_values() == 1 ? " value" : " values");
}

}  // namespace gssloop
