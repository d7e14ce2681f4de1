// SPDX-License-Identifier: BSD-2-Clause
//
// What the demo's client and server do alike with libsasl.

#ifndef GSSLOOP_EXAMPLES_DEMO_SASL_H_
#define GSSLOOP_EXAMPLES_DEMO_SASL_H_

#include <sasl/sasl.h>

#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace demo {

struct ConnectionDeleter {
  void operator()(sasl_conn_t* connection) const { sasl_dispose(&connection); }
};
using Connection = std::unique_ptr<sasl_conn_t, ConnectionDeleter>;

// as_callback: libsasl keeps callbacks of every signature as int (*)(). The step over void (*)()
// tells the compiler that the cast is meant.
template <typename Function>
int (*as_callback(Function* function))() {
  return reinterpret_cast<int (*)()>(reinterpret_cast<void (*)()>(function));
}

// on_getopt answers libsasl's question for options. The demo has one: to log all but secrets.
inline int on_getopt(void* /*context*/, const char* /*plugin*/, const char* option,
                     const char** result, unsigned* len) {
  static constexpr char kLevel[] = "5";  // SASL_LOG_DEBUG; levels above may log passwords
  if (std::strcmp(option, "log_level") != 0) return SASL_FAIL;
  *result = kLevel;
  if (len != nullptr) *len = sizeof kLevel - 1;
  return SASL_OK;
}

// log_text takes the line feed away with which some modules end their messages.
inline std::string_view log_text(const char* message) {
  std::string_view text(message);
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  return text;
}

// ChannelBinding is what an application over TLS takes from its TLS library (RFC 9266 names
// tls-exporter); here it comes from the command line as NAME=DATA. Must outlive the connection:
// libsasl keeps the pointer.
class ChannelBinding {
 public:
  // Without NAME=DATA there is no channel to bind to.
  explicit ChannelBinding(const std::string& text, bool is_critical = false)
      : name_(text.substr(0, text.find('='))),
        data_(text.find('=') == std::string::npos ? "" : text.substr(text.find('=') + 1)) {
    binding_.name = name_.c_str();
    binding_.critical = is_critical ? 1 : 0;
    binding_.data = reinterpret_cast<const unsigned char*>(data_.data());
    binding_.len = data_.size();
  }
  ChannelBinding(const ChannelBinding&) = delete;
  ChannelBinding& operator=(const ChannelBinding&) = delete;

  void apply_to(sasl_conn_t* connection) const {
    if (!data_.empty()) sasl_setprop(connection, SASL_CHANNEL_BINDING, &binding_);
  }

 private:
  const std::string name_;
  const std::string data_;
  sasl_channel_binding_t binding_{};
};

// set_security says which mechanisms are good enough. No security layer is asked for, since TLS
// protects the connection; docs/write-a-server.md shows a server with one.
inline void set_security(sasl_conn_t* connection, unsigned flags) {
  sasl_security_properties_t security{};
  security.maxbufsize = 65536;
  security.security_flags = SASL_SEC_NOPLAINTEXT | SASL_SEC_NOANONYMOUS | flags;
  sasl_setprop(connection, SASL_SEC_PROPS, &security);
}

inline unsigned number_property(sasl_conn_t* connection, int property) {
  const void* value = nullptr;
  if (sasl_getprop(connection, property, &value) != SASL_OK || value == nullptr) return 0;
  return *static_cast<const unsigned*>(value);
}

// layer_text is for a person: "none", or "256 bits, at most 65464 bytes at once".
inline std::string layer_text(sasl_conn_t* connection) {
  const unsigned ssf = number_property(connection, SASL_SSF);
  if (ssf == 0) return "none";
  return std::to_string(ssf) + " bits, at most " +
         std::to_string(number_property(connection, SASL_MAXOUTBUF)) + " bytes at once";
}

}  // namespace demo

#endif  // GSSLOOP_EXAMPLES_DEMO_SASL_H_
