// SPDX-License-Identifier: BSD-2-Clause
// Many threads log in, while other threads change the policy and the keytab. ./run check-tsan runs
// this under ThreadSanitizer: therefore the threads here do not synchronize with each other, which
// would order what the module must order.
#include <gssapi/gssapi.h>

#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>
#include <vector>

#include "tests/live/policy_session.h"
#include "tests/support/growth.h"

namespace gssloop::testing {
namespace {

using std::chrono::steady_clock;

constexpr const char* kMechanisms[] = {kGs2, "GSSAPI", "GSS-SPNEGO"};

// The states of the policy and of the keytab. The states that a login may have met are a union.
enum Rules : unsigned { kAdmits = 1, kDenies = 2, kBroken = 4 };
enum Keys : unsigned { kBoth = 1, kOldOnly = 2, kNone = 4 };

// History is the states of one file, one after the other. One thread adds, any thread reads.
class History {
 public:
  explicit History(unsigned first) { states_[0] = first; }
  // change does `apply`, after which the file is in the state `next`. Meanwhile a login may meet
  // the states before and after, and those of `meanwhile`.
  void change(unsigned next, unsigned meanwhile, const std::function<void()>& apply) {
    add(states_[last_] | meanwhile | next);
    apply();
    add(next);
  }
  // now is the moment for `since`.
  std::size_t now() const { return last_; }
  // since returns all states from that moment on.
  unsigned since(std::size_t moment) const {
    unsigned states = 0;
    for (const std::size_t last = last_; moment <= last; ++moment) states |= states_[moment];
    return states;
  }

 private:
  void add(unsigned states) {
    states_.at(last_ + 1) = states;
    ++last_;
  }
  std::array<std::atomic<unsigned>, 100'000> states_{};
  std::atomic<std::size_t> last_ = 0;
};

// Ticket is what a client logs in with: for the key of the service before or after its rotation.
struct Ticket {
  gss::Credential credential;
  unsigned keys = 0;  // the states of the keytab that have its key
};

constexpr char kFromIndicators[] =
    "from = [{ mechanism = \"krb5\", name = \"auth-indicators\" }]\n";
constexpr char kPublishAll[] = "[services.imap]\npublish = \"all\"\n";

// The end of a login.
enum End { kAdmitted, kDenied, kNoPolicy, kNoKey, kOther, kNumEnds };

End end_of(const Login& login, const SaslServer& server) {
  if (login.ok()) return kAdmitted;
  switch (login.server.code) {
    case SASL_NOAUTHZ:
      return kDenied;
    case SASL_CONFIGERR:
      return kNoPolicy;
    case SASL_NOMECH:
      return kNoKey;
    default:
      // The keytab changed after the mechanism was offered, or has an older version of the key.
      for (const char* text :
           {"gss_acquire_cred_from: No credentials", "keytab has no key", "not found in keytab"}) {
        if (server.log().has(text)) return kNoKey;
      }
      return kOther;
  }
}

// may_end says whether a login may end so in one of these states of the policy and of the keytab.
bool may_end(End end, unsigned rules, unsigned keys, const Ticket& ticket) {
  switch (end) {
    case kAdmitted:
      return (rules & kAdmits) != 0 && (keys & ticket.keys) != 0;
    case kDenied:
      return (rules & kDenies) != 0 && (keys & ticket.keys) != 0;
    case kNoPolicy:
      return (rules & kBroken) != 0;
    case kNoKey:
      return (keys & ~ticket.keys) != 0;
    default:
      return false;
  }
}

void expect_a_layer(SaslClient* client, SaslServer* server) {
  const std::string message(1000, 'x');
  const Turn there = server->decode(client->encode(message).out.value_or(""));
  EXPECT_EQ(there.out, message) << server->error();
  const Turn back = client->decode(server->encode(message).out.value_or(""));
  EXPECT_EQ(back.out, message) << client->error();
}

void write_in_place(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

void copy_in_place(const std::string& from, const std::string& to) {
  std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing);
}

class StormTest : public PolicyTest {
 protected:
  void SetUp() override {
    PolicyTest::SetUp();
    if (IsSkipped()) return;
    disable_replay_cache();
    set_rules("");
    keytab_ = realm().path("storm.keytab");
    old_ = own_keytab("old.keytab");
    both_ = own_keytab("both.keytab");
    other_ = own_keytab("other.keytab", "smtp/localhost");
    tickets_[0] = {ticket("old", old_), kBoth | kOldOnly};
    realm().rekey("imap/localhost");
    own_keytab("both.keytab");
    tickets_[1] = {ticket("new", both_), kBoth};
    put_file(both_, keytab_);
  }
  static gss::Credential ticket(const std::string& name, const std::string& keytab) {
    realm().kinit("alice", "secret", ccache(name));
    use_ccache(ccache(name));
    gss::Credential credential = default_credential();
    // libkrb5 looks for the ccache when it uses the credential of each mechanism.
    for (const char* mechanism : kMechanisms) {
      SaslClient client({.credential = credential.get()});
      SaslServer server({.options = {{"keytab", keytab}}});
      EXPECT_TRUE(log_in(&client, &server, mechanism).ok()) << server.log().text();
    }
    return credential;
  }

