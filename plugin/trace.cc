// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/trace.h"

namespace gssloop::plugin {

void trace_step(const Host& host, const char* who, unsigned num_legs, const loop::Step& step) {
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
  host.log(SASL_LOG_DEBUG, line);
}

}  // namespace gssloop::plugin
