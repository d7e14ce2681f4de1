// SPDX-License-Identifier: BSD-2-Clause
//
// GNU SASL as a server or a client of the demo's protocol. What it prints has the words of the
// demo's own programs, so that a test reads both alike.

#include <gsasl.h>

#include <memory>

#include "examples/demo/wire.h"

namespace {

constexpr char kUsage[] =
    "Usage: gsasl_peer server --port-file FILE [OPTION...]\n"
    "       gsasl_peer client HOST PORT [OPTION...]\n"
    "  --mechanism NAME  (default: GS2-KRB5)\n"
    "  --service NAME    first part of the service's principal (default: imap)\n"
    "  --authzid NAME    client: act as this user\n"
    "Exit status: 0 logged in, 1 not logged in, 2 it could not start.\n";

struct Options {
  bool is_server = false;
  std::string port_file;
  std::string host = "localhost";
  std::string port;
  std::string service = "imap";
  std::string mechanism = "GS2-KRB5";
  std::string authzid;
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

demo::Socket accept_one(const std::string& port_file) {
  const demo::Socket listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t len = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (!listener.is_open() || bind(listener.fd(), generic, len) != 0 ||
      listen(listener.fd(), 1) != 0 || getsockname(listener.fd(), generic, &len) != 0) {
    std::perror("gsasl_peer: cannot listen on 127.0.0.1");
    return demo::Socket(-1);
  }
  // Under another name first: who waits for the file must not read half a number.
  const std::string unfinished = port_file + ".new";
  std::FILE* file = std::fopen(unfinished.c_str(), "we");
  if (file == nullptr) return demo::Socket(-1);
  std::fprintf(file, "%u\n", unsigned{ntohs(address.sin_port)});
  std::fclose(file);
  if (std::rename(unfinished.c_str(), port_file.c_str()) != 0) return demo::Socket(-1);
  demo::Socket peer(accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC));
  if (peer.is_open()) demo::set_timeout(peer.fd());
  return peer;
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
  const demo::Socket peer = options.is_server ? accept_one(options.port_file)
                                              : demo::connect_to(options.host, options.port);
  if (!peer.is_open()) return 2;
  const bool is_in = options.is_server ? serve(peer.fd(), session.get(), options.mechanism)
                                       : log_in(peer.fd(), session.get(), options.mechanism);
  return is_in ? 0 : 1;
}
