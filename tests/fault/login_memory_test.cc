// SPDX-License-Identifier: BSD-2-Clause

// Fails the Nth allocation of a login over Kerberos, for every N, on both sides, in each mechanism:
// those of libsasl, those in C++ (the module's), and all of the process. The login fails with a
// code, or is what it is without the fault: never without a property, never what a rule forbids. No
// descriptor stays open, and the next login works. memory_test fails the server's allocations
// under further policies.

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "tests/fault/failing_malloc.h"
#include "tests/fault/injected.h"
#include "tests/fault/library_crash.h"
#include "tests/fault/login_exchanges.h"
#include "tests/fault/plain_login.h"
#include "tests/support/growth.h"
#include "tests/support/sanitizer.h"
#include "tests/support/scarce_memory.h"
#include "tests/support/shared_memory.h"

namespace gssloop::testing {
namespace {

constexpr int kFailed = 4;           // exit status of a child
constexpr unsigned kPatience = 120;  // seconds, for logins that wait for ever

constexpr char kUndelegated[] = "alice as alice\n";

// Whose allocation fails.
enum class Owner { kLibsasl, kCxx, kAny };

// libsasl's allocator (sasl_set_alloc).
unsigned long num_left_of_libsasl = 0;  // 0: none fails

bool strikes_libsasl() {
  if (num_left_of_libsasl == 0 || --num_left_of_libsasl > 0) return false;
  note_failed_allocation();
  return true;
}

}  // namespace

// library_crash.h finds them by their names.
extern "C" {
void* libsasl_malloc(std::size_t len) { return strikes_libsasl() ? nullptr : std::malloc(len); }
void* libsasl_calloc(std::size_t num, std::size_t len) {
  return strikes_libsasl() ? nullptr : std::calloc(num, len);
}
void* libsasl_realloc(void* memory, std::size_t len) {
  return strikes_libsasl() ? nullptr : std::realloc(memory, len);
}
}

namespace {

// Before the first use of libsasl, which takes an allocator only then.
[[maybe_unused]] const bool is_set = [] {
  sasl_set_alloc(libsasl_malloc, libsasl_calloc, libsasl_realloc, std::free);
  return true;
}();

void fail(Owner owner, unsigned long number, Scarcity scarcity) {
  if (number == 0) return;
  if (owner == Owner::kLibsasl) num_left_of_libsasl = number;
  if (owner == Owner::kCxx) num_allocations_left = static_cast<long>(number) - 1;
  if (owner == Owner::kAny) fail_allocation(number, scarcity);
}

// Returns whether an allocation failed.
bool end_failing(Owner owner, unsigned long number) {
  if (number == 0) return false;
  const bool was_any = end_scarcity();
  const bool was_libsasl = num_left_of_libsasl == 0;
  const bool was_cxx = num_allocations_left < 0;
  num_left_of_libsasl = 0;
  num_allocations_left = -1;
  if (owner == Owner::kAny) return was_any;
  return owner == Owner::kLibsasl ? was_libsasl : was_cxx;
}

// A client's libkrb5 makes thousands of allocations, mostly to read krb5.conf. So each exchange
// takes every 11th, beginning at another one. GSSLOOP_FAULT_STRIDE=1 takes all. memory_test takes
// all those of a server.
unsigned stride() {
  const char* const chosen = std::getenv("GSSLOOP_FAULT_STRIDE");
  return chosen != nullptr ? static_cast<unsigned>(std::stoul(chosen)) : 11;
}

class LoginMemory : public LoginFaultTest {
 protected:
  void SetUp() override {
    LoginFaultTest::SetUp();
    if (IsSkipped()) return;
    if (kHasSanitizer) GTEST_SKIP() << kOwnMalloc;
    options_ = options();
  }

  LoginOutcome log_in(Owner owner, unsigned long number, Scarcity scarcity, bool* has_failed) {
    prepare_login();
    restore_ccache();
    PlainLogin login(GetParam(), options_);
    login.run([&] { fail(owner, number, scarcity); });
    *has_failed = end_failing(owner, number);
    return login.outcome(stored());
  }

  // A client whose search of its ccache failed gets the ticket of the service once more, and adds
  // it. With each, the next login has more allocations, so their number would never be reached.
  void restore_ccache() {
    if (!ccache_.empty()) std::ofstream(ccache_path(), std::ios::binary) << ccache_;
  }
  static std::string ccache_path() { return realm().path("ccache"); }

  void expect_next_works() {
    bool ignored = false;
    const LoginOutcome next = log_in(Owner::kAny, 0, Scarcity::kOne, &ignored);
    EXPECT_EQ(next.client.code, without_fault_.client.code) << next.client.said;
    EXPECT_EQ(next.server.code, without_fault_.server.code) << next.server.said;
    EXPECT_EQ(next.server.granted, without_fault_.server.granted);
    EXPECT_EQ(next.messages, without_fault_.messages);
  }

