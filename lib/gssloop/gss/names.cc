// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/gss/names.h"

namespace gssloop::gss {
namespace {

gss_OID oid_of(NameForm form) noexcept {
  switch (form) {
    case NameForm::kHostbasedService:
      return GSS_C_NT_HOSTBASED_SERVICE;
    case NameForm::kUser:
      return GSS_C_NT_USER_NAME;
    case NameForm::kKerberosPrincipal:
      return GSS_KRB5_NT_PRINCIPAL_NAME;
  }
  return GSS_C_NO_OID;
}

bool is_composite_token(ByteView token) noexcept {
  // naming-exts section 7.8: all such tokens MUST start with a two-octet token ID, hex 04 02.
  return token.size() >= 2 && token[0] == 0x04 && token[1] == 0x02;
}

}  // namespace

Result<Name> import_name(std::string_view text, NameForm form) {
  BufferView input(text);
  Name name;
  OM_uint32 minor;
  const OM_uint32 major = gss_import_name(&minor, input.desc(), oid_of(form), name.out());
  if (major != GSS_S_COMPLETE) return Status("gss_import_name", major, minor);
  if (!name) return Status::without_result("gss_import_name");
  return name;
}

Result<Name> canonicalize(gss_name_t name, const Oid& mech) {
  OidArgument oid(mech);
  Name canonical;
  OM_uint32 minor;
  const OM_uint32 major = gss_canonicalize_name(&minor, name, oid.get(), canonical.out());
  if (major != GSS_S_COMPLETE) return Status("gss_canonicalize_name", major, minor, mech);
  if (!canonical) return Status::without_result("gss_canonicalize_name");
  return canonical;
}

Result<Name> duplicate(gss_name_t name) {
  Name copy;
  OM_uint32 minor;
  const OM_uint32 major = gss_duplicate_name(&minor, name, copy.out());
  if (major != GSS_S_COMPLETE) return Status("gss_duplicate_name", major, minor);
  if (!copy) return Status::without_result("gss_duplicate_name");
  return copy;
}

bool DisplayedName::is_anonymous() const { return type == Oid(GSS_C_NT_ANONYMOUS); }

Result<DisplayedName> display(gss_name_t name) {
  Buffer text;
  gss_OID type = GSS_C_NO_OID;  // static in the mechanism, never released
  OM_uint32 minor;
  const OM_uint32 major = gss_display_name(&minor, name, text.out(), &type);
  if (major != GSS_S_COMPLETE) return Status("gss_display_name", major, minor);
  if (text.view().empty()) return Status::without_result("gss_display_name");
  return DisplayedName{to_string(text.view()), Oid(type)};
}

Result<std::string> display_as(gss_name_t name, NameForm form) {
  Buffer text;
  OM_uint32 minor;
  if (gss_display_name_ext(&minor, name, oid_of(form), text.out()) == GSS_S_COMPLETE &&
      !text.view().empty()) {
    return to_string(text.view());
  }
  auto displayed = display(name);
  if (!displayed) return std::move(displayed).error();
  return std::move(displayed->text);
}

Result<std::string> local_name(gss_name_t name, const Oid& mech) {
  OidArgument oid(mech);
  Buffer local;
  OM_uint32 minor;
  const OM_uint32 major = gss_localname(&minor, name, oid.get(), local.out());
  if (major != GSS_S_COMPLETE) return Status("gss_localname", major, minor);
  if (local.view().empty()) return Status::without_result("gss_localname");
  return to_string(local.view());
}

Result<Bytes> export_composite(gss_name_t name) {
  Buffer token;
  OM_uint32 minor;
  const OM_uint32 major = gss_export_name_composite(&minor, name, token.out());
  if (major != GSS_S_COMPLETE) return Status("gss_export_name_composite", major, minor);
  if (!is_composite_token(token.view())) {
    return Status("gss_export_name_composite", GSS_S_DEFECTIVE_TOKEN, 0);
  }
  return to_bytes(token.view());
}

Result<Name> import_trusted_composite(ByteView token) {
  if (!is_composite_token(token)) return Status("gss_import_name", GSS_S_DEFECTIVE_TOKEN, 0);
  BufferView input(token);
  Name name;
  OM_uint32 minor;
  const OM_uint32 major =
      gss_import_name(&minor, input.desc(), GSS_C_NT_COMPOSITE_EXPORT, name.out());
  if (major != GSS_S_COMPLETE) return Status("gss_import_name", major, minor);
  if (!name) return Status::without_result("gss_import_name");
  return name;
}

}  // namespace gssloop::gss
