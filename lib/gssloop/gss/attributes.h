// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_GSS_ATTRIBUTES_H_
#define GSSLOOP_GSS_ATTRIBUTES_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gssloop/base/attribute.h"
#include "gssloop/gss/handle.h"
#include "gssloop/gss/oid.h"
#include "gssloop/gss/pac_verification.h"
#include "gssloop/gss/status.h"

namespace gssloop::gss {

// Name attributes (naming-exts section 7). The data comes from a peer, so its size is bounded here;
// data above a limit is an error, and is never silently truncated. Several threads may read a name
// at once.

// AttributeLimits bounds the data that is read. Exceeding a limit is an error; nothing is
// truncated.
struct AttributeLimits {
  std::size_t max_attributes = 256;     // of one name
  std::size_t max_values = 1024;        // of one attribute
  std::size_t max_value_len = 1 << 20;  // octets
  std::size_t max_total_len = 4 << 20;  // octets, all values of one attribute
};

// NameInfo is the result of gss_inquire_name (section 7.4). `mech` names the mechanism of an MN;
// under SPNEGO and IAKERB that is not the context's mechanism, so decisions never use it.
struct NameInfo {
  bool is_mn = false;                   // of one mechanism (RFC 2743 section 1.1.5)
  Oid mech;                             // empty if the name is not of one mechanism
  std::vector<std::string> attributes;  // in the mechanism's order
};

// inquire lists the attributes of a name. A mechanism without attributes may return no set (krb5)
// or GSS_S_UNAVAILABLE (moonshot, Heimdal): both give an empty list. Fails if the mechanism fails,
// or if the list is longer than the limit. The list may lack attributes that the name has: MIT krb5
// leaves out those for which it finds no memory, and reports no failure. See SourceAttributes.
Result<NameInfo> inquire(gss_name_t name, const AttributeLimits& limits = {});

// get reads all values of one attribute (section 7.5): one call for each value, with `more` -1 in
// the first call and unchanged after it. Fails if the mechanism fails, if the authenticated or
// complete flag changes between values (they MUST NOT, section 7.5.1), or if a limit is exceeded.
// It then returns no value, because a part of the values is a different set. GSS_S_UNAVAILABLE is
// the mechanism's answer to the first call only: it has no value. Fails for a PAC and
// its buffers (urn:mspac:...): a name alone is not enough to verify them, see SourceAttributes.
Result<Attribute> get(gss_name_t name, std::string_view attribute,
                      const AttributeLimits& limits = {});

// get_all reads every listed attribute. An attribute for which get fails is unreadable, not absent.
// Fails only if the list itself cannot be read.
Result<Attributes> get_all(gss_name_t name, const AttributeLimits& limits = {});

// SourceAttributes reads the attributes of the name of an acceptor's peer. It returns a buffer of a
// PAC only after it verified the whole PAC, at most once, when the first buffer is read: the value
// is that of the verified PAC. If the PAC cannot be verified, all its buffers are unreadable.
// One thread.
class SourceAttributes {
 public:
  // SourceAttributes borrows what the evidence borrows.
  explicit SourceAttributes(const PacEvidence& evidence) : evidence_(evidence) {}

  // inquire lists the attributes, those of a PAC as well, as gss::inquire does. The first call asks
  // the mechanism twice, and the list has what either answer has. Fails if GSS-Proxy may hide
  // attributes (gssloop/gss/interposer.h): then no attribute is known to be absent.
  const Result<NameInfo>& inquire();
  // get reads one attribute as gss::get does, and a buffer of a PAC from the verified PAC.
  Result<Attribute> get(std::string_view attribute);
  // find reads one attribute as get does. No value: it is absent, which means that the mechanism
  // neither lists nor returns it (GSS_S_UNAVAILABLE). A buffer of a PAC is absent if the verified
  // PAC does not have its type, or if the ticket has no PAC. Every other failure is an error, and
  // for rules the attribute is then unknown.
  Result<std::optional<Attribute>> find(std::string_view attribute);
  // get_all reads every listed attribute, as gss::get_all does.
  Result<Attributes> get_all();

 private:
  Result<Attribute> get_pac(std::string_view attribute);
  bool is_listed(std::string_view attribute) const;

  const PacEvidence evidence_;
  std::optional<Result<VerifiedPac>> pac_;
  std::optional<Result<NameInfo>> listed_;
};

// add_values adds values to an attribute, one call each (section 7.6.1); replace_values first
// deletes the existing values. A failure may leave some values set, so the caller must then discard
// the name.
Status add_values(gss_name_t name, std::string_view attribute, bool is_complete,
                  const std::vector<Bytes>& values);
Status replace_values(gss_name_t name, std::string_view attribute, bool is_complete,
                      const std::vector<Bytes>& values);

// The reason why an attribute was not deleted.
enum class Deletion {
  kDeleted,
  kUnauthorized,  // a negative authenticated attribute: MUST NOT be deleted (section 7.7)
  kUnavailable,   // the mechanism does not support it, or has no such attribute (as MIT answers)
  kFailed,
};
// remove deletes an attribute (section 7.7), and stores the status of the call in `*status`, if
// that is not null.
Deletion remove(gss_name_t name, std::string_view attribute, Status* status = nullptr);

}  // namespace gssloop::gss

#endif  // GSSLOOP_GSS_ATTRIBUTES_H_
