// SPDX-License-Identifier: BSD-2-Clause
//
// A client application as libsasl sees one: it reads the server's mechanisms, lets libsasl choose,
// and passes tokens on until the server reports success or failure. The module finds the ticket.

#include <getopt.h>
#include <sasl/sasl.h>

#include <fstream>
#include <vector>

#include "examples/demo/sasl.h"
#include "examples/demo/wire.h"

namespace {

constexpr char kService[] = "imap";  // the first part of the server's principal
constexpr char kUsage[] =
    "Usage: client HOST PORT [OPTION...]\n"
    "  --mechanism NAME      use this mechanism (default: libsasl chooses one that the server "
    "offers)\n"
    "  --cbinding NAME=DATA  channel binding, as from TLS; the login fails if it is not used\n"
    "  --authzid NAME        act as this user\n"
    "  --authname NAME       the user's name, for mechanisms that ask for one\n"
    "  --password-file FILE  a file whose first line is the password, for the same\n"
    "Exit status: 0 logged in, 1 not logged in, 2 could not start.\n";

struct Options {
  std::string host;
  std::string port;
  std::string mechanism;
  std::string binding;
  std::string authzid;
  std::string authname;
  std::vector<char> secret;  // a sasl_secret_t; empty if there is no password
};

// ---- What libsasl asks the application

int on_log(void* /*context*/, int level, const char* message) {
  if (message == nullptr || level < SASL_LOG_ERR || level > SASL_LOG_DEBUG) return SASL_OK;
  const std::string_view text = demo::log_text(message);
  std::printf("client    log: %.*s\n", static_cast<int>(text.size()), text.data());
  return SASL_OK;
}

int on_name(void* context, int id, const char** result, unsigned* len) {
  const auto* options = static_cast<const Options*>(context);
  const std::string& name = id == SASL_CB_USER ? options->authzid : options->authname;
  *result = name.c_str();
  if (len != nullptr) *len = static_cast<unsigned>(name.size());
  return SASL_OK;
}

int on_password(sasl_conn_t* /*connection*/, void* context, int /*id*/, sasl_secret_t** secret) {
  *secret = reinterpret_cast<sasl_secret_t*>(static_cast<Options*>(context)->secret.data());
  return SASL_OK;
}

std::vector<sasl_callback_t> callbacks_of(Options* options) {
  std::vector<sasl_callback_t> callbacks = {
      {SASL_CB_LOG, demo::as_callback(&on_log), nullptr},
      {SASL_CB_GETOPT, demo::as_callback(&demo::on_getopt), nullptr},
  };
  // libsasl does not ask for a name without a callback: Kerberos knows the user from the ticket.
  if (!options->authzid.empty()) {
    callbacks.push_back({SASL_CB_USER, demo::as_callback(&on_name), options});
  }
  if (!options->authname.empty()) {
    callbacks.push_back({SASL_CB_AUTHNAME, demo::as_callback(&on_name), options});
  }
  if (!options->secret.empty()) {
    callbacks.push_back({SASL_CB_PASS, demo::as_callback(&on_password), options});
  }
  callbacks.push_back({SASL_CB_LIST_END, nullptr, nullptr});
  return callbacks;
}

// ---- The login

bool fail(sasl_conn_t* connection, int result) {
  std::printf("client  NOT LOGGED IN: %s\n", sasl_errstring(result, nullptr, nullptr));
  if (connection != nullptr) std::printf("client    %s\n", sasl_errdetail(connection));
  return false;
}

bool abandon(const std::string& why) {
  std::printf("client  NOT LOGGED IN: %s\n", why.c_str());
  return false;
}

// The header of a GS2 mechanism is no secret, and shows whether the channel is bound: it begins
// with p=NAME if so, with n or y if not (RFC 5801 section 4).
std::string gs2_header(const std::string& mechanism, std::string_view token) {
  if (mechanism.rfind("GS2-", 0) != 0) return "";
  const std::size_t start = token.substr(0, 2) == "F," ? 2 : 0;
  const std::size_t first = token.find(',', start);
  if (first == std::string_view::npos) return "";
  const std::size_t second = token.find(',', first + 1);
  if (second == std::string_view::npos) return "";
  return ", header \"" + std::string(token.substr(0, second + 1)) + "\"" +
         (token.substr(start, 2) == "p=" ? ": bound to the channel" : ": not bound to a channel");
}

// The mechanism's last token, if success brought one: only after it has the server proved itself.
bool finish(sasl_conn_t* connection, int result, const std::string& body) {
  const std::optional<std::string> token = demo::decode_optional(body);
  std::printf("client    got success%s\n",
              token ? (" with " + std::to_string(token->size()) + " bytes").c_str() : "");
  if (result == SASL_CONTINUE) {
    if (!token) return abandon("the server reports success before the mechanism is complete");
    const char* out = nullptr;
    unsigned out_len = 0;
    result = sasl_client_step(connection, token->data(), static_cast<unsigned>(token->size()),
                              nullptr, &out, &out_len);
    if (result == SASL_CONTINUE) return abandon("the server reports success too early");
  }
  if (result != SASL_OK) return fail(connection, result);
  std::printf("client  LOGGED IN\n");
  return true;
}

bool start(int fd, sasl_conn_t* connection, const std::string& offered, int* result) {
  const char* out = nullptr;
  unsigned out_len = 0;
  const char* chosen = nullptr;
  *result = sasl_client_start(connection, offered.c_str(), nullptr, &out, &out_len, &chosen);
  if (*result != SASL_OK && *result != SASL_CONTINUE) return fail(connection, *result);
  const std::string mechanism = chosen;
  const std::string_view token = out == nullptr ? "" : std::string_view(out, out_len);
  std::printf("client    sends %s and %u bytes%s\n", chosen, out_len,
              gs2_header(mechanism, token).c_str());
  return demo::send_frame(fd, demo::Kind::kStart,
                          mechanism + '\0' + demo::encode_optional(out, out_len)) ||
         abandon("the server closed the connection");
}

bool exchange(int fd, sasl_conn_t* connection, const Options& options) {
  const std::optional<demo::Frame> greeting = demo::receive_frame(fd);
  if (!greeting || greeting->kind != demo::Kind::kMechanisms) {
    return abandon("the server offers no mechanism");
  }
  int result = SASL_FAIL;
  if (!start(fd, connection, options.mechanism.empty() ? greeting->body : options.mechanism,
             &result)) {
    return false;
  }
  for (;;) {
    const std::optional<demo::Frame> frame = demo::receive_frame(fd);
    if (!frame) return abandon("the server closed the connection");
    if (frame->kind == demo::Kind::kFailure) return abandon("the server says: " + frame->body);
    if (frame->kind == demo::Kind::kSuccess) return finish(connection, result, frame->body);
    if (frame->kind != demo::Kind::kChallenge) {
      return abandon("the server sent an unexpected message");
    }

    std::printf("client    got a challenge of %zu bytes\n", frame->body.size());
    const char* out = nullptr;
    unsigned out_len = 0;
    result = sasl_client_step(connection, frame->body.data(),
                              static_cast<unsigned>(frame->body.size()), nullptr, &out, &out_len);
    if (result != SASL_OK && result != SASL_CONTINUE) return fail(connection, result);
    std::printf("client    sends a response of %u bytes\n", out_len);
    if (!demo::send_frame(fd, demo::Kind::kResponse,
                          out == nullptr ? std::string_view() : std::string_view(out, out_len))) {
      return abandon("the server closed the connection");
    }
  }
}

bool log_in(int fd, const Options& options) {
  sasl_conn_t* new_connection = nullptr;
  const demo::ChannelBinding binding(options.binding, true);
  // SASL_SUCCESS_DATA: our protocol can carry the mechanism's last token along with the success.
  const int result = sasl_client_new(kService, options.host.c_str(), nullptr, nullptr, nullptr,
                                     SASL_SUCCESS_DATA, &new_connection);
  if (result != SASL_OK) return fail(nullptr, result);
  const demo::Connection connection(new_connection);
  demo::set_security(connection.get(), SASL_SEC_MUTUAL_AUTH);
  binding.apply_to(connection.get());
  if (!exchange(fd, connection.get(), options)) return false;
  std::printf("client    security layer: %s\n", demo::layer_text(connection.get()).c_str());
  return true;
}

// ---- The process

[[noreturn]] void end_with_usage(std::FILE* out, int status) {
  std::fputs(kUsage, out);
  std::exit(status);
}

// Reads the password into the form in which libsasl wants it.
std::vector<char> read_secret(const char* file) {
  std::string password;
  if (std::ifstream stream(file); !std::getline(stream, password)) {
    std::fprintf(stderr, "client: cannot read a password from %s\n", file);
    std::exit(2);
  }
  std::vector<char> secret(sizeof(sasl_secret_t) + password.size());
  auto* header = reinterpret_cast<sasl_secret_t*>(secret.data());
  header->len = password.size();
  std::memcpy(header->data, password.data(), password.size());
  return secret;
}

Options parse(int argc, char** argv) {
  static const option kOptions[] = {{"mechanism", required_argument, nullptr, 'm'},
                                    {"cbinding", required_argument, nullptr, 'c'},
                                    {"authzid", required_argument, nullptr, 'z'},
                                    {"authname", required_argument, nullptr, 'a'},
                                    {"password-file", required_argument, nullptr, 'p'},
                                    {"help", no_argument, nullptr, 'h'},
                                    {nullptr, 0, nullptr, 0}};
  Options options;
  for (int c; (c = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
    if (c == 'm') options.mechanism = optarg;
    if (c == 'c') options.binding = optarg;
    if (c == 'z') options.authzid = optarg;
    if (c == 'a') options.authname = optarg;
    if (c == 'p') options.secret = read_secret(optarg);
    if (c == 'h') end_with_usage(stdout, 0);
    if (c == '?') end_with_usage(stderr, 2);
  }
  if (argc - optind != 2) end_with_usage(stderr, 2);
  options.host = argv[optind];
  options.port = argv[optind + 1];
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  // Whole lines at once: client and server often share a terminal.
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  Options options = parse(argc, argv);
  const std::vector<sasl_callback_t> callbacks = callbacks_of(&options);
  const int result = sasl_client_init(callbacks.data());
  if (result != SASL_OK) {
    std::fprintf(stderr, "client: sasl_client_init: %s\n",
                 sasl_errstring(result, nullptr, nullptr));
    return 2;
  }
  int status = 2;
  {
    const demo::Socket server = demo::connect_to(options.host, options.port);
    if (server.is_open()) status = log_in(server.fd(), options) ? 0 : 1;
  }
  sasl_done();
  return status;
}
