// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/exchange/trace.h"

namespace gssloop::plugin {

void trace_step(const SaslUtils& sasl, const char* who, unsigned num_legs, const loop::Step& step) {
  sasl.log(SASL_LOG_DEBUG, std::string("gssloop ") + who + ", after leg " +
                               std::to_string(num_legs) + ": " + step.row().text() + " -> " +
                               step.text());
}

void trace_attributes(const SaslUtils& sasl, gss::SourceAttributes* source) {
  const auto attributes = source->get_all();
  if (!attributes) {
    sasl.log(SASL_LOG_DEBUG,
             "gssloop: the peer's attributes are unknown: " + attributes.error().text());
    return;
  }
  for (const Attribute& attribute : attributes->readable) {
    sasl.log(SASL_LOG_DEBUG,
             "gssloop: attribute " + printable(as_bytes(attribute.name)) + ": " + attribute.text());
  }
  for (const UnreadableAttribute& attribute : attributes->unreadable) {
    sasl.log(SASL_LOG_DEBUG, "gssloop: attribute " + printable(as_bytes(attribute.name)) +
                                 ": cannot be read: " + attribute.reason);
  }
}

void trace_decision(const SaslUtils& sasl, const authz::LoginDecision& decision) {
  for (const auto* findings : {&decision.rules, &decision.authorize}) {
    for (const authz::Finding& finding : *findings) {
      sasl.log(SASL_LOG_DEBUG, "gssloop: policy: " + finding.text());
    }
  }
}

void trace_layer(const SaslUtils& sasl, const char* who, const SecurityLayer* layer) {
  std::string line = std::string("gssloop ") + who + ": security layer ";
  if (layer == nullptr) {
    line += to_string(Layer::kNone);
  } else {
    line += std::string(to_string(layer->layer())) + ", SSF " + std::to_string(layer->ssf()) +
            ", messages of at most " + std::to_string(layer->max_message_len()) + " bytes";
  }
  sasl.log(SASL_LOG_DEBUG, line);
}

}  // namespace gssloop::plugin
