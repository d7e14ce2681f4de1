// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_GSS_ATTRIBUTES_H_
#define GSSLOOP_GSS_ATTRIBUTES_H_

#include <string>
#include <string_view>
#include <vector>

#include "gssloop/base/attribute.h"
#include "gssloop/gss/handle.h"
#include "gssloop/gss/oid.h"
#include "gssloop/gss/status.h"

namespace gssloop::gss {

// Name attributes (naming-exts section 7). What comes back was sent by a peer: it is bounded here,
// and nothing is cut in silence. Names may be read from several threads at once.

// AttributeLimits is what is read at most. What exceeds it fails; nothing is cut.
struct AttributeLimits {
  std::size_t max_attributes = 256;     // of one name
  std::size_t max_values = 1024;        // of one attribute
  std::size_t max_value_len = 1 << 20;  // octets
  std::size_t max_total_len = 4 << 20;  // octets, all values of one attribute
};

// NameInfo is what gss_inquire_name tells (section 7.4). `mech` names the mechanism of an MN; under
// SPNEGO and IAKERB that is not the context's mechanism, so decisions never use it.
struct NameInfo {
  bool is_mn = false;                   // of one mechanism (RFC 2743 section 1.1.5)
  Oid mech;                             // empty where the name is of none
  std::vector<std::string> attributes;  // in the mechanism's order
};

// inquire lists the attributes of a name. A mechanism that has none may say so with no set (krb5)
// or with GSS_S_UNAVAILABLE (moonshot, Heimdal): both give an empty list. Fails when the list
// cannot be had, or is longer than the limit.
Result<NameInfo> inquire(gss_name_t name, const AttributeLimits& limits = {});

// get reads all values of one attribute (section 7.5): one call a value, `more` -1 at the first and
// untouched after it. Fails when the mechanism does, when the authenticated or complete flag
// changes between values (they MUST NOT, section 7.5.1), or a limit is exceeded; then no value is
// handed out, because a part of the values is another set.
Result<Attribute> get(gss_name_t name, std::string_view attribute,
                      const AttributeLimits& limits = {});

// get_all reads every listed attribute. An attribute that get refuses is unreadable, not absent.
// Fails only when the list itself cannot be had.
Result<Attributes> get_all(gss_name_t name, const AttributeLimits& limits = {});

// add_values adds values to an attribute, one call each (section 7.6.1); replace_values deletes
// what is there first. A failure may leave some values set: the caller drops the name then.
Status add_values(gss_name_t name, std::string_view attribute, bool is_complete,
                  const std::vector<Bytes>& values);
Status replace_values(gss_name_t name, std::string_view attribute, bool is_complete,
                      const std::vector<Bytes>& values);

// Why an attribute was not deleted.
enum class Deletion {
  kDeleted,
  kUnauthorized,  // a negative authenticated attribute: MUST NOT be deleted (section 7.7)
  kUnavailable,   // the mechanism does not do it, or has no such attribute (MIT's answer)
  kFailed,
};
// remove deletes an attribute (section 7.7), and says in `*status`, where one is given, what the
// call returned.
Deletion remove(gss_name_t name, std::string_view attribute, Status* status = nullptr);

}  // namespace gssloop::gss

#endif  // GSSLOOP_GSS_ATTRIBUTES_H_
