// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_GSS_KERBEROS_H_
#define GSSLOOP_GSS_KERBEROS_H_

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace gssloop::gss {

// Functions that need Kerberos' own library beside the GSS-API.

// default_realm is this machine's own realm, from krb5.conf or the host's domain; empty if there is
// none. Reads configuration files: call it once, not in a login.
std::string default_realm();

// default_keytab_name is the keytab of acceptors that name none ("FILE:..."): the one of
// KRB5_KTNAME, or of krb5.conf. It is not that of krb5_gss_register_acceptor_identity, which MIT
// krb5 tells no program. Reads configuration files.
std::string default_keytab_name();

// AcceptorEnvironment is the part of the environment that decides about an acceptor's credential.
// MIT krb5 reads it when the credential is acquired: KRB5_CONFIG, KRB5_KTNAME (the default keytab),
// KRB5RCACHENAME and KRB5RCACHETYPE (the replay cache). In a setuid program they count as not set,
// as in libkrb5. Cheap enough for each login. No thread may change the environment meanwhile, as in
// libkrb5.
class AcceptorEnvironment {
 public:
  // The present one.
  AcceptorEnvironment();
  // is_current: it is still the same.
  bool is_current() const;

 private:
  std::array<std::optional<std::string>, 4> values_;
};

// keytab_path is the file behind a keytab name ("FILE:/path", "WRFILE:/path" or a plain path);
// empty for keytabs that are not files.
std::string keytab_path(std::string_view keytab_name);

}  // namespace gssloop::gss

#endif  // GSSLOOP_GSS_KERBEROS_H_
