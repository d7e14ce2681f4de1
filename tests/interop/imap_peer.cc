// SPDX-License-Identifier: BSD-2-Clause
//
// As much of IMAP (RFC 9051) as a login takes, with libsasl: a client for other implementations'
// servers, which also leaves a mail there and fetches it again, and a server for their clients.

#include <sasl/sasl.h>
#include <sasl/saslutil.h>
#include <sys/socket.h>

#include <cstdio>
#include <vector>

#include "tests/interop/meeting.h"
#include "tests/support/sasl_session.h"

namespace gssloop::testing {
namespace {

constexpr char kUsage[] = "Usage: imap_peer --port-file FILE | --port N [OPTION...]\n";
constexpr char kNotes[] = "Exit status: 0 logged in, 1 not so, 2 it could not start.\n";

constexpr std::size_t kMaxLen = 1 << 20;  // of what the peer has sent at a time

struct Options {
  Meeting meeting;
  std::string mechanism = "GSSAPI";
  unsigned mail_len = 0;
  SessionOptions session;
};

using Line = std::optional<std::string>;  // nothing: the peer closed the connection

bool fail(const std::string& why) {
  std::printf("imap    NOT LOGGED IN: %s\n", why.c_str());
  return false;
}

bool fail(const SaslSide& side, const Turn& turn) {
  return fail(std::string(sasl_errstring(turn.code, nullptr, nullptr)) + ": " + side.error());
}

bool is_going(const Turn& turn) { return turn.code == SASL_OK || turn.code == SASL_CONTINUE; }

LogSettings print_log() {
  return {SASL_LOG_DEBUG,
          [](const LogLine& line) { std::printf("imap      log: %s\n", line.text.c_str()); }};
}

std::string encode(const std::string& octets) {
  std::string text(octets.size() / 3 * 4 + 8, '\0');
  unsigned len = 0;
  if (sasl_encode64(octets.data(), static_cast<unsigned>(octets.size()), text.data(),
                    static_cast<unsigned>(text.size()), &len) != SASL_OK) {
    return "";
  }
  text.resize(len);
  return text;
}

Line decode(const std::string& text) {
  std::string octets(text.size() + 1, '\0');
  unsigned len = 0;
  if (sasl_decode64(text.data(), static_cast<unsigned>(text.size()), octets.data(),
                    static_cast<unsigned>(octets.size()), &len) != SASL_OK) {
    return std::nullopt;
  }
  octets.resize(len);
  return octets;
}

class Lines {
 public:
  explicit Lines(int fd) : fd_(fd) {}

  bool send(const std::string& line) {
    const std::string text = line + "\r\n";
    return send_all(fd_, text.data(), text.size());
  }

  Line receive() {
    std::size_t end;
    while ((end = received_.find("\r\n")) == std::string::npos) {
      if (!fill()) return std::nullopt;
    }
    std::string line = received_.substr(0, end);
    received_.erase(0, end + 2);
    return line;
  }

  // The octets of a literal.
  Line receive(std::size_t len) {
    while (received_.size() < len) {
      if (!fill()) return std::nullopt;
    }
    std::string octets = received_.substr(0, len);
    received_.erase(0, len);
    return octets;
  }

  // Skips to the answer that begins with `tag` and says whether it is OK.
  bool is_ok(const std::string& tag) {
    for (;;) {
      const Line line = receive();
      if (!line) return false;
      if (line->rfind(tag + " ", 0) != 0) continue;
      if (line->rfind(tag + " OK", 0) == 0) return true;
      std::printf("imap      got %s\n", line->c_str());
      return false;
    }
  }

 private:
  bool fill() {
    char part[4096];
    const ssize_t len = recv(fd_, part, sizeof part, 0);
    if (len <= 0 || received_.size() > kMaxLen) return false;
    received_.append(part, static_cast<std::size_t>(len));
    return true;
  }

