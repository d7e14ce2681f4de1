// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/sasl_session.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "tests/support/socket.h"
#include "tests/support/wire.h"

namespace gssloop::testing {
namespace {

using wire::Frame;
using wire::Kind;

constexpr std::uint32_t kMaxMessageLen = 1 << 26;

bool is_going(const Turn& turn) { return turn.code == SASL_OK || turn.code == SASL_CONTINUE; }

Ending failed(const std::string& why) { return {false, why}; }

Ending failed(const SaslSide& side, const Turn& turn) {
  return failed(std::string(sasl_errstring(turn.code, nullptr, nullptr)) + ": " + side.error());
}

// The peer is a stranger: sasl_errdetail says no more than a stranger may know.
Ending refuse(int fd, const SaslServer& server, const Turn& turn) {
  wire::send_frame(fd, Kind::kFailure, server.error());
  return failed(server, turn);
}

// The mechanism's last token, if success brought one: only after it has the server proved itself.
Ending finish(SaslClient* client, Turn turn, const Frame& success) {
  const std::optional<std::string> token = wire::decode_optional(success.body);
  if (turn.code == SASL_CONTINUE) {
    if (!token) return failed("the server says success before the mechanism is done");
    turn = client->step(token);
    if (turn.code == SASL_CONTINUE) return failed("the server says success too early");
  }
  return turn.code == SASL_OK ? Ending{true} : failed(*client, turn);
}

}  // namespace

Ending accept_login(int fd, SaslServer* server) {
  const std::string offered = server->offered();  // with a blank at each end
  if (!wire::send_frame(fd, Kind::kMechanisms,
                        offered.size() < 2 ? "" : offered.substr(1, offered.size() - 2))) {
    return failed("the peer closed the connection");
  }
  const std::optional<Frame> first = wire::receive_frame(fd);
  if (!first || first->kind != Kind::kStart) return failed("the peer did not begin");
  const std::optional<wire::Start> start = wire::parse_start(first->body);
  if (!start) return failed("the peer named no mechanism");
  Turn turn = server->start(start->mechanism, start->initial);
  while (turn.code == SASL_CONTINUE) {
    if (!wire::send_frame(fd, Kind::kChallenge, turn.out.value_or(""))) {
      return failed("the peer closed the connection");
    }
    const std::optional<Frame> response = wire::receive_frame(fd);
    if (!response || response->kind != Kind::kResponse) return failed("the peer gave up");
    turn = server->step(response->body);
  }
  if (turn.code != SASL_OK) return refuse(fd, *server, turn);
  if (wire::send_frame(fd, Kind::kSuccess, wire::encode_optional(turn.out))) return {true};
  return failed("the peer closed the connection");
}

Ending request_login(int fd, SaslClient* client, const std::string& mechanism) {
  const std::optional<Frame> greeting = wire::receive_frame(fd);
  if (!greeting || greeting->kind != Kind::kMechanisms) {
    return failed("the server offers no mechanism");
  }
  Turn turn = client->start(mechanism.empty() ? greeting->body : mechanism);
  if (!is_going(turn)) return failed(*client, turn);
  Kind kind = Kind::kStart;
  std::string message = wire::encode_start({client->mechanism(), turn.out});
  for (;;) {
    if (!wire::send_frame(fd, kind, message)) return failed("the server left");
    const std::optional<Frame> frame = wire::receive_frame(fd);
    if (!frame) return failed("the server left");
    if (frame->kind == Kind::kFailure) return failed("the server says: " + frame->body);
    if (frame->kind == Kind::kSuccess) return finish(client, turn, *frame);
    if (frame->kind != Kind::kChallenge) return failed("the server sent an unexpected message");
    turn = client->step(frame->body);
    if (!is_going(turn)) return failed(*client, turn);
    kind = Kind::kResponse;
    message = turn.out.value_or("");
  }
}

std::vector<Option> SessionOptions::rows() {
  return {
      {"--min-ssf N", &strength.min_ssf,
       "weakest layer to take: 0 none, 1 integrity, more is encryption"},
      {"--max-ssf N", &strength.max_ssf, "strongest layer to take (default: 0, none)"},
      {"--maxbuf N", &strength.maxbufsize,
       "largest packet that this side receives (default: 65536)"},
      {"--external-ssf N", &strength.external_ssf,
       "strength of a layer beneath, such as TLS (default: 0)"},
      {"--delegate", &delegates, "hand the peer's service the user's ticket; a server: take it"},
      {"--piece-len N", &piece_len,
       "encode at most N bytes at a time (default: all that the layer takes)"},
      {"--read-len N", &read_len,
       "take at most N bytes at a time from the network (default: 4096)"},
  };
}

unsigned SessionOptions::security_flags() const {
  return SASL_SEC_NOPLAINTEXT | SASL_SEC_NOANONYMOUS | (delegates ? SASL_SEC_PASS_CREDENTIALS : 0U);
}

Layer::Layer(int fd, SaslSide* side, const SessionOptions& options)
    : fd_(fd),
      side_(side),
      piece_len_(std::max(options.piece_len, 1U)),
      read_len_(std::max(options.read_len, 1U)) {}

std::string Layer::text() const {
  return "ssf " + std::to_string(side_->ssf()) + ", maxoutbuf " + std::to_string(side_->max_out());
}

bool Layer::send(std::string_view body) {
  const std::string message = wire::with_length(body);
  const std::size_t max_piece_len =
      std::min(piece_len_, side_->ssf() == 0 ? message.size() : std::size_t{side_->max_out()});
  if (max_piece_len == 0) {
    error_ = "the layer's packets hold nothing";
    return false;
  }
  for (std::size_t begin = 0; begin < message.size(); begin += max_piece_len) {
    const std::size_t len_left = message.size() - begin;
    if (!send_piece({message.data() + begin, std::min(max_piece_len, len_left)})) return false;
  }
  return true;
}

bool Layer::send_piece(std::string_view piece) {
  const Turn packet = side_->encode(std::string(piece));
  if (packet.code != SASL_OK) {
    error_ = std::string("sasl_encode: ") + sasl_errstring(packet.code, nullptr, nullptr);
    return false;
  }
  return send_all(fd_, packet.out->data(), packet.out->size());
}

std::optional<std::string> Layer::receive() {
  if (!fill(wire::kLengthLen)) return std::nullopt;
  const std::size_t len = wire::length_of(received_);
  if (len > kMaxMessageLen || !fill(wire::kLengthLen + len)) return std::nullopt;
  std::string body = received_.substr(wire::kLengthLen, len);
  received_.erase(0, wire::kLengthLen + len);
  return body;
}

// Reads until `len` decoded octets are there. libsasl takes any part of a packet, or many.
bool Layer::fill(std::size_t len) {
  std::string part;
  while (received_.size() < len) {
    part.resize(read_len_);
    const ssize_t num_read = recv(fd_, part.data(), part.size(), 0);
    if (num_read < 0 && errno == EINTR) continue;
    if (num_read <= 0) return false;
    part.resize(static_cast<std::size_t>(num_read));
    const Turn plain = side_->decode(part);
    if (plain.code != SASL_OK) {
      error_ = std::string("sasl_decode: ") + sasl_errstring(plain.code, nullptr, nullptr);
      return false;
    }
    received_ += *plain.out;
  }
  return true;
}

bool echo(Layer* layer, const std::function<void(std::size_t)>& on_message) {
  while (const std::optional<std::string> message = layer->receive()) {
    if (!layer->send(*message)) break;
    if (on_message) on_message(message->size());
  }
  return layer->error().empty();
}

}  // namespace gssloop::testing
