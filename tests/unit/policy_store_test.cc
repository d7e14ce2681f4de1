// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/authz/policy_store.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/support/spec.h"

namespace gssloop::authz {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;
using Absence = PolicyPath::Absence;

// A policy that is told by the name of a realm.
std::string policy(const std::string& realm) {
  return "[all]\nrequire = ['peer.realm=" + realm + "']\n";
}
constexpr const char* kBroken = "[all]\nrequire = ['peer.realm=\n";

// What a snapshot says: the realms of its rules in their order, "none" without a rule, "refused".
std::string told(const std::shared_ptr<const PolicySnapshot>& snapshot) {
  if (snapshot->policy == nullptr) {
    EXPECT_FALSE(snapshot->summary.empty());
    return "refused";
  }
  std::string all;
  for (const Rule& rule : snapshot->policy->scope("imap", "krb5").require) {
    all += rule.text.substr(rule.text.find('=') + 1);
  }
  return all.empty() ? "none" : all;
}

class PolicyStoreTest : public ::testing::Test {
 protected:
  PolicyStoreTest() {
    std::string name = (fs::temp_directory_path() / "gssloop-policy-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    folder_ = name;
    path_ = folder_ / "policy.toml";
  }
  ~PolicyStoreTest() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  static void write(const fs::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
  }
  static void rename_over(const fs::path& path, const std::string& text) {
    const fs::path other = path.string() + ".new";
    write(other, text);
    fs::rename(other, path);
  }
  std::string told_of(const fs::path& path) const {
    PolicyStore store({path.string(), Absence::kIsError}, {});
    return told(store.current());
  }

  fs::path folder_, path_;
};

TEST_F(PolicyStoreTest, AbsenceIsNoPolicyOrAnError) {
  SPEC("N3");
  PolicyStore compiled_in({path_.string(), Absence::kIsNoPolicy}, {});
  PolicyStore named({path_.string(), Absence::kIsError}, {});
  EXPECT_EQ(told(compiled_in.current()), "none");
  EXPECT_TRUE(compiled_in.current()->is_absent);
  EXPECT_EQ(told(named.current()), "refused");
  EXPECT_NE(named.current()->summary.find("No such file"), std::string::npos);
  write(path_, policy("A"));
  EXPECT_EQ(told(compiled_in.current()), "A");
  EXPECT_FALSE(compiled_in.current()->is_absent);
  EXPECT_EQ(told(named.current()), "A");
  EXPECT_TRUE(read_policy({(folder_ / "other").string()}, {}).is_absent);
  EXPECT_FALSE(read_policy({path_.string()}, {}).is_absent);
}

// Only ENOENT is absence: a file that cannot be reached may exist.
TEST_F(PolicyStoreTest, WhatCannotBeReachedIsNotAbsent) {
  write(path_, policy("A"));
  const fs::path loop = folder_ / "loop";
  fs::create_symlink(loop, loop);
  for (const fs::path& path : {path_ / "below", loop}) {
    PolicyStore store({path.string(), Absence::kIsNoPolicy}, {});
    EXPECT_EQ(told(store.current()), "refused") << path;
    EXPECT_FALSE(store.current()->is_absent);
  }
}

TEST_F(PolicyStoreTest, ChangesAreTakenUp) {
  write(path_, policy("A"));
  PolicyStore store({path_.string(), Absence::kIsError}, {});
  const auto first = store.current();
  EXPECT_EQ(told(first), "A");
  EXPECT_EQ(store.current(), first) << "the same policy is the same snapshot";
  write(path_, policy("A"));
  EXPECT_EQ(store.current(), first) << "also where it was written again";
  // As fast as it goes, so within one tick of the clock that stamps files: same inode, same size.
  for (int i = 0; i < 50; ++i) {
    const std::string realm(1, static_cast<char>('B' + i % 20));
    write(path_, policy(realm));
    EXPECT_EQ(told(store.current()), realm);
  }
  rename_over(path_, policy("Z"));
  EXPECT_EQ(told(store.current()), "Z");
  EXPECT_EQ(told(first), "A") << "a login keeps what it began with";
}

// Long enough after a change, a look at the stamps is enough.
TEST_F(PolicyStoreTest, ChangesAreTakenUpFromASettledState) {
  write(path_, policy("A"));
  PolicyStore store({path_.string(), Absence::kIsError}, {});
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));
  EXPECT_EQ(told(store.current()), "A");
  const auto settled = store.current();
  EXPECT_EQ(store.current(), settled);
  write(path_, policy("B"));
  EXPECT_EQ(told(store.current()), "B");
  // In a directory, whose own stamp does not tell.
  const fs::path directory = folder_ / "d";
  fs::create_directory(directory);
  write(directory / "1.toml", policy("A"));
  PolicyStore files({directory.string(), Absence::kIsError}, {});
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));
  EXPECT_EQ(told(files.current()), "A");
  write(directory / "1.toml", policy("B"));
  EXPECT_EQ(told(files.current()), "B");
  fs::permissions(path_, fs::perms::others_write, fs::perm_options::add);
  EXPECT_EQ(told(store.current()), "refused");
}

