// SPDX-License-Identifier: BSD-2-Clause
//
// As much of IMAP (RFC 9051) as a login takes, with libsasl: a client for servers of other people,
// which also leaves a mail there and fetches it again, and a server for other people's clients.

#include <sasl/sasl.h>
#include <sasl/saslutil.h>

#include <vector>

#include "examples/demo/layer.h"
#include "examples/demo/wire.h"
#include "tests/interop/accept_one.h"

namespace {

constexpr char kUsage[] =
    "Usage: imap_peer client HOST PORT [OPTION...]\n"
    "       imap_peer server --port-file FILE [OPTION...]\n"
    "  --mechanism NAME  client: use this one (default: GSSAPI)\n"
    "  --mail-len N      client: leave a mail of N bytes in INBOX and fetch it (default: none)\n";
constexpr char kExitStatus[] = "Exit status: 0 logged in, 1 not so, 2 it could not start.\n";

struct Options {
  bool is_server = false;
  std::string host = "localhost";
  std::string port;
  std::string port_file;
  std::string mechanism = "GSSAPI";
  std::size_t mail_len = 0;
  demo::LayerOptions layer;
};

using Line = std::optional<std::string>;  // nothing: the peer left

bool fail(const std::string& why) {
  std::printf("imap    NOT LOGGED IN: %s\n", why.c_str());
  return false;
}

bool fail(sasl_conn_t* connection, int result) {
  return fail(std::string(sasl_errstring(result, nullptr, nullptr)) + ": " +
              sasl_errdetail(connection));
}

int on_log(void* /*context*/, int level, const char* message) {
  if (message != nullptr && level <= SASL_LOG_DEBUG) std::printf("imap      log: %s\n", message);
  return SASL_OK;
}

int on_getopt(void* /*context*/, const char* /*plugin*/, const char* option, const char** result,
              unsigned* len) {
  if (std::strcmp(option, "log_level") != 0) return SASL_FAIL;
  *result = "5";
  if (len != nullptr) *len = 1;
  return SASL_OK;
}

template <typename Function>
int (*generic(Function* function))() {
  return reinterpret_cast<int (*)()>(reinterpret_cast<void (*)()>(function));
}

const sasl_callback_t kCallbacks[] = {
    {SASL_CB_LOG, generic(&on_log), nullptr},
    {SASL_CB_GETOPT, generic(&on_getopt), nullptr},
    {SASL_CB_LIST_END, nullptr, nullptr},
};

std::string encode(const char* octets, unsigned len) {
  std::string text(len / 3 * 4 + 8, '\0');
  unsigned text_len = 0;
  if (sasl_encode64(octets, len, text.data(), static_cast<unsigned>(text.size()), &text_len) !=
      SASL_OK) {
    return "";
  }
  text.resize(text_len);
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
    return demo::send_all(fd_, text.data(), text.size());
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
    if (len <= 0 || received_.size() > demo::kMaxBodyLen) return false;
    received_.append(part, static_cast<std::size_t>(len));
    return true;
  }

  const int fd_;
  std::string received_;
};

// ---- Client

