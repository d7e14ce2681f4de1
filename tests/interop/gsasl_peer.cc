// SPDX-License-Identifier: BSD-2-Clause
//
// GNU SASL as a server or a client of the demo's protocol. What it prints has the words of the
// demo's own programs, so that a test reads both alike.

#include <gsasl.h>

#include <memory>

#include "examples/demo/wire.h"
#include "tests/interop/accept_one.h"

namespace {

constexpr char kUsage[] =
    "Usage: gsasl_peer server --port-file FILE [OPTION...]\n"
    "       gsasl_peer client HOST PORT [OPTION...]\n"
    "  --mechanism NAME  (default: GS2-KRB5)\n"
    "  --service NAME    first part of the service's principal (default: imap)\n"
    "  --authzid NAME    client: act as this user\n"
    "  --exchange N      client: after the login send N bytes and take them back\n"
    "Exit status: 0 logged in, 1 not logged in, 2 it could not start.\n";

struct Options {
  bool is_server = false;
  std::string port_file;
  std::string host = "localhost";
  std::string port;
  std::string service = "imap";
  std::string mechanism = "GS2-KRB5";
  std::string authzid;
  std::size_t exchange_len = 0;
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

// ---- Data under the layer, in the form of examples/demo/layer.h

bool send_message(int fd, Gsasl_session* session, const std::string& body) {
  const std::uint32_t len = htonl(static_cast<std::uint32_t>(body.size()));
  const std::string message = std::string(reinterpret_cast<const char*>(&len), sizeof len) + body;
  char* output = nullptr;
  std::size_t output_len = 0;
  const int result = gsasl_encode(session, message.data(), message.size(), &output, &output_len);
  const bool is_sent = result == GSASL_OK && demo::send_all(fd, output, output_len);
  gsasl_free(output);
  return is_sent;
}

// Nothing if the peer leaves, or sends what does not decode.
std::optional<std::string> receive_message(int fd, Gsasl_session* session) {
  std::string received;
  std::size_t wanted_len = sizeof(std::uint32_t);
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
    if (received.size() < sizeof(std::uint32_t)) continue;
    std::uint32_t len = 0;
    std::memcpy(&len, received.data(), sizeof len);
    if (ntohl(len) > demo::kMaxBodyLen) return std::nullopt;
    wanted_len = sizeof len + ntohl(len);
  }
  return received.substr(sizeof(std::uint32_t));
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
  const std::optional<std::string> token = demo::decode_optional(body);
  if (result == GSASL_NEEDS_MORE) {
    if (!token) return fail("the server says success before the mechanism is done");
    result = step(session, *token).result;
  }
  return result == GSASL_OK ? succeed() : fail(result);
}

bool log_in(int fd, Gsasl_session* session, const std::string& mechanism) {
  const std::optional<demo::Frame> greeting = demo::receive_frame(fd);
  if (!greeting || greeting->kind != demo::Kind::kMechanisms) return fail("no greeting");
  Move move = step(session, "");
  if (move.result != GSASL_OK && move.result != GSASL_NEEDS_MORE) return fail(move.result);
  std::string message = mechanism + '\0' + '1' + move.output;
  demo::Kind kind = demo::Kind::kStart;
  for (;;) {
    if (!demo::send_frame(fd, kind, message)) return fail("the server left");
    const std::optional<demo::Frame> frame = demo::receive_frame(fd);
    if (!frame) return fail("the server left");
    if (frame->kind == demo::Kind::kFailure) return fail("the server says: " + frame->body);
    if (frame->kind == demo::Kind::kSuccess) return finish(session, move.result, frame->body);
    move = step(session, frame->body);
    if (move.result != GSASL_OK && move.result != GSASL_NEEDS_MORE) return fail(move.result);
    kind = demo::Kind::kResponse;
    message = move.output;
  }
}

// ---- Server

bool refuse(int fd, int result) {
  demo::send_frame(fd, demo::Kind::kFailure, gsasl_strerror_name(result));
  return fail(result);
}

bool serve(int fd, Gsasl_session* session, const std::string& mechanism) {
  if (!demo::send_frame(fd, demo::Kind::kMechanisms, mechanism)) return fail("the peer left");
  std::optional<demo::Frame> frame = demo::receive_frame(fd);
  if (!frame || frame->kind != demo::Kind::kStart) return fail("the peer did not begin");
  const std::size_t nul = frame->body.find('\0');
  if (nul == std::string::npos) return fail("the peer named no mechanism");
  std::string input = demo::decode_optional(frame->body.substr(nul + 1)).value_or("");
  for (;;) {
    const Move move = step(session, input);
    if (move.result == GSASL_OK) {
      const auto len = static_cast<unsigned>(move.output.size());
      demo::send_frame(fd, demo::Kind::kSuccess,
                       demo::encode_optional(len == 0 ? nullptr : move.output.data(), len));
      return succeed();
    }
    if (move.result != GSASL_NEEDS_MORE) return refuse(fd, move.result);
    if (!demo::send_frame(fd, demo::Kind::kChallenge, move.output)) return fail("the peer left");
    frame = demo::receive_frame(fd);
    if (!frame || frame->kind != demo::Kind::kResponse) return fail("the peer gave up");
    input = frame->body;
  }
}

// ---- The process

Options parse(int argc, char** argv) {
  Options options;
  demo::Arguments arguments(argc, argv, kUsage);
  if (!arguments.next()) arguments.fail("server or client is needed");
  if (arguments.is("--help")) arguments.help();
  options.is_server = arguments.is("server");
  if (!options.is_server) {
    if (!arguments.is("client")) arguments.fail("the first argument is server or client");
    options.host = arguments.value();
    options.port = arguments.value();
  }
  while (arguments.next()) {
    if (arguments.is("--port-file")) {
      options.port_file = arguments.value();
    } else if (arguments.is("--mechanism")) {
      options.mechanism = arguments.value();
    } else if (arguments.is("--service")) {
      options.service = arguments.value();
    } else if (arguments.is("--exchange")) {
      options.exchange_len = arguments.number();
    } else if (arguments.is("--authzid")) {
      options.authzid = arguments.value();
    } else {
      arguments.fail("there is no option " + std::string(arguments.current()));
    }
  }
  if (options.is_server && options.port_file.empty()) arguments.fail("--port-file is needed");
  return options;
}

Session new_session(Gsasl* library, const Options& options) {
  Gsasl_session* session = nullptr;
  const int result = options.is_server
                         ? gsasl_server_start(library, options.mechanism.c_str(), &session)
                         : gsasl_client_start(library, options.mechanism.c_str(), &session);
  if (result != GSASL_OK) {
    std::fprintf(stderr, "gsasl_peer: %s: %s\n", options.mechanism.c_str(), gsasl_strerror(result));
    return nullptr;
  }
  gsasl_property_set(session, GSASL_SERVICE, options.service.c_str());
  gsasl_property_set(session, GSASL_HOSTNAME, options.host.c_str());
  if (!options.authzid.empty()) {
    gsasl_property_set(session, GSASL_AUTHZID, options.authzid.c_str());
  }
  return Session(session);
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const Options options = parse(argc, argv);
  Gsasl* started = nullptr;
  if (gsasl_init(&started) != GSASL_OK) return 2;
  const Library library(started);
  gsasl_callback_set(started, on_callback);
  const Session session = new_session(started, options);
  if (!session) return 2;
  const demo::Socket peer = options.is_server ? gssloop::testing::accept_one(options.port_file)
                                              : demo::connect_to(options.host, options.port);
  if (!peer.is_open()) return 2;
  const int fd = peer.fd();
  const bool is_in = options.is_server ? serve(fd, session.get(), options.mechanism) &&
                                             echo_data(fd, session.get())
                                       : log_in(fd, session.get(), options.mechanism) &&
                                             exchange_data(fd, session.get(), options.exchange_len);
  return is_in ? 0 : 1;
}
