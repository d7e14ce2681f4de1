// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/gss/attributes.h"

#include <algorithm>

#include "gssloop/gss/interposer.h"

namespace gssloop::gss {
namespace {

// MIT reads attribute names as C strings in places, so a NUL must follow the view.
class TerminatedName {
 public:
  explicit TerminatedName(std::string_view name) : name_(name), view_(as_bytes(name_)) {}
  gss_buffer_t desc() noexcept { return view_.desc(); }

 private:
  std::string name_;
  BufferView view_;
};

// ValueReader collects the values of one attribute, and checks the flags that must not change.
class ValueReader {
 public:
  ValueReader(std::string_view attribute, const AttributeLimits& limits) : limits_(limits) {
    result_.name = attribute;
  }

  // Takes one value; false if the mechanism violated the protocol or a limit is exceeded.
  bool take(bool is_authenticated, bool is_complete, ByteView value) {
    if (num_values_ == 0) {
      result_.is_complete = is_complete;
      if (!is_authenticated) result_.values.emplace<1>();
    } else if (is_authenticated != (result_.authenticated() != nullptr) ||
               is_complete != result_.is_complete) {
      return false;  // section 7.5.1: these flags MUST NOT change between calls
    }
    total_len_ += value.size();
    if (++num_values_ > limits_.max_values || value.size() > limits_.max_value_len ||
        total_len_ > limits_.max_total_len) {
      return false;
    }
    std::visit(
        [&](auto& values) {
          using Value = typename std::decay_t<decltype(values)>::value_type;
          values.push_back(Value::from_mechanism(to_bytes(value)));
        },
        result_.values);
    return true;
  }

  Attribute finish() && { return std::move(result_); }

