// SPDX-License-Identifier: BSD-2-Clause
//
// gssloop/io: the driver. No KDC: what the mechanism returns is scripted.

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "gssloop/io/channel.h"
#include "gssloop/io/driver.h"
#include "tests/support/frames.h"
#include "tests/support/memory_transport.h"
#include "tests/support/spec.h"

using namespace std::chrono_literals;

namespace {
// A COMPLETE of the scripted mechanism has no context behind it, so GSS_Inquire_context is faked
// while one of these lives. All other contexts get the real call.
std::atomic<int> num_fakes = 0;
struct FakeInquireContext {
  FakeInquireContext() { ++num_fakes; }
  ~FakeInquireContext() { --num_fakes; }
};
}  // namespace

extern "C" OM_uint32 gss_inquire_context(OM_uint32* minor, gss_ctx_id_t context, gss_name_t* source,
                                         gss_name_t* target, OM_uint32* lifetime, gss_OID* mech,
                                         OM_uint32* flags, int* locally_initiated, int* open) {
  if (num_fakes == 0) {
    static const auto real =
        reinterpret_cast<decltype(&gss_inquire_context)>(dlsym(RTLD_NEXT, "gss_inquire_context"));
    return real(minor, context, source, target, lifetime, mech, flags, locally_initiated, open);
  }
  if (flags != nullptr) *flags = GSS_C_MUTUAL_FLAG;
  if (open != nullptr) *open = 1;
  return *minor = GSS_S_COMPLETE;
}

namespace gssloop::io {
namespace {

using loop::Fault;
using test::memory_pair;
using test::MemoryFaults;
using Kind = IoResult::Kind;

const Bytes kNotice = frame(FrameKind::kFailure, "");

// Leg is what the scripted mechanism returns from one call.
struct Leg {
  OM_uint32 major;
  std::string output;
  bool has_flags = true;
  bool is_anonymous = true;
};

class ScriptedNegotiation final : public loop::Negotiation {
 public:
  ScriptedNegotiation(loop::Role role, std::vector<Leg> legs)
      : Negotiation(role, is_initiator(role) ? loop::Phase::kNegotiating : loop::Phase::kAwaiting,
                    Flag::kMutual, kLimits),
        legs_(std::move(legs)) {}
  static bool is_initiator(loop::Role role) { return role == loop::Role::kInitiator; }
  static constexpr loop::Limits kLimits = {.max_legs = 5, .max_token_len = 64};

  std::optional<loop::Step> first(loop::Role role) {
    return is_initiator(role) ? std::optional(start()) : std::nullopt;
  }

 private:
  gss::CallOutcome call(gss::Context*, std::optional<ByteView>) override {
    const Leg leg = next_ < legs_.size() ? legs_[next_++] : Leg{GSS_S_FAILURE, "script over"};
    is_anonymous_ = leg.is_anonymous;
    gss::CallOutcome outcome;
    outcome.major = leg.major;
    if (leg.has_flags) outcome.flags = Flag::kMutual;
    const gss_buffer_t out = outcome.output.out();
    // As the library does it. gss_release_buffer frees it, but MIT's only if the length is not 0.
    out->length = leg.output.size();
    out->value = leg.output.empty() ? nullptr : strdup(leg.output.c_str());
    return outcome;
  }
  bool keeps_anonymity(Flags) const noexcept override { return is_anonymous_; }
  const char* call_name() const noexcept override { return "scripted"; }

