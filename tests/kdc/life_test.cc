// SPDX-License-Identifier: BSD-2-Clause
// Proves that nothing of a realm stays behind, however its owner ends, and what it costs.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>

#include "tests/kdc/process.h"
#include "tests/kdc/realm.h"

namespace gssloop::testing {
namespace {

// What a child process tells of its realm before it ends.
struct Trace {
  char dir[256];
  pid_t kdc;

  bool is_gone() const { return !std::filesystem::exists(dir) && kill(kdc, 0) != 0; }
};

Trace trace_of(const Realm& realm) {
  Trace trace{};
  realm.dir().copy(trace.dir, sizeof trace.dir - 1);
  trace.kdc = realm.kdc_pid();
  return trace;
}

bool gone_within(const Trace& trace, std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!trace.is_gone()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

// Runs a realm in a child, which then does `last`, and returns what it told.
Trace realm_in_child(const std::function<void()>& last) {
  int fds[2];
  if (pipe(fds) != 0) throw RealmError("pipe");
  const pid_t child = fork();
  if (child == 0) {
    const Realm realm;
    const Trace trace = trace_of(realm);
    if (write(fds[1], &trace, sizeof trace) != sizeof trace) _exit(1);
    last();
    _exit(0);
  }
  close(fds[1]);
  Trace trace{};
  const bool is_whole = read(fds[0], &trace, sizeof trace) == sizeof trace;
  close(fds[0]);
  waitpid(child, nullptr, 0);
  if (!is_whole) throw RealmError("the child had no realm");
  return trace;
}

TEST(RealmLife, NothingStaysAfterTheDestructor) {
  auto realm = std::make_unique<Realm>();
  const Trace trace = trace_of(*realm);
  EXPECT_TRUE(std::filesystem::exists(trace.dir));
  EXPECT_EQ(kill(trace.kdc, 0), 0);
  realm.reset();
  EXPECT_TRUE(trace.is_gone());
}

TEST(RealmLife, NothingStaysAfterAnException) {
  Trace trace{};
  try {
    const Realm realm;
    trace = trace_of(realm);
    throw std::runtime_error("a test failed");
  } catch (const std::runtime_error&) {
  }
  EXPECT_TRUE(trace.is_gone());
}

TEST(RealmLife, NothingStaysAfterAFailedSetUp) {
  const std::string base = "/tmp/gssloop-life-" + std::to_string(getpid());
  std::filesystem::create_directory(base);
  const char* old = getenv("TMPDIR");
  const std::optional<std::string> saved = old ? std::optional<std::string>(old) : std::nullopt;
  setenv("TMPDIR", base.c_str(), 1);
  RealmOptions broken;
  broken.kdc_settings = {"master_key_type = no-such-type"};
  EXPECT_THROW(Realm{broken}, RealmError);
  saved ? setenv("TMPDIR", saved->c_str(), 1) : unsetenv("TMPDIR");
  EXPECT_TRUE(std::filesystem::is_empty(base));
  std::filesystem::remove_all(base);
}

TEST(RealmLife, NothingStaysAfterTheOwnerWasKilled) {
  for (const int signal_number : {SIGKILL, SIGTERM, SIGABRT}) {
    const Trace trace = realm_in_child([&] { kill(getpid(), signal_number); });
    EXPECT_TRUE(gone_within(trace, std::chrono::seconds(2))) << strsignal(signal_number);
  }
}

TEST(RealmLife, NothingStaysAfterExitWithoutDestructor) {
  EXPECT_TRUE(gone_within(realm_in_child([] { _exit(0); }), std::chrono::seconds(2)));
}

// A forked copy holds the owner's descriptors: the guardian must see the owner's end all the same.
TEST(RealmLife, NothingStaysThoughAForkedCopyLivesOn) {
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  const Trace trace = realm_in_child([&] {
    if (fork() == 0) {
      close(fds[1]);
      char c;
      const ssize_t n = read(fds[0], &c, 1);  // until the test lets go
      _exit(static_cast<int>(n));
    }
    kill(getpid(), SIGKILL);
  });
  EXPECT_TRUE(gone_within(trace, std::chrono::seconds(2)));
  close(fds[1]);
  close(fds[0]);
}

TEST(RealmLife, AForkedCopyThatEndsLeavesTheRealmAlone) {
  auto realm = std::make_unique<Realm>();
  const pid_t copy = fork();
  if (copy == 0) {
    realm.reset();
    _exit(0);
  }
  waitpid(copy, nullptr, 0);
  EXPECT_FALSE(trace_of(*realm).is_gone());
  realm->add_user("alice", "password");
  EXPECT_NO_THROW(realm->kinit("alice", "password"));
}

TEST(RealmLife, ARealmOutlivesTheThreadThatMadeIt) {
  std::unique_ptr<Realm> realm;
  std::thread([&] { realm = std::make_unique<Realm>(); }).join();
  realm->add_user("alice", "password");
  EXPECT_NO_THROW(realm->kinit("alice", "password"));
}

TEST(RealmLife, SeveralRealmsRunSideBySide) {
  Realm first;
  Realm second;
  EXPECT_NE(first.port(), second.port());
  first.add_user("alice", "password");
  EXPECT_NO_THROW(first.kinit("alice", "password"));
  EXPECT_THROW(second.kinit("alice", "password"), RealmError);
}

TEST(RealmLife, SetUpIsQuick) {
  const auto start = std::chrono::steady_clock::now();
  const Realm realm;
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  RecordProperty("milliseconds", static_cast<int>(took.count()));
  // 40 ms on an idle machine; the limit leaves room for a loaded one and for sanitizers.
  EXPECT_LT(took.count(), 2000);
}

}  // namespace
}  // namespace gssloop::testing
