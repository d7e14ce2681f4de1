// SPDX-License-Identifier: BSD-2-Clause
//
// GNU SASL as a server or a client. What it prints has the words of sasl_peer, so that a test reads
// both alike.

#include <gsasl.h>
#include <sys/socket.h>

#include <cstdio>
#include <memory>

#include "tests/interop/meeting.h"
#include "tests/support/wire.h"

namespace gssloop::testing {
namespace {

using wire::Frame;
using wire::Kind;

constexpr char kUsage[] = "Usage: gsasl_peer --port-file FILE | --port N [OPTION...]\n";
constexpr char kNotes[] = "Exit status: 0 logged in, 1 not logged in, 2 it could not start.\n";

struct Options {
  Meeting meeting;
  std::string mechanism = "GS2-KRB5";
  std::string authzid;
  unsigned exchange_len = 0;
};

struct LibraryDeleter {
  void operator()(Gsasl* library) const { gsasl_done(library); }
};
struct SessionDeleter {
  void operator()(Gsasl_session* session) const { gsasl_finish(session); }
};
using Library = std::unique_ptr<Gsasl, LibraryDeleter>;
using Session = std::unique_ptr<Gsasl_session, SessionDeleter>;

const char* or_nobody(const char* name) { return name == nullptr ? "(nobody)" : name; }

int on_callback(Gsasl* /*library*/, Gsasl_session* session, Gsasl_property property) {
  if (property != GSASL_VALIDATE_GSSAPI) return GSASL_NO_CALLBACK;
  std::printf("gsasl     authid  %s\n",
              or_nobody(gsasl_property_fast(session, GSASL_GSSAPI_DISPLAY_NAME)));
  std::printf("gsasl     authzid %s\n", or_nobody(gsasl_property_fast(session, GSASL_AUTHZID)));
  return GSASL_OK;
}

struct Move {
  int result;
  std::string output;
};

Move step(Gsasl_session* session, const std::string& input) {
  char* output = nullptr;
  std::size_t output_len = 0;
  const int result = gsasl_step(session, input.data(), input.size(), &output, &output_len);
  Move move{result, output == nullptr ? std::string() : std::string(output, output_len)};
  gsasl_free(output);
  return move;
}

bool fail(const std::string& why) {
  std::printf("gsasl   NOT LOGGED IN: %s\n", why.c_str());
  return false;
}

bool fail(int result) {
  return fail(std::string(gsasl_strerror_name(result)) + ": " + gsasl_strerror(result));
}

bool succeed() {
  std::printf("gsasl   LOGGED IN\n");
  return true;
}

// ---- Messages after the login, in the form of tests/support/sasl_session.h

bool send_message(int fd, Gsasl_session* session, const std::string& body) {
  const std::string message = wire::with_length(body);
  char* output = nullptr;
  std::size_t output_len = 0;
  const int result = gsasl_encode(session, message.data(), message.size(), &output, &output_len);
  const bool is_sent = result == GSASL_OK && send_all(fd, output, output_len);
  gsasl_free(output);
  return is_sent;
}

// Nothing if the peer leaves, or sends what does not decode.
std::optional<std::string> receive_message(int fd, Gsasl_session* session) {
  std::string received;
  std::size_t wanted_len = wire::kLengthLen;
  while (received.size() < wanted_len) {
    char part[4096];
    const ssize_t part_len = recv(fd, part, sizeof part, 0);
    if (part_len <= 0) return std::nullopt;
    char* output = nullptr;
    std::size_t output_len = 0;
    if (gsasl_decode(session, part, static_cast<std::size_t>(part_len), &output, &output_len) !=
        GSASL_OK) {
      return std::nullopt;
    }
    received.append(output, output_len);
    gsasl_free(output);
    if (received.size() < wire::kLengthLen) continue;
    const std::uint32_t len = wire::length_of(received);
    if (len > wire::kMaxBodyLen) return std::nullopt;
    wanted_len = wire::kLengthLen + len;
  }
  return received.substr(wire::kLengthLen);
}

bool exchange_data(int fd, Gsasl_session* session, std::size_t len) {
  if (len == 0) return true;
  std::string sent(len, '\0');
  for (std::size_t i = 0; i < len; ++i) sent[i] = static_cast<char>(i * 7 >> 3);
  if (!send_message(fd, session, sent)) return fail("the data could not be sent");
  if (receive_message(fd, session) != sent) return fail("other bytes came back, or none");
  std::printf("gsasl   LAYER ssf 0: %zu bytes there and back\n", len);
  return true;
}

bool echo_data(int fd, Gsasl_session* session) {
  while (const std::optional<std::string> message = receive_message(fd, session)) {
    if (!send_message(fd, session, *message)) return fail("the data could not be sent");
    std::printf("gsasl   LAYER ssf 0: %zu bytes sent back\n", message->size());
  }
  return true;
}

// ---- Client

bool finish(Gsasl_session* session, int result, const std::string& body) {
  const std::optional<std::string> token = wire::decode_optional(body);
  if (result == GSASL_NEEDS_MORE) {
    if (!token) return fail("the server says success before the mechanism is done");
    result = step(session, *token).result;
  }
  return result == GSASL_OK ? succeed() : fail(result);
}

bool log_in(int fd, Gsasl_session* session, const std::string& mechanism) {
  const std::optional<Frame> greeting = wire::receive_frame(fd);
  if (!greeting || greeting->kind != Kind::kMechanisms) return fail("no greeting");
  Move move = step(session, "");
  if (move.result != GSASL_OK && move.result != GSASL_NEEDS_MORE) return fail(move.result);
  std::string message = wire::encode_start({mechanism, move.output});
  Kind kind = Kind::kStart;
  for (;;) {
    if (!wire::send_frame(fd, kind, message)) return fail("the server left");
    const std::optional<Frame> frame = wire::receive_frame(fd);
    if (!frame) return fail("the server left");
    if (frame->kind == Kind::kFailure) return fail("the server says: " + frame->body);
    if (frame->kind == Kind::kSuccess) return finish(session, move.result, frame->body);
    move = step(session, frame->body);
    if (move.result != GSASL_OK && move.result != GSASL_NEEDS_MORE) return fail(move.result);
    kind = Kind::kResponse;
    message = move.output;
  }
}

// ---- Server

bool refuse(int fd, int result) {
  wire::send_frame(fd, Kind::kFailure, gsasl_strerror_name(result));
  return fail(result);
}

bool serve(int fd, Gsasl_session* session, const std::string& mechanism) {
  if (!wire::send_frame(fd, Kind::kMechanisms, mechanism))
    return fail("the peer closed the connection");
  std::optional<Frame> frame = wire::receive_frame(fd);
  if (!frame || frame->kind != Kind::kStart) return fail("the peer did not begin");
  const std::optional<wire::Start> start = wire::parse_start(frame->body);
  if (!start) return fail("the peer named no mechanism");
  std::string input = start->initial.value_or("");
  for (;;) {
    const Move move = step(session, input);
    if (move.result == GSASL_OK) {
      wire::send_frame(fd, Kind::kSuccess,
                       move.output.empty() ? "0" : wire::encode_optional(move.output));
      return succeed();
    }
    if (move.result != GSASL_NEEDS_MORE) return refuse(fd, move.result);
    if (!wire::send_frame(fd, Kind::kChallenge, move.output))
      return fail("the peer closed the connection");
    frame = wire::receive_frame(fd);
    if (!frame || frame->kind != Kind::kResponse) return fail("the peer gave up");
    input = frame->body;
  }
}

// ---- The process

CommandLine command_line(Options* options) {
  return {kUsage,
          options->meeting.rows() +
              std::vector<Option>{{"--mechanism NAME", &options->mechanism, "(default: GS2-KRB5)"},
                                  {"--authzid NAME", &options->authzid, "client: act as this user"},
                                  {"--exchange N", &options->exchange_len,
                                   "client: after the login send N bytes and take them back"}},
          kNotes};
}

Session new_session(Gsasl* library, const Options& options) {
  Gsasl_session* session = nullptr;
  const auto start = options.meeting.is_server() ? gsasl_server_start : gsasl_client_start;
  const int result = start(library, options.mechanism.c_str(), &session);
  if (result != GSASL_OK) {
    throw std::runtime_error(options.mechanism + ": " + gsasl_strerror(result));
  }
  gsasl_property_set(session, GSASL_SERVICE, "imap");
  gsasl_property_set(session, GSASL_HOSTNAME, "localhost");
  if (!options.authzid.empty()) {
    gsasl_property_set(session, GSASL_AUTHZID, options.authzid.c_str());
  }
  return Session(session);
}

bool run(const Options& options) {
  Gsasl* started = nullptr;
  if (gsasl_init(&started) != GSASL_OK) throw std::runtime_error("gsasl_init failed");
  const Library library(started);
  gsasl_callback_set(started, on_callback);
  const Session session = new_session(started, options);
  const Socket peer = options.meeting.connect();
  const int fd = peer.fd();
  if (options.meeting.is_server()) {
    return serve(fd, session.get(), options.mechanism) && echo_data(fd, session.get());
  }
  return log_in(fd, session.get(), options.mechanism) &&
         exchange_data(fd, session.get(), options.exchange_len);
}

}  // namespace
}  // namespace gssloop::testing

int main(int argc, char** argv) {
  using namespace gssloop::testing;
  Options options;
  return run_program(argc, argv, command_line(&options), [&] { return run(options) ? 0 : 1; });
}
