// SPDX-License-Identifier: BSD-2-Clause
#include "tests/model/model_code.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "gssloop/loop/decide.h"
#include "plugin/mech/gs2_client.h"
#include "plugin/mech/gs2_server.h"
#include "tests/model/messages.h"

namespace gssloop::testing {
namespace {

using loop::Action;
using loop::Event;
using loop::MajorClass;
using loop::Phase;
using loop::Role;

// The numbers that the models use.
static_assert(int(Role::kInitiator) == 0 && int(Role::kAcceptor) == 1);
static_assert(int(Phase::kNegotiating) == 0 && int(Phase::kAwaiting) == 1 &&
              int(Phase::kEstablished) == 2 && int(Phase::kOver) == 3);
static_assert(int(Event::kStart) == 0 && int(Event::kTokenArrived) == 1 &&
              int(Event::kCallReturned) == 2 && int(Event::kTokenProcessed) == 3 &&
              int(Event::kDeadline) == 4 && int(Event::kPeerDefect) == 5 &&
              int(Event::kPeerFailed) == 6 && int(Event::kCancelled) == 7);
static_assert(int(MajorClass::kComplete) == 0 && int(MajorClass::kContinue) == 1 &&
              int(MajorClass::kError) == 2 && int(MajorClass::kForbidden) == 3);
static_assert(int(Action::kCallMechanism) == 0 && int(Action::kProcessToken) == 1 &&
              int(Action::kSendToken) == 2 && int(Action::kSendErrorToken) == 3 &&
              int(Action::kTellPeer) == 4 && int(Action::kAwaitToken) == 5 &&
              int(Action::kEstablish) == 6 && int(Action::kKeep) == 7 &&
              int(Action::kDestroy) == 8 && int(Action::kFail) == 9);
constexpr int kNoAction = 10;

std::span<const Action> actions(int row) {
  return loop::table()[static_cast<std::size_t>(row)].actions;
}

std::string header_octets(int header) { return kHeaders[static_cast<std::size_t>(header)]; }

// The number of a header in the list, or the number after the last one.
int number_of(const plugin::Gs2Header& header) {
  const auto text = header.serialize();
  const auto* found = std::ranges::find_if(
      kHeaders, [&text](const char* listed) { return text && *text == listed; });
  return static_cast<int>(found - std::begin(kHeaders));
}

// A binding of the application's, with the data of a channel.
struct Binding {
  explicit Binding(int channel, bool is_critical) : data(channel_octets(channel)) {
    binding.name = kBindingType;
    binding.critical = is_critical ? 1 : 0;
    binding.len = data.size();
    binding.data = reinterpret_cast<const unsigned char*>(data.data());
  }
  std::string data;
  sasl_channel_binding_t binding{};
};

// What the server finds in a message. The octets belong to `message`.
std::optional<plugin::ParsedGs2Message> parsed(const std::string& message) {
  auto result = plugin::parse_gs2_message(as_bytes(message));
  if (!result) return std::nullopt;
  return *result;
}

// What one side binds, with the module's own function.
Bytes bound(plugin::Gs2Header header, int channel, int left_out) {
  if (left_out == 1) header.authzid.clear();
  header.is_nonstandard = false;
  const bool has_channel = header.cb_flag == plugin::CbFlag::kUsed && left_out != 2;
  const std::string text = *header.serialize();
  const std::string data = has_channel ? channel_octets(channel) : "";
  return to_bytes(plugin::gs2_bindings(as_bytes(text), as_bytes(data)).application_data());
}

plugin::Gs2Header header_of(int header) {
  const std::string text = header_octets(header);
  return parsed(text)->header;
}

// The checker asks the same few questions in each of its states: each is answered once. A question
// is a number below 1 << 20.
template <class Answer>
int once(int question, Answer answer) {
  constexpr short kUnanswered = -2;
  // Of this question: each lambda has a type of its own.
  static std::vector<short> answers(std::size_t{1} << 20, kUnanswered);
  short& known = answers[static_cast<std::size_t>(question)];
  if (known == kUnanswered) known = static_cast<short>(answer());
  return known;
}

// A number of numbers below 16.
int packed(int a, int b, int c = 0, int d = 0, int e = 0) {
  return (((a * 16 + b) * 16 + c) * 16 + d) * 16 + e;
}

// The goal as "SIDE ROW", empty if there is none.
std::string goal() {
  const char* goal = std::getenv("MODEL_GOAL");
  return goal == nullptr ? "" : goal;
}

}  // namespace
}  // namespace gssloop::testing

