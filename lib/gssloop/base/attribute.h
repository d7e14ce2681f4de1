// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_BASE_ATTRIBUTE_H_
#define GSSLOOP_BASE_ATTRIBUTE_H_

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "gssloop/base/bytes.h"

namespace gssloop {

// Who stands behind a value of a name attribute (naming-exts section 9).
enum class Assurance {
  kAuthenticated,  // the mechanism vouches that a trusted third party said it
  kAsserted,       // the peer said it of itself
};

// AttributeValue is one value of a name attribute: octets in the canonical network encoding
// (naming-exts section 4). The assurance is part of the type, so that code which decides takes
// AuthenticatedValue and an asserted one does not compile there (section 9: asserted attributes
// MUST NOT be used where security is concerned).
template <Assurance kAssurance>
class AttributeValue {
 public:
  // from_mechanism makes a value of what gss_get_name_attribute returned. Only gssloop/gss (and
  // tests) may call it: the folder check of `make check` sees to that.
  static AttributeValue from_mechanism(Bytes octets) { return AttributeValue(std::move(octets)); }

  // octets and text borrow the value; text neither decodes nor checks it.
  ByteView octets() const noexcept { return octets_; }
  std::string_view text() const noexcept { return as_text(octets_); }

 private:
  explicit AttributeValue(Bytes octets) : octets_(std::move(octets)) {}
  Bytes octets_;
};

// AuthenticatedValue may decide; AssertedValue is for display.
using AuthenticatedValue = AttributeValue<Assurance::kAuthenticated>;
using AssertedValue = AttributeValue<Assurance::kAsserted>;

// Attribute is a name attribute with all its values, in the mechanism's order, which need not mean
// anything (naming-exts section 7.5).
struct Attribute {
  std::string name;  // octets; may hold NUL and anything else (section 6)
  // The peer claims that this is the full set of values. Dangerous where several parties hold
  // attributes of a name, and never looked at unless asked for (section 7.5).
  bool is_complete = false;
  std::variant<std::vector<AuthenticatedValue>, std::vector<AssertedValue>> values;

  // authenticated is null for an asserted attribute, and so the only way to values that may decide.
  const std::vector<AuthenticatedValue>* authenticated() const noexcept {
    return std::get_if<0>(&values);
  }
  const std::vector<AssertedValue>* asserted() const noexcept { return std::get_if<1>(&values); }

  // num_values counts them, whichever they are.
  std::size_t num_values() const noexcept;
  // text says what kind of attribute it is, never a value: "authenticated, complete, 2 values".
  std::string text() const;
};

// UnreadableAttribute was listed by the mechanism, but its values could not be had or cannot be
// trusted to belong together. To a rule it is unknown, which is not the same as absent.
struct UnreadableAttribute {
  std::string name;    // octets, as listed
  std::string reason;  // for the log; never a value
};

// Attributes is what could be learned of a name.
struct Attributes {
  std::vector<Attribute> readable;              // with all their values
  std::vector<UnreadableAttribute> unreadable;  // without any

  // find is the readable attribute of exactly this name, borrowed; null where there is none.
  const Attribute* find(std::string_view name) const noexcept {
    for (const Attribute& attribute : readable) {
      if (attribute.name == name) return &attribute;
    }
    return nullptr;
  }
};

}  // namespace gssloop

#endif  // GSSLOOP_BASE_ATTRIBUTE_H_
