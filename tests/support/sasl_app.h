// SPDX-License-Identifier: BSD-2-Clause
//
// The application that uses libsasl in all tests and benchmarks: as a client and as a server.

#ifndef GSSLOOP_TESTS_SUPPORT_SASL_APP_H_
#define GSSLOOP_TESTS_SUPPORT_SASL_APP_H_

#include <sasl/prop.h>
#include <sasl/sasl.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/sasl_library.h"

namespace gssloop::testing {

struct ChannelBinding {
  std::string name;
  std::string data;
  bool is_critical = false;
};

// Reply is what a client application says to one SASL_CB_*.
struct Reply {
  enum class How { kAbsent, kProcedure, kInteraction };
  How how = How::kAbsent;
  std::string text = {};
  int code = SASL_OK;  // of the procedure
};
// By a callback procedure; or when SASL_INTERACT asks.
inline Reply says(std::string text) { return {Reply::How::kProcedure, std::move(text)}; }
inline Reply types(std::string text) { return {Reply::How::kInteraction, std::move(text)}; }

// Strength is what an application demands and allows of a security layer, in libsasl's units.
struct Strength {
  unsigned min_ssf = 0, max_ssf = 256;
  unsigned maxbufsize = 65536;  // octets
  unsigned external_ssf = 0;
};

struct ClientSetup {
  std::string service = "imap";
  std::string host = "localhost";
  SaslOptions options = {};
  Reply user = {}, authname = {}, password = {};
  std::optional<ChannelBinding> binding = {};
  unsigned security_flags = 0;
  // Beside those above, without the end mark.
  std::vector<sasl_callback_t> callbacks = {};
  const void* credential = nullptr;  // SASL_GSS_CREDS: a gss_cred_id_t
  bool success_data = true;
  Strength strength = {};
  bool is_http = false;
  LogSettings log = {};
};

// What a server's application had requested, by name; a name without values has an empty list.
using Properties = std::map<std::string, std::vector<std::string>>;
Properties read_properties(propctx* context);

struct ProxyCall {
  std::string authzid, authid;
  Properties properties;  // as the callback saw them
};

// One call of SASL_CB_CANON_USER. The callback may change the name.
struct CanonCall {
  sasl_conn_t* connection = nullptr;
  std::string name;
  unsigned flags = 0;
};

struct ServerSetup {
  std::string service = "imap";
  std::string host = "localhost";
  std::string user_realm = {};  // empty: none
  SaslOptions options = {};
  std::optional<ChannelBinding> binding = {};
  unsigned security_flags = 0;
  const void* credential = nullptr;
  bool success_data = true;
  bool needs_proxy = false;
  std::vector<std::string> requested = {};
  // Empty: each user may act as itself alone.
  std::function<int(const ProxyCall&)> proxy_policy = {};
  // Empty: no such callback.
  std::function<int(CanonCall*)> canon_user = {};
  // Beside those above, without the end mark.
  std::vector<sasl_callback_t> callbacks = {};
  Strength strength = {};
  bool is_http = false;
  LogSettings log = {};
};

// Turn is what one call of sasl_*_start or sasl_*_step came to.
struct Turn {
  int code = SASL_FAIL;
  std::optional<std::string> out = {};  // nullopt: a null pointer
};

struct ConnectionDeleter {
  void operator()(sasl_conn_t* connection) const { sasl_dispose(&connection); }
};
using Connection = std::unique_ptr<sasl_conn_t, ConnectionDeleter>;

// SaslSide is what client and server have in common.
class SaslSide {
 public:
  sasl_conn_t* get() const { return connection_.get(); }
  std::string error() const { return sasl_errdetail(get()); }
  const SaslLog& log() const { return log_; }
  SaslLog& log() { return log_; }
  // property is a string property, "" where there is none.
  std::string property(int number) const;
  std::string authid() const { return property(SASL_AUTHUSER); }
  std::string authzid() const { return property(SASL_USERNAME); }
  // pointer is any property as libsasl gives it, null where there is none.
  const void* pointer(int number) const;
  unsigned ssf() const { return *static_cast<const sasl_ssf_t*>(pointer(SASL_SSF)); }
  // The largest message that encode takes at once.
  unsigned max_out() const { return *static_cast<const unsigned*>(pointer(SASL_MAXOUTBUF)); }
  // The security layer; as libsasl's sasl_encode and sasl_decode.
  Turn encode(const std::string& message);
  Turn decode(const std::string& stream);

 protected:
  explicit SaslSide(const LogSettings& log) : log_(log) {}

  template <class Setup>
  void set_up(const Setup& setup);

  SaslLog log_;
  std::vector<sasl_callback_t> callbacks_;
  sasl_channel_binding_t binding_{};
  Connection connection_;
};

class SaslClient : public SaslSide {
 public:
  explicit SaslClient(ClientSetup setup = {});
  // The connection is freed before what it points to.
  ~SaslClient() { connection_.reset(); }
  SaslClient(const SaslClient&) = delete;
  SaslClient& operator=(const SaslClient&) = delete;

  // start begins with the best mechanism of the list, and answers all that SASL_INTERACT asks.
  Turn start(const std::string& mechanisms);
  Turn step(const std::optional<std::string>& in);

  // mechanism is the one that start chose.
  const std::string& mechanism() const { return mechanism_; }
  // The callback ids that were asked for, by either way, in their order.
  const std::vector<unsigned long>& asked() const { return asked_; }
  bool was_asked(unsigned long id) const;

 private:
  static int on_simple(void* context, int id, const char** result, unsigned* len);
  static int on_secret(sasl_conn_t*, void* context, int id, sasl_secret_t** secret);
  void add_callback(unsigned long id, const Reply& reply);
  Reply& reply(unsigned long id);
  void answer(sasl_interact_t* prompts);

  ClientSetup setup_;
  std::string secret_;  // a sasl_secret_t
  std::string mechanism_;
  std::vector<unsigned long> asked_;
};

class SaslServer : public SaslSide {
 public:
  explicit SaslServer(ServerSetup setup = {});
  // libsasl keeps the names of the requested properties by their addresses until the end.
  ~SaslServer() { connection_.reset(); }
  SaslServer(const SaslServer&) = delete;
  SaslServer& operator=(const SaslServer&) = delete;

  // The mechanisms that are offered, separated and surrounded by single blanks.
  std::string offered() const;
  bool offers(const std::string& mechanism) const {
    return offered().find(" " + mechanism + " ") != std::string::npos;
  }
  Turn start(const std::string& mechanism, const std::optional<std::string>& in);
  Turn step(const std::optional<std::string>& in);

  Properties properties() const { return read_properties(sasl_auxprop_getctx(get())); }
  const std::vector<ProxyCall>& proxy_calls() const { return proxy_calls_; }
  const std::vector<CanonCall>& canon_calls() const { return canon_calls_; }
  // True if the mechanism handed nothing to the application.
  bool was_silent() const { return proxy_calls_.empty() && canon_calls_.empty(); }

  // Makes connection-wide options changeable between logins.
  SaslOptions& options() { return setup_.options; }

 private:
  static int on_proxy(sasl_conn_t*, void* context, const char* authzid, unsigned authzid_len,
                      const char* authid, unsigned authid_len, const char*, unsigned,
                      propctx* properties);
  static int on_canon(sasl_conn_t* connection, void* context, const char* in, unsigned in_len,
                      unsigned flags, const char*, char* out, unsigned out_max, unsigned* out_len);

  ServerSetup setup_;
  std::vector<ProxyCall> proxy_calls_;
  std::vector<CanonCall> canon_calls_;
};

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_SUPPORT_SASL_APP_H_
