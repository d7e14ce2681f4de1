// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_GSS_MECHANISMS_H_
#define GSSLOOP_GSS_MECHANISMS_H_

#include <string>
#include <string_view>
#include <vector>

#include "gssloop/base/mechanism_name.h"
#include "gssloop/gss/oid.h"
#include "gssloop/gss/status.h"

namespace gssloop::gss {

// Mechanism is the description of one mechanism by the machine's GSS-API library.
struct Mechanism {
  Oid oid;
  // The SASL name without -PLUS (RFC 5801 section 3); empty if gss_inquire_saslname_for_mech fails;
  // the mechanism MUST NOT be used with GS2 then.
  std::string sasl_name;
  std::string name;         // "krb5"
  std::string description;  // for a person

  // RFC 5587 mechanism attributes, as far as a bridge to SASL needs them.
  bool is_concrete = false;
  bool is_negotiation = false;  // GSS_C_MA_MECH_NEGO: SPNEGO and similar mechanisms
  bool is_pseudo = false;       // pseudo, glue or not a mechanism at all
  bool is_deprecated = false;
  bool is_default = true;  // not GSS_C_MA_NOT_DFLT_MECH
  bool authenticates_initiator = false;
  bool authenticates_target = false;
  bool binds_channels = false;
  bool is_framed = false;  // the first token has the RFC 2743 section 3.1 header

  // policy_name is the mechanism's name in policies: "krb5" for Kerberos in each of its forms;
  // otherwise its name (RFC 5801 section 10, mech_name), or its dotted OID without a name.
  std::string policy_name() const;
};

// MechanismAttribute is an RFC 5587 attribute that a mechanism declares.
struct MechanismAttribute {
  std::string name;         // "GSS_C_MA_AUTH_INIT"; the dotted OID if the library has no name
  std::string description;  // for a person; may be empty
};

// declared_attributes lists all of them, in the mechanism's order; empty if it declares none.
std::vector<MechanismAttribute> declared_attributes(const Oid& mech);

// MechanismRegistry is the list of the machine's mechanisms, read once and immutable: any number of
// threads may use it.
class MechanismRegistry {
 public:
  // indicate reads the list from the GSS-API library. Fails if the library has no mechanism.
  static Result<MechanismRegistry> indicate();
  explicit MechanismRegistry(std::vector<Mechanism> mechanisms)
      : mechanisms_(std::move(mechanisms)) {}

  const std::vector<Mechanism>& all() const noexcept { return mechanisms_; }
  // policy_names lists their names in policies.
  std::vector<MechanismName> policy_names() const;
  // find returns null when there is none.
  const Mechanism* find(const Oid& oid) const noexcept;

 private:
  std::vector<Mechanism> mechanisms_;
};

}  // namespace gssloop::gss

#endif  // GSSLOOP_GSS_MECHANISMS_H_
