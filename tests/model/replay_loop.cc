// SPDX-License-Identifier: BSD-2-Clause
// The runs of loop.pml, with the real loop: an Initiator and an Acceptor, and a mechanism that
// answers what the model's mechanism answered.
#include <array>
#include <optional>
#include <set>

#include "tests/model/replay.h"
#include "tests/spec/exchange.h"

namespace gssloop::testing {
namespace {

using loop::Event;
using loop::MajorClass;

constexpr unsigned kMaxLegs = 5;  // MAX_LEGS
constexpr std::size_t kMaxTokenLen = 64;
constexpr OM_uint32 kForbidden = GSS_S_DUPLICATE_TOKEN;

bool is_decision(const Line& line) { return line.what == "decide"; }
bool is_of(const Line& line, Role role) { return line.at(line.what) == static_cast<int>(role); }

Event event_of(const Line& line) { return Event(line.at("event")); }
bool is_result(const Line& line) {
  return event_of(line) == Event::kCallReturned || event_of(line) == Event::kTokenProcessed;
}

// The answer of the mechanism in one call of the model.
Leg leg_of(const Line& line) {
  constexpr OM_uint32 kMajors[] = {GSS_S_COMPLETE, GSS_S_CONTINUE_NEEDED, GSS_S_FAILURE,
                                   kForbidden};
  Leg leg;
  leg.major = kMajors[line.at("major")];
  leg.raw = true;
  if (line.is("output")) leg.token = "token";
  if (line.is("lost")) leg.flags_cleared |= GSS_C_ANON_FLAG;
  if (line.is("missing")) leg.flags_cleared |= GSS_C_INTEG_FLAG;
  leg.drop_context = line.is("unknown");
  return leg;
}

Script script_of(const ModelRun& run) {
  Script script;
  script.initiator.clear();
  script.acceptor.clear();
  for (const Line& line : run) {
    if (!is_decision(line) || event_of(line) != Event::kCallReturned) continue;
    (is_of(line, Role::kInitiator) ? script.initiator : script.acceptor).push_back(leg_of(line));
  }
  return script;
}

std::string name_of(const loop::Row& row) { return row.name; }

// One side of a run.
class Side {
 public:
  explicit Side(Role role)
      : role_(role),
        side_(role, {.request = Flag::kMutual | Flag::kInteg | Flag::kAnon,
                     .required = Flag::kInteg,
                     .limits = {.max_legs = kMaxLegs, .max_token_len = kMaxTokenLen}}) {}

  // play makes the event of `line`; `result` is the answer of the mechanism, if it was asked.
  const loop::Row& play(const Line& line, const Line* result) {
    if (event_of(line) == Event::kTokenArrived && context_) return extra_token(line, result);
    Step step = make(line);
    if (step.is_established()) context_ = step.take_context();
    return step.row();
  }

  void expect_state(const Line& line) const {
    const auto phase = Phase(line.at("phase"));
    EXPECT_EQ(context_.has_value() && !is_lost_, phase == Phase::kEstablished);
    EXPECT_EQ(side_.side().phase(), phase == Phase::kEstablished ? Phase::kOver : phase);
    EXPECT_EQ(side_.side().num_legs(), static_cast<unsigned>(line.at("legs")));
  }

 private:
  Step make(const Line& line) {
    loop::Negotiation& side = side_.side();
    switch (event_of(line)) {
      case Event::kStart:
        return side_.initiator().start();
      case Event::kDeadline:
        return side.on_deadline();
      case Event::kPeerDefect:
        return side.on_peer_defect();
      case Event::kPeerFailed:
        return side.on_peer_failure();
      case Event::kCancelled:
        return side.on_cancel();
      default:
        return side.on_token(as_bytes(token(line)));
    }
  }

  const loop::Row& extra_token(const Line& line, const Line* result) {
    scripted().edit([result](Script& script) {
      script.process_token = {};
      if (result != nullptr && result->is("unknown")) script.process_token.context_gone = true;
      if (result != nullptr && result->is("missing")) {
        script.process_token.flags_lost = GSS_C_INTEG_FLAG;
      }
    });
    const loop::Row& row = context_->on_token(as_bytes(token(line)));
    is_lost_ = row.has(Action::kFail);
    return row;
  }

  std::string token(const Line& line) {
    const bool is_last_leg = side_.side().num_legs() >= kMaxLegs && !context_;
    if (line.is("over") && !is_last_leg) return std::string(kMaxTokenLen + 1, 'x');
    if (line.is("empty")) return "";
    const bool is_framed = role_ == Role::kAcceptor && !std::exchange(has_token_, true);
    return is_framed ? framed(oid(Mech::kScripted), "token") : "token";
  }

  const Role role_;
  mutable LoneSide side_;
  std::optional<loop::EstablishedContext> context_;
  bool is_lost_ = false;
  bool has_token_ = false;
};

void replay(const ModelRun& run) {
  scripted().play(script_of(run));
  std::array<Side, 2> sides = {Side(Role::kInitiator), Side(Role::kAcceptor)};
  std::array<const Line*, 2> waiting = {};  // for what the mechanism answered
  // The lines of the two sides are mixed: a decision and its result belong together.
  for (std::size_t i = 0; i < run.size(); ++i) {
    const Line& line = run[i];
    const auto number = static_cast<std::size_t>(line.at(line.what));
    if (!is_decision(line)) {
      sides[number].expect_state(line);
      continue;
    }
    const std::string row = loop::table()[static_cast<std::size_t>(line.at("row"))].name;
    const bool asks = row == "start" || row == "token" || row == "extra token";
    if (asks) {
      waiting[number] = &line;
      continue;
    }
    const Line& event = is_result(line) ? *waiting[number] : line;
    EXPECT_EQ(name_of(sides[number].play(event, is_result(line) ? &line : nullptr)), row);
  }
}

using LoopRuns = LoopSpec;

TEST_F(LoopRuns, TheLoopDoesWhatTheModelDoes) {
  std::set<int> rows;
  const std::vector<ModelRun> runs = model_runs();
  ASSERT_GT(runs.size(), 40U);
  for (const ModelRun& run : runs) {
    SCOPED_TRACE("run " + std::to_string(&run - runs.data()));
    scripted().reset();
    replay(run);
    for (const Line& line : run) {
      if (is_decision(line)) rows.insert(line.at("row"));
    }
    if (HasFailure()) return;
  }
  for (const loop::Row& row : loop::table()) {
    EXPECT_EQ(rows.count(static_cast<int>(&row - loop::table().data())), 1U)
        << "no run of the model has the row " << row.name;
  }
}

}  // namespace
}  // namespace gssloop::testing
