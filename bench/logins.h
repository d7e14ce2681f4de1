// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_BENCH_LOGINS_H_
#define GSSLOOP_BENCH_LOGINS_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace gssloop::bench {

// One way to log alice in to imap@localhost, client and server in this process, or the server's
// part alone. login() may be called by several threads at once; everything here throws
// std::runtime_error.
class Logins {
 public:
  virtual ~Logins() = default;
  // prepare makes what `num_logins` logins need and what is not measured.
  virtual void prepare(unsigned /*num_logins*/) {}
  virtual void login() = 0;
};

// FirstMessages are the clients' first messages, made before the logins of the server's part alone.
class FirstMessages {
 public:
  void make(unsigned num, const std::function<std::string()>& message) {
    all_.clear();
    for (unsigned i = 0; i < num; ++i) all_.push_back(message());
    next_ = 0;
  }
  // take returns each message once. Any thread may call it.
  std::string& take() { return all_.at(next_++); }

 private:
  std::vector<std::string> all_;
  std::atomic<std::size_t> next_ = 0;
};

// The server's name for libsasl, which looks for its options in a file of that name.
inline constexpr char kServerName[] = "gssloop-bench";

// What a SASL login is given.
struct SaslSettings {
  std::string mechanism;
  std::string authname;  // what SASL_CB_AUTHNAME answers; empty: there is no such callback
  std::vector<std::string> requested = {};  // properties that the server's application requests
};

// The six attributes that MIT's KDC gives the user: its indicators, and the PAC with its buffers.
inline const std::vector<std::string> kAttributes = {"auth-indicators",
                                                     "urn:mspac:",
                                                     "urn:mspac:client-info",
                                                     "urn:mspac:server-checksum",
                                                     "urn:mspac:privsvr-checksum",
                                                     "urn:mspac:16"};
// The properties of a user that have them.
std::vector<std::string> attribute_properties();

// sasl_logins goes through libsasl with the modules that SASL_PATH names. One per process.
std::unique_ptr<Logins> sasl_logins(const SaslSettings& settings);

// sasl_servers is the server's part, from sasl_server_new with the client's first message to
// sasl_dispose: with GS2 the whole login, with GSSAPI until the context is established.
std::unique_ptr<Logins> sasl_servers(const SaslSettings& settings);

// raw_logins makes only the GSS-API calls that both sides need:
//   client  gss_acquire_cred (default), gss_import_name, gss_init_sec_context, and once more
//   server  gss_accept_sec_context with a credential held since the start, gss_display_name
// It verifies what GS2 does: mutual authentication, and channel bindings (of the header "n,,").
std::unique_ptr<Logins> raw_logins();
// raw_layer_logins also exchanges the two messages by which RFC 4752 section 3 agrees on a layer:
// each side calls gss_wrap and gss_unwrap once.
std::unique_ptr<Logins> raw_layer_logins();

// What raw_servers does beyond a login.
struct RawServerSettings {
  bool has_credential_each = false;  // each thread has its own credential; or else all share one
  // The process keeps a context of libkrb5, so that libkrb5 reads krb5.conf once, and not again
  // after each moment in which no thread has one.
  bool keeps_krb5_conf = false;
  // gss_inquire_name lists the attributes; gss_get_name_attribute reads all values of each.
  bool reads_attributes = false;
};
// raw_servers makes the server's calls of raw_logins alone.
std::unique_ptr<Logins> raw_servers(const RawServerSettings& settings);

}  // namespace gssloop::bench

#endif  // GSSLOOP_BENCH_LOGINS_H_
