// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/gss/credentials.h"

#include <cerrno>
#include <utility>

#include "gssloop/gss/krb5_handle.h"

namespace gssloop::gss {
namespace {

// A set of one mechanism, from the caller's Oid; empty Oid: GSS_C_NO_OID_SET.
class MechSet {
 public:
  explicit MechSet(const Oid& mech) noexcept : oid_(mech.desc()), set_{1, &oid_} {}
  MechSet(const MechSet&) = delete;
  gss_OID_set get() noexcept { return oid_.length == 0 ? GSS_C_NO_OID_SET : &set_; }

 private:
  gss_OID_desc oid_;
  gss_OID_set_desc set_;
};

Status not_made(std::string why) {
  return Status::of_check("the ccache cannot be made", GSS_S_FAILURE, std::move(why));
}

bool is_lack_of_memory(krb5_error_code code) noexcept {
  return code == ENOMEM || code == KRB5_CC_NOMEM;
}

// make_in_collection makes the ccache of that name for the credential's principal, if it is in a
// collection and not there. gss_store_cred_into would store in a new one, with a name that only
// libkrb5 knows: no program that is given `name` would find it. So what cannot be found out fails.
Status make_in_collection(const std::string& name, gss_cred_id_t credential) {
  const Krb5Context context;
  if (!context) return not_made(context.text(context.error()));
  Krb5Ccache ccache(context);
  krb5_error_code code = krb5_cc_resolve(context, name.c_str(), ccache.out());
  if (is_lack_of_memory(code)) return not_made(context.text(code));
  // gss_store_cred_into resolves it, too, and says more.
  if (code != 0 || !krb5_cc_support_switch(context, krb5_cc_get_type(context, ccache.get()))) {
    return {};
  }
  const auto client = credential_name(credential);
  if (!client) return client.error();
  Krb5Principal wanted(context);
  code = krb5_parse_name(context, client->text.c_str(), wanted.out());
  if (code != 0) return not_made(context.text(code));
  Krb5Principal present(context);
  code = krb5_cc_get_principal(context, ccache.get(), present.out());
  if (is_lack_of_memory(code)) return not_made(context.text(code));
  if (code == 0) {
    if (krb5_principal_compare(context, present.get(), wanted.get())) return {};
    // The name of a collection is not that of its default ccache, which is another principal's.
    Krb5Text full_name(context);
    code = krb5_cc_get_full_name(context, ccache.get(), full_name.out());
    if (code != 0) return not_made(context.text(code));
    if (name != full_name.get()) return {};
  }
  code = krb5_cc_initialize(context, ccache.get(), wanted.get());
  return code == 0 ? Status() : not_made(context.text(code));
}

}  // namespace

Result<Credential> acquire_initiator(gss_name_t name, const Oid& mech) {
  MechSet mechs(mech);
  Credential credential;
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_acquire_cred(&minor, name, GSS_C_INDEFINITE, mechs.get(),
                                           GSS_C_INITIATE, credential.out(), nullptr, nullptr);
  if (major != GSS_S_COMPLETE) return Status("gss_acquire_cred", major, minor, mech);
  if (!credential) return Status::without_result("gss_acquire_cred");
  return credential;
}

Result<Credential> acquire_with_password(gss_name_t name, const Oid& mech, const Secret& password) {
  MechSet mechs(mech);
  BufferView secret(password.view());
  Credential credential;
  OM_uint32 minor = 0;
  const OM_uint32 major =
      gss_acquire_cred_with_password(&minor, name, secret.desc(), GSS_C_INDEFINITE, mechs.get(),
                                     GSS_C_INITIATE, credential.out(), nullptr, nullptr);
  if (major != GSS_S_COMPLETE) return Status("gss_acquire_cred_with_password", major, minor, mech);
  if (!credential) return Status::without_result("gss_acquire_cred_with_password");
  return credential;
}

Result<Credential> acquire_acceptor(gss_name_t name, const Oid& mech, const std::string& keytab) {
  MechSet mechs(mech);
  Credential credential;
  OM_uint32 minor = 0;
  if (keytab.empty()) {
    const OM_uint32 major = gss_acquire_cred(&minor, name, GSS_C_INDEFINITE, mechs.get(),
                                             GSS_C_ACCEPT, credential.out(), nullptr, nullptr);
    if (major != GSS_S_COMPLETE) return Status("gss_acquire_cred", major, minor, mech);
    if (!credential) return Status::without_result("gss_acquire_cred");
    return credential;
  }
  gss_key_value_element_desc element{"keytab", keytab.c_str()};
  const gss_key_value_set_desc store{1, &element};
  const OM_uint32 major =
      gss_acquire_cred_from(&minor, name, GSS_C_INDEFINITE, mechs.get(), GSS_C_ACCEPT, &store,
                            credential.out(), nullptr, nullptr);
  if (major != GSS_S_COMPLETE) return Status("gss_acquire_cred_from", major, minor, mech);
  if (!credential) return Status::without_result("gss_acquire_cred_from");
  return credential;
}

// MIT's exported form is JSON, and has the keytab's name as a string. It has no key. The names of
// both types of files end so: FILE and WRFILE.
bool is_of_keytab_file(gss_cred_id_t credential, const std::string& path) {
  Buffer token;
  OM_uint32 minor = 0;
  if (gss_export_cred(&minor, credential, token.out()) != GSS_S_COMPLETE) return false;
  return as_text(token.view()).find("FILE:" + path + '"') != std::string_view::npos;
}

Result<Credential> duplicate(gss_cred_id_t credential) {
  Buffer token;
  OM_uint32 minor = 0;
  OM_uint32 major = gss_export_cred(&minor, credential, token.out());
  if (major != GSS_S_COMPLETE) return Status("gss_export_cred", major, minor);
  BufferView exported(token.view());
  Credential copy;
  major = gss_import_cred(&minor, exported.desc(), copy.out());
  token.wipe();  // session keys, or a password
  if (major != GSS_S_COMPLETE) return Status("gss_import_cred", major, minor);
  if (!copy) return Status::without_result("gss_import_cred");
  return copy;
}

Status suppress_default_protection(Credential* credential) {
  // MIT krb5 writes to the credential without a check for NULL.
  if (!*credential) return Status("gss_set_cred_option", GSS_S_NO_CRED, 0);
  BufferView no_value((ByteView()));
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_set_cred_option(&minor, credential->in_out(),
                                              GSS_KRB5_CRED_NO_CI_FLAGS_X, no_value.desc());
  return Status("gss_set_cred_option", major, minor);
}

Status store(gss_cred_id_t credential, const std::string& ccache) {
  if (Status made = make_in_collection(ccache, credential); !made.is_complete()) return made;
  gss_key_value_element_desc element{"ccache", ccache.c_str()};
  const gss_key_value_set_desc store{1, &element};
  OidSet stored;
  OM_uint32 minor = 0;
  // For every mechanism of the credential that can store: for a mechanism that cannot (SPNEGO), the
  // mechglue returns COMPLETE and does nothing.
  const OM_uint32 major = gss_store_cred_into(&minor, credential, GSS_C_INITIATE, GSS_C_NO_OID, 1,
                                              0, &store, stored.out(), nullptr);
  if (major != GSS_S_COMPLETE) return Status("gss_store_cred_into", major, minor);
  if (!stored || stored.get()->count == 0) return Status::without_result("gss_store_cred_into");
  return {};
}

Status restrict_negotiation(Credential* credential, const Oid& mech) {
  gss_OID_desc oid = mech.desc();
  const gss_OID_set_desc mechs{1, &oid};
  OM_uint32 minor = 0;
  const OM_uint32 major =
      gss_set_neg_mechs(&minor, credential->get(), const_cast<gss_OID_set_desc*>(&mechs));
  return Status("gss_set_neg_mechs", major, minor);
}

// Uses gss_inquire_cred, because gss_inquire_cred_by_mech does not support SPNEGO's credentials.
Status check_usable(gss_cred_id_t credential, const Oid& mech) {
  OidSet mechs;
  OM_uint32 minor = 0;
  const OM_uint32 major =
      gss_inquire_cred(&minor, credential, nullptr, nullptr, nullptr, mechs.out());
  if (major != GSS_S_COMPLETE) return Status("gss_inquire_cred", major, minor, mech);
  for (std::size_t i = 0; mechs && i < mechs.get()->count; ++i) {
    if (Oid(&mechs.get()->elements[i]) == mech) return {};
  }
  return Status("gss_inquire_cred: the credential is not for this mechanism", GSS_S_NO_CRED, 0,
                mech);
}

Result<DisplayedName> credential_name(gss_cred_id_t credential) {
  // MIT's mechglue leaks the name of an expired credential.
  if (auto lifetime = remaining_lifetime(credential); !lifetime) return std::move(lifetime).error();
  Name name;
  OM_uint32 minor = 0;
  const OM_uint32 major =
      gss_inquire_cred(&minor, credential, name.out(), nullptr, nullptr, nullptr);
  if (major != GSS_S_COMPLETE) return Status("gss_inquire_cred", major, minor);
  return display(name.get());
}

Result<OM_uint32> remaining_lifetime(gss_cred_id_t credential) {
  OM_uint32 lifetime = 0;
  OM_uint32 minor = 0;
  // Without the name: MIT's mechglue leaks it if the credential has expired.
  const OM_uint32 major =
      gss_inquire_cred(&minor, credential, nullptr, &lifetime, nullptr, nullptr);
  if (major != GSS_S_COMPLETE) return Status("gss_inquire_cred", major, minor);
  return lifetime;
}

}  // namespace gssloop::gss
