// SPDX-License-Identifier: BSD-2-Clause
//
// A client application as libsasl sees one: it takes the server's mechanisms, lets libsasl choose,
// and passes tokens on until the server says success or failure. The ticket is found by the module.

#include <sasl/sasl.h>

#include <vector>

#include "examples/demo/layer.h"
#include "examples/demo/wire.h"

namespace {

constexpr char kUsage[] =
    "Usage: client HOST PORT [OPTION...]\n"
    "  --service NAME        first part of the service's principal (default: imap)\n"
    "  --mechanism NAME      use this one (default: libsasl's choice of what the server offers)\n"
    "  --cbinding NAME=DATA  channel binding, as TLS would give it; login fails if it is not used\n"
    "  --authzid NAME        act as this user\n"
    "  --authname NAME       whose ticket to use (default: the default one)\n"
    "  --exchange N          after the login send N bytes, protected, and take them back\n"
    "  --log LEVEL           show log messages up to this level, 1 to 5 (default: 5)\n";
constexpr char kExitStatus[] =
    "Exit status: 0 logged in, and all bytes came back; 1 not so; 2 it could not start.\n";

struct Options {
  std::string host;
  std::string port;
  std::string service = "imap";
  std::string mechanism;
  std::optional<demo::ChannelBinding> binding;
  std::string authzid;
  std::string authname;
  demo::LayerOptions layer;
  std::size_t exchange_len = 0;
  // 5 is SASL_LOG_DEBUG. Levels above may log passwords.
  int log_level = SASL_LOG_DEBUG;
  std::string log_level_text;
};

// ---- What libsasl asks the application

int on_log(void* context, int level, const char* message) {
  const auto* options = static_cast<const Options*>(context);
  if (message == nullptr || level < SASL_LOG_ERR || level > options->log_level) return SASL_OK;
  // Some modules end their messages with a line feed, some do not.
  std::string_view text(message);
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  std::printf("client    log: %.*s\n", static_cast<int>(text.size()), text.data());
  return SASL_OK;
}

int on_getopt(void* context, const char* /*plugin*/, const char* option, const char** result,
              unsigned* len) {
  if (std::strcmp(option, "log_level") != 0) return SASL_FAIL;
  const std::string& level = static_cast<const Options*>(context)->log_level_text;
  *result = level.c_str();
  if (len != nullptr) *len = static_cast<unsigned>(level.size());
  return SASL_OK;
}

int on_simple(void* context, int /*id*/, const char** result, unsigned* len) {
  const auto* name = static_cast<const std::string*>(context);
  *result = name->c_str();
  if (len != nullptr) *len = static_cast<unsigned>(name->size());
  return SASL_OK;
}

// libsasl keeps callbacks of every signature as int (*)(). The step over void (*)() tells the
// compiler that the cast is meant.
template <typename Function>
int (*generic(Function* function))() {
  return reinterpret_cast<int (*)()>(reinterpret_cast<void (*)()>(function));
}

std::vector<sasl_callback_t> callbacks_of(Options* options) {
  std::vector<sasl_callback_t> callbacks = {
      {SASL_CB_LOG, generic(&on_log), options},
      {SASL_CB_GETOPT, generic(&on_getopt), options},
  };
  // A name without a callback is not asked for: Kerberos knows it from the ticket.
  if (!options->authzid.empty()) {
    callbacks.push_back({SASL_CB_USER, generic(&on_simple), &options->authzid});
  }
  if (!options->authname.empty()) {
    callbacks.push_back({SASL_CB_AUTHNAME, generic(&on_simple), &options->authname});
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

// The mechanism's last word, if success brought one: only after it has the server proved itself.
bool finish(sasl_conn_t* connection, int result, const std::string& body) {
  const std::optional<std::string> token = demo::decode_optional(body);
  std::printf("client    got success%s\n",
              token ? (" with " + std::to_string(token->size()) + " bytes").c_str() : "");
  if (result == SASL_CONTINUE) {
    if (!token) return abandon("the server says success before the mechanism is done");
    const char* out = nullptr;
    unsigned out_len = 0;
    result = sasl_client_step(connection, token->data(), static_cast<unsigned>(token->size()),
                              nullptr, &out, &out_len);
    if (result == SASL_CONTINUE) return abandon("the server says success too early");
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
         abandon("the server left");
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
    if (!frame) return abandon("the server left");
    if (frame->kind == demo::Kind::kFailure) return abandon("the server says: " + frame->body);
    if (frame->kind == demo::Kind::kSuccess) return finish(connection, result, frame->body);
    if (frame->kind != demo::Kind::kChallenge) return abandon("the server makes no sense");

    std::printf("client    got a challenge of %zu bytes\n", frame->body.size());
    const char* out = nullptr;
    unsigned out_len = 0;
    result = sasl_client_step(connection, frame->body.data(),
                              static_cast<unsigned>(frame->body.size()), nullptr, &out, &out_len);
    if (result != SASL_OK && result != SASL_CONTINUE) return fail(connection, result);
    std::printf("client    sends a response of %u bytes\n", out_len);
    if (!demo::send_frame(fd, demo::Kind::kResponse,
                          out == nullptr ? std::string_view() : std::string_view(out, out_len))) {
      return abandon("the server left");
    }
  }
}

// What no other order of the pieces gives.
std::string pattern(std::size_t len) {
  std::string text(len, '\0');
  for (std::size_t i = 0; i < len; ++i) text[i] = static_cast<char>(i * 2654435761U >> 16);
  return text;
}

// Sends the bytes that were asked for under whatever layer there is, and takes them back.
bool exchange_data(int fd, sasl_conn_t* connection, const Options& options) {
  demo::Layer layer(fd, connection, options.layer);
  std::printf("client    layer: %s\n", layer.text().c_str());
  if (options.exchange_len == 0) return true;
  const std::string sent = pattern(options.exchange_len);
  const std::optional<std::string> received =
      layer.send(sent) ? layer.receive() : std::optional<std::string>();
  const bool is_same = received == sent;
  if (is_same) {
    std::printf("client  LAYER %s: %zu bytes there and back\n", layer.text().c_str(), sent.size());
    return true;
  }
  std::printf("client  LAYER FAILED: %s\n", received                ? "other bytes came back"
                                            : layer.error().empty() ? "the server left"
                                                                    : layer.error().c_str());
  return false;
}

bool log_in(int fd, Options* options) {
  const std::vector<sasl_callback_t> callbacks = callbacks_of(options);
  sasl_conn_t* new_connection = nullptr;
  const int result = sasl_client_new(options->service.c_str(), options->host.c_str(), nullptr,
                                     nullptr, callbacks.data(), SASL_SUCCESS_DATA, &new_connection);
  if (result != SASL_OK) return fail(nullptr, result);
  const demo::Connection connection(new_connection);
  options->layer.apply(connection.get(),
                       SASL_SEC_NOPLAINTEXT | SASL_SEC_NOANONYMOUS | SASL_SEC_MUTUAL_AUTH);
  sasl_channel_binding_t binding{};
  if (options->binding) {
    binding.name = options->binding->name.c_str();
    binding.critical = 1;
    binding.data = reinterpret_cast<const unsigned char*>(options->binding->value.data());
    binding.len = options->binding->value.size();
    sasl_setprop(connection.get(), SASL_CHANNEL_BINDING, &binding);
  }
  return exchange(fd, connection.get(), *options) && exchange_data(fd, connection.get(), *options);
}

// ---- The process

Options parse(int argc, char** argv) {
  Options options;
  const std::string usage = std::string(kUsage) + demo::LayerOptions::kUsage + kExitStatus;
  demo::Arguments arguments(argc, argv, usage.c_str());
  while (arguments.next()) {
    if (options.layer.take(&arguments)) {
      continue;
    }
    if (arguments.is("--service")) {
      options.service = arguments.value();
    } else if (arguments.is("--mechanism")) {
      options.mechanism = arguments.value();
    } else if (arguments.is("--cbinding")) {
      options.binding = demo::ChannelBinding::parse(arguments.value());
      if (!options.binding) arguments.fail("--cbinding takes NAME=DATA");
    } else if (arguments.is("--authzid")) {
      options.authzid = arguments.value();
    } else if (arguments.is("--authname")) {
      options.authname = arguments.value();
    } else if (arguments.is("--exchange")) {
      options.exchange_len = arguments.number();
    } else if (arguments.is("--log")) {
      options.log_level = std::atoi(arguments.value().c_str());
    } else if (arguments.is("--help")) {
      arguments.help();
    } else if (arguments.current().substr(0, 1) == "-") {
      arguments.fail("there is no option " + std::string(arguments.current()));
    } else if (options.host.empty()) {
      options.host = arguments.current();
    } else if (options.port.empty()) {
      options.port = arguments.current();
    } else {
      arguments.fail("too many arguments");
    }
  }
  if (options.port.empty()) arguments.fail("HOST and PORT are needed");
  options.log_level_text = std::to_string(options.log_level);
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
    if (server.is_open()) status = log_in(server.fd(), &options) ? 0 : 1;
  }
  sasl_done();
  return status;
}
