// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/exchange/client_credentials.h"

#include <algorithm>
#include <cstring>

#include "gssloop/gss/credentials.h"
#include "gssloop/gss/interposer.h"
#include "gssloop/gss/names.h"
#include "plugin/sasl/mechanism.h"

namespace gssloop::plugin {
namespace {

constexpr struct {
  unsigned long id;
  const char* challenge;
  const char* prompt;
} kPrompts[] = {
    {SASL_CB_USER, "Authorization Name", "Please enter your authorization name"},
    {SASL_CB_AUTHNAME, "Authentication Name", "Please enter your authentication name"},
    {SASL_CB_PASS, "Password", "Please enter your password"},
};

LoginError callback_failed(const char* name, int code) {
  return {ErrorKind::kCallback,
          std::string("the application's callback for the ") + name + " failed with SASL code " +
              std::to_string(code),
          code};
}

// Of a name or a password. Longer ones are a wrong length, as -1 is.
constexpr std::size_t kMaxAnswerLen = 65535;

LoginError too_long(std::size_t len) {
  return {ErrorKind::kMisuse, "the application answered with a name or a password of " +
                                  std::to_string(len) + " bytes; the limit is " +
                                  std::to_string(kMaxAnswerLen)};
}

// SPNEGO does not say why Kerberos has no ticket.
gss::Result<gss::Credential> acquire_or_say_why(gss_name_t name, const gss::Oid& mech) {
  auto credential = gss::acquire_initiator(name, mech);
  if (credential || mech != gss::Oid::spnego()) return credential;
  auto kerberos = gss::acquire_initiator(name, gss::Oid::krb5());
  return kerberos ? std::move(credential) : std::move(kerberos);
}

// GSS-Proxy's daemon may refuse to look for a ticket by name, even by the name of the one that it
// has. Then its default ticket is taken, but only if it has that name.
gss::Result<gss::Credential> acquire_ticket(gss_name_t name, const gss::Oid& mech) {
  auto credential = acquire_or_say_why(name, mech);
  if (credential || name == GSS_C_NO_NAME || !gss::is_behind_gss_proxy()) return credential;
  auto other = gss::acquire_initiator(GSS_C_NO_NAME, mech);
  const auto wanted = gss::canonicalize(name, gss::replaced_kerberos());
  const bool has_name =
      other && wanted && gss::check_initiator(other->get(), wanted->get()).is_complete();
  return has_name ? std::move(other) : std::move(credential);
}

// The needs of single applications, by their service.
constexpr struct {
  std::string_view service;
  bool authname_is_prompt;
} kQuirks[] = {
    // Subversion's client (1.14) prompts its user, or asks its store of passwords, when a mechanism
    // asks for AUTHNAME. Without an answer it ends the login, whatever the server says.
    {"svn", true},
};

}  // namespace

ClientCredentials::ClientCredentials(std::string_view service)
    : authname_is_prompt_(std::ranges::any_of(kQuirks, [&](const auto& quirk) {
        return quirk.service == service && quirk.authname_is_prompt;
      })) {}

Result<ClientCredentials::Readiness, LoginError> ClientCredentials::gather(
    const SaslUtils& sasl, const gss::Oid& mech, const void* gss_creds, bool allows_password,
    sasl_interact_t** prompt_need) {
  allows_password_ = allows_password;
  if (auto error = take_answers(prompt_need)) return *std::move(error);
  questions_.clear();
  if (auto error = ask(sasl, SASL_CB_USER, &authzid_, true)) return *std::move(error);
  if (gss_creds != nullptr) {
    borrowed_ = static_cast<gss_cred_id_t>(const_cast<void*>(gss_creds));
    if (auto error = check_own(mech)) return *std::move(error);
  } else if (!owned_) {
    if (auto error = find_credential(sasl, mech)) return *std::move(error);
    if (auto error = restrict_to_kerberos(mech)) return *std::move(error);
  }
  return questions_.empty() ? Readiness::kReady : put_questions(sasl, prompt_need);
}

// Checks the application's own credential.
std::optional<LoginError> ClientCredentials::check_own(const gss::Oid& mech) const {
  const gss::Status usable = gss::check_usable(borrowed_, mech);
  if (!usable.is_complete()) {
    return explain("using the application's credential (SASL_GSS_CREDS)", ErrorKind::kCredential,
                   usable);
  }
  // It may be for other mechanisms than Kerberos, too, so the exchange could not continue with it.
  if (mech == gss::Oid::spnego() && gss::is_behind_gss_proxy() && !gss::is_held_here(borrowed_)) {
    return LoginError{ErrorKind::kCredential,
                      "GSS-Proxy holds the application's credential (SASL_GSS_CREDS), and "
                      "GSS-SPNEGO cannot use it - use GSSAPI or GS2-KRB5, or no SASL_GSS_CREDS"};
  }
  return std::nullopt;
}

// The client must not offer a server the other mechanisms for which this machine has credentials.
// The answer to NTLM's challenge, for example, would let the server guess the password.
std::optional<LoginError> ClientCredentials::restrict_to_kerberos(const gss::Oid& mech) {
  if (!owned_ || mech != gss::Oid::spnego()) return std::nullopt;
  const gss::Status restricted = gss::restrict_negotiation(&owned_, gss::Oid::krb5());
  is_restricted_ = restricted.is_complete();
  if (is_restricted_) return std::nullopt;
  return explain("restricting the negotiation to Kerberos", ErrorKind::kCredential, restricted);
}

std::optional<LoginError> ClientCredentials::suppress_default_protection(const gss::Oid& mech) {
  if (borrowed_ != GSS_C_NO_CREDENTIAL) {
    auto copy = gss::duplicate(borrowed_);
    if (!copy) return explain("copying the credential", ErrorKind::kCredential, copy.error());
    owned_ = *std::move(copy);
    borrowed_ = GSS_C_NO_CREDENTIAL;
    // The copy does not have the restriction of the original.
    if (auto error = restrict_to_kerberos(mech)) return error;
  }
  const gss::Status done = gss::suppress_default_protection(&owned_);
  // A mechanism without this option grants the requested flags in any case. When the context is
  // complete, the granted flags are checked.
  if (done.is_complete() || done.routine_error() == GSS_S_UNAVAILABLE) return std::nullopt;
  return explain("preparing the credential", ErrorKind::kCredential, done);
}

bool ClientCredentials::can_ask_password(const SaslUtils& sasl) const {
  sasl_getsecret_t* procedure;
  void* context;
  return allows_password_ &&
         sasl.callback(SASL_CB_PASS, &procedure, &context) != SaslUtils::Callback::kAbsent;
}

std::optional<LoginError> ClientCredentials::check_initiator(gss_name_t source) const {
  const gss::Status kept = gss::check_initiator(credential(), source);
  if (kept.is_complete()) return std::nullopt;
  return explain("using the chosen credential", ErrorKind::kCredential, kept);
}

void ClientCredentials::free_prompts() noexcept {
  if (prompts_ != nullptr) free_(prompts_);
  prompts_ = nullptr;
}

// Reads the answers to the last round of SASL_INTERACT: libsasl returns this module's own list.
std::optional<LoginError> ClientCredentials::take_answers(sasl_interact_t** prompt_need) {
  if (prompts_ == nullptr || prompt_need == nullptr || *prompt_need != prompts_) {
    return std::nullopt;
  }
  for (sasl_interact_t* prompt = *prompt_need; prompt->id != SASL_CB_LIST_END; ++prompt) {
    if (prompt->len > kMaxAnswerLen) return too_long(prompt->len);
    const auto* text = static_cast<const char*>(prompt->result);
    const std::string_view answer(text != nullptr ? text : "", text != nullptr ? prompt->len : 0);
    if (prompt->id == SASL_CB_USER) authzid_ = {true, std::string(answer)};
    if (prompt->id == SASL_CB_AUTHNAME) authname_ = {true, std::string(answer)};
    if (prompt->id == SASL_CB_PASS) {
      password_ = Secret(as_bytes(answer));
      is_password_settled_ = true;
    }
  }
  *prompt_need = nullptr;
  free_prompts();
  return std::nullopt;
}

std::optional<LoginError> ClientCredentials::ask(const SaslUtils& sasl, unsigned long id,
                                                 Answer* answer, bool may_interact) {
  if (answer->is_settled) return std::nullopt;
  sasl_getsimple_t* procedure;
  void* context;
  switch (sasl.callback(id, &procedure, &context)) {
    case SaslUtils::Callback::kByInteraction:
      if (may_interact) questions_.push_back(id);
      return std::nullopt;
    case SaslUtils::Callback::kProcedure: {
      // If the application has no such callback, libsasl answers AUTHNAME with $USER, and with the
      // connection as context. Neither the application nor its user chose that name.
      if (id == SASL_CB_AUTHNAME && context == sasl.conn()) break;
      if (id == SASL_CB_AUTHNAME && authname_is_prompt_ && !may_interact) return std::nullopt;
      const char* text = nullptr;
      const int code = procedure(context, static_cast<int>(id), &text, nullptr);
      // An application without an authentication name logs in with its default ticket. If the
      // application cannot supply an authorization name, it must not act as a different user.
      if (code != SASL_OK && id == SASL_CB_USER) return callback_failed("authorization name", code);
      *answer = {true, code == SASL_OK && text != nullptr ? text : ""};
      return std::nullopt;
    }
    case SaslUtils::Callback::kAbsent:
      break;
  }
  answer->is_settled = true;
  return std::nullopt;
}

std::optional<LoginError> ClientCredentials::ask_password(const SaslUtils& sasl) {
  if (is_password_settled_) return std::nullopt;
  sasl_getsecret_t* procedure;
  void* context;
  switch (sasl.callback(SASL_CB_PASS, &procedure, &context)) {
    case SaslUtils::Callback::kByInteraction:
      questions_.push_back(SASL_CB_PASS);
      return std::nullopt;
    case SaslUtils::Callback::kProcedure: {
      sasl_secret_t* secret = nullptr;  // the application's, which frees it
      const int code = procedure(sasl.conn(), context, SASL_CB_PASS, &secret);
      if (code != SASL_OK || secret == nullptr) {
        return callback_failed("password", code == SASL_OK ? SASL_BADPARAM : code);
      }
      if (secret->len > kMaxAnswerLen) return too_long(secret->len);
      password_ = Secret(ByteView(secret->data, secret->len));
      break;
    }
    case SaslUtils::Callback::kAbsent:
      break;
  }
  is_password_settled_ = true;
  return std::nullopt;
}

std::optional<LoginError> ClientCredentials::find_credential(const SaslUtils& sasl,
                                                             const gss::Oid& mech) {
  if (!arrives_at(mech).is_kerberos()) return find_other_credential(sasl, mech);
  if (auto error = ask(sasl, SASL_CB_AUTHNAME, &authname_, false)) return error;
  gss::Status no_ticket = try_ticket(sasl, mech);
  if (owned_) return std::nullopt;
  if (can_ask_password(sasl)) {
    const bool was_settled = authname_.is_settled;
    if (auto error = ask(sasl, SASL_CB_AUTHNAME, &authname_, true)) return error;
    // There may be a ticket for a name that the application supplied only now, or supplies in the
    // next round.
    if (!authname_.is_settled) return std::nullopt;
    if (!authname_.text.empty()) {
      if (!was_settled) no_ticket = try_ticket(sasl, mech);
      if (owned_) return std::nullopt;
      if (auto error = ask_password(sasl)) {
        // An application with a procedure, but without a password, needs a ticket.
        error->sentence = lack_of_ticket(no_ticket).sentence + "; and " + error->sentence;
        return error;
      }
      if (!is_password_settled_) return std::nullopt;
      if (!password_.empty()) return use_password(mech);
    }
  }
  return lack_of_ticket(no_ticket);
}

// Another mechanism than Kerberos may give out a credential that has no secret in it (Moonshot
// does), and its exchange then fails. So the application's name and password come first.
std::optional<LoginError> ClientCredentials::find_other_credential(const SaslUtils& sasl,
                                                                   const gss::Oid& mech) {
  const bool can_ask = can_ask_password(sasl);
  if (auto error = ask(sasl, SASL_CB_AUTHNAME, &authname_, can_ask)) return error;
  if (can_ask) {
    if (!authname_.is_settled) return std::nullopt;
    if (!authname_.text.empty()) {
      auto error = ask_password(sasl);
      // An application with a procedure, but without a password, needs the mechanism's credential.
      if (error && error->kind != ErrorKind::kCallback) return error;
      if (!error && !is_password_settled_) return std::nullopt;
      if (!password_.empty()) {
        error = use_password(mech);
        if (error || owned_) return error;
      }
    }
  }
  const gss::Status no_credential = try_ticket(sasl, mech);
  if (owned_) return std::nullopt;
  return lack_of_ticket(no_credential);
}

LoginError ClientCredentials::lack_of_ticket(const gss::Status& no_ticket) const {
  return explain(authname_.text.empty()
                     ? "finding a credential"
                     : "finding a credential for " + printable(as_bytes(authname_.text)),
                 ErrorKind::kCredential, no_ticket);
}

gss::Result<gss::Name> ClientCredentials::login_name() const {
  if (authname_.text.empty()) return gss::Name();
  return gss::import_name(authname_.text, gss::NameForm::kUser);
}

// If there is no ticket, leaves owned_ empty and returns the reason. Checks the lifetime of a
// ticket only if a password could replace the ticket: otherwise the exchange itself reports an
// expired one.
gss::Status ClientCredentials::try_ticket(const SaslUtils& sasl, const gss::Oid& mech) {
  auto name = login_name();
  if (!name) return std::move(name).error();
  auto credential = acquire_ticket(name->get(), mech);
  if (!credential) return std::move(credential).error();
  if (arrives_at(mech).is_kerberos() && can_ask_password(sasl)) {
    // In SPNEGO's credential only the Kerberos part counts: other parts may exist without a ticket.
    const auto ticket = acquire_ticket(name->get(), arrives_at(mech));
    if (!ticket) return ticket.error();
    const auto lifetime = gss::remaining_lifetime(ticket->get());
    if (!lifetime) return lifetime.error();
    if (*lifetime == 0) {
      return gss::Status("gss_inquire_cred", GSS_S_CREDENTIALS_EXPIRED, 0, mech);
    }
  }
  owned_ = *std::move(credential);
  return {};
}

std::optional<LoginError> ClientCredentials::use_password(const gss::Oid& mech) {
  auto name = login_name();
  if (name) {
    auto credential = gss::acquire_with_password(name->get(), mech, password_);
    password_.wipe();
    if (credential) {
      owned_ = *std::move(credential);
      return std::nullopt;
    }
    // A mechanism that uses no passwords.
    const bool is_missing = credential.error().routine_error() == GSS_S_UNAVAILABLE;
    if (is_missing && !arrives_at(mech).is_kerberos()) return std::nullopt;
    name = std::move(credential).error();
  }
  return explain(
      "getting a credential for " + printable(as_bytes(authname_.text)) + " with a password",
      ErrorKind::kCredential, name.error());
}

Result<ClientCredentials::Readiness, LoginError> ClientCredentials::put_questions(
    const SaslUtils& sasl, sasl_interact_t** prompt_need) {
  const std::size_t num_prompts = questions_.size() + 1;
  void* memory =
      prompt_need == nullptr ? nullptr : sasl.get()->malloc(num_prompts * sizeof(sasl_interact_t));
  if (memory == nullptr) {
    return LoginError{
        prompt_need == nullptr ? ErrorKind::kMisuse : ErrorKind::kMemory,
        "the client needs a name or a password, but the application cannot prompt for it"};
  }
  std::memset(memory, 0, num_prompts * sizeof(sasl_interact_t));
  auto* prompts = static_cast<sasl_interact_t*>(memory);
  for (std::size_t i = 0; i < questions_.size(); ++i) {
    for (const auto& [id, challenge, prompt] : kPrompts) {
      if (id != questions_[i]) continue;
      prompts[i].id = id;
      prompts[i].challenge = challenge;
      prompts[i].prompt = prompt;
    }
  }
  prompts[questions_.size()].id = SASL_CB_LIST_END;
  free_prompts();
  prompts_ = prompts;
  free_ = sasl.get()->free;
  *prompt_need = prompts;
  return Readiness::kInteract;
}

}  // namespace gssloop::plugin
