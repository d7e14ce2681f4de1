// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/trace.h"

namespace gssloop::plugin {

void trace_step(const SaslUtils& sasl, const char* who, unsigned num_legs, const loop::Step& step) {
  std::string line = std::string("gssloop ") + who + ", after leg " + std::to_string(num_legs) +
                     ": " + step.row().when + " (section " + step.row().section + ") -> ";
  const char* separator = "";
  for (const loop::Action action : step.actions()) {
    line += separator + std::string(loop::to_string(action));
    if (action == loop::Action::kSendToken || action == loop::Action::kSendErrorToken) {
      line += " of " + std::to_string(step.token().size()) + " octets";
    }
    separator = ", ";
  }
  sasl.log(SASL_LOG_DEBUG, line);
}

void trace_attributes(const SaslUtils& sasl, const loop::EstablishedContext& context) {
  const auto attributes = context.source_attributes();
  if (!attributes) {
    sasl.log(SASL_LOG_DEBUG, "gssloop: attributes unknown: " + attributes.error().text());
    return;
  }
  for (const Attribute& attribute : attributes->readable) {
    const auto* authenticated = attribute.authenticated();
    const std::size_t num_values =
        authenticated != nullptr ? authenticated->size() : attribute.asserted()->size();
    sasl.log(SASL_LOG_DEBUG, "gssloop: attribute " + printable(as_bytes(attribute.name)) + ": " +
                                 (authenticated != nullptr ? "authenticated" : "asserted") + ", " +
                                 (attribute.is_complete ? "complete" : "not complete") + ", " +
                                 std::to_string(num_values) +
                                 (num_values == 1 ? " value" : " values"));
  }
  for (const UnreadableAttribute& attribute : attributes->unreadable) {
    sasl.log(SASL_LOG_DEBUG, "gssloop: attribute " + printable(as_bytes(attribute.name)) +
                                 ": unreadable: " + attribute.reason);
  }
}

void trace_findings(const SaslUtils& sasl, const std::vector<authz::Finding>& findings) {
  for (const authz::Finding& finding : findings) {
    sasl.log(SASL_LOG_DEBUG, "gssloop: policy: " + finding.text());
  }
}

void trace_layer(const SaslUtils& sasl, const char* who, const SecurityLayer* layer) {
  std::string line = std::string("gssloop ") + who + ": security layer ";
  if (layer == nullptr) {
    line += to_string(Layer::kNone);
  } else {
    line += std::string(to_string(layer->layer())) + ", SSF " + std::to_string(layer->ssf()) +
            ", messages of at most " + std::to_string(layer->max_message_len()) + " octets";
  }
  sasl.log(SASL_LOG_DEBUG, line);
}

}  // namespace gssloop::plugin
