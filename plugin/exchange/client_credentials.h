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

// ClientCredentials finds out as whom a client logs in and with what: the authorization identity,
// and the initiator credential. In this order: SASL_GSS_CREDS; a ticket for AUTHNAME, or the
// default one when there is no AUTHNAME; and only if neither is usable and both AUTHNAME and PASS
// can be had, a password. The application answers by callbacks or, where it said so, by
// SASL_INTERACT; a password is never asked for while a usable ticket exists. Nor is an AUTHNAME
// that the application would have to ask its user for: by SASL_INTERACT, or in a procedure as
// Subversion's.
class ClientCredentials {
 public:
  enum class Readiness { kReady, kInteract };

  // `service` is that of the server which the client is to log in to ("imap").
  explicit ClientCredentials(std::string_view service);
  ClientCredentials(const ClientCredentials&) = delete;
  ClientCredentials& operator=(const ClientCredentials&) = delete;
  ~ClientCredentials() { free_prompts(); }

  // gather is called until it is ready; with kInteract it has filled *prompt_need for the
  // application to answer. Answers of earlier rounds are kept.
  Result<Readiness, LoginError> gather(const SaslUtils& sasl, const gss::Oid& mech,
                                       const void* gss_creds, sasl_interact_t** prompt_need);

  // suppress_default_protection makes contexts of this credential grant integrity and
  // confidentiality only where they are asked for (R10). The application's own is left as it is: a
  // copy takes its place.
  std::optional<LoginError> suppress_default_protection(const gss::Oid& mech);

  // authzid is empty when the client acts as itself.
  const std::string& authzid() const noexcept { return authzid_.text; }
  // credential is borrowed: from the application, or from this object.
  gss_cred_id_t credential() const noexcept {
    return borrowed_ != GSS_C_NO_CREDENTIAL ? borrowed_ : owned_.get();
  }

 private:
  // What an application said for one callback id.
  struct Answer {
    bool is_settled = false;
    std::string text;
  };

  void take_answers(sasl_interact_t** prompt_need);
  void free_prompts() noexcept;
  std::optional<LoginError> ask(const SaslUtils& sasl, unsigned long id, Answer* answer,
                                bool may_interact);
  std::optional<LoginError> ask_password(const SaslUtils& sasl);
  std::optional<LoginError> find_credential(const SaslUtils& sasl, const gss::Oid& mech);
  std::optional<LoginError> restrict_to_kerberos(const gss::Oid& mech);
  LoginError lack_of_ticket(const gss::Status& no_ticket) const;
  std::optional<LoginError> wait_for_answer(const SaslUtils& sasl,
                                            const gss::Status& no_ticket) const;
  gss::Result<gss::Name> login_name() const;
  gss::Status try_ticket(const SaslUtils& sasl, const gss::Oid& mech);
  std::optional<LoginError> use_password(const gss::Oid& mech);
  Result<Readiness, LoginError> put_questions(const SaslUtils& sasl, sasl_interact_t** prompt_need);

  // The application's procedure for AUTHNAME asks its user.
  const bool authname_is_prompt_;
  Answer authzid_, authname_;
  bool is_password_settled_ = false;
  Secret password_;
  std::vector<unsigned long> questions_;
  // What the application was asked last: ours, from its allocator, until it answers or gives up.
  sasl_interact_t* prompts_ = nullptr;
  sasl_free_t* free_ = nullptr;
  gss_cred_id_t borrowed_ = GSS_C_NO_CREDENTIAL;
  gss::Credential owned_;
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_EXCHANGE_CLIENT_CREDENTIALS_H_
