// SPDX-License-Identifier: BSD-2-Clause
//
// A login over a socket, in the protocol of wire.h, and messages after it.

#ifndef GSSLOOP_TESTS_SUPPORT_SASL_SESSION_H_
#define GSSLOOP_TESTS_SUPPORT_SASL_SESSION_H_

#include <climits>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/arguments.h"
#include "tests/support/sasl_app.h"

namespace gssloop::testing {

// Ending says how a login went, for one side.
struct Ending {
  bool is_login = false;
  std::string error = {};  // why not
};

// accept_login offers all mechanisms that the server has, and runs the exchange. The peer of a
// failed login is sent what libsasl says for it.
Ending accept_login(int fd, SaslServer* server);

// request_login logs in with `mechanism`; with "", libsasl chooses from what the server offers.
Ending request_login(int fd, SaslClient* client, const std::string& mechanism);

// SessionOptions is what a test program's command line says about a session.
struct SessionOptions {
  Strength strength = {.max_ssf = 0};
  bool delegates = false;
  unsigned piece_len = UINT_MAX;
  unsigned read_len = 4096;

  std::vector<Option> rows();
  // Those of every application, and what `delegates` adds.
  unsigned security_flags() const;
};

// Layer sends and receives messages under the security layer of a finished login, or without one. A
// message may take many packets, and a packet need not end where a message does.
class Layer {
 public:
  Layer(int fd, SaslSide* side, const SessionOptions& options);

  // text is for a person: "ssf 256, maxoutbuf 65464".
  std::string text() const;
  // error is why a call failed; empty if the peer only left.
  const std::string& error() const { return error_; }

  // send sends one message, in the largest pieces that the layer takes.
  bool send(std::string_view body);
  // receive gives one message, or nothing if the peer closed the connection or if the message does
  // not decode.
  std::optional<std::string> receive();

 private:
  bool send_piece(std::string_view piece);
  bool fill(std::size_t len);

  const int fd_;
  SaslSide* const side_;
  const std::size_t piece_len_;
  const std::size_t read_len_;
  std::string received_;  // decoded, not yet handed out
  std::string error_;
};

// echo sends back all that the peer sends, and calls `on_message` with the length of each message.
// False if the layer failed.
bool echo(Layer* layer, const std::function<void(std::size_t)>& on_message = {});

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_SUPPORT_SASL_SESSION_H_
