// SPDX-License-Identifier: BSD-2-Clause
// Texts of a mechanism, which may quote its peer, in the logs and the errors of both sides.
#include "gssloop/base/bytes.h"
#include "tests/spec/gs2_scripted.h"
#include "tests/support/attack_count.h"

namespace gssloop::testing {
namespace {

void expect_tame(const SaslSide& side) {
  std::string text = side.error();
  for (const LogLine& line : side.log().lines()) text += line.text;
  for (const char c : text) ASSERT_TRUE(c >= ' ' && c <= '~') << printable(as_bytes(text), 2000);
}

TEST_F(Gs2Test, TextsOfTheMechanismDoNotReachTheTerminal) {
  SPEC("G15");
  for (const std::string text : {"\x1b[2Jadmin", "x\r\nlogin of root admitted",
                                 "\xc2\x9b"
                                 "31m",
                                 "\xe2\x80\xaenimda", "\x7f\x08", "%s%n"}) {
    SCOPED_TRACE(printable(as_bytes(text)));
    const std::function<void(Script&)> places[] = {
        [&](Script& script) {
          script.initiator = script.acceptor = {fail(GSS_S_FAILURE, 7, text)};
          script.minor_texts[7] = {text, text};
        },
        [&](Script& script) { script.source = NameSpec{text}; },
        [&](Script& script) {
          AttributeValue value;
          value.value = text;
          script.attributes.emplace_back().name = text;
          script.attributes.back().values = {value};
        },
        [&](Script& script) { script.credentials.delegated = NameSpec{text}; },
    };
    for (const auto& place : places) {
      count_attack();
      Script script;
      place(script);
      scripted().play(std::move(script));
      ServerSetup setup = watched();
      setup.requested = {"*" + text, "*auth-indicators"};
      SaslClient client({.user = says("bob")});
      SaslServer server(setup);
      const Login login = log_in(&client, &server, kScriptedName);
      if (!login.messages.empty() && login.server.code == SASL_CONTINUE) server.step(text);
      SaslServer other(setup);
      other.start(kScriptedName, "n,," + text);
      expect_tame(client);
      expect_tame(server);
      expect_tame(other);
    }
  }
}

}  // namespace
}  // namespace gssloop::testing
