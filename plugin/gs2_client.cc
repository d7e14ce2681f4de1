// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/gs2_client.h"

#include "lib/gss/initial_token.h"
#include "lib/gss/names.h"
#include "plugin/trace.h"

namespace gssloop::plugin {

Result<Gs2Header, Refusal> client_header(const sasl_client_params_t& params, std::string authzid) {
  Gs2Header header;
  header.authzid = std::move(authzid);
  switch (params.cbindingdisp) {
    case SASL_CB_DISP_USED:
      if (!SASL_CB_PRESENT(&params)) {
        return Refusal{Class::kBinding, "channel binding was chosen, but the application set none"};
      }
      header.cb_flag = CbFlag::kUsed;
      header.cb_name = params.cbinding->name;
      break;
    case SASL_CB_DISP_WANT:
      header.cb_flag = CbFlag::kServerLacksIt;
      break;
    default:
      header.cb_flag = CbFlag::kNotSupported;
      break;
  }
  // RFC 5801 section 5: a client that requires channel binding MUST use "p".
  if (SASL_CB_CRITICAL(&params) && header.cb_flag != CbFlag::kUsed) {
    return Refusal{Class::kBinding,
                   "the application requires channel binding, but the server does not offer it"};
  }
  return header;
}

int Gs2Client::step(const sasl_client_params_t& params, std::optional<ByteView> server_in,
                    sasl_interact_t** prompt_need, const char** client_out,
                    unsigned* client_out_len, sasl_out_params_t* oparams) {
  *client_out = nullptr;
  *client_out_len = 0;
  has_out_ = false;
  const ByteView in = server_in.value_or(ByteView());
  Progress progress = SASL_OK;
  if (initiator_) {
    progress = obey(initiator_->on_token(in), params, oparams);
  } else if (!in.empty()) {
    progress = Refusal{Class::kProtocol, subject() + " failed: the server spoke first"};
  } else {
    progress = begin(params, prompt_need);
    if (progress && *progress == SASL_OK) progress = start_loop(params);
    if (progress && *progress == SASL_OK) progress = obey(initiator_->start(), params, oparams);
  }
  if (!progress) return report_client(host_, progress.error());
  if (has_out_) {
    *client_out = out_.data();
    *client_out_len = static_cast<unsigned>(out_.size());
  }
  return *progress;
}

std::string Gs2Client::subject() const {
  return mechanism_.sasl_name + " login to " + (target_.empty() ? "the server" : target_);
}

// Finds out who logs in. SASL_OK: everything is known; SASL_INTERACT: the application is to answer.
Gs2Client::Progress Gs2Client::begin(const sasl_client_params_t& params,
                                     sasl_interact_t** prompt_need) {
  auto options = Options::read(host_);
  if (!options) return Refusal{Class::kConfiguration, options.error().clause};
  options_ = *std::move(options);
  if (options_.is_anonymous && (params.props.security_flags & SASL_SEC_NOANONYMOUS) != 0) {
    return Refusal{Class::kAnonymous,
                   "gssloop_anonymous is on, but the application forbids anonymous logins"};
  }
  target_ = std::string(params.service) + "@" + params.serverFQDN;
  auto gathered = identity_.gather(host_, mechanism_.oid, params.gss_creds, prompt_need);
  if (!gathered) return std::move(gathered).error();
  return *gathered == ClientIdentity::Progress::kInteract ? SASL_INTERACT : SASL_OK;
}

Gs2Client::Progress Gs2Client::start_loop(const sasl_client_params_t& params) {
  auto header = client_header(params, identity_.authzid());
  if (!header) return std::move(header).error();
  header_ = *std::move(header);
  auto bound_header = header_.serialize();  // without "F,", which is not known yet nor bound
  if (!bound_header) {
    return Refusal{Class::kMisuse, subject() + " failed: " + bound_header.error().clause};
  }
  ByteView binding_data;
  if (header_.cb_flag == CbFlag::kUsed) {
    binding_data = ByteView(params.cbinding->data, params.cbinding->len);
  }
  auto target = gss::import_name(target_, gss::NameForm::kHostbasedService);
  if (!target) return explain(subject(), Class::kMisuse, target.error());

  // RFC 5801 section 8: mutual_req_flag MUST be set, per-message flags SHOULD NOT.
  // G11 EXCEPTION: Cyrus SASL's own gs2 server refuses a context without sequence, so it is asked
  // for. It is not demanded: neither of the server, nor by ours of a client.
  Flags request = Flag::kMutual | Flag::kSequence;
  if ((params.props.security_flags & SASL_SEC_PASS_CREDENTIALS) != 0) {
    request = request | Flag::kDeleg;
  }
  if (options_.is_anonymous) request = request | Flag::kAnon;
  initiator_.emplace(
      gss::InitiatorInput{identity_.credential(), *std::move(target), mechanism_.oid, request, 0,
                          gs2_bindings(as_bytes(*bound_header), binding_data)},
      Flag::kMutual, options_.limits);
  return SASL_OK;
}

Gs2Client::Progress Gs2Client::obey(loop::Step step, const sasl_client_params_t& params,
                                    sasl_out_params_t* oparams) {
  if (is_tracing(params)) trace_step(host_, "client", initiator_->num_legs(), step);
  // Before anything is sent: a client that fails just aborts the exchange, and that is what tells
  // the server. An error token stays here (loop section 2.3 recommends it where a channel fits).
  if (step.has(loop::Action::kFail)) return explain(subject(), step.failure());
  for (const loop::Action action : step.actions()) {
    if (action == loop::Action::kSendToken) {
      if (auto refusal = put_message(step.token())) return *std::move(refusal);
    } else if (action == loop::Action::kAwaitToken) {
      return SASL_CONTINUE;
    } else if (action == loop::Action::kEstablish) {
      if (auto refusal = finish(step.take_context(), params, oparams)) return *std::move(refusal);
    }
  }
  return SASL_OK;
}

// RFC 5801 section 4: the header goes before the first token, which loses its RFC 2743 header; a
// token that has none travels with the flag "F". Later tokens travel as they are.
std::optional<Refusal> Gs2Client::put_message(ByteView token) {
  has_out_ = true;
  if (!is_first_message_) {
    out_ = to_string(token);
    return std::nullopt;
  }
  is_first_message_ = false;
  const auto inner = gss::strip_initial_header(token, mechanism_.oid);
  header_.is_nonstandard = !inner;
  auto text = header_.serialize();
  if (!text) return Refusal{Class::kMisuse, subject() + " failed: " + text.error().clause};
  out_ = *std::move(text) + to_string(inner.value_or(token));
  return std::nullopt;
}

std::optional<Refusal> Gs2Client::finish(loop::EstablishedContext context,
                                         const sasl_client_params_t& params,
                                         sasl_out_params_t* oparams) {
  context_ = std::move(context);
  // The target is ours to import, which costs nothing beside asking the context for it.
  auto local = context_->source_name();
  if (!local) return explain(subject(), Class::kMechanism, local.error());
  local_name_ = *std::move(local);
  auto peer = gss::import_name(target_, gss::NameForm::kHostbasedService);
  if (!peer) return explain(subject(), Class::kMisuse, peer.error());
  peer_name_ = *std::move(peer);
  std::string authid = "anonymous";
  if (!context_->flags().has(Flag::kAnon)) {
    auto displayed = gss::display(local_name_.get());
    if (!displayed) return explain(subject(), Class::kMechanism, displayed.error());
    authid = std::move(displayed->text);
  }
  const std::string& authzid = identity_.authzid();
  const unsigned both = SASL_CU_AUTHID | (authzid.empty() ? SASL_CU_AUTHZID : 0U);
  int code = params.canon_user(host_.conn(), authid.c_str(), static_cast<unsigned>(authid.size()),
                               both, oparams);
  if (code == SASL_OK && !authzid.empty()) {
    code = params.canon_user(host_.conn(), authzid.c_str(), static_cast<unsigned>(authzid.size()),
                             SASL_CU_AUTHZID, oparams);
  }
  if (code != SASL_OK) {
    return Refusal{Class::kHost,
                   subject() + " failed: libsasl does not take the name \"" +
                       printable(as_bytes(authid)) + "\"",
                   code};
  }
  oparams->doneflag = 1;
  oparams->mech_ssf = 0;  // GS2 has no security layer (RFC 5801 section 12)
  oparams->maxoutbuf = 0;
  oparams->encode = nullptr;
  oparams->decode = nullptr;
  oparams->gss_peer_name = peer_name_.get();
  oparams->gss_local_name = local_name_.get();
  oparams->param_version = 0;
  return std::nullopt;
}

}  // namespace gssloop::plugin
