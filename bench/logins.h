// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_BENCH_LOGINS_H_
#define GSSLOOP_BENCH_LOGINS_H_

#include <memory>
#include <string>

namespace gssloop::bench {

// One way to log alice in to imap@localhost, client and server in this process. login() may be
// called by several threads at once; everything here throws std::runtime_error.
class Logins {
 public:
  virtual ~Logins() = default;
  virtual void login() const = 0;
};

// The server's name for libsasl, which looks for its options in a file of that name.
inline constexpr char kServerName[] = "gssloop-bench";

// What a SASL login is given.
struct SaslSettings {
  std::string mechanism;
  std::string authname;          // what SASL_CB_AUTHNAME answers; empty: there is no such callback
  bool asks_indicators = false;  // the server requests the property *auth-indicators
};

// sasl_logins goes through libsasl with the modules that SASL_PATH names. One per process.
std::unique_ptr<Logins> sasl_logins(const SaslSettings& settings);

// raw_logins makes only the GSS-API calls that both sides need:
//   client  gss_acquire_cred (default), gss_import_name, gss_init_sec_context, and once more
//   server  gss_accept_sec_context with a credential held since the start, gss_display_name
// It verifies what GS2 does: mutual authentication, and channel bindings (of the header "n,,").
std::unique_ptr<Logins> raw_logins();

}  // namespace gssloop::bench

#endif  // GSSLOOP_BENCH_LOGINS_H_