  // What many threads do at the same time. `i` is the number of the call in its thread.
  void log_in_once(int i);
  void give_up(int i);
  void change_policy(int i);
  void change_keytab(int i);

  // A login after a change, in the thread that made it: its end is known.
  static void expect_end(End expected, ServerSetup setup, const Ticket& ticket) {
    SaslClient client({.credential = ticket.credential.get()});
    SaslServer server(std::move(setup));
    EXPECT_EQ(end_of(log_in(&client, &server, kGs2), server), expected) << server.log().text();
  }
  ServerSetup server_setup() const {
    return under_policy({.options = {{"keytab", keytab_}}, .requested = {"*assurance"}});
  }
  // repeat starts a thread that calls `step` until the storm is over.
  void repeat(void (StormTest::*step)(int), int first = 0) {
    threads_.emplace_back([this, step, first] {
      for (int i = first; !is_over_.load(std::memory_order_relaxed); ++i) (this->*step)(i);
    });
  }
  // storm ends after `duration`, but not before it has met each end of each mechanism often.
  void storm(std::chrono::milliseconds duration);
  bool has_met_all() const;

  std::string keytab_, old_, both_, other_;
  Ticket tickets_[2];
  History rules_{kAdmits}, keys_{kBoth};
  std::atomic<unsigned> num_met_[std::size(kMechanisms)][kNumEnds] = {};
  std::atomic<bool> is_over_ = false;
  std::vector<std::thread> threads_;
};

void StormTest::log_in_once(int i) {
  const std::size_t mechanism = static_cast<std::size_t>(i) % std::size(kMechanisms);
  const Ticket& ticket = tickets_[i / 3 % 2];
  const std::size_t rules_at = rules_.now(), keys_at = keys_.now();
  SaslClient client({.credential = ticket.credential.get()});
  SaslServer server(server_setup());
  const Login login = log_in(&client, &server, kMechanisms[mechanism]);
  const unsigned rules = rules_.since(rules_at), keys = keys_.since(keys_at);
  const End end = end_of(login, server);
  EXPECT_TRUE(may_end(end, rules, keys, ticket))
      << kMechanisms[mechanism] << " ended with " << end << ", policy " << rules << ", keytab "
      << keys << ": " << server.log().text();
  if (end == kAdmitted) {
    EXPECT_EQ(server.properties()["*assurance"].size(), 2U);
    EXPECT_EQ(server.authid(), "alice");
    EXPECT_EQ(server.ssf(), mechanism == 0 ? 0U : 256U);
    if (server.ssf() > 0) expect_a_layer(&client, &server);
  }
  num_met_[mechanism][end].fetch_add(1, std::memory_order_relaxed);
}

// A client that looks at the list, begins a login, and disappears.
void StormTest::give_up(int i) {
  const char* const mechanism = kMechanisms[static_cast<std::size_t>(i) % std::size(kMechanisms)];
  const std::size_t keys_at = keys_.now();
  SaslServer server(server_setup());
  const std::string offered = server.offered();
  const unsigned keys = keys_.since(keys_at);
  const bool is_offered = offered.find(mechanism) != std::string::npos;
  EXPECT_TRUE((keys & (is_offered ? kBoth | kOldOnly : kNone)) != 0) << offered << keys;
  SaslClient client({.credential = tickets_[0].credential.get()});
  const Turn first = client.start(mechanism);
  if (i % 2 == 0) server.start(mechanism, first.out);
}

void StormTest::change_policy(int i) {
  const std::string good = kDefinitions, denies = "require = [\"assurance=nothing\"]\n";
  const std::string service = good + "[services.imap]\n";
  // The module keeps the names of properties, a few of which come and go.
  const std::string name = "more-" + std::to_string(i % 50);
  const std::string another = "[attributes." + name + "]\n" + kFromIndicators;
  const struct {
    Rules next;
    End end;
    std::function<void()> apply;
  } rows[] = {
      {kDenies, kDenied, [&] { set_rules(denies); }},
      {kAdmits, kAdmitted, [&] { set_rules(""); }},
      {kBroken, kNoPolicy, [&] { write_in_place(policy_path(), service + "require = [\"\"]\n"); }},
      {kDenies, kDenied, [&] { write_in_place(policy_path(), service + denies); }},
      {kDenies, kDenied, [&] { std::filesystem::remove(policy_path()); }},
      {kAdmits, kAdmitted, [&] { write_in_place(policy_path(), good + another + kPublishAll); }},
  };
  const auto& row = rows[static_cast<std::size_t>(i) % std::size(rows)];
  rules_.change(row.next, kBroken, row.apply);  // an empty file is an error
  expect_end(row.end, under_policy({.options = {{"keytab", both_}}}), tickets_[0]);
  std::this_thread::sleep_for(std::chrono::milliseconds(i % 4));
}

void StormTest::change_keytab(int i) {
  const struct {
    Keys next;
    std::function<void()> apply;
  } rows[] = {
      {kOldOnly, [&] { put_file(old_, keytab_); }},
      {kBoth, [&] { copy_in_place(both_, keytab_); }},
      {kNone, [&] { std::filesystem::remove(keytab_); }},
      {kBoth, [&] { put_file(both_, keytab_); }},
      {kNone, [&] { std::filesystem::resize_file(keytab_, 20); }},
      {kOldOnly, [&] { put_file(old_, keytab_); }},
      {kNone, [&] { copy_in_place(other_, keytab_); }},  // of the same size
      {kOldOnly, [&] { copy_in_place(old_, keytab_); }},
      {kBoth, [&] { put_file(both_, keytab_); }},
  };
  const auto& row = rows[static_cast<std::size_t>(i) % std::size(rows)];
  keys_.change(row.next, kNone | kOldOnly, row.apply);
  for (const Ticket& ticket : tickets_) {
    expect_end((row.next & ticket.keys) != 0 ? kAdmitted : kNoKey,
               {.options = {{"keytab", keytab_}}}, ticket);
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(i % 3));
}

bool StormTest::has_met_all() const {
  constexpr unsigned kOften = 10;
  for (const auto& mechanism : num_met_) {
    for (int end = 0; end < kOther; ++end) {
      if (mechanism[end].load(std::memory_order_relaxed) < kOften) return false;
    }
  }
  return true;
}

void StormTest::storm(std::chrono::milliseconds duration) {
  const auto start = steady_clock::now();
  const auto limit = std::chrono::minutes(2);
  constexpr int kNumThreads = 4;
  for (int i = 0; i < kNumThreads; ++i) repeat(&StormTest::log_in_once, i);
  repeat(&StormTest::give_up);
  repeat(&StormTest::change_policy);
  repeat(&StormTest::change_keytab);
  while (steady_clock::now() < start + duration ||
         (!has_met_all() && steady_clock::now() < start + limit)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  is_over_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

TEST_F(StormTest, EachLoginEndsAsAStateOfTheFilesDemands) {
  SPEC("L41 R11 N14");
  for (int i = 0; i < 6; ++i) log_in_once(i);
  const long descriptors = num_descriptors();
  storm(std::chrono::milliseconds(1500));
  EXPECT_TRUE(has_met_all());
  EXPECT_EQ(num_descriptors(), descriptors);
  set_rules("");
  put_file(both_, keytab_);
  for (const Ticket& ticket : tickets_) expect_end(kAdmitted, server_setup(), ticket);
}

}  // namespace
}  // namespace gssloop::testing
