// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/gs2_server.h"

#include <algorithm>

#include "lib/gss/initial_token.h"
#include "lib/gss/names.h"
#include "plugin/identity.h"
#include "plugin/trace.h"

namespace gssloop::plugin {
namespace {

Refusal refuse(Class what, const std::string& subject, const std::string& clause) {
  return {what, subject + " failed: " + clause};
}

}  // namespace

std::optional<Refusal> judge_binding(const sasl_server_params_t& params, const Gs2Header& header) {
  switch (header.cb_flag) {
    case CbFlag::kNotSupported:
      if (SASL_CB_CRITICAL(&params)) {
        return Refusal{Class::kBinding,
                       "this server requires channel binding, the client has none"};
      }
      return std::nullopt;
    case CbFlag::kServerLacksIt:
      // Somebody may have taken the -PLUS names out of the list on its way.
      if (SASL_CB_PRESENT(&params)) {
        return Refusal{Class::kBinding,
                       "the client believes that this server offers no channel binding, but it "
                       "does: a downgrade, or a client that was not shown the -PLUS mechanism"};
      }
      return std::nullopt;
    case CbFlag::kUsed:
      break;
  }
  if (!SASL_CB_PRESENT(&params) || header.cb_name != params.cbinding->name) {
    return Refusal{
        Class::kBinding,
        "the client used the channel binding \"" + printable(as_bytes(header.cb_name), 64) +
            "\", this server has " +
            (SASL_CB_PRESENT(&params) ? std::string("\"") + params.cbinding->name + "\"" : "none")};
  }
  return std::nullopt;
}

AcceptorKey acceptor_key(const gss::Mechanism& mechanism, const sasl_server_params_t& params,
                         const Options& options) {
  return {mechanism.oid, params.service != nullptr ? params.service : "",
          params.serverFQDN != nullptr ? params.serverFQDN : "", options.keytab,
          options.service_principal};
}

Gs2Server::~Gs2Server() {
  // libsasl keeps these pointers after the context is gone.
  if (filled_ == nullptr) return;
  filled_->gss_peer_name = nullptr;
  filled_->gss_local_name = nullptr;
  filled_->client_creds = nullptr;
  filled_->cbindingname = nullptr;
  // Without the name, and without this login, the next mechanism's verdict must begin anew: libsasl
  // compares the name wherever the disposition says USED.
  filled_->cbindingdisp = SASL_CB_DISP_NONE;
}

int Gs2Server::step(const sasl_server_params_t& params, std::optional<ByteView> client_in,
                    const char** server_out, unsigned* server_out_len, sasl_out_params_t* oparams) {
  *server_out = nullptr;
  *server_out_len = 0;
  has_out_ = false;
  // The error token went out with the last step; whatever comes back, the login has failed (G15).
  if (announced_) return tell_peer(host_, *announced_, options_.is_verbose);
  const Progress progress = advance(params, client_in, oparams);
  if (!progress) return report_server(host_, progress.error(), options_.is_verbose);
  if (has_out_) {
    *server_out = out_.data();
    *server_out_len = static_cast<unsigned>(out_.size());
  }
  return *progress;
}

std::string Gs2Server::subject() const { return mechanism_.sasl_name + " login to " + key_.text(); }

void Gs2Server::put(ByteView token) {
  out_ = to_string(token);
  has_out_ = true;
}

Gs2Server::Progress Gs2Server::advance(const sasl_server_params_t& params,
                                       std::optional<ByteView> client_in,
                                       sasl_out_params_t* oparams) {
  if (acceptor_) {
    return obey(acceptor_->on_token(client_in.value_or(ByteView())), params, oparams);
  }
  if (!client_in && !has_challenged_) {
    has_challenged_ = true;
    put({});  // RFC 5801 section 6: no message yet is answered by an empty challenge, once
    return SASL_CONTINUE;
  }
  return on_first_message(params, client_in.value_or(ByteView()), oparams);
}

Gs2Server::Progress Gs2Server::on_first_message(const sasl_server_params_t& params,
                                                ByteView message, sasl_out_params_t* oparams) {
  auto options = Options::read(host_);
  if (!options) return Refusal{Class::kConfiguration, options.error().clause};
  options_ = *std::move(options);
  key_ = acceptor_key(mechanism_, params, options_);
  properties_.erase();

  if (message.size() > options_.limits.max_token_len) {
    return refuse(Class::kProtocol, subject(), "the first message is too long");
  }
  auto parsed = parse_gs2_message(message);
  if (!parsed) {
    return refuse(Class::kProtocol, subject(),
                  "the GS2 header is malformed: " + parsed.error().clause);
  }
  header_ = parsed->header;
  if (auto refusal = judge_header(params)) return *std::move(refusal);
  if (auto refusal = make_acceptor(params, *parsed)) return *std::move(refusal);

  // Section 4: the RFC 2743 header MUST be restored, except when "F" says that there was none.
  if (header_.is_nonstandard) {
    return obey(acceptor_->on_token(parsed->token), params, oparams);
  }
  const Bytes token = gss::restore_initial_header(parsed->token, mechanism_.oid);
  // An empty token with a header would still be empty to the mechanism (loop section 2.5).
  return obey(acceptor_->on_token(parsed->token.empty() ? ByteView() : ByteView(token)), params,
              oparams);
}

// What is wrong with a header that is of the grammar.
std::optional<Refusal> Gs2Server::judge_header(const sasl_server_params_t& params) const {
  // Section 4: "F" is for mechanisms whose tokens never have the RFC 2743 header. Elsewhere it
  // would let a token choose its own mechanism.
  if (header_.is_nonstandard && mechanism_.is_framed) {
    return refuse(Class::kProtocol, subject(), "the flag \"F\" is not for this mechanism");
  }
  if (auto refusal = judge_binding(params, header_)) {
    return refuse(refusal->what, subject(), refusal->sentence);
  }
  if (header_.authzid.empty()) return std::nullopt;
  if (auto mistake = check_login_name(header_.authzid)) {
    return refuse(Class::kIdentity, subject(), "as authorization identity, " + mistake->clause);
  }
  return std::nullopt;
}

std::optional<Refusal> Gs2Server::make_acceptor(const sasl_server_params_t& params,
                                                const ParsedGs2Message& message) {
  auto credential = static_cast<gss_cred_id_t>(const_cast<void*>(params.gss_creds));
  if (credential == GSS_C_NO_CREDENTIAL) {
    auto held = plugin_->credentials.get(key_);
    if (!held) return explain(subject(), Class::kCredential, held.error());
    credential_ = *std::move(held);
    credential = credential_->credential.get();
  }
  ByteView binding_data;
  if (header_.cb_flag == CbFlag::kUsed) {
    binding_data = ByteView(params.cbinding->data, params.cbinding->len);
  }
  // RFC 5801 section 8 demands mutual authentication. That the bindings, and so the header, were
  // verified is only known from CHANNEL_BOUND: acceptors pass over bindings that the initiator did
  // not send.
  Flags required = Flag::kMutual;
  if (!options_.allows_unbound(mechanism_.sasl_name)) required = required | Flag::kChannelBound;
  acceptor_.emplace(
      gss::AcceptorInput{credential, gs2_bindings(message.bound_header, binding_data)}, required,
      options_.limits);
  return std::nullopt;
}

Gs2Server::Progress Gs2Server::obey(loop::Step step, const sasl_server_params_t& params,
                                    sasl_out_params_t* oparams) {
  if (is_tracing(params)) trace_step(host_, "server", acceptor_->num_legs(), step);
  if (step.has(loop::Action::kFail)) {
    Refusal refusal = explain(subject(), step.failure());
    if (!step.has(loop::Action::kSendErrorToken) || !options_.sends_error_token) return refusal;
    // A token cannot leave together with a failure: it goes as a challenge, and the next step
    // fails (G15). The log says why at once.
    report_server(host_, refusal, options_.is_verbose);
    announced_ = std::move(refusal);
    put(step.token());
    return SASL_CONTINUE;
  }
  for (const loop::Action action : step.actions()) {
    if (action == loop::Action::kSendToken) {
      put(step.token());
    } else if (action == loop::Action::kAwaitToken) {
      return SASL_CONTINUE;
    } else if (action == loop::Action::kEstablish) {
      if (auto refusal = finish(step.take_context(), params, oparams)) return *std::move(refusal);
    }
  }
  return SASL_OK;
}

std::optional<Refusal> Gs2Server::finish(loop::EstablishedContext context,
                                         const sasl_server_params_t& params,
                                         sasl_out_params_t* oparams) {
  context_ = std::move(context);
  // Credentials that an application gave may serve several mechanisms; the client named this one.
  if (context_->mech() != mechanism_.oid) {
    return refuse(Class::kProtocol, subject(),
                  "the token was made for another mechanism, " + context_->mech().dotted());
  }
  if (auto refusal = check_acceptor_name()) return refusal;
  auto authid = name_peer();
  if (!authid) return std::move(authid).error();
  if (auto refusal = check_realm(params, *authid)) return refusal;
  if (is_tracing(params)) trace_attributes(host_, *context_);
  const Attributes attributes = read_attributes();
  if (auto refusal = canonicalize(params, *authid, oparams)) return refusal;
  properties_.publish(attributes, std::string_view(oparams->authid) == oparams->user);
  fill(oparams);
  return std::nullopt;
}

// Which of our names the ticket was for. Asking the context costs as much as a twentieth of a
// login, so where only one name can have been meant, that is the answer.
gss_name_t Gs2Server::local_name() {
  using Kind = ServicePrincipal::Kind;
  if (credential_ && key_.principal.kind == Kind::kServiceAtHost) return credential_->name.get();
  if (!acceptor_name_) {
    if (auto name = context_->target_name()) acceptor_name_ = *std::move(name);
  }
  return acceptor_name_.get();
}

// R12: a keytab may hold keys of several services; a ticket for another one is not for us.
std::optional<Refusal> Gs2Server::check_acceptor_name() {
  if (key_.principal.kind != ServicePrincipal::Kind::kAnyHost) return std::nullopt;
  std::string acceptor;
  if (gss_name_t name = local_name(); name != GSS_C_NO_NAME) {
    if (auto displayed = gss::display(name)) acceptor = std::move(displayed->text);
  }
  if (service_of(acceptor) == key_.service) return std::nullopt;
  return refuse(Class::kRejected, subject(),
                "the ticket is for \"" + printable(as_bytes(acceptor)) +
                    "\", another service (service_principal = ** would accept it)");
}

Result<std::string, Refusal> Gs2Server::name_peer() {
  if (context_->flags().has(Flag::kAnon)) {
    return refuse(Class::kAnonymous, subject(), "the peer is anonymous");
  }
  auto displayed = gss::display(context_->source());
  if (!displayed) return explain(subject(), Class::kMechanism, displayed.error());
  if (displayed->is_anonymous()) {
    return refuse(Class::kAnonymous, subject(), "the peer is anonymous");
  }
  auto authid = authid_of(*displayed, mechanism_.oid.is_kerberos(), plugin_->default_realm);
  if (!authid) return refuse(Class::kIdentity, subject(), authid.error().clause);
  return *std::move(authid);
}

// libsasl appends an application's own realm to names without one: a peer whose foreign realm is
// called like that would become the local user of its name (L45).
std::optional<Refusal> Gs2Server::check_realm(const sasl_server_params_t& params,
                                              const std::string& authid) const {
  const std::string realm = params.user_realm != nullptr ? params.user_realm : "";
  if (realm.empty() || !authid.ends_with("@" + realm)) return std::nullopt;
  return refuse(Class::kIdentity, subject(),
                "the peer's realm is foreign, but called like the application's own: \"" +
                    printable(as_bytes(realm)) + "\"");
}

// Only what was asked for is read: each attribute costs microseconds.
Attributes Gs2Server::read_attributes() const {
  Attributes attributes;
  // Other mechanisms' names are published under names of their own only: equal names of different
  // mechanisms are different attributes (naming-exts section 5).
  if (!mechanism_.oid.is_kerberos()) return attributes;
  const auto wanted = properties_.wanted();
  if (wanted.empty()) return attributes;
  const auto info = context_->inquire_source();
  if (!info) {
    host_.log(SASL_LOG_WARN, "the peer's attributes cannot be listed: " + info.error().text());
    return attributes;
  }
  for (const std::string& name : wanted) {
    if (std::ranges::find(info->attributes, name) == info->attributes.end()) continue;
    auto attribute = context_->source_attribute(name);
    if (attribute) {
      attributes.readable.push_back(*std::move(attribute));
    } else {
      host_.log(SASL_LOG_WARN, "attribute " + name + " withheld: " + attribute.error().text());
    }
  }
  return attributes;
}

std::optional<Refusal> Gs2Server::canonicalize(const sasl_server_params_t& params,
                                               const std::string& authid,
                                               sasl_out_params_t* oparams) {
  const std::string& authzid = header_.authzid;
  const bool is_same = authzid.empty() || authzid == authid;
  // Verified by Kerberos: no database of libsasl's needs to know the user.
  constexpr unsigned kVerified = SASL_CU_EXTERNALLY_VERIFIED;
  const auto canon = [&](const std::string& name, unsigned flags) {
    return params.canon_user(host_.conn(), name.c_str(), static_cast<unsigned>(name.size()),
                             flags | kVerified, oparams);
  };
  int code = canon(authid, is_same ? SASL_CU_AUTHID | SASL_CU_AUTHZID : SASL_CU_AUTHID);
  if (code == SASL_OK && !is_same) code = canon(authzid, SASL_CU_AUTHZID);
  if (code == SASL_OK) return std::nullopt;
  return Refusal{Class::kHost,
                 subject() + " failed: libsasl or the application does not take the name \"" +
                     printable(as_bytes(authid)) + "\" acting as \"" +
                     printable(as_bytes(is_same ? authid : authzid)) +
                     "\" - look at its canon_user callback, and at auxprop plugins that fail",
                 code};
}

void Gs2Server::fill(sasl_out_params_t* oparams) {
  oparams->doneflag = 1;
  oparams->mech_ssf = 0;  // GS2 has no security layer (RFC 5801 section 12)
  oparams->maxoutbuf = 0;
  oparams->encode = nullptr;
  oparams->decode = nullptr;
  delegated_ = context_->delegated();
  oparams->client_creds = delegated_ != GSS_C_NO_CREDENTIAL ? &delegated_ : nullptr;
  oparams->gss_peer_name = context_->source();
  oparams->gss_local_name = local_name();
  // A binding that the mechanism did not verify was not used, whatever the header says.
  const bool is_bound = context_->flags().has(Flag::kChannelBound);
  oparams->cbindingdisp = SASL_CB_DISP_NONE;
  oparams->cbindingname = nullptr;
  if (header_.cb_flag == CbFlag::kUsed && is_bound) {
    oparams->cbindingdisp = SASL_CB_DISP_USED;
    oparams->cbindingname = header_.cb_name.c_str();
  } else if (header_.cb_flag == CbFlag::kServerLacksIt) {
    oparams->cbindingdisp = SASL_CB_DISP_WANT;
  }
  oparams->param_version = 0;
  filled_ = oparams;
}

}  // namespace gssloop::plugin