using namespace gssloop;
using namespace gssloop::testing;

int model_decide(int role, int phase, int event, int first, int empty, int over, int major,
                 int output, int lost, int missing, int unknown) {
  int question = ((role * 4 + phase) * 8 + event) * 4 + major;
  for (const int claim : {first, empty, over, output, lost, missing, unknown}) {
    question = question * 2 + (claim != 0 ? 1 : 0);
  }
  return once(question, [&] {
    const loop::Observation seen{Role(role), Phase(phase), Event(event),      first != 0,
                                 empty != 0, over != 0,    MajorClass(major), output != 0,
                                 lost != 0,  missing != 0, unknown != 0};
    return static_cast<int>(&loop::decide(seen) - loop::table().data());
  });
}

int model_action(int row, int at) {
  const auto all = actions(row);
  const auto index = static_cast<std::size_t>(at);
  return index < all.size() ? static_cast<int>(all[index]) : kNoAction;
}

int model_action_from_the_back(int row, int at) {
  const int num = static_cast<int>(actions(row).size());
  return at < num ? model_action(row, num - 1 - at) : kNoAction;
}

int model_has(int row, int action) {
  return loop::table()[static_cast<std::size_t>(row)].has(Action(action)) ? 1 : 0;
}

int model_client_header(int disposition, int authzid) {
  return once(packed(disposition, authzid), [&] {
    constexpr sasl_cbinding_disp_t kDispositions[] = {SASL_CB_DISP_NONE, SASL_CB_DISP_WANT,
                                                      SASL_CB_DISP_USED};
    const Binding binding(1, false);
    sasl_client_params_t params{};
    params.cbindingdisp = kDispositions[disposition];
    if (disposition != 0) params.cbinding = &binding.binding;
    const auto header = plugin::client_header(params, authzid != 0 ? kOtherUser : "");
    return header ? number_of(*header) : static_cast<int>(std::size(kHeaders));
  });
}

int model_server_header(int header, int token, int can_bind, int insists, int checks) {
  return once(packed(header, token, can_bind, insists, checks), [&] {
    const std::string message = header_octets(header) + token_octets(token);
    const auto found = parsed(message);
    if (!found || found->header.is_nonstandard) return -1;  // Kerberos' tokens have framing
    const Binding binding(1, insists != 0);
    sasl_server_params_t params{};
    if (can_bind != 0) params.cbinding = &binding.binding;
    if (checks != 0 && plugin::check_binding(params, found->header)) return -1;
    return number_of(found->header);
  });
}

int model_token_arrives(int header, int token) {
  return once(packed(header, token), [&] {
    const std::string message = header_octets(header) + token_octets(token);
    const auto found = parsed(message);
    return found && to_string(found->token) == token_octets(token);
  });
}

int model_same_bindings(int server_header, int server_channel, int client_header,
                        int client_channel, int left_out) {
  return once(packed(server_header, server_channel, client_header, client_channel, left_out), [&] {
    return bound(header_of(server_header), server_channel, left_out) ==
           bound(header_of(client_header), client_channel, left_out);
  });
}

int model_authzid(int header) {
  return once(header, [header] {
    const std::string authzid = header_of(header).authzid;
    if (authzid.empty()) return 0;
    return authzid == kOtherUser ? 1 : 2;
  });
}

int model_claims_channel(int header) {
  return once(header, [header] { return header_of(header).cb_flag == plugin::CbFlag::kUsed; });
}

int model_is_goal(int side, int row) {
  static const std::string kGoal = goal();
  if (kGoal.empty()) return 0;
  return kGoal == std::to_string(side) + " " + std::to_string(row) ? 1 : 0;
}
