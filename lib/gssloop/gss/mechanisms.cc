// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/gss/mechanisms.h"

#include "gssloop/gss/handle.h"

namespace gssloop::gss {
namespace {

// The attributes of RFC 5587 that one mechanism declares.
class MechAttributes {
 public:
  explicit MechAttributes(const Oid& mech) {
    OidArgument oid(mech);
    OM_uint32 minor;
    if (gss_inquire_attrs_for_mech(&minor, oid.get(), set_.out(), nullptr) != GSS_S_COMPLETE) {
      set_.reset();  // declares nothing, so it is never eligible
    }
  }
  std::vector<Oid> all() const {
    std::vector<Oid> oids;
    for (std::size_t i = 0; set_ && i < set_.get()->count; ++i) {
      oids.emplace_back(&set_.get()->elements[i]);
    }
    return oids;
  }
  bool has(gss_const_OID attribute) const {
    const Oid wanted(attribute);
    for (std::size_t i = 0; set_ && i < set_.get()->count; ++i) {
      if (Oid(&set_.get()->elements[i]) == wanted) return true;
    }
    return false;
  }

 private:
  OidSet set_;
};

Mechanism describe(const Oid& oid) {
  Mechanism mechanism;
  mechanism.oid = oid;
  const MechAttributes attributes(oid);
  mechanism.is_concrete = attributes.has(GSS_C_MA_MECH_CONCRETE);
  mechanism.is_negotiation = attributes.has(GSS_C_MA_MECH_NEGO);
  mechanism.is_pseudo = attributes.has(GSS_C_MA_MECH_PSEUDO) ||
                        attributes.has(GSS_C_MA_MECH_GLUE) || attributes.has(GSS_C_MA_NOT_MECH);
  mechanism.is_deprecated = attributes.has(GSS_C_MA_DEPRECATED);
  mechanism.is_default = !attributes.has(GSS_C_MA_NOT_DFLT_MECH);
  mechanism.authenticates_initiator = attributes.has(GSS_C_MA_AUTH_INIT);
  mechanism.authenticates_target = attributes.has(GSS_C_MA_AUTH_TARG);
  mechanism.binds_channels = attributes.has(GSS_C_MA_CBINDINGS);
  mechanism.is_framed = attributes.has(GSS_C_MA_ITOK_FRAMED);

  OidArgument argument(oid);
  Buffer sasl_name, name, description;
  OM_uint32 minor;
  if (gss_inquire_saslname_for_mech(&minor, argument.get(), sasl_name.out(), name.out(),
                                    description.out()) == GSS_S_COMPLETE) {
    mechanism.sasl_name = to_string(sasl_name.view());
    mechanism.name = to_string(name.view());
    mechanism.description = to_string(description.view());
  }
  return mechanism;
}

}  // namespace

std::string Mechanism::policy_name() const {
  if (oid.is_kerberos()) return "krb5";
  return name.empty() ? oid.dotted() : name;
}

std::vector<MechanismAttribute> declared_attributes(const Oid& mech) {
  std::vector<MechanismAttribute> declared;
  for (const Oid& oid : MechAttributes(mech).all()) {
    OidArgument argument(oid);
    Buffer name, short_text, long_text;
    OM_uint32 minor;
    const OM_uint32 major = gss_display_mech_attr(&minor, argument.get(), name.out(),
                                                  short_text.out(), long_text.out());
    const bool is_known = major == GSS_S_COMPLETE && !name.empty();
    declared.push_back({is_known ? to_string(name.view()) : oid.dotted(),
                        is_known ? to_string(short_text.view()) : std::string()});
  }
  return declared;
}

Result<MechanismRegistry> MechanismRegistry::indicate() {
  OidSet set;
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_indicate_mechs(&minor, set.out());
  if (major != GSS_S_COMPLETE) return Status("gss_indicate_mechs", major, minor);
  std::vector<Mechanism> mechanisms;
  for (std::size_t i = 0; set && i < set.get()->count; ++i) {
    mechanisms.push_back(describe(Oid(&set.get()->elements[i])));
  }
  return MechanismRegistry(std::move(mechanisms));
}

std::vector<MechanismName> MechanismRegistry::policy_names() const {
  std::vector<MechanismName> names;
  for (const Mechanism& mechanism : mechanisms_) {
    // Several SASL mechanisms are Kerberos, so none of their names means it.
    names.push_back({mechanism.policy_name(), mechanism.oid.dotted(),
                     mechanism.oid.is_kerberos() ? std::string() : mechanism.sasl_name});
  }
  return names;
}

const Mechanism* MechanismRegistry::find(const Oid& oid) const noexcept {
  for (const Mechanism& mechanism : mechanisms_) {
    if (mechanism.oid == oid) return &mechanism;
  }
  return nullptr;
}

}  // namespace gssloop::gss