  const int fd_;
  std::string received_;
};

// ---- Client

bool authenticate(Lines* lines, SaslClient* client, const std::string& mechanism) {
  Turn turn = client->start(mechanism);
  if (!is_going(turn)) return fail(*client, turn);
  // An initial response (SASL-IR) of no octets is written "=".
  std::string command = "a AUTHENTICATE " + mechanism;
  if (turn.out) command += " " + (turn.out->empty() ? "=" : encode(*turn.out));
  if (!lines->send(command)) return fail("the server left");
  for (;;) {
    const Line line = lines->receive();
    if (!line) return fail("the server left");
    if (line->rfind("a OK", 0) == 0) break;
    if (line->rfind("a ", 0) == 0) return fail("the server says: " + *line);
    if (line->rfind("+ ", 0) != 0) continue;
    const Line token = decode(line->substr(2));
    if (!token) return fail("that was no base64");
    turn = client->step(token);
    if (!is_going(turn)) return fail(*client, turn);
    lines->send(encode(turn.out.value_or("")));
  }
  if (turn.code != SASL_OK) return fail("the server says OK before the mechanism is done");
  std::printf("imap    LOGGED IN\n");
  return true;
}

std::string mail_of(std::size_t len) {
  std::string mail = "Subject: interoperation\r\n\r\n";
  for (int i = 0; mail.size() < len; ++i) mail += "line " + std::to_string(i) + "\r\n";
  return mail;
}

bool keep_mail(Lines* lines, std::size_t len) {
  const std::string mail = mail_of(len);
  const std::string literal = "{" + std::to_string(mail.size()) + "}";
  lines->send("b APPEND INBOX " + literal);
  const Line go_on = lines->receive();
  if (!go_on || go_on->rfind("+", 0) != 0) return fail("the server takes no mail");
  if (!lines->send(mail) || !lines->is_ok("b")) return fail("the mail was not taken");
  if (!lines->send("c SELECT INBOX") || !lines->is_ok("c")) return fail("there is no INBOX");
  lines->send("d FETCH 1 BODY.PEEK[]");
  Line line = lines->receive();
  while (line && line->find(literal) == std::string::npos) line = lines->receive();
  if (!line || lines->receive(mail.size()) != mail) return fail("another mail came back");
  std::printf("imap    LAYER none: %zu bytes there and back\n", mail.size());
  return lines->is_ok("d");
}

bool run_client(int fd, const Options& options) {
  ClientSetup setup;
  setup.security_flags = options.session.security_flags();
  setup.success_data = false;
  setup.strength = options.session.strength;
  setup.log = print_log();
  SaslClient client(setup);
  Lines lines(fd);
  const Line greeting = lines.receive();
  if (!greeting) return fail("no greeting");
  std::printf("imap      got %s\n", greeting->c_str());
  if (!authenticate(&lines, &client, options.mechanism)) return false;
  if (options.mail_len > 0 && !keep_mail(&lines, options.mail_len)) return false;
  lines.send("z LOGOUT");
  return lines.is_ok("z");
}

// ---- Server

// Ends with the last turn, or with SASL_FAIL if the peer gave up.
Turn exchange(Lines* lines, SaslServer* server, const std::string& mechanism, const Line& initial) {
  Turn turn = server->start(mechanism, initial);
  while (turn.code == SASL_CONTINUE) {
    if (!lines->send("+ " + encode(turn.out.value_or("")))) return {};
    const Line line = lines->receive();
    const Line response = line ? decode(*line) : std::nullopt;
    if (!response) return {};
    turn = server->step(response);
  }
  return turn;
}

std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words(1);
  for (const char c : line) {
    if (c == ' ') {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  return words;
}

// Carries out one command; false if there is no more to come. *is_in becomes true by a login.
bool perform(Lines* lines, SaslServer* server, const std::vector<std::string>& words, bool* is_in) {
  const std::string& tag = words[0];
  const std::string command = words.size() > 1 ? words[1] : "";
  if (command == "CAPABILITY") {
    lines->send("* CAPABILITY IMAP4rev1 SASL-IR AUTH=GSSAPI");
    return lines->send(tag + " OK done");
  }
  if (command == "LOGOUT") {
    lines->send("* BYE");
    lines->send(tag + " OK done");
    return false;
  }
  if (command != "AUTHENTICATE" || words.size() < 3) return lines->send(tag + " BAD what?");
  const Line initial = words.size() > 3 ? decode(words[3] == "=" ? "" : words[3]) : std::nullopt;
  const Turn turn = exchange(lines, server, words[2], initial);
  if (turn.code != SASL_OK) {
    lines->send(tag + " NO refused");
    return fail(*server, turn);
  }
  std::printf("imap      authid  %s\nimap    LOGGED IN\n", server->authzid().c_str());
  *is_in = true;
  return lines->send(tag + " OK logged in");
}

bool run_server(int fd, const Options& options) {
  ServerSetup setup;
  setup.security_flags = options.session.security_flags();
  setup.success_data = false;
  setup.strength = options.session.strength;
  setup.log = print_log();
  SaslServer server(setup);
  Lines lines(fd);
  lines.send("* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=GSSAPI] ready");
  bool is_in = false;
  Line line = lines.receive();
  while (line && perform(&lines, &server, words_of(*line), &is_in)) line = lines.receive();
  return is_in;
}

// ---- The process

CommandLine command_line(Options* options) {
  return {
      kUsage,
      options->meeting.rows() +
          std::vector<Option>{
              {"--mechanism NAME", &options->mechanism, "client: use this one (default: GSSAPI)"},
              {"--mail-len N", &options->mail_len,
               "client: leave a mail of N bytes in INBOX and fetch it (default: none)"}} +
          options->session.rows(),
      kNotes};
}

int run(const Options& options) {
  const SaslLibrary library(LibrarySetup{.log = print_log()});
  const Socket peer = options.meeting.connect();
  return (options.meeting.is_server() ? run_server : run_client)(peer.fd(), options) ? 0 : 1;
}

}  // namespace
}  // namespace gssloop::testing

int main(int argc, char** argv) {
  using namespace gssloop::testing;
  Options options;
  return run_program(argc, argv, command_line(&options), [&] { return run(options); });
}
