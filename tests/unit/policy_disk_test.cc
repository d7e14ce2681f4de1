// SPDX-License-Identifier: BSD-2-Clause
// Which files may be a policy: where they are, and who can write them.

#include "gssloop/authz/policy_disk.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "gssloop/authz/policy_store.h"
#include "tests/support/spec.h"

namespace gssloop::authz {
namespace {

namespace fs = std::filesystem;
using Absence = PolicyPath::Absence;

constexpr uid_t kOther = 65534;  // neither root nor the user of the tests

class PolicyDisk : public ::testing::Test {
 protected:
  PolicyDisk() {
    std::string name = (fs::temp_directory_path() / "gssloop-policy-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    folder_ = name;
    path_ = folder_ / "policy.toml";
    write(path_);
  }
  ~PolicyDisk() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  static void write(const fs::path& path) { std::ofstream(path) << "# nothing\n"; }
  static void chmod_to(const fs::path& path, mode_t mode) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0) << path;
  }
  // Why the policy is refused; empty if it is read.
  static std::string why(const fs::path& path) {
    const PolicyReading reading = read_policy({path.string()}, {}).reading;
    EXPECT_EQ(reading.summary().empty(), reading.policy.has_value());
    return reading.summary();
  }
  static void expect_refusal(const fs::path& path, const std::string& reason) {
    EXPECT_NE(why(path).find(reason), std::string::npos) << why(path);
  }
  static void expect_policy(const fs::path& path) { EXPECT_EQ(why(path), ""); }