  // True if the memory grows each time: what grows once is a cache.
  bool leaks(Owner owner, unsigned long number) {
    for (int i = 0; i < 6; ++i) {
      bool ignored = false;
      const long before = num_blocks();
      (void)log_in(owner, number, Scarcity::kOne, &ignored);
      expect_next_works();
      if (num_blocks() <= before) return false;
    }
    return true;
  }

  // In a child process, from *number_ on: a crash of a library must not end the test.
  void run_on(Owner owner, Scarcity scarcity, unsigned stride) {
    exit_after_crash_of_library();
    for (bool has_failed = true; has_failed && !HasFailure(); *number_ += stride) {
      SCOPED_TRACE("allocation " + std::to_string(*number_));
      alarm(kPatience);
      const long before = num_blocks();
      const LoginOutcome outcome = log_in(owner, *number_, scarcity, &has_failed);
      if (has_failed) note_injected();
      // Without memory for the ticket, libkrb5's client does not delegate it, and goes on.
      const bool is_undelegated = owner == Owner::kAny && outcome.server.granted == kUndelegated;
      if (!is_undelegated) expect_clean(outcome, without_fault_);
      expect_next_works();
      EXPECT_EQ(num_descriptors(), num_descriptors_);
      // What libkrb5 and libsasl lose is theirs.
      EXPECT_FALSE(owner == Owner::kCxx && num_blocks() > before && leaks(owner, *number_));
    }
    std::fflush(stdout);
    _exit(HasFailure() ? kFailed : 0);
  }

  void fail_each_allocation(Owner owner, Scarcity scarcity, unsigned first = 1,
                            unsigned stride = 1) {
    bool ignored = false;
    for (int i = 0; i < 3; ++i) {
      without_fault_ = log_in(Owner::kAny, 0, Scarcity::kOne, &ignored);  // fills caches
    }
    ASSERT_EQ(without_fault_.server.code, GetParam().is_refused ? SASL_NOAUTHZ : SASL_OK)
        << without_fault_.server.said << without_fault_.client.said;
    std::ifstream ccache(ccache_path(), std::ios::binary);
    ccache_.assign(std::istreambuf_iterator<char>(ccache), {});
    ASSERT_FALSE(ccache_.empty());
    num_descriptors_ = num_descriptors();
    *number_ = first;
    for (;; *number_ += stride) {
      std::fflush(stdout);
      int status = 0;
      const pid_t child = fork();
      ASSERT_GE(child, 0);
      if (child == 0) run_on(owner, scarcity, stride);
      ASSERT_EQ(waitpid(child, &status, 0), child);
      ASSERT_TRUE(WIFEXITED(status)) << "a crash when allocation " << *number_ << " failed";
      if (WEXITSTATUS(status) == 0) break;
      ASSERT_TRUE(WEXITSTATUS(status) == kCrashOfLibrary || WEXITSTATUS(status) == kEndByLibsasl)
          << "exit status " << WEXITSTATUS(status) << ", allocation " << *number_;
      note_injected();
    }
    EXPECT_GT(*number_, 4U);
    RecordProperty("allocations", static_cast<int>(*number_));
  }

  // The number of the exchange.
  static unsigned first() {
    unsigned number = 1;
    for (const LoginExchange& exchange : login_exchanges()) {
      if (exchange.name == GetParam().name) break;
      ++number;
    }
    return std::min(number, stride());
  }

  // Of the allocation that fails.
  unsigned long* const number_ = new_shared<unsigned long>();
  SaslOptions options_;
  LoginOutcome without_fault_;
  std::string ccache_;  // the octets of the client's, with the tickets of a login
  long num_descriptors_ = 0;
};

TEST_P(LoginMemory, EachFailedAllocationOfLibsaslFailsTheLoginCleanly) {
  SPEC("L41 N2");
  fail_each_allocation(Owner::kLibsasl, Scarcity::kOne);
}

TEST_P(LoginMemory, EachFailedAllocationInCxxFailsTheLoginCleanly) {
  SPEC("L41 N2");
  fail_each_allocation(Owner::kCxx, Scarcity::kOne);
}

TEST_P(LoginMemory, FailedAllocationsOfAnyLibraryFailTheLoginCleanly) {
  SPEC("L41 N2");
  fail_each_allocation(Owner::kAny, Scarcity::kOne, first(), stride());
}

TEST_P(LoginMemory, TheEndOfAllMemoryFailsTheLoginCleanly) {
  SPEC("L41 N2");
  fail_each_allocation(Owner::kAny, Scarcity::kFromHere, first(), stride());
}

std::vector<LoginExchange> with_tickets() {
  auto all = login_exchanges();
  std::erase_if(all, [](const LoginExchange& exchange) { return !exchange.has_ticket; });
  return all;
}

INSTANTIATE_TEST_SUITE_P(Exchanges, LoginMemory, ::testing::ValuesIn(with_tickets()),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace gssloop::testing
