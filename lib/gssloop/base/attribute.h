// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_BASE_ATTRIBUTE_H_
#define GSSLOOP_BASE_ATTRIBUTE_H_

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "gssloop/base/bytes.h"

namespace gssloop {

// The source of a value of a name attribute (naming-exts section 9).
enum class Assurance {
  kAuthenticated,  // the mechanism authenticated that a trusted third party issued it
  kAsserted,       // the peer asserted it of itself
};

// AttributeValue is one value of a name attribute: octets in the canonical network encoding
// (naming-exts section 4). The assurance is part of the type: code that makes decisions accepts
// only AuthenticatedValue, and does not compile with an asserted value (section 9: asserted
// attributes MUST NOT be used where security is concerned).
template <Assurance kAssurance>
class AttributeValue {
 public:
  // from_mechanism makes a value from the result of gss_get_name_attribute. Only gssloop/gss (and
  // tests) may call it, which `make check` checks.
  static AttributeValue from_mechanism(Bytes octets) { return AttributeValue(std::move(octets)); }

  // octets and text borrow the value; text does not decode or check it.
  ByteView octets() const noexcept { return octets_; }
  std::string_view text() const noexcept { return as_text(octets_); }

 private:
  explicit AttributeValue(Bytes octets) : octets_(std::move(octets)) {}
  Bytes octets_;
};

// Decisions may use AuthenticatedValue; AssertedValue is for display.
using AuthenticatedValue = AttributeValue<Assurance::kAuthenticated>;
using AssertedValue = AttributeValue<Assurance::kAsserted>;

// Attribute is a name attribute with all its values, in the mechanism's order, which has no meaning
// (naming-exts section 7.5).
struct Attribute {
  std::string name;  // octets; may contain NUL and anything else (section 6)
  // The peer claims that this is the full set of values. Dangerous if several parties issue
  // attributes of a name, so it is never used without a request (section 7.5).
  bool is_complete = false;
  std::variant<std::vector<AuthenticatedValue>, std::vector<AssertedValue>> values;

  // authenticated is null for an asserted attribute, so it returns only values that decisions may
  // use.
  const std::vector<AuthenticatedValue>* authenticated() const noexcept {
    return std::get_if<0>(&values);
  }
  const std::vector<AssertedValue>* asserted() const noexcept { return std::get_if<1>(&values); }

  // num_values counts the values of both kinds.
  std::size_t num_values() const noexcept;
  // text describes the attribute, never with a value: "authenticated, complete, 2 values".
  std::string text() const;
};

// UnreadableAttribute is one that the name has, or may have, but its values could not be read, or
// may not belong together. For a rule it is unknown, which is not the same as absent.
struct UnreadableAttribute {
  std::string name;    // octets
  std::string reason;  // for the log; never a value
};

// Attributes is all attributes of a name.
struct Attributes {
  std::vector<Attribute> readable;              // with all their values
  std::vector<UnreadableAttribute> unreadable;  // without any

  // find returns the readable attribute of exactly this name, borrowed; null if there is none.
  const Attribute* find(std::string_view name) const noexcept {
    for (const Attribute& attribute : readable) {
      if (attribute.name == name) return &attribute;
    }
    return nullptr;
  }
};

}  // namespace gssloop

#endif  // GSSLOOP_BASE_ATTRIBUTE_H_