bool authenticate(Lines* lines, sasl_conn_t* connection, const std::string& mechanism) {
  const char* out = nullptr;
  unsigned out_len = 0;
  const char* chosen = nullptr;
  int result = sasl_client_start(connection, mechanism.c_str(), nullptr, &out, &out_len, &chosen);
  if (result != SASL_OK && result != SASL_CONTINUE) return fail(connection, result);
  // An initial response (SASL-IR) of no octets is written "=".
  std::string command = "a AUTHENTICATE " + mechanism;
  if (out != nullptr) command += " " + (out_len == 0 ? "=" : encode(out, out_len));
  if (!lines->send(command)) return fail("the server left");
  for (;;) {
    const Line line = lines->receive();
    if (!line) return fail("the server left");
    if (line->rfind("a OK", 0) == 0) break;
    if (line->rfind("a ", 0) == 0) return fail("the server says: " + *line);
    if (line->rfind("+ ", 0) != 0) continue;
    const Line token = decode(line->substr(2));
    if (!token) return fail("that was no base64");
    result = sasl_client_step(connection, token->data(), static_cast<unsigned>(token->size()),
                              nullptr, &out, &out_len);
    if (result != SASL_OK && result != SASL_CONTINUE) return fail(connection, result);
    lines->send(out == nullptr ? "" : encode(out, out_len));
  }
  if (result != SASL_OK) return fail("the server says OK before the mechanism is done");
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

bool log_in(int fd, const Options& options) {
  sasl_conn_t* created = nullptr;
  const int result =
      sasl_client_new("imap", options.host.c_str(), nullptr, nullptr, nullptr, 0, &created);
  if (result != SASL_OK) return fail(sasl_errstring(result, nullptr, nullptr));
  const demo::Connection connection(created);
  options.layer.apply(created, SASL_SEC_NOPLAINTEXT | SASL_SEC_NOANONYMOUS);
  Lines lines(fd);
  const Line greeting = lines.receive();
  if (!greeting) return fail("no greeting");
  std::printf("imap      got %s\n", greeting->c_str());
  if (!authenticate(&lines, created, options.mechanism)) return false;
  if (options.mail_len > 0 && !keep_mail(&lines, options.mail_len)) return false;
  lines.send("z LOGOUT");
  return lines.is_ok("z");
}

// ---- Server

// Ends with the result of the last call, or SASL_FAIL if the peer gave up.
int exchange(Lines* lines, sasl_conn_t* connection, const std::string& mechanism, Line input) {
  const char* out = nullptr;
  unsigned out_len = 0;
  int result = sasl_server_start(connection, mechanism.c_str(), input ? input->data() : nullptr,
                                 input ? static_cast<unsigned>(input->size()) : 0, &out, &out_len);
  while (result == SASL_CONTINUE) {
    if (!lines->send("+ " + encode(out, out_len))) return SASL_FAIL;
    const Line line = lines->receive();
    input = line ? decode(*line) : std::nullopt;
    if (!input) return SASL_FAIL;
    result = sasl_server_step(connection, input->data(), static_cast<unsigned>(input->size()), &out,
                              &out_len);
  }
  return result;
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
bool perform(Lines* lines, sasl_conn_t* connection, const std::vector<std::string>& words,
             bool* is_in) {
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
  const int result = exchange(lines, connection, words[2], initial);
  if (result != SASL_OK) {
    lines->send(tag + " NO refused");
    return fail(connection, result);
  }
  const void* authid = nullptr;
  sasl_getprop(connection, SASL_USERNAME, &authid);
  std::printf("imap      authid  %s\nimap    LOGGED IN\n", static_cast<const char*>(authid));
  *is_in = true;
  return lines->send(tag + " OK logged in");
}

bool serve(int fd, const Options& options) {
  sasl_conn_t* created = nullptr;
  const int result = sasl_server_new("imap", options.host.c_str(), nullptr, nullptr, nullptr,
                                     nullptr, 0, &created);
  if (result != SASL_OK) return fail(sasl_errstring(result, nullptr, nullptr));
  const demo::Connection connection(created);
  options.layer.apply(created, SASL_SEC_NOPLAINTEXT | SASL_SEC_NOANONYMOUS);
  Lines lines(fd);
  lines.send("* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=GSSAPI] ready");
  bool is_in = false;
  Line line = lines.receive();
  while (line && perform(&lines, created, words_of(*line), &is_in)) line = lines.receive();
  return is_in;
}

// ---- The process

Options parse(int argc, char** argv) {
  Options options;
  const std::string usage = std::string(kUsage) + demo::LayerOptions::kUsage + kExitStatus;
  demo::Arguments arguments(argc, argv, usage.c_str());
  if (!arguments.next()) arguments.fail("client or server is needed");
  options.is_server = arguments.is("server");
  if (!options.is_server) {
    if (!arguments.is("client")) arguments.fail("the first argument is client or server");
    options.host = arguments.value();
    options.port = arguments.value();
  }
  while (arguments.next()) {
    if (options.layer.take(&arguments)) continue;
    if (arguments.is("--port-file")) {
      options.port_file = arguments.value();
    } else if (arguments.is("--mechanism")) {
      options.mechanism = arguments.value();
    } else if (arguments.is("--mail-len")) {
      options.mail_len = arguments.number();
    } else {
      arguments.fail("there is no option " + std::string(arguments.current()));
    }
  }
  if (options.is_server && options.port_file.empty()) arguments.fail("--port-file is needed");
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const Options options = parse(argc, argv);
  const int result = options.is_server ? sasl_server_init(kCallbacks, "gssloop-demo")
                                       : sasl_client_init(kCallbacks);
  if (result != SASL_OK) return 2;
  int status = 2;
  {
    const demo::Socket peer = options.is_server ? gssloop::testing::accept_one(options.port_file)
                                                : demo::connect_to(options.host, options.port);
    if (peer.is_open()) {
      status = (options.is_server ? serve : log_in)(peer.fd(), options) ? 0 : 1;
    }
  }
  sasl_done();
  return status;
}
