// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_LIVE_ATTACKER_H_
#define GSSLOOP_TESTS_LIVE_ATTACKER_H_

#include <gtest/gtest.h>

#include <string>

#include "tests/live/live_test.h"
#include "tests/live/raw_context.h"
#include "tests/support/attack_count.h"

namespace gssloop::testing {

inline constexpr const char* kMechanisms[] = {kGs2, kGssapi, kSpnego};

// watched is a server whose application allows everything and looks at every name: what gets past
// the module is noticed.
inline ServerSetup watched() {
  ServerSetup setup;
  setup.canon_user = [](CanonCall*) { return SASL_OK; };
  setup.proxy_policy = [](const ProxyCall&) { return SASL_OK; };
  setup.requested = {"*auth-indicators", "auth-indicators"};
  return setup;
}

// finished is the end of a login that `turn` left undecided. An error token may go out before the
// failure (G15); with any answer of the client, the login has failed.
inline Turn finished(SaslServer* server, Turn turn) {
  for (int i = 0; i < 3 && turn.code == SASL_CONTINUE; ++i) turn = server->step("");
  return turn;
}

// expect_silent_refusal demands that the login fails, and that the application learnt no name and
// no attribute. Counts as an attack.
inline void expect_silent_refusal(SaslServer* server, const Turn& first, const std::string& what) {
  count_attack();
  const Turn last = finished(server, first);
  EXPECT_LT(last.code, SASL_OK) << what;
  EXPECT_TRUE(server->canon_calls().empty()) << what << ": canon_user was called";
  EXPECT_TRUE(server->proxy_calls().empty()) << what << ": the proxy policy was called";
  EXPECT_EQ(server->authid(), "") << what;
  EXPECT_EQ(server->authzid(), "") << what;
  for (const auto& [name, values] : server->properties()) EXPECT_TRUE(values.empty()) << name;
}

// expect_tame demands of all that a side says that it is printable ASCII: no text of the peer's can
// make a line of a log, or control a terminal.
inline void expect_tame(const SaslSide& side) {
  std::vector<std::string> texts = {side.error()};
  for (const LogLine& line : side.log().lines()) texts.push_back(line.text);
  for (const std::string& text : texts) {
    for (const char c : text) {
      ASSERT_TRUE(c >= ' ' && c <= '~') << printable(as_bytes(text), 2000);
    }
  }
}

// gs2_header says as whom the client acts; escaped where RFC 5801 section 4 demands it, and only
// there, so that a test can send names that no client would.
inline std::string gs2_header(std::string_view authzid) {
  std::string header = "n,a=";
  for (const char c : authzid) {
    if (c == ',' || c == '=') {
      header += c == ',' ? "=2C" : "=3D";
    } else {
      header += c;
    }
  }
  return header + ",";
}

// bound_message is a first message of GS2 with the default ticket, whose token vouches for
// `header`.
inline std::string bound_message(std::string header) {
  gss_channel_bindings_struct bindings{};
  bindings.application_data = {header.size(), header.data()};
  return header + bare_token(initial_token("imap@localhost", GSS_C_MUTUAL_FLAG, &bindings));
}

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_LIVE_ATTACKER_H_
