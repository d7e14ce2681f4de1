// SPDX-License-Identifier: BSD-2-Clause
#include "tools/trial/peer_report.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "gssloop/gss/names.h"

namespace gssloop::tools {
namespace {

constexpr std::size_t kMaxShownText = 256;  // octets, without --full
constexpr std::size_t kMaxShownHex = 32;
constexpr std::size_t kMaxShownValues = 16;

// "text" is for people. Programs read "base64".
Json octets_json(ByteView octets) {
  Json json;
  json["text"] =
      is_utf8(octets) && !has_control_characters(octets) ? Json(to_string(octets)) : Json();
  json["base64"] = base64(octets);
  return json;
}

std::string value_text(ByteView value, bool is_full) {
  const std::string len = std::to_string(value.size()) + (value.size() == 1 ? " byte" : " bytes");
  if (value.empty()) return "(empty)";
  if (is_fit_for_terminal(value)) {
    if (is_full || value.size() <= kMaxShownText) return "\"" + to_string(value) + "\"";
    return "\"" + shown(as_text(value), kMaxShownText) + "\" (" + len + ")";
  }
  if (is_full || value.size() <= kMaxShownHex) return "hex " + hex(value) + " (" + len + ")";
  return "hex " + hex(value.first(kMaxShownHex)) + "... (" + len + ")";
}

void print_attribute(const Attribute& attribute, bool is_full, const Annotate& annotate,
                     const Output& output) {
  output.line(output.styled(Style::kHeading, shown(attribute.name, 1024)));
  const auto values = values_of(attribute);
  const auto trust = attribute.authenticated() != nullptr
                         ? output.styled(Style::kGood, "authenticated")
                         : output.styled(Style::kNote, "asserted by the peer only");
  output.line("  " + trust + ", " + (attribute.is_complete ? "complete" : "not complete") + ", " +
              std::to_string(values.size()) + (values.size() == 1 ? " value" : " values"));
  const std::size_t num_shown = is_full ? values.size() : std::min(values.size(), kMaxShownValues);
  for (std::size_t i = 0; i < num_shown; ++i) {
    output.line("    " + value_text(values[i], is_full));
  }
  if (num_shown < values.size()) {
    output.line("    ... and " + std::to_string(values.size() - num_shown) + " more");
  }
  if (!annotate) return;
  for (const std::string& note : annotate(attribute)) output.line("  " + note);
}

Json to_json(const Attribute& attribute) {
  Json values = Json::array();
  for (const ByteView value : values_of(attribute)) values.push_back(octets_json(value));
  return {{"name", octets_json(as_bytes(attribute.name))},
          {"authenticated", attribute.authenticated() != nullptr},
          {"complete", attribute.is_complete},
          {"values", std::move(values)}};
}

// Reads what octets_json wrote. Throws a JsonMismatch for anything else.
Bytes octets_from(const Json& json) {
  auto octets = from_base64(json.at("base64").text());
  if (!octets) throw JsonMismatch();
  return *std::move(octets);
}

// No mechanism returned these values: see PeerReport for their use.
template <class Value>
std::vector<Value> values_from(const Json& json) {
  std::vector<Value> values;
  for (const Json& value : json.elements()) {
    values.push_back(Value::from_mechanism(octets_from(value)));
  }
  return values;
}

Attribute attribute_from(const Json& json) {
  Attribute attribute{to_string(octets_from(json.at("name"))), json.at("complete").boolean(), {}};
  if (json.at("authenticated").boolean()) {
    attribute.values = values_from<AuthenticatedValue>(json.at("values"));
  } else {
    attribute.values = values_from<AssertedValue>(json.at("values"));
  }
  return attribute;
}

PeerReport report_from(const Json& json) {
  PeerReport report;
  report.peer = to_string(octets_from(json.at("peer")));
  report.is_anonymous = json.at("anonymous").boolean();
  if (const Json& local = json.at("local_name"); !local.is_null()) {
    report.local_name = to_string(octets_from(local));
  }
  report.mechanism = json.at("mechanism").text();
  for (const Json& listed : json.at("attributes").elements()) {
    report.attributes.readable.push_back(attribute_from(listed));
  }
  for (const Json& listed : json.at("unreadable").elements()) {
    report.attributes.unreadable.push_back(
        {to_string(octets_from(listed.at("name"))), listed.at("reason").text()});
  }
  if (const Json& why = json.at("unknown"); !why.is_null()) report.why_unknown = why.text();
  return report;
}

}  // namespace

bool is_fit_for_terminal(ByteView octets) {
  if (!is_utf8(octets) || has_control_characters(octets)) return false;
  for (std::size_t i = 0; i + 2 < octets.size(); ++i) {
    const unsigned three = static_cast<unsigned>(octets[i]) << 16 |
                           static_cast<unsigned>(octets[i + 1]) << 8 | octets[i + 2];
    // U+200B to U+200F, U+2028 to U+202E, U+2060 to U+206F and U+FEFF, as UTF-8: they are
    // invisible, or change the direction of the text around them.
    if ((three >= 0xE2808B && three <= 0xE2808F) || (three >= 0xE280A8 && three <= 0xE280AE) ||
        (three >= 0xE281A0 && three <= 0xE281AF) || three == 0xEFBBBF) {
      return false;
    }
  }
  return true;
}

std::vector<ByteView> values_of(const Attribute& attribute) {
  std::vector<ByteView> octets;
  const auto add = [&](const auto& values) {
    for (const auto& value : values) octets.push_back(value.octets());
  };
  std::visit(add, attribute.values);
  return octets;
}

PeerReport peer_report_of(const loop::EstablishedContext& acceptor) {
  PeerReport report;
  report.mechanism = acceptor.mech().dotted();
  if (const auto peer = acceptor.peer()) {
    report.peer = peer->text;
    report.is_anonymous = peer->is_anonymous;
  }
  if (acceptor.source() != GSS_C_NO_NAME) {
    if (auto local = gss::local_name(acceptor.source(), acceptor.mech())) {
      report.local_name = *std::move(local);
    }
  }
  auto attributes = acceptor.source_attributes();
  if (attributes) {
    report.attributes = *std::move(attributes);
  } else {
    report.why_unknown = attributes.error().text();
  }
  return report;
}

Json to_json(const PeerReport& report) {
  Json attributes = Json::array();
  for (const Attribute& attribute : report.attributes.readable) {
    attributes.push_back(to_json(attribute));
  }
  Json unreadable = Json::array();
  for (const UnreadableAttribute& attribute : report.attributes.unreadable) {
    unreadable.push_back(
        {{"name", octets_json(as_bytes(attribute.name))}, {"reason", attribute.reason}});
  }
  return {{"peer", octets_json(as_bytes(report.peer))},
          {"anonymous", report.is_anonymous},
          {"local_name", report.local_name ? octets_json(as_bytes(*report.local_name)) : Json()},
          {"mechanism", report.mechanism},
          {"attributes", std::move(attributes)},
          {"unreadable", std::move(unreadable)},
          {"unknown", report.why_unknown.empty() ? Json() : Json(report.why_unknown)}};
}

Result<PeerReport, Error> read_peer_report(std::string_view text) {
  auto report = read_json(text, report_from);
  if (report) return *std::move(report);
  return Error{"the peer's answer is not a list of attributes"};
}

void print(const PeerReport& report, bool is_full, const Annotate& annotate, const Output& output) {
  output.line("peer: " + (report.peer.empty() ? "(no name)" : shown(report.peer, 1024)) +
              (report.is_anonymous ? ", anonymous" : ""));
  if (!report.why_unknown.empty()) {
    output.line("the attributes are unknown: " + shown(report.why_unknown, 1024));
    return;
  }
  const auto& [readable, unreadable] = report.attributes;
  if (readable.empty() && unreadable.empty()) output.line("no attributes");
  for (const Attribute& attribute : readable) {
    output.line();
    print_attribute(attribute, is_full, annotate, output);
  }
  for (const UnreadableAttribute& attribute : unreadable) {
    output.line();
    output.line(output.styled(Style::kHeading, shown(attribute.name, 1024)));
    output.line("  " + output.styled(Style::kBad, "unreadable: ") + shown(attribute.reason, 1024));
  }
}

}  // namespace gssloop::tools