TEST_F(PolicyStoreTest, ABrokenVersionRefusesUntilItIsMended) {
  SPEC("N3");
  write(path_, policy("A"));
  PolicyStore store({path_.string(), Absence::kIsNoPolicy}, {});
  for (const std::string& bad : {""s, " \n\t\r\n"s, std::string(kBroken), "x = 1\n"s}) {
    rename_over(path_, bad);
    const auto refusal = store.current();
    EXPECT_EQ(told(refusal), "refused") << bad;
    EXPECT_FALSE(refusal->diagnostics.empty());
    EXPECT_EQ(store.current(), refusal) << "told once";
    rename_over(path_, policy("A"));
    EXPECT_EQ(told(store.current()), "A");
  }
}

TEST_F(PolicyStoreTest, WhatVanishesGoesOnToHold) {
  const fs::path directory = folder_ / "d";
  fs::create_directory(directory);
  write(directory / "1.toml", policy("A"));
  write(path_, policy("A"));
  for (const fs::path& path : {path_, directory}) {
    for (const Absence absence : {Absence::kIsNoPolicy, Absence::kIsError}) {
      PolicyStore store({path.string(), absence}, {});
      const auto before = store.current();
      fs::rename(path, folder_ / "away");
      for (int i = 0; i < 3; ++i) EXPECT_EQ(store.current(), before);
      fs::rename(folder_ / "away", path);
      EXPECT_EQ(told(store.current()), "A");
    }
  }
  // A refusal goes on as well.
  write(path_, kBroken);
  PolicyStore store({path_.string(), Absence::kIsNoPolicy}, {});
  fs::remove(path_);
  EXPECT_EQ(told(store.current()), "refused");
}

TEST_F(PolicyStoreTest, DirectoriesAreReadInTheOrderOfNames) {
  const auto require = [](const std::string& service) {
    return "[services." + service + "]\nrequire = ['peer.realm=" + service + "']\n";  // warned of
  };
  write(folder_ / "20.toml", policy("A"));
  PolicyStore store({folder_.string(), Absence::kIsError}, {});
  EXPECT_EQ(told(store.current()), "A");
  write(folder_ / "10.toml", require("imap"));
  EXPECT_EQ(told(store.current()), "Aimap");
  write(folder_ / "10.toml", require("ldap"));  // in place: the directory's stamp stays
  EXPECT_EQ(told(store.current()), "A");
  write(folder_ / "10.toml", require("imap"));
  for (const char* other : {".30.toml", "30.toml~", "30.conf", "toml"}) {
    write(folder_ / other, kBroken);
  }
  EXPECT_EQ(told(store.current()), "Aimap");
  write(folder_ / "15.toml", "x = 1\n");
  write(folder_ / "30.toml", "x = 1\n");
  const auto broken = store.current();
  EXPECT_EQ(told(broken), "refused");
  ASSERT_EQ(broken->diagnostics.size(), 3U);
  EXPECT_TRUE(broken->diagnostics[0].is_warning);
  EXPECT_EQ(broken->diagnostics[1].place.file, (folder_ / "15.toml").string());
  EXPECT_EQ(broken->diagnostics[2].place.file, (folder_ / "30.toml").string());
  fs::remove(folder_ / "30.toml");
  EXPECT_EQ(told(store.current()), "refused");
  fs::rename(folder_ / "15.toml", folder_ / "15");
  EXPECT_EQ(told(store.current()), "Aimap");
  fs::remove(folder_ / "20.toml");
  EXPECT_EQ(told(store.current()), "imap");
  fs::remove(folder_ / "10.toml");
  EXPECT_EQ(told(store.current()), "refused") << "a directory without a file is no policy";
}

TEST_F(PolicyStoreTest, FilesThatAreNotTakenAsAPolicy) {
  SPEC("N3");
  const auto refusal = [&](const fs::path& path) {
    const auto reading = read_policy({path.string()}, {}).reading;
    EXPECT_FALSE(reading.policy);
    return reading.summary();
  };
  write(path_, policy("A") + "#" + std::string((1 << 20) - policy("A").size() - 1, 'x'));
  EXPECT_EQ(told_of(path_), "A") << "1 MiB";
  write(path_, policy("A") + "#" + std::string((1 << 20) - policy("A").size(), 'x'));
  EXPECT_NE(refusal(path_).find("larger than 1 MiB"), std::string::npos);
  write(path_, "");
  EXPECT_NE(refusal(path_).find("is empty"), std::string::npos);
  write(path_, policy("A"));
  // None of these delays the reader.
  const fs::path fifo = folder_ / "fifo.toml";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  for (const fs::path& path : {fifo, fs::path("/dev/null"), folder_}) {
    EXPECT_NE(refusal(path).find("is not a regular file"), std::string::npos) << path;
  }
  fs::remove(fifo);
  fs::create_directory(fifo);
  EXPECT_NE(refusal(folder_).find("is not a regular file"), std::string::npos);
  fs::remove(fifo);
  fs::create_symlink(folder_ / "nothing", fifo);
  EXPECT_NE(refusal(folder_).find("cannot be opened"), std::string::npos);
  fs::remove(fifo);
  fs::create_symlink("policy.toml", fifo);
  EXPECT_NE(refusal(folder_).find("is already defined"), std::string::npos);
  fs::remove(path_);
  fs::remove(fifo);
  for (int i = 0; i < 256; ++i) write(folder_ / (std::to_string(i) + ".toml"), "# nothing\n");
  EXPECT_EQ(told_of(folder_), "none");
  write(folder_ / "256.toml", "# nothing\n");
  EXPECT_NE(refusal(folder_).find("more than 256"), std::string::npos);
}

