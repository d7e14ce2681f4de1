// SPDX-License-Identifier: BSD-2-Clause
//
// The logins that tests make fail at each place: every mechanism, with all that an exchange can
// have.

#ifndef GSSLOOP_TESTS_FAULT_LOGIN_EXCHANGES_H_
#define GSSLOOP_TESTS_FAULT_LOGIN_EXCHANGES_H_

#include <ostream>
#include <string>
#include <vector>

#include "tests/live/policy_session.h"

namespace gssloop::testing {

// LoginExchange is one login over Kerberos, and a message each way after it.
struct LoginExchange {
  std::string name;  // of the test
  std::string mechanism = kGs2;
  ClientSetup client = {};
  ServerSetup server = {};
  std::string rules = {};   // as for set_rules(); empty: no policy
  bool is_refused = false;  // by the policy
  bool stores = false;      // the server stores the ticket that the client delegates
  bool has_ticket = true;   // otherwise a password
  // libsasl is started before it, so that the login has the calls of the module's start.
  bool starts_library = false;
  // The keytab changes before it, so that the server acquires its credential anew.
  bool changes_keytab = false;
};
inline void PrintTo(const LoginExchange& exchange, std::ostream* out) { *out << exchange.name; }

std::vector<LoginExchange> login_exchanges();

// Side is what one side has after a login.
struct LoginSide {
  int code = SASL_FAIL;
  // If the code is SASL_OK:
  std::string granted = {};  // names, properties, ticket
  unsigned ssf = 0;
  std::string said = {};  // sasl_errdetail of a client, the log of a server
};
struct LoginOutcome {
  LoginSide client, server;
  std::string messages = {};  // those that arrived, if both sides say that the login is done
  bool ok() const { return client.code == SASL_OK && server.code == SASL_OK; }
};

// granted_text is LoginSide::granted; `stored` is the ccache that was stored, or is not there.
std::string granted_text(const std::string& authid, const std::string& authzid, bool delegates,
                         const std::string& stored, const Properties& properties);

// LoginFaultTest runs the logins of an exchange.
class LoginFaultTest : public PolicyTest, public ::testing::WithParamInterface<LoginExchange> {
 protected:
  void SetUp() override;
  void TearDown() override;

  LoginOutcome log_in_once();
  // What must be so before each login of the exchange. log_in_once does it.
  static void prepare_login();
  // Demands that each side failed with a code and a sentence, or has what it has without a fault
  // (only less strength, or an empty message, where the fault is what a mechanism may answer). A
  // policy's refusal comes after a client of GS2 is done.
  void expect_clean(const LoginOutcome& outcome, const LoginOutcome& without_fault,
                    bool is_answer = false);

  // The server's options.
  static SaslOptions options();
  // Where the ticket is stored.
  static std::string stored() { return realm().path("stored-alice"); }
};

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_FAULT_LOGIN_EXCHANGES_H_
