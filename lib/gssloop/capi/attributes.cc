// SPDX-License-Identifier: BSD-2-Clause
#include <algorithm>
#include <vector>

#include "gssloop/base/attribute.h"
#include "gssloop/capi/capi.h"

// As text, because a NUL then follows each.
struct gssloop_attribute {
  std::string name;
  int kind = GSSLOOP_ATTRIBUTE_UNREADABLE;
  bool is_complete = false;
  std::string reason;
  std::vector<std::string> values;  // of this kind
};

struct gssloop_attributes {
  std::vector<gssloop_attribute> all;
};

namespace gssloop::capi {
namespace {

gssloop_attribute copy_of(const Attribute& attribute) {
  gssloop_attribute copy;
  copy.name = attribute.name;
  copy.is_complete = attribute.is_complete;
  copy.kind = attribute.authenticated() != nullptr ? GSSLOOP_ATTRIBUTE_AUTHENTICATED
                                                   : GSSLOOP_ATTRIBUTE_ASSERTED;
  std::visit(
      [&](const auto& values) {
        for (const auto& value : values) copy.values.emplace_back(value.text());
      },
      attribute.values);
  return copy;
}

std::unique_ptr<gssloop_attributes> copy_of(const Attributes& attributes) {
  auto made = std::make_unique<gssloop_attributes>();
  for (const Attribute& attribute : attributes.readable) made->all.push_back(copy_of(attribute));
  for (const UnreadableAttribute& attribute : attributes.unreadable) {
    gssloop_attribute copy;
    copy.name = attribute.name;
    copy.reason = attribute.reason;
    made->all.push_back(std::move(copy));
  }
  return made;
}

std::size_t num_values(const gssloop_attribute* attribute, int kind) noexcept {
  return gssloop_attribute_kind_of(attribute) == kind ? attribute->values.size() : 0;
}

const void* lend(const std::string* octets, std::size_t* len) noexcept {
  if (len != nullptr) *len = octets == nullptr ? 0 : octets->size();
  return octets == nullptr ? nullptr : octets->c_str();
}

// Without a pointer for the length the function returns nothing: a caller without the length would
// take octets for a text.
const void* value(const gssloop_attribute* attribute, int kind, std::size_t index,
                  std::size_t* len) noexcept {
  if (len == nullptr || index >= num_values(attribute, kind)) return lend(nullptr, len);
  return lend(&attribute->values[index], len);
}

}  // namespace
}  // namespace gssloop::capi

using namespace gssloop;
using namespace gssloop::capi;

int gssloop_context_attributes(const gssloop_context* context, gssloop_attributes** attributes,
                               gssloop_error** error) noexcept {
  reset(error);
  reset(attributes);
  return guarded(error, [&] {
    if (const char* why = why_unusable(context)) return invalid(error, why);
    if (attributes == nullptr) return invalid(error, "attributes is NULL");
    if (context->established->role() != loop::Role::kAcceptor) {
      return invalid(error, "only an acceptor's context has attributes of its peer");
    }
    const auto read = context->established->source_attributes();
    if (!read) return fail(error, GSSLOOP_FAULT_LOCAL_CALL, read.error());
    *attributes = copy_of(*read).release();
    return static_cast<int>(GSSLOOP_OK);
  });
}

void gssloop_attributes_free(gssloop_attributes** attributes) noexcept {
  if (attributes == nullptr) return;
  delete *attributes;
  *attributes = nullptr;
}

size_t gssloop_attributes_num(const gssloop_attributes* attributes) noexcept {
  return attributes == nullptr ? 0 : attributes->all.size();
}

const gssloop_attribute* gssloop_attributes_at(const gssloop_attributes* attributes,
                                               size_t index) noexcept {
  return index < gssloop_attributes_num(attributes) ? &attributes->all[index] : nullptr;
}

const gssloop_attribute* gssloop_attributes_find(const gssloop_attributes* attributes,
                                                 const char* name) noexcept {
  if (attributes == nullptr || name == nullptr) return nullptr;
  const auto found = std::ranges::find_if(
      attributes->all, [&](const gssloop_attribute& it) { return it.name == name; });
  return found == attributes->all.end() ? nullptr : &*found;
}

const char* gssloop_attribute_name(const gssloop_attribute* attribute, size_t* len) noexcept {
  return static_cast<const char*>(lend(attribute == nullptr ? nullptr : &attribute->name, len));
}

int gssloop_attribute_kind_of(const gssloop_attribute* attribute) noexcept {
  return attribute == nullptr ? static_cast<int>(GSSLOOP_ATTRIBUTE_UNREADABLE) : attribute->kind;
}

const char* gssloop_attribute_reason(const gssloop_attribute* attribute) noexcept {
  return attribute == nullptr ? "" : attribute->reason.c_str();
}

int gssloop_attribute_is_complete(const gssloop_attribute* attribute) noexcept {
  return attribute != nullptr && attribute->is_complete ? 1 : 0;
}

size_t gssloop_attribute_num_values(const gssloop_attribute* attribute) noexcept {
  return num_values(attribute, GSSLOOP_ATTRIBUTE_AUTHENTICATED);
}

const void* gssloop_attribute_value(const gssloop_attribute* attribute, size_t index,
                                    size_t* len) noexcept {
  return value(attribute, GSSLOOP_ATTRIBUTE_AUTHENTICATED, index, len);
}

size_t gssloop_attribute_num_asserted_values(const gssloop_attribute* attribute) noexcept {
  return num_values(attribute, GSSLOOP_ATTRIBUTE_ASSERTED);
}

const void* gssloop_attribute_asserted_value(const gssloop_attribute* attribute, size_t index,
                                             size_t* len) noexcept {
  return value(attribute, GSSLOOP_ATTRIBUTE_ASSERTED, index, len);
}