// A policy that has just been written is read again. If that fails, it counts as it was read: a
// server that was started by root may have changed its user.
TEST_F(PolicyStoreTest, WhatCannotBeReadAgainGoesOnToHold) {
  SPEC("N3");
  write(path_, policy("A"));
  PolicyStore store({path_.string(), Absence::kIsError}, {});
  ASSERT_EQ(told(store.current()), "A");
  struct rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const struct rlimit none { 0, before.rlim_max };
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const std::string without_descriptors = told(store.current());
  EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(without_descriptors, "A");
  rename_over(path_, policy("B"));
  EXPECT_EQ(told(store.current()), "B");
}

TEST_F(PolicyStoreTest, UnreadableFilesAreNotPassedOver) {
  if (geteuid() == 0) GTEST_SKIP() << "to root no file is unreadable";
  write(path_, policy("A"));
  write(folder_ / "2.toml", "# nothing\n");
  PolicyStore store({folder_.string(), Absence::kIsNoPolicy}, {});
  EXPECT_EQ(told(store.current()), "A");
  fs::permissions(folder_ / "2.toml", fs::perms::none);
  EXPECT_EQ(told(store.current()), "refused");
  fs::permissions(folder_ / "2.toml", fs::perms::owner_read);
  EXPECT_EQ(told(store.current()), "A");
  fs::permissions(folder_, fs::perms::owner_exec);
  EXPECT_EQ(told(store.current()), "refused");
  fs::permissions(folder_, fs::perms::owner_all);
  EXPECT_EQ(told(store.current()), "A");
}

// Threads that ask for the policy while it changes; what they are told, and how often.
class Readers {
 public:
  Readers(PolicyStore* store, int num_threads) {
    for (int i = 0; i < num_threads; ++i) {
      threads_.emplace_back([this, store] {
        while (!is_over_) note(told(store->current()));
      });
    }
  }
  // stop gives how often the policy A, B, a refusal and anything else was told.
  std::array<long, 4> stop() {
    is_over_ = true;
    for (std::thread& thread : threads_) thread.join();
    return {counts_[0], counts_[1], counts_[2], counts_[3]};
  }

 private:
  void note(const std::string& what) {
    const std::size_t kind = what == "AA" ? 0 : what == "BB" ? 1 : what == "refused" ? 2 : 3;
    ++counts_[kind];
  }
  std::atomic<bool> is_over_{false};
  std::array<std::atomic<long>, 4> counts_{};
  std::vector<std::thread> threads_;
};

std::string twice(const std::string& realm) {
  return policy(realm) + "[services.imap]\nrequire = ['peer.realm=" + realm + "']\n";
}

TEST_F(PolicyStoreTest, ThreadsSeeEachVersionWholeOrNotAtAll) {
  SPEC("N3");
  write(path_, twice("A"));
  PolicyStore store({path_.string(), Absence::kIsNoPolicy}, {});
  Readers readers(&store, 8);
  for (int i = 0; i < 60; ++i) {
    rename_over(path_, twice("B"));
    rename_over(path_, twice("A") + kBroken);
    rename_over(path_, twice("A"));
    std::this_thread::yield();
  }
  const auto counts = readers.stop();
  EXPECT_GT(counts[0] + counts[1], 0);
  EXPECT_EQ(counts[3], 0);
  EXPECT_EQ(told(store.current()), "AA");
}

// As editors do it: the old version is moved away before the new one is there.
TEST_F(PolicyStoreTest, VanishingUnderReadersNeverOpens) {
  SPEC("N3");
  write(path_, twice("A"));
  PolicyStore store({path_.string(), Absence::kIsNoPolicy}, {});
  Readers readers(&store, 2);
  for (int i = 0; i < 300; ++i) {
    fs::rename(path_, folder_ / "backup");
    rename_over(path_, twice("A"));
  }
  const auto counts = readers.stop();
  EXPECT_GT(counts[0], 0);
  EXPECT_EQ(counts[3], 0);
  EXPECT_EQ(told(store.current()), "AA");
}

}  // namespace
}  // namespace gssloop::authz
