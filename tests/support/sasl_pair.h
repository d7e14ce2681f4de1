// SPDX-License-Identifier: BSD-2-Clause
//
// A client and a server in one process, and the exchange between them message by message, so that a
// test can look at each and change it on its way.

#ifndef GSSLOOP_TESTS_SUPPORT_SASL_PAIR_H_
#define GSSLOOP_TESTS_SUPPORT_SASL_PAIR_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/sasl_app.h"

namespace gssloop::testing {

// Message is one message in flight.
struct Message {
  bool is_from_client = false;
  std::size_t number = 0;             // of this login, from 0
  std::optional<std::string> octets;  // nullopt: no message at all (as the first may be)
};
using Tamper = std::function<void(Message*)>;

// Login is how an exchange ended.
struct Login {
  Turn client, server;            // the last of each
  std::vector<Message> messages;  // as they arrived
  bool ok() const { return client.code == SASL_OK && server.code == SASL_OK; }
};

// log_in runs an exchange until one side is done or failed and nothing is under way. `tamper` may
// change each message on its way; a message that is dropped whole (nullopt) ends the exchange,
// except for the client's first.
Login log_in(SaslClient* client, SaslServer* server, const std::string& mechanisms,
             const Tamper& tamper = {});

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_SUPPORT_SASL_PAIR_H_