  fs::path folder_, path_;
};

TEST_F(PolicyDisk, SizesAreBounded) {
  SPEC("N3");
  const auto make = [&](const char* name, std::size_t len) {
    std::ofstream(folder_ / name) << std::string(len, '#');
  };
  constexpr std::size_t kMiB = 1 << 20;
  make("policy.toml", kMiB);
  expect_policy(path_);
  for (const char* name : {"a.toml", "b.toml", "c.toml"}) make(name, kMiB);
  expect_policy(folder_);
  make("d.toml", 1);
  expect_refusal(folder_, "contains more than 4 MiB");
  make("policy.toml", kMiB + 1);
  expect_refusal(path_, "is larger than 1 MiB");
}

// The kernel opens it, and fails to read it: there is nothing at address 0.
TEST_F(PolicyDisk, AFileWhoseReadingFailsIsNoPolicy) {
  SPEC("N3");
  expect_refusal("/proc/self/mem", "cannot be read: ");
}

// Only what is missing by its name, in a directory that exists, is missing.
TEST_F(PolicyDisk, ALinkThatLeadsNowhereIsNotAMissingFile) {
  SPEC("N3");
  EXPECT_FALSE(find_missing(path_.string()));
  for (const char* missing : {"other", "no-folder/deeper/policy.toml"}) {
    const auto found = find_missing((folder_ / missing).string());
    ASSERT_TRUE(found) << missing;
    EXPECT_EQ(found->directory, folder_);
    EXPECT_EQ(found->stamp, FileStamp::of(folder_.string()));
  }
  EXPECT_FALSE(find_missing((path_ / "below").string()));
  const fs::path link = folder_ / "link", far = folder_ / "far";
  fs::create_symlink(folder_ / "nothing", link);
  fs::create_symlink(folder_ / "no-folder", far);
  for (const fs::path& path : {link, far / "policy.toml", far / "deeper" / "policy.toml"}) {
    EXPECT_FALSE(find_missing(path.string())) << path;
    PolicyStore store({path.string(), Absence::kIsNoPolicy}, {});
    EXPECT_EQ(store.current()->policy, nullptr) << path;
    EXPECT_FALSE(store.current()->is_absent) << path;
  }
  expect_refusal(link, "link: error: is a symbolic link to a file that does not exist");
  PolicyStore store({link.string(), Absence::kIsNoPolicy}, {});
  write(folder_ / "nothing");
  EXPECT_NE(store.current()->policy, nullptr);
}

// What takes the place of no policy must not go unnoticed.
TEST_F(PolicyDisk, NoPolicyIsOneOnlyAsLongAsThePathIsMissing) {
  SPEC("N3");
  const fs::path later = folder_ / "later";
  PolicyStore store({(later / "policy.toml").string(), Absence::kIsNoPolicy}, {});
  EXPECT_NE(store.current()->policy, nullptr);
  fs::create_directory(later);
  EXPECT_TRUE(store.current()->is_absent);
  fs::create_symlink(folder_ / "nothing", later / "policy.toml");
  EXPECT_EQ(store.current()->policy, nullptr) << "a link to nothing";
  fs::remove_all(later);
  // A policy that was read holds although a link to it leads nowhere now.
  const fs::path link = folder_ / "link";
  fs::create_symlink(path_, link);
  PolicyStore linked({link.string(), Absence::kIsNoPolicy}, {});
  const auto before = linked.current();
  EXPECT_NE(before->policy, nullptr);
  fs::remove(path_);
  EXPECT_EQ(linked.current(), before);
}

// After a second without a change, only the stamp of the directory is looked at.
TEST_F(PolicyDisk, APolicyThatIsWrittenLateIsSeen) {
  SPEC("N3");
  const fs::path later = folder_ / "later";
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  PolicyStore store({(later / "policy.toml").string(), Absence::kIsNoPolicy}, {});
  const auto none = store.current();
  EXPECT_TRUE(none->is_absent);
  EXPECT_EQ(store.current(), none);
  fs::create_directory(later);
  EXPECT_TRUE(store.current()->is_absent);
  write(later / "policy.toml");
  EXPECT_FALSE(store.current()->is_absent);
}

TEST_F(PolicyDisk, NoPolicyEndsWhereThePathCannotBeSearched) {
  if (geteuid() == 0) GTEST_SKIP() << "root can search every directory";
  SPEC("N3");
  const fs::path inner = folder_ / "inner";
  fs::create_directory(inner);
  PolicyStore store({(inner / "policy.toml").string(), Absence::kIsNoPolicy}, {});
  EXPECT_TRUE(store.current()->is_absent);
  chmod_to(inner, 0);
  EXPECT_EQ(store.current()->policy, nullptr);
  chmod_to(inner, 0700);
}

TEST_F(PolicyDisk, ARelativePathIsAnError) {
  SPEC("N3");
  const fs::path before = fs::current_path();
  fs::current_path(folder_);
  for (const char* path : {"policy.toml", "./policy.toml", ""}) {
    for (const Absence absence : {Absence::kIsNoPolicy, Absence::kIsError}) {
      PolicyStore store({path, absence}, {});
      EXPECT_EQ(store.current()->policy, nullptr) << path;
      EXPECT_NE(store.current()->summary.find("is not an absolute path"), std::string::npos);
    }
  }
  fs::current_path(before);
}

TEST_F(PolicyDisk, OthersMustNotBeAbleToWriteIt) {
  SPEC("N3");
  const std::string file = path_.string(), folder = folder_.string();
  for (const mode_t mode : {0600U, 0644U, 0400U}) {
    chmod_to(path_, mode);
    expect_policy(path_);
    expect_policy(folder_);
  }
  const auto both = [&](const std::string& reason) {
    expect_refusal(path_, reason);
    expect_refusal(folder_, reason);
  };
  chmod_to(path_, 0660);
  both(file + ": error: is writable by its group; run chmod g-w " + file);
  chmod_to(path_, 0606);
  both(file + ": error: is writable by every user of this machine; run chmod o-w " + file);
  chmod_to(path_, 0600);
  chmod_to(folder_, 0770);
  both("is writable by its group; run chmod g-w " + folder);
  chmod_to(folder_, 0707);
  both("is writable by every user of this machine; run chmod o-w " + folder);
  // In a sticky directory others can add files, but cannot replace this one.
  chmod_to(folder_, 01777);
  expect_policy(path_);
  expect_refusal(folder_, "chmod o-w");
  chmod_to(folder_, 0755);
  expect_policy(path_);
}

// The correction of a directory changes nothing about the file in it.
TEST_F(PolicyDisk, ACorrectedDirectoryIsNoticed) {
  chmod_to(folder_, 0770);
  PolicyStore store({path_.string(), Absence::kIsError}, {});
  const auto refusal = store.current();
  EXPECT_EQ(refusal->policy, nullptr);
  usleep(1'200'000);  // the file is old enough for its stamp to count
  EXPECT_EQ(store.current(), refusal) << "told once";
  chmod_to(folder_, 0700);
  EXPECT_NE(store.current()->policy, nullptr);
}

TEST_F(PolicyDisk, TheDirectoryOfALinkAndTheOneOfItsFileCount) {
  SPEC("N3");
  const fs::path inner = folder_ / "inner", link = folder_ / "link.toml";
  fs::create_directory(inner);
  write(inner / "p.toml");
  fs::create_symlink("inner/p.toml", link);
  expect_policy(link);
  chmod_to(inner, 0770);
  expect_refusal(link, "the directory of the policy is writable by its group; run chmod g-w " +
                           fs::canonical(inner).string());
  fs::remove(path_);
  expect_refusal(folder_, "run chmod g-w " + fs::canonical(inner).string());
  chmod_to(inner, 0700);
  chmod_to(folder_, 0770);
  expect_refusal(link, "run chmod g-w " + folder_.string());
}

TEST_F(PolicyDisk, ItsOwnerMustBeRootOrTheProcessesUser) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  SPEC("N3");
  const auto give = [](const fs::path& path, uid_t user) {
    ASSERT_EQ(lchown(path.c_str(), user, static_cast<gid_t>(-1)), 0);
  };
  const std::string reason =
      "belongs to the user with the number 65534, who can change the "
      "policy; run chown -h root ";
  give(path_, kOther);
  expect_refusal(path_, path_.string() + ": error: " + reason + path_.string());
  expect_refusal(folder_, reason + path_.string());
  give(path_, 0);
  give(folder_, kOther);
  expect_refusal(path_, folder_.string() + ": error: the directory of the policy " + reason);
  expect_refusal(folder_, reason + folder_.string());
  chmod_to(folder_, 01777);
  expect_refusal(path_, reason + folder_.string());
  give(folder_, 0);
  expect_policy(path_);
  // The link is another user's, in a directory where every user can add one.
  const fs::path link = folder_ / "link";
  fs::create_symlink(path_, link);
  expect_policy(link);
  give(link, kOther);
  expect_refusal(link, link.string() + ": error: " + reason + link.string());
}

}  // namespace
}  // namespace gssloop::authz
