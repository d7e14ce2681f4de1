// SPDX-License-Identifier: BSD-2-Clause
#include "tools/trial/login_report.h"

#include "gssloop/gss/mechanisms.h"
#include "gssloop/loop/explain.h"

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

}  // namespace

void Legs::on_received(io::FrameKind kind, ByteView body) {
  received_ = Received{kind, body.size()};
  if (output_ == nullptr) return;
  output_->note(output_->styled_err(Style::kDim, "<- ") + "received " + name_of(kind) +
                (kind == io::FrameKind::kFailure
                     ? std::string()
                     : " of " + std::to_string(body.size()) + " bytes"));
}

void Legs::on_step(const loop::Step& step) {
  Json actions = Json::array();
  for (const loop::Action action : step.row().actions) actions.push_back(loop::to_string(action));
  Json leg;
  leg["received"] =
      received_ && received_->kind == io::FrameKind::kToken ? Json(received_->len) : Json();
  leg["row"] = step.row().name;
  leg["when"] = step.row().when;
  leg["section"] = step.row().section;
  leg["actions"] = std::move(actions);
  leg["sent"] = step.token_to_send() ? Json(step.token_to_send()->size()) : Json();
  json_.push_back(std::move(leg));
  received_.reset();
  if (output_ != nullptr) print(step);
}

void Legs::print(const loop::Step& step) const {
  output_->note(std::string("   ") + step.row().when + " (section " + step.row().section + ")");
  const Style style = step.is_failed()        ? Style::kBad
                      : step.is_established() ? Style::kGood
                                              : Style::kPlain;
  output_->note(output_->styled_err(Style::kDim, "-> ") + output_->styled_err(style, step.text()));
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
  if (const char* advice = loop::advice(failure); *advice != '\0') json["advice"] = advice;
  return json;
}

std::string sentence(const std::string& subject, const loop::Failure& failure) {
  return subject + " failed: " + shown(loop::explain(failure), 4096);
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
  if (auto peer = context.peer()) facts.peer = *std::move(peer);
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
  return {{"peer", facts.peer.text},
          {"anonymous", facts.peer.is_anonymous},
          {"mechanism", facts.mech.dotted()},
          {"flags", to_string(facts.flags)},
          {"lifetime", facts.lifetime ? Json(*facts.lifetime) : Json()},
          {"ssf", facts.ssf ? Json(*facts.ssf) : Json()},
          {"delegated", facts.is_delegated}};
}

std::vector<std::string> lines_of(const Facts& facts) {
  return {"peer:       " + (facts.peer.text.empty() ? "(no name)" : shown(facts.peer.text)) +
              (facts.peer.is_anonymous ? ", anonymous" : ""),
          "mechanism:  " + mechanism_text(facts.mech),
          "flags:      " + to_string(facts.flags),
          "lifetime:   " +
              (facts.lifetime ? std::to_string(*facts.lifetime) + " s" : "unlimited or unknown"),
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