  const std::vector<Leg> legs_;
  std::size_t next_ = 0;
  bool is_anonymous_ = true;
};

constexpr OM_uint32 kContinue = GSS_S_CONTINUE_NEEDED;
constexpr auto kInitiator = loop::Role::kInitiator;
constexpr auto kAcceptor = loop::Role::kAcceptor;

struct DriverRow {
  const char* name;
  loop::Role role;
  std::vector<Leg> legs;
  Bytes received;
  Bytes sent;
  Fault fault;  // kNone: established
};

const std::vector<DriverRow>& driver_rows() {
  const Bytes a = token("a"), b = token("b"), empty = token("");
  const Bytes data = frame(FrameKind::kData, "d");
  static const std::vector<DriverRow> kRows = {
      {"complete, empty", kInitiator, {{kContinue, "a"}, {0, ""}}, b, a, Fault::kNone},
      {"complete, token", kInitiator, {{0, "a"}}, {}, a, Fault::kNone},
      {"accept, token", kAcceptor, {{0, "b"}}, a, b, Fault::kNone},
      {"five legs",
       kAcceptor,
       {{kContinue, "b"}, {kContinue, "b"}, {0, ""}},
       a + a + a,
       b + b,
       Fault::kNone},
      {"six legs",
       kAcceptor,
       {{kContinue, "b"}, {kContinue, "b"}, {kContinue, "b"}},
       a + a + a + a,
       b + b + b + kNotice,
       Fault::kPeerProtocol},
      {"empty to send", kInitiator, {{kContinue, ""}, {0, ""}}, b, empty, Fault::kNone},
      {"empty to send", kAcceptor, {{kContinue, ""}, {0, ""}}, a + b, empty, Fault::kNone},
      {"empty came", kInitiator, {{kContinue, "a"}, {0, ""}}, empty, a, Fault::kNone},
      {"empty first", kAcceptor, {}, empty, kNotice, Fault::kPeerProtocol},
      {"error token",
       kInitiator,
       {{kContinue, "a"}, {GSS_S_FAILURE, "E!"}},
       b,
       a + token("E!"),
       Fault::kPeerRejected},
      {"error token",
       kAcceptor,
       {{GSS_S_DUPLICATE_TOKEN, "E!"}},
       a,
       token("E!"),
       Fault::kMechanismDefect},
      {"error", kAcceptor, {{GSS_S_FAILURE, ""}}, a, kNotice, Fault::kPeerRejected},
      {"anonymity lost",
       kInitiator,
       {{kContinue, "a", true, false}},
       {},
       {},
       Fault::kAnonymityLost},
      {"anonymity lost", kInitiator, {{0, "a", true, false}}, {}, {}, Fault::kAnonymityLost},
      {"flag missing", kAcceptor, {{0, "b", false}}, a, b, Fault::kFlagsMissing},
      {"flag missing", kAcceptor, {{0, "", false}}, a, kNotice, Fault::kFlagsMissing},
      {"peer failed", kInitiator, {{kContinue, "a"}}, kNotice, a, Fault::kPeerRejected},
      {"data too early", kAcceptor, {}, data, kNotice, Fault::kPeerProtocol},
      {"unknown kind", kAcceptor, {}, bytes("GET / "), kNotice, Fault::kPeerProtocol},
      {"too long", kAcceptor, {}, {'T', 0xFF, 0xFF, 0xFF, 0xFF}, kNotice, Fault::kPeerProtocol},
      {"at the limit", kAcceptor, {{0, ""}}, token(std::string(64, 'x')), {}, Fault::kNone},
      {"over the limit", kAcceptor, {}, token(std::string(65, 'x')), kNotice, Fault::kPeerProtocol},
  };
  return kRows;
}

// play runs a row; the peer has said all it has to say before.
Fault play(const DriverRow& row, Transport& mine, Deadline deadline) {
  const FakeInquireContext fake;
  ScriptedNegotiation negotiation(row.role, row.legs);
  const Outcome outcome = drive(negotiation, negotiation.first(row.role), mine, deadline);
  EXPECT_TRUE(negotiation.phase() == loop::Phase::kOver) << row.name;
  if (outcome) return Fault::kNone;
  EXPECT_FALSE(outcome.error().text().empty()) << row.name;
  return outcome.error().fault;
}

TEST(Driver, ObeysEveryActionWholeAndByteByByte) {
  SPEC("L5 L6 L7 L9 L10 L11 L13 L14 L31 L42");
  for (const std::size_t max_read_len : {SIZE_MAX, std::size_t{1}}) {
    for (const DriverRow& row : driver_rows()) {
      MemoryFaults trickle;
      trickle.max_read_len = max_read_len;
      const auto [mine, peer] = memory_pair({}, trickle);
      ASSERT_TRUE(peer->write_all(row.received + token("after"), kNoDeadline).is_done());
      EXPECT_EQ(play(row, *mine, Clock::now() + 1min), row.fault) << row.name;
      EXPECT_EQ(drain(*peer), row.sent) << row.name;
      // Nothing beyond the negotiation's last frame was taken.
      if (row.fault == Fault::kNone) {
        EXPECT_EQ(drain(*mine), token("after")) << row.name;
      }
    }
  }
}

TEST(Driver, FailsWhereverThePeerGoesAwayOrStalls) {
  SPEC("L16 L30");
  for (const DriverRow& row : driver_rows()) {
    if (row.fault != Fault::kNone) continue;
    for (std::size_t len = 0; len < row.received.size(); ++len) {
      for (const bool is_cut : {true, false}) {
        MemoryFaults faults;
        (is_cut ? faults.cut_at : faults.stall_at) = len;
        const auto [mine, peer] = memory_pair({}, faults);
        (void)peer->write_all(row.received, kNoDeadline);
        const Deadline deadline = Clock::now() + (is_cut ? 60'000ms : 1ms);
        EXPECT_EQ(play(row, *mine, deadline), is_cut ? Fault::kPeerRejected : Fault::kTimedOut);
        if (is_cut) continue;
        // A peer that is late is told so, although our time is up; one that is gone is not.
        const Bytes sent = drain(*peer);
        ASSERT_GE(sent.size(), kNotice.size());
        EXPECT_EQ(Bytes(sent.end() - kFrameHeaderLen, sent.end()), kNotice);
      }
    }
  }
}

// A channel that is full in the middle of the first message, and takes everything after it.
class FullOnce final : public Transport {
 public:
  explicit FullOnce(Kind end) : end_(end) {}
  IoResult read_some(std::span<std::uint8_t>, Deadline) override { return {Kind::kClosed, 0, {}}; }
  IoResult write_all(ByteView octets, Deadline) override {
    const std::size_t len = written.empty() ? 3 : octets.size();
    written.insert(written.end(), octets.begin(),
                   octets.begin() + static_cast<std::ptrdiff_t>(len));
    return {len == octets.size() ? Kind::kDone : end_, len, "full"};
  }
  Bytes written;

 private:
  const Kind end_;
};

TEST(Driver, FailsWhenItsTokenDoesNotLeaveWhole) {
  SPEC("L7");
  const DriverRow rows[] = {
      {"the last", kInitiator, {{0, "abc"}}, {}, {}, Fault::kNone},
      {"not the last", kInitiator, {{kContinue, "abc"}}, {}, {}, Fault::kNone},
  };
  for (const DriverRow& row : rows) {
    for (const Kind end : {Kind::kTimedOut, Kind::kClosed, Kind::kError}) {
      FullOnce transport(end);
      EXPECT_EQ(play(row, transport, kNoDeadline),
                end == Kind::kTimedOut ? Fault::kTimedOut : Fault::kPeerRejected);
      // No notice follows: it would be taken for the rest of the token.
      EXPECT_EQ(transport.written.size(), 3U) << row.name;
    }
  }
  // A better reason to fail is kept.
  FullOnce transport(Kind::kTimedOut);
  const DriverRow no_flag = {"", kInitiator, {{0, "abc", false}}, {}, {}, Fault::kNone};
  EXPECT_EQ(play(no_flag, transport, kNoDeadline), Fault::kFlagsMissing);
}

// A peer that always has one more octet.
class Trickle final : public Transport {
 public:
  IoResult read_some(std::span<std::uint8_t> into, Deadline) override {
    std::this_thread::sleep_for(1ms);
    into[0] = num_read_ == 0 ? 'T' : 0;
    if (num_read_++ == 2) into[0] = 1;  // of 64 KiB: a minute's worth
    return {Kind::kDone, 1, {}};
  }
  IoResult write_all(ByteView, Deadline) override { return {}; }

 private:
  int num_read_ = 0;
};

TEST(Channel, DeadlineIsThatOfTheWholeFrame) {
  SPEC("L16 L30");
  Trickle transport;
  const Deadline deadline = Clock::now() + 20ms;
  const auto frame = receive_frame(transport, 1 << 20, deadline);
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().kind, NoFrame::Kind::kTimedOut);
  EXPECT_GE(Clock::now(), deadline);
}

// What an observer is told, a word each.
class Notes final : public Observer {
 public:
  void on_received(FrameKind kind, ByteView body) override {
    text += std::string("<") + static_cast<char>(kind) + std::to_string(body.size()) + " ";
  }
  void on_step(const loop::Step& step) override {
    text += std::string(step.row().name) + ">" +
            std::to_string(step.token_to_send().value_or(ByteView()).size()) + " ";
  }
  std::string text;
};

TEST(Driver, TellsItsObserverOfEveryFrameAndStepInTheirOrder) {
  const struct {
    DriverRow row;
    const char* told;
  } rows[] = {
      {{"", kInitiator, {{kContinue, "abc"}, {0, ""}}, token("b"), {}, Fault::kNone},
       "continue>3 <T1 complete>0 "},
      {{"", kAcceptor, {{kContinue, ""}, {0, "b"}}, token("a") + token(""), {}, Fault::kNone},
       "<T1 continue>0 <T0 complete, token>1 "},
      {{"", kAcceptor, {}, kNotice, {}, Fault::kPeerRejected}, "<F0 peer failed>0 "},
      {{"", kAcceptor, {}, bytes("GET / "), {}, Fault::kPeerProtocol}, "peer defect>0 "},
      {{"", kAcceptor, {{GSS_S_FAILURE, "E!"}}, token("a"), {}, Fault::kPeerRejected},
       "<T1 error, token>2 "},
  };
  for (const auto& [row, told] : rows) {
    const FakeInquireContext fake;
    const auto [mine, peer] = memory_pair();
    ASSERT_TRUE(peer->write_all(row.received, kNoDeadline).is_done());
    ScriptedNegotiation negotiation(row.role, row.legs);
    Notes notes;
    const Outcome outcome =
        drive(negotiation, negotiation.first(row.role), *mine, Clock::now() + 1min, &notes);
    EXPECT_EQ(outcome ? Fault::kNone : outcome.error().fault, row.fault) << told;
    EXPECT_EQ(notes.text, told);
  }
}

TEST(Driver, RunsBothRolesAgainstEachOtherWithoutATicket) {
  // The real mechanism library, between threads: both sides end, and both say why.
  auto ends = memory_pair();
  std::optional<Outcome> accepted;
  std::thread accepting([&, mine = std::move(ends.second)] {
    loop::Acceptor acceptor({}, Flag::kMutual);
    accepted.emplace(run(acceptor, *mine, Clock::now() + 1min));
  });
  gss::InitiatorInput input;  // no target: the first call fails
  loop::Initiator initiator(std::move(input), Flag::kMutual);
  const Outcome initiated = run(initiator, *ends.first, Clock::now() + 1min);
  accepting.join();
  ASSERT_FALSE(initiated);
  ASSERT_TRUE(accepted.has_value() && !*accepted);
  EXPECT_FALSE(initiated.error().status.is_complete());
  EXPECT_EQ(accepted->error().fault, Fault::kPeerRejected);
}

}  // namespace
}  // namespace gssloop::io
