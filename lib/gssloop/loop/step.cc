// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/loop/step.h"

namespace gssloop::loop {
namespace {

bool sends_token(Action action) {
  return action == Action::kSendToken || action == Action::kSendErrorToken;
}

}  // namespace

std::string Failure::text() const {
  if (status.is_complete()) return reason;
  return reason.empty() ? status.text() : reason + ": " + status.text();
}

std::optional<ByteView> Step::token_to_send() const noexcept {
  for (const Action action : row_->actions) {
    if (sends_token(action)) return token_.view();
  }
  return std::nullopt;
}

std::string Step::text() const {
  std::string text;
  for (const Action action : row_->actions) {
    if (!text.empty()) text += ", ";
    text += to_string(action);
    if (sends_token(action)) text += " of " + std::to_string(token_.view().size()) + " bytes";
  }
  return text;
}

}  // namespace gssloop::loop
