// SPDX-License-Identifier: BSD-2-Clause

// Layout: 04 02 | 2 octets: length of the tagged OID | 06 length OID | string: name | string: name
// type | number of attributes | attributes. Numbers are 4 octets, network order; strings have their
// length before them. An attribute: string: name | number of values | values. A value: string |
// string: display | 1 octet: bit 0 authenticated, bit 1 complete.

#include "tests/mech/composite.h"

#include <utility>

namespace gssloop::testing {
namespace {

constexpr std::string_view kExportedId = "\x04\x01";
constexpr std::string_view kTokenId = "\x04\x02";

std::string number(std::size_t value, int num_octets) {
  std::string result;
  for (int i = num_octets - 1; i >= 0; --i) result += static_cast<char>(value >> (8 * i) & 0xff);
  return result;
}

std::string counted(std::string_view text) { return number(text.size(), 4).append(text); }

std::string tagged_oid(Mech mech) {
  const std::string name = octets(oid(mech));
  return "\x06" + der_length(name.size()) + name;
}

// Takes octets off the front of a token; once one is missing, nothing more is taken.
class Reader {
 public:
  explicit Reader(std::string_view rest) : rest_(rest) {}

  std::string take(std::size_t length) {
    if (length > rest_.size()) is_bad_ = true;
    if (is_bad_) return {};
    std::string result(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return result;
  }

  std::size_t take_number(std::size_t num_octets) {
    std::size_t value = 0;
    for (const char octet : take(num_octets))
      value = value << 8 | static_cast<unsigned char>(octet);
    return value;
  }

  std::string take_counted() { return take(take_number(4)); }

  bool is_good() const { return !is_bad_; }

 private:
  std::string_view rest_;
  bool is_bad_ = false;
};

AttributeValue take_value(Reader& reader) {
  AttributeValue value;
  value.value = reader.take_counted();
  value.display = reader.take_counted();
  const std::size_t flags = reader.take_number(1);
  value.authenticated = (flags & 1) != 0;
  value.complete = (flags & 2) != 0;
  return value;
}

Attribute take_attribute(Reader& reader) {
  Attribute attribute;
  attribute.name = reader.take_counted();
  const std::size_t num_values = reader.take_number(4);
  for (std::size_t i = 0; i < num_values && reader.is_good(); ++i) {
    attribute.values.push_back(take_value(reader));
  }
  return attribute;
}

// The OID in `tagged`, which is as tagged_oid makes it.
std::optional<Mech> untagged_mech(const std::string& tagged) {
  for (Mech mech : kMechs) {
    if (tagged == tagged_oid(mech)) return mech;
  }
  return std::nullopt;
}

}  // namespace

std::string make_exported(const MechName& name) {
  const std::string mech = tagged_oid(name.mech);
  return std::string(kExportedId) + number(mech.size(), 2) + mech + counted(name.text);
}

std::optional<MechName> parse_exported(std::string_view token) {
  Reader reader(token);
  if (reader.take(kExportedId.size()) != kExportedId) return std::nullopt;
  const auto mech = untagged_mech(reader.take(reader.take_number(2)));
  MechName name{reader.take_counted(), GSS_C_NT_USER_NAME, {}, mech.value_or(Mech::kScripted)};
  if (!reader.is_good() || !mech || make_exported(name) != token) return std::nullopt;
  return name;
}

std::string make_composite(const MechName& name) {
  const std::string mech = tagged_oid(name.mech);
  std::string token(kTokenId);
  token += number(mech.size(), 2) + mech + counted(name.text) + counted(octets(name.type));
  token += number(name.attributes.size(), 4);
  for (const Attribute& attribute : name.attributes) {
    token += counted(attribute.name) + number(attribute.values.size(), 4);
    for (const AttributeValue& value : attribute.values) {
      token += counted(value.value) + counted(value.display);
      token += number((value.authenticated ? 1u : 0u) | (value.complete ? 2u : 0u), 1);
    }
  }
  return token;
}

std::optional<MechName> parse_composite(std::string_view token) {
  Reader reader(token);
  if (reader.take(kTokenId.size()) != kTokenId) return std::nullopt;
  const auto mech = untagged_mech(reader.take(reader.take_number(2)));
  MechName name;
  name.mech = mech.value_or(Mech::kScripted);
  name.text = reader.take_counted();
  std::string type = reader.take_counted();
  const gss_OID_desc type_oid{static_cast<OM_uint32>(type.size()), type.data()};
  if (!type.empty()) name.type = static_oid(&type_oid);
  const std::size_t num_attributes = reader.take_number(4);
  for (std::size_t i = 0; i < num_attributes && reader.is_good(); ++i) {
    name.attributes.push_back(take_attribute(reader));
  }
  // The last test also refuses octets left over and unknown flags.
  if (!reader.is_good() || !mech || make_composite(name) != token) return std::nullopt;
  return name;
}

}  // namespace gssloop::testing
