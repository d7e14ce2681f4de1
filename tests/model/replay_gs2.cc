// SPDX-License-Identifier: BSD-2-Clause
// What the server of gs2.pml does with each message, with the real module in libsasl, and a
// mechanism that answers what the model's mechanism answered.
#include "tests/model/messages.h"
#include "tests/model/replay.h"
#include "tests/spec/gs2_scripted.h"

namespace gssloop::testing {
namespace {

std::string header_of(int header) { return kHeaders[static_cast<std::size_t>(header)]; }

Leg leg_of(const Line& line) {
  Leg leg = line.is("whole") && !line.is("bound") && line.at("major") != 0
                ? fail(GSS_S_BAD_BINDINGS)
                : complete("reply");
  leg.expected_input = token_octets(line.at("token"));
  leg.flags_added = line.is("bound") ? GSS_C_CHANNEL_BOUND_FLAG : 0;
  leg.flags_cleared = line.is("bound") ? 0 : GSS_C_CHANNEL_BOUND_FLAG;
  return leg;
}

class Gs2Runs : public Gs2Test {
 protected:
  static void replay(const Line& line) {
    scripted().reset();
    play({}, {leg_of(line)});
    ServerSetup setup = watched();
    const std::string channel = channel_octets(line.at("channel"));
    if (line.is("can_bind"))
      setup.binding = ChannelBinding{kBindingType, channel, line.is("insists")};
    SaslServer server(setup);
    const std::string header = header_of(line.at("header"));
    const bool is_plus = header.starts_with("p") && line.is("can_bind");
    const Turn turn = server.start(is_plus ? "GS2-SCRIPTED-PLUS" : kScriptedName,
                                   header + token_octets(line.at("token")));
    EXPECT_EQ(turn.code == SASL_OK, line.is("admitted")) << server.log().text();
    EXPECT_EQ(server.was_silent(), !line.is("admitted"));

    const Record record = scripted().record();
    ASSERT_EQ(record.accepts.size(), line.at("opened") < 0 ? 0U : 1U) << server.log().text();
    if (line.at("opened") < 0) return;
    const std::string opened = header_of(line.at("opened"));
    EXPECT_EQ(record.accepts[0].bindings->application_data,
              opened + (opened.starts_with("p") ? channel : ""));
    if (!line.is("admitted")) return;
    const bool is_other = opened.find(kOtherUser) != opened.npos;
    EXPECT_EQ(server.authzid() == kOtherUser, is_other);
  }
};

TEST_F(Gs2Runs, TheServerDoesWhatTheModelDoes) {
  const std::vector<ModelRun> runs = model_runs();
  ASSERT_EQ(runs.size(), 1U);
  std::size_t num_admitted = 0, num_unbound = 0;
  for (const Line& line : runs[0]) {
    SCOPED_TRACE("message " + header_of(line.at("header")) + token_octets(line.at("token")) +
                 " on channel " + std::to_string(line.at("channel")));
    replay(line);
    if (HasFailure()) return;
    num_admitted += line.is("admitted") ? 1 : 0;
    num_unbound += line.at("major") == 0 && !line.is("bound") ? 1 : 0;
  }
  EXPECT_GT(num_admitted, 0U);
  EXPECT_GT(num_unbound, 0U);
}

}  // namespace
}  // namespace gssloop::testing