 private:
  const AttributeLimits& limits_;
  Attribute result_;
  std::size_t num_values_ = 0;
  std::size_t total_len_ = 0;
};

// Reads every listed attribute with `read`.
template <class Read>
Result<Attributes> read_all(const Result<NameInfo>& info, const Read& read) {
  if (!info) return info.error();
  Attributes attributes;
  for (const std::string& listed : info->attributes) {
    auto attribute = read(listed);
    if (attribute) {
      attributes.readable.push_back(*std::move(attribute));
    } else {
      attributes.unreadable.push_back({listed, attribute.error().text()});
    }
  }
  return attributes;
}

}  // namespace

Result<NameInfo> inquire(gss_name_t name, const AttributeLimits& limits) {
  int is_mn = 0;
  gss_OID mech = GSS_C_NO_OID;  // a copy, which MIT's mechglue makes for the caller
  BufferSet names;
  OM_uint32 minor;
  const OM_uint32 major = gss_inquire_name(&minor, name, &is_mn, &mech, names.out());
  const Oid mn_mech(mech);
  OM_uint32 ignored;
  gss_release_oid(&ignored, &mech);
  if (GSS_ROUTINE_ERROR(major) == GSS_S_UNAVAILABLE) return NameInfo{};
  if (major != GSS_S_COMPLETE) return Status("gss_inquire_name", major, minor);
  NameInfo info{is_mn != 0, mn_mech, {}};
  if (!names) return info;  // MIT: no attributes is no set
  if (names.get()->count > limits.max_attributes) {
    return Status("gss_inquire_name: the name has too many attributes", GSS_S_FAILURE, 0);
  }
  for (std::size_t i = 0; i < names.get()->count; ++i) {
    const gss_buffer_desc& element = names.get()->elements[i];
    info.attributes.emplace_back(static_cast<const char*>(element.value), element.length);
  }
  return info;
}

Result<Attribute> get(gss_name_t name, std::string_view attribute, const AttributeLimits& limits) {
  if (is_pac_attribute(attribute)) {
    return Status::of_check("the PAC is not verified", GSS_S_UNAVAILABLE,
                            "a name alone is not enough to verify it");
  }
  TerminatedName attribute_name(attribute);
  ValueReader reader(attribute, limits);
  int more = -1;  // section 7.5.1: MUST be -1 on the first call, and is the mechanism's after it
  bool is_first = true;
  do {
    int is_authenticated = 0;
    int is_complete = 0;
    Buffer value;
    Buffer display_value;
    OM_uint32 minor;
    const OM_uint32 major =
        gss_get_name_attribute(&minor, name, attribute_name.desc(), &is_authenticated, &is_complete,
                               value.out(), display_value.out(), &more);
    if (major != GSS_S_COMPLETE) {
      Status status("gss_get_name_attribute", major, minor);
      if (is_first) return status;
      // Whatever the status is, the attribute is there.
      return Status::of_check("a further value of the attribute cannot be read", GSS_S_FAILURE,
                              status.text());
    }
    is_first = false;
    if (!reader.take(is_authenticated != 0, is_complete != 0, value.view())) {
      return Status(
          "gss_get_name_attribute: the flags differ between values, or there are too many values",
          GSS_S_FAILURE, 0);
    }
  } while (more != 0);
  return std::move(reader).finish();
}

Result<Attributes> get_all(gss_name_t name, const AttributeLimits& limits) {
  return read_all(inquire(name, limits),
                  [&](std::string_view listed) { return get(name, listed, limits); });
}

// One failed allocation cannot cut both answers.
const Result<NameInfo>& SourceAttributes::inquire() {
  if (listed_) return *listed_;
  Status shown = check_attributes_are_shown(evidence_.source, evidence_.mech);
  if (!shown.is_complete()) return listed_.emplace(std::move(shown));
  listed_ = gss::inquire(evidence_.source);
  if (!*listed_) return *listed_;
  const auto again = gss::inquire(evidence_.source);
  if (!again) return listed_.emplace(again.error());
  std::vector<std::string>& names = (*listed_)->attributes;
  for (const std::string& name : again->attributes) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  return *listed_;
}

Result<Attribute> SourceAttributes::get(std::string_view attribute) {
  return is_pac_attribute(attribute) ? get_pac(attribute) : gss::get(evidence_.source, attribute);
}

Result<std::optional<Attribute>> SourceAttributes::find(std::string_view attribute) {
  auto read = get(attribute);
  if (read) return std::optional(*std::move(read));
  // Every other status leaves open whether the name has the attribute.
  if (read.error().major() != GSS_S_UNAVAILABLE) return std::move(read).error();
  const bool is_verified = is_pac_attribute(attribute) && pac_ && *pac_;
  if (is_verified) return std::optional<Attribute>();  // the signed list of its buffers says so
  if (const auto& listed = inquire(); !listed) return listed.error();
  if (is_listed(attribute)) return std::move(read).error();
  return std::optional<Attribute>();
}

// An attacker may have removed a buffer from a PAC that is not verified. If the name lists one
// buffer, the PAC may have had every other buffer as well.
bool SourceAttributes::is_listed(std::string_view attribute) const {
  return std::ranges::any_of((*listed_)->attributes, [&](const std::string& name) {
    return name == attribute || (is_pac_attribute(attribute) && is_pac_attribute(name));
  });
}

Result<Attributes> SourceAttributes::get_all() {
  return read_all(inquire(), [&](std::string_view listed) { return get(listed); });
}

Result<Attribute> SourceAttributes::get_pac(std::string_view attribute) {
  if (!pac_) pac_ = verify_pac(evidence_);
  if (!*pac_) return pac_->error();
  if ((*pac_)->is_repeated(attribute)) {
    return Status::of_check("the verified PAC has this buffer more than once", GSS_S_FAILURE,
                            std::string(attribute));
  }
  const Bytes* octets = (*pac_)->find(attribute);
  if (octets == nullptr) {
    return Status::of_check("the verified PAC does not have this buffer", GSS_S_UNAVAILABLE,
                            std::string(attribute));
  }
  Attribute buffer{std::string(attribute), (*pac_)->is_complete, {}};
  buffer.values = std::vector{AuthenticatedValue::from_mechanism(*octets)};
  return buffer;
}

Status add_values(gss_name_t name, std::string_view attribute, bool is_complete,
                  const std::vector<Bytes>& values) {
  TerminatedName attribute_name(attribute);
  for (const Bytes& value : values) {
    BufferView octets((ByteView(value)));
    OM_uint32 minor;
    const OM_uint32 major = gss_set_name_attribute(&minor, name, is_complete ? 1 : 0,
                                                   attribute_name.desc(), octets.desc());
    if (major != GSS_S_COMPLETE) return Status("gss_set_name_attribute", major, minor);
  }
  return {};
}

Status replace_values(gss_name_t name, std::string_view attribute, bool is_complete,
                      const std::vector<Bytes>& values) {
  Status status;
  const Deletion deletion = remove(name, attribute, &status);
  // An attribute that does not exist is no error. After any other failure, old values could remain
  // among the new ones. A mechanism that cannot delete gives the same answer with and without the
  // attribute.
  if (deletion == Deletion::kUnavailable && get(name, attribute)) return status;
  if (deletion == Deletion::kUnauthorized || deletion == Deletion::kFailed) return status;
  return add_values(name, attribute, is_complete, values);
}

Deletion remove(gss_name_t name, std::string_view attribute, Status* status) {
  TerminatedName attribute_name(attribute);
  OM_uint32 minor;
  const OM_uint32 major = gss_delete_name_attribute(&minor, name, attribute_name.desc());
  if (major == GSS_S_COMPLETE) return Deletion::kDeleted;
  if (status != nullptr) *status = Status("gss_delete_name_attribute", major, minor);
  switch (GSS_ROUTINE_ERROR(major)) {
    case GSS_S_UNAUTHORIZED:
      return Deletion::kUnauthorized;
    case GSS_S_UNAVAILABLE:
      return Deletion::kUnavailable;
    default:
      return Deletion::kFailed;
  }
}

}  // namespace gssloop::gss
