// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/authz/attribute_name.h"

#include <algorithm>
#include <utility>

namespace gssloop::authz {

AttributeName::AttributeName(std::string octets)
    : octets_(std::move(octets)), primary_len_(std::min(octets_.find(' '), octets_.size())) {}

std::optional<AttributeName> AttributeName::parse(std::string_view octets) {
  if (octets.empty()) return std::nullopt;
  return AttributeName(std::string(octets));
}

std::optional<std::string_view> AttributeName::remainder() const noexcept {
  if (primary_len_ == octets_.size()) return std::nullopt;
  return std::string_view(octets_).substr(primary_len_ + 1);
}

}  // namespace gssloop::authz
