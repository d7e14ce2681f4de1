// SPDX-License-Identifier: BSD-2-Clause
#include "tools/login_report.h"

#include "gssloop/gss/kerberos.h"
#include "gssloop/gss/mechanisms.h"
#include "gssloop/gss/names.h"

namespace gssloop::tools {
namespace {

const char* name_of(io::FrameKind kind) {
  switch (kind) {
    case io::FrameKind::kToken:
      return "a token";
    case io::FrameKind::kFailure:
      return "a failure notice";
    case io::FrameKind::kData:
      return "data";
  }
  return "?";
}

bool sends_token(const loop::Step& step) {
  return step.has(loop::Action::kSendToken) || step.has(loop::Action::kSendErrorToken);
}

std::string actions_text(const loop::Step& step) {
  std::string text;
  for (const loop::Action action : step.actions()) {
    if (!text.empty()) text += ", ";
    text += loop::to_string(action);
    if (action == loop::Action::kSendToken || action == loop::Action::kSendErrorToken) {
      text += " of " + std::to_string(step.token().size()) + " octets";
    }
  }
  return text;
}

// What goes wrong with the flags and the names that only this command has.
const char* advice_for(const loop::Failure& failure) {
  if (failure.fault == loop::Fault::kAnonymityLost) {
    return "the mechanism does not grant anonymity, so nothing was sent; MIT Kerberos has "
           "anonymous tickets instead (kinit -n)";
  }
  if (failure.missing.has(Flag::kChannelBound)) {
    return "the peer's token vouches for no channel binding: it was given none, or its mechanism "
           "does not tell";
  }
  return failure.status.is_complete() ? "" : gss::advice(gss::cause_of(failure.status));
}

}  // namespace

void Legs::on_received(io::FrameKind kind, ByteView body) {
  received_ = Received{kind, body.size()};
  if (output_ == nullptr) return;
  output_->note(output_->styled_err(Style::kDim, "<- ") + "received " + name_of(kind) +
                (kind == io::FrameKind::kFailure
                     ? std::string()
                     : " of " + std::to_string(body.size()) + " octets"));
}

void Legs::on_step(const loop::Step& step) {
  Json actions = Json::array();
  for (const loop::Action action : step.actions()) actions.push_back(loop::to_string(action));
  Json leg;
  leg["received"] =
      received_ && received_->kind == io::FrameKind::kToken ? Json(received_->len) : Json();
  leg["row"] = step.row().name;
  leg["when"] = step.row().when;
  leg["section"] = step.row().section;
  leg["actions"] = std::move(actions);
  leg["sent"] = sends_token(step) ? Json(step.token().size()) : Json();
  json_.push_back(std::move(leg));
  received_.reset();
  if (output_ != nullptr) print(step);
}

void Legs::print(const loop::Step& step) const {
  output_->note(std::string("   ") + step.row().when + " (section " + step.row().section + ")");
  const Style style = step.has(loop::Action::kFail)        ? Style::kBad
                      : step.has(loop::Action::kEstablish) ? Style::kGood
                                                           : Style::kPlain;
  output_->note(output_->styled_err(Style::kDim, "-> ") +
                output_->styled_err(style, actions_text(step)));
}

Json to_json(const loop::Failure& failure) {
  Json json = {{"fault", loop::to_string(failure.fault)}, {"reason", failure.reason}};
  if (!failure.status.is_complete()) {
    json["call"] = failure.status.call();
    json["major"] = failure.status.major();
    json["major_text"] = failure.status.major_text();
    json["minor"] = failure.status.minor();
    json["minor_text"] = failure.status.minor_text();
  }
  if (!failure.missing.empty()) json["missing"] = to_string(failure.missing);
  if (const char* advice = advice_for(failure); *advice != '\0') json["advice"] = advice;
  return json;
}

std::string sentence(const std::string& subject, const loop::Failure& failure) {
  std::string text = subject + " failed: " + shown(failure.text(), 2048);
  if (const char* advice = advice_for(failure); *advice != '\0') {
    text += std::string(" - ") + advice;
  }
  return text;
}

Exit exit_of(const loop::Failure& failure) {
  switch (failure.fault) {
    case loop::Fault::kLocalCredential:
    case loop::Fault::kLocalMisuse:
      return Exit::kNotTried;
    default:
      return Exit::kFailed;
  }
}

Facts facts_of(const loop::EstablishedContext& context) {
  Facts facts;
  const bool is_acceptor = context.role() == loop::Role::kAcceptor;
  // An acceptor has the name already; of an initiator's context it is asked for.
  gss::Name asked;
  if (!is_acceptor) {
    if (auto target = context.target_name()) asked = *std::move(target);
  }
  const gss_name_t peer = is_acceptor ? context.source() : asked.get();
  if (peer != GSS_C_NO_NAME) {
    if (const auto displayed = gss::display(peer)) {
      facts.peer = displayed->text;
      facts.is_peer_anonymous = displayed->is_anonymous();
    }
  }
  facts.is_peer_anonymous |= is_acceptor && context.flags().has(Flag::kAnon);
  facts.mech = context.mech();
  facts.flags = context.flags();
  if (const auto info = context.info(); info && info->lifetime != GSS_C_INDEFINITE) {
    facts.lifetime = info->lifetime;
  }
  if (const auto ssf = context.confidentiality_ssf()) facts.ssf = *ssf;
  facts.is_delegated = context.delegated() != GSS_C_NO_CREDENTIAL;
  return facts;
}

Json to_json(const Facts& facts) {
  return {{"peer", facts.peer},
          {"anonymous", facts.is_peer_anonymous},
          {"mechanism", facts.mech.dotted()},
          {"flags", to_string(facts.flags)},
          {"lifetime", facts.lifetime ? Json(*facts.lifetime) : Json()},
          {"ssf", facts.ssf ? Json(*facts.ssf) : Json()},
          {"delegated", facts.is_delegated}};
}

std::vector<std::string> lines_of(const Facts& facts) {
  return {"peer:       " + (facts.peer.empty() ? "(no name)" : shown(facts.peer)) +
              (facts.is_peer_anonymous ? ", anonymous" : ""),
          "mechanism:  " + mechanism_text(facts.mech),
          "flags:      " + to_string(facts.flags),
          "lifetime:   " +
              (facts.lifetime ? std::to_string(*facts.lifetime) + " s" : "without end, or unknown"),
          "encryption: " + (facts.ssf ? std::to_string(*facts.ssf) + " bits" : "strength unknown"),
          std::string("delegated:  ") + (facts.is_delegated ? "yes" : "no")};
}

std::string mechanism_text(const gss::Oid& mech) {
  if (const auto registry = gss::MechanismRegistry::indicate()) {
    const gss::Mechanism* found = registry->find(mech);
    if (found != nullptr && !found->name.empty()) {
      return shown(found->name) + " (" + mech.dotted() + ")";
    }
  }
  return mech.dotted();
}

}  // namespace gssloop::tools
