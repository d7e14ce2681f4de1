// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_LIVE_LAYER_SESSION_H_
#define GSSLOOP_TESTS_LIVE_LAYER_SESSION_H_

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "tests/live/raw_context.h"
#include "tests/support/attack_count.h"
#include "tests/support/sasl_pair.h"

namespace gssloop::testing {

// Case is one mechanism, layer and direction.
struct Case {
  const char* mechanism;
  bool is_encrypted;
  bool is_client_sending;
  friend std::ostream& operator<<(std::ostream& out, const Case& c) {
    return out << c.mechanism << (c.is_encrypted ? ", confidentiality, " : ", integrity, ")
               << (c.is_client_sending ? "to the server" : "to the client");
  }
};

inline std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const char* mechanism : kWithLayers) {
    for (const bool is_encrypted : {false, true}) {
      for (const bool is_client_sending : {false, true}) {
        cases.push_back({mechanism, is_encrypted, is_client_sending});
      }
    }
  }
  return cases;
}

// Session is a login with a layer, and the direction in which messages are sent.
class Session {
 public:
  explicit Session(const Case& c, unsigned maxbufsize = 65536)
      : client_({.strength = strength(c, maxbufsize)}),
        server_({.strength = strength(c, maxbufsize)}),
        is_client_sending_(c.is_client_sending) {
    const Login login = log_in(&client_, &server_, c.mechanism);
    EXPECT_TRUE(login.ok()) << client_.error() << server_.log().text();
    EXPECT_EQ(server_.ssf(), c.is_encrypted ? 256U : 1U);
  }

  SaslSide& sender() { return is_client_sending_ ? static_cast<SaslSide&>(client_) : server_; }
  SaslSide& receiver() { return is_client_sending_ ? static_cast<SaslSide&>(server_) : client_; }

  std::string packet(const std::string& message) {
    const Turn turn = sender().encode(message);
    EXPECT_EQ(turn.code, SASL_OK) << sender().error();
    return turn.out.value_or("");
  }

  // Fails the test unless the packet is refused for good: nothing of it comes out, nor of what
  // follows, in either direction, and it is said why.
  void expect_closed_by(const std::string& stream, const std::string& why = "") {
    count_attack();
    const Turn refused = receiver().decode(stream);
    EXPECT_EQ(refused.code, SASL_BADMAC);
    EXPECT_FALSE(refused.out);
    expect_told(why);
    expect_closed();
  }

  void expect_closed() {
    for (const std::string& later : {packet("later"), packet("still later")}) {
      const Turn turn = receiver().decode(later);
      EXPECT_LT(turn.code, SASL_OK) << "data came out of a closed layer";
      EXPECT_FALSE(turn.out);
    }
    EXPECT_LT(receiver().encode("an answer").code, SASL_OK) << "a closed layer sends";
    EXPECT_FALSE(receiver().encode("an answer").out);
  }

  // The client's application gets the sentence; the server's log does, and its peer a harmless one.
  void expect_told(const std::string& why) {
    if (is_client_sending_) {
      EXPECT_TRUE(server_.log().has(why, SASL_LOG_ERR)) << server_.log().text();
      EXPECT_TRUE(
          server_.log().has(" security layer of alice at imap@localhost with ", SASL_LOG_ERR))
          << server_.log().text();
      EXPECT_NE(server_.error().find("damaged or out of order"), std::string::npos);
      EXPECT_EQ(server_.error().find("gss_"), std::string::npos) << server_.error();
    } else {
      EXPECT_NE(client_.error().find(why), std::string::npos) << client_.error();
    }
  }

 private:
  static Strength strength(const Case& c, unsigned maxbufsize) {
    return {.min_ssf = 1, .max_ssf = c.is_encrypted ? 256U : 1U, .maxbufsize = maxbufsize};
  }

  SaslClient client_;
  SaslServer server_;
  bool is_client_sending_;
};

inline std::string case_name(const ::testing::TestParamInfo<Case>& info) {
  return std::string(info.param.mechanism == kGssapi ? "Gssapi" : "Spnego") +
         (info.param.is_encrypted ? "Confidentiality" : "Integrity") +
         (info.param.is_client_sending ? "ToServer" : "ToClient");
}

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_LIVE_LAYER_SESSION_H_
