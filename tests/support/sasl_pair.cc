// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/sasl_pair.h"

#include <utility>

namespace gssloop::testing {
namespace {

constexpr std::size_t kMaxMessages = 64;

}  // namespace

Login log_in(SaslClient* client, SaslServer* server, const std::string& mechanisms,
             const Tamper& tamper) {
  Login login;
  const auto deliver = [&](bool is_from_client, std::optional<std::string> octets) {
    Message message{is_from_client, login.messages.size(), std::move(octets)};
    if (tamper) tamper(&message);
    login.messages.push_back(message);
    return message.octets;
  };
  const auto is_going = [](const Turn& turn) {
    return turn.code == SASL_OK || turn.code == SASL_CONTINUE;
  };
  login.client = client->start(mechanisms);
  login.server.code = SASL_CONTINUE;
  if (!is_going(login.client)) return login;
  const auto chosen = static_cast<const char*>(client->pointer(SASL_MECHNAME));
  login.server = server->start(chosen, deliver(true, login.client.out));
  while (login.messages.size() < kMaxMessages && is_going(login.server)) {
    const bool is_server_done = login.server.code == SASL_OK;
    if (is_server_done && !login.server.out) break;
    const auto challenge = deliver(false, login.server.out);
    if (!challenge) break;
    login.client = client->step(challenge);
    if (!is_going(login.client) || is_server_done) break;
    // A challenge is answered, if only by nothing.
    const auto response = deliver(true, login.client.out.value_or(""));
    if (!response) break;
    login.server = server->step(response);
  }
  return login;
}

}  // namespace gssloop::testing
