// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_EXCHANGE_CLIENT_CREDENTIALS_H_
#define GSSLOOP_PLUGIN_EXCHANGE_CLIENT_CREDENTIALS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gssloop/base/bytes.h"
#include "gssloop/base/result.h"
#include "gssloop/gss/handle.h"
#include "gssloop/gss/oid.h"
#include "gssloop/gss/status.h"
#include "plugin/sasl/errors.h"
#include "plugin/sasl/sasl_utils.h"

namespace gssloop::plugin {

// ClientCredentials finds a client's authorization identity and initiator credential. It tries
// these credentials in this order: SASL_GSS_CREDS; a ticket for AUTHNAME, or the default ticket
// without an AUTHNAME; a password, if no ticket is usable, the option gssloop_password allows it,
// and the application supplies AUTHNAME and PASS. The application answers with callbacks or, if it
// requests that, with SASL_INTERACT. While a usable ticket exists, or if a password is not allowed,
// the module never requests a password. Nor is an AUTHNAME that the application would have to ask
// its user for: by SASL_INTERACT, or in a procedure as Subversion's. Of one login, the KDC gets at
// most one password. In a mechanism that is not Kerberos, the password comes before a credential of
// the mechanism, which may have no secret in it.
class ClientCredentials {
 public:
  enum class Readiness { kReady, kInteract };

  // `service` is the service of the server ("imap").
  explicit ClientCredentials(std::string_view service);
  ClientCredentials(const ClientCredentials&) = delete;
  ClientCredentials& operator=(const ClientCredentials&) = delete;
  ~ClientCredentials() { free_prompts(); }

  // gather is called until it returns kReady. With kInteract it has filled *prompt_need, and the
  // application must answer. It keeps the answers of earlier rounds. `allows_password` is
  // Options::allows_password.
  Result<Readiness, LoginError> gather(const SaslUtils& sasl, const gss::Oid& mech,
                                       const void* gss_creds, bool allows_password,
                                       sasl_interact_t** prompt_need);

  // suppress_default_protection makes contexts of this credential grant integrity and
  // confidentiality only if they are requested (R10). It does not change the application's own
  // credential, but uses a copy.
  std::optional<LoginError> suppress_default_protection(const gss::Oid& mech);

  // authzid is empty when the client acts as itself.
  const std::string& authzid() const noexcept { return authzid_.text; }
  // is_restricted: the credential can negotiate nothing but Kerberos. The application's own may.
  bool is_restricted() const noexcept { return is_restricted_; }
  // check_initiator returns the error if the context is not one of credential(): behind GSS-Proxy,
  // the default credential of the process may have replaced it. `source` is the context's
  // initiator.
  std::optional<LoginError> check_initiator(gss_name_t source) const;
  // credential is borrowed: from the application, or from this object.
  gss_cred_id_t credential() const noexcept {
    return borrowed_ != GSS_C_NO_CREDENTIAL ? borrowed_ : owned_.get();
  }
  // release drops this object's own credential, with its ticket and session key, once a context is
  // established: the context needs it no more.
  void release() noexcept { owned_.reset(); }

 private:
  // An application's answer for one callback id.
  struct Answer {
    bool is_settled = false;
    std::string text;
  };

  bool can_ask_password(const SaslUtils& sasl) const;
  std::optional<LoginError> take_answers(sasl_interact_t** prompt_need);
  void free_prompts() noexcept;
  std::optional<LoginError> ask(const SaslUtils& sasl, unsigned long id, Answer* answer,
                                bool may_interact);
  std::optional<LoginError> ask_password(const SaslUtils& sasl);
  std::optional<LoginError> check_own(const gss::Oid& mech) const;
  std::optional<LoginError> find_credential(const SaslUtils& sasl, const gss::Oid& mech);
  std::optional<LoginError> find_other_credential(const SaslUtils& sasl, const gss::Oid& mech);
  std::optional<LoginError> restrict_to_kerberos(const gss::Oid& mech);
  LoginError lack_of_ticket(const gss::Status& no_ticket) const;
  gss::Result<gss::Name> login_name() const;
  gss::Status try_ticket(const SaslUtils& sasl, const gss::Oid& mech);
  std::optional<LoginError> use_password(const gss::Oid& mech);
  Result<Readiness, LoginError> put_questions(const SaslUtils& sasl, sasl_interact_t** prompt_need);

  // The application's procedure for AUTHNAME asks its user.
  const bool authname_is_prompt_;
  bool allows_password_ = false;
  Answer authzid_, authname_;
  bool is_password_settled_ = false;
  Secret password_;
  std::vector<unsigned long> questions_;
  // The questions of the last round. This object owns the list, which is from the application's
  // allocator, until the application answers or ends the login.
  sasl_interact_t* prompts_ = nullptr;
  sasl_free_t* free_ = nullptr;
  bool is_restricted_ = false;
  gss_cred_id_t borrowed_ = GSS_C_NO_CREDENTIAL;
  gss::Credential owned_;
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_EXCHANGE_CLIENT_CREDENTIALS_H_
