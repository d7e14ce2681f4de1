// SPDX-License-Identifier: BSD-2-Clause
// The file of the audit trail: what may be one, and that no line is lost, torn or joined to
// another, whatever happens to the file while processes write.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <thread>
#include <vector>

#include "plugin/audit/file.h"

namespace gssloop::plugin::audit {
namespace {

namespace fs = std::filesystem;

constexpr uid_t kOther = 65534;  // neither root nor the user of the tests

class AuditFile : public ::testing::Test {
 protected:
  AuditFile() {
    std::string name = (fs::temp_directory_path() / "gssloop-audit-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    folder_ = name;
    path_ = (folder_ / "trail").string();
  }
  ~AuditFile() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  static std::string content(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static void append(const std::string& path, const std::string& line) {
    const auto error = append_line(path, line);
    ASSERT_FALSE(error) << error->message;
  }
  // Both functions refuse the path, for the same reason.
  static void expect_refusal(const std::string& path, const std::string& reason) {
    for (const auto& error : {check_file(path), append_line(path, "line\n")}) {
      ASSERT_TRUE(error) << path;
      EXPECT_NE(error->message.find(reason), std::string::npos) << error->message;
    }
  }
  // Runs `body` in a process of its own, and returns the exit status.
  template <class Body>
  static int in_child(Body body) {
    const pid_t child = fork();
    if (child == 0) _exit(body());
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
  }

  fs::path folder_;
  std::string path_;
};

TEST_F(AuditFile, IsMadeForItsOwnerAlone) {
  EXPECT_FALSE(check_file(path_));
  EXPECT_FALSE(fs::exists(path_)) << "a check makes no file";
  const mode_t mask = umask(0);
  append(path_, "one\n");
  umask(mask);
  struct stat made;
  ASSERT_EQ(stat(path_.c_str(), &made), 0);
  EXPECT_EQ(made.st_mode & 07777U, 0600U);
  append(path_, "two\n");
  EXPECT_EQ(content(path_), "one\ntwo\n");
  EXPECT_FALSE(check_file(path_));
}

TEST_F(AuditFile, OneThatWasRenamedOrRemovedGetsNoMoreLines) {
  append(path_, "one\n");
  fs::rename(path_, path_ + ".1");
  append(path_, "two\n");
  EXPECT_EQ(content(path_ + ".1"), "one\n");
  EXPECT_EQ(content(path_), "two\n");
  fs::remove(path_);
  append(path_, "three\n");
  EXPECT_EQ(content(path_), "three\n");
  std::ofstream(path_).close();  // as copytruncate of logrotate
  append(path_, "four\n");
  EXPECT_EQ(content(path_), "four\n");
}

TEST_F(AuditFile, WhatMayNotBeOne) {
  expect_refusal((folder_ / "none" / "trail").string(), "No such file or directory");
  expect_refusal(folder_.string(), "cannot be opened: Is a directory");
  expect_refusal("/dev/full", "is not a regular file");
  const std::string fifo = (folder_ / "fifo").string();
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  expect_refusal(fifo, "is not a regular file");
  append(path_, "one\n");
  ASSERT_EQ(chmod(path_.c_str(), 0602), 0);
  expect_refusal(path_, "is writable by every user of this machine; run chmod o-w " + path_);
  // A group of the administrator's: several servers may write one trail.
  ASSERT_EQ(chmod(path_.c_str(), 0620), 0);
  append(path_, "two\n");
  EXPECT_EQ(content(path_), "one\ntwo\n");
}

TEST_F(AuditFile, LinksOfTrustedUsersAreFollowed) {
  const std::string link = (folder_ / "link").string();
  fs::create_symlink(path_, link);
  append(link, "one\n");
  EXPECT_EQ(content(path_), "one\n");
  EXPECT_FALSE(check_file(link));
  fs::create_symlink(folder_ / "loop", folder_ / "loop");
  expect_refusal((folder_ / "loop").string(), "cannot be opened: Too many levels");
}

TEST_F(AuditFile, OtherUsersFilesAndLinks) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  append(path_, "one\n");
  const std::string link = (folder_ / "link").string();
  fs::create_symlink(path_, link);
  ASSERT_EQ(lchown(link.c_str(), kOther, kOther), 0);
  expect_refusal(link,
                 "belongs to the user with the number 65534, who can change the audit trail; "
                 "run chown -h root " +
                     link);
  ASSERT_EQ(chown(path_.c_str(), kOther, kOther), 0);
  expect_refusal(path_, "belongs to the user with the number 65534");
  EXPECT_EQ(content(path_), "one\n");
}

TEST_F(AuditFile, RightsThatTheServerDoesNotHave) {
  if (geteuid() == 0) GTEST_SKIP() << "root reads every file";
  append(path_, "one\n");
  ASSERT_EQ(chmod(path_.c_str(), 0400), 0);
  expect_refusal(path_, "cannot be opened: Permission denied");
  // Without the right to read, nothing shows that the file ends a line.
  ASSERT_EQ(chmod(path_.c_str(), 0200), 0);
  append(path_, "two\n");
  ASSERT_EQ(chmod(path_.c_str(), 0600), 0);
  EXPECT_EQ(content(path_), "one\n\ntwo\n");
  ASSERT_EQ(chmod(folder_.c_str(), 0500), 0);
  expect_refusal((folder_ / "new").string(), "Permission denied");
  ASSERT_EQ(chmod(folder_.c_str(), 0700), 0);
}

// A limit of the process's, as a full disk or a quota: the kernel takes what fits.
TEST_F(AuditFile, ALineAfterATornOneIsWhole) {
  const std::string line(100, 'a');
  append(path_, "first\n");
  const int status = in_child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{50, 50};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
    const auto torn = append_line(path_, line + "\n");
    if (!torn || torn->message.find("took only 44 of the 101 bytes") == std::string::npos) return 3;
    const auto full = append_line(path_, "more\n");
    return full && full->message.find("cannot be written: File too large") != std::string::npos ? 0
                                                                                                : 4;
  });
  ASSERT_EQ(status, 0);
  EXPECT_EQ(content(path_), "first\n" + line.substr(0, 44));
  append(path_, "next\n");  // by a process that knows nothing of it
  append(path_, "last\n");
  EXPECT_EQ(content(path_), "first\n" + line.substr(0, 44) + "\nnext\nlast\n");
}

TEST_F(AuditFile, NoDescriptorIsLeft) {
  const auto count = [] {
    return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
  };
  const auto before = count();
  for (int i = 0; i < 100; ++i) {
    append(path_, "line\n");
    EXPECT_TRUE(append_line(folder_.string(), "line\n"));
    EXPECT_TRUE(append_line("/dev/full", "line\n"));
    EXPECT_FALSE(check_file(path_));
  }
  EXPECT_EQ(count(), before);
}

// Fifty processes write one trail, and an administrator rotates it again and again.
TEST_F(AuditFile, NoLineIsLostOrTornWhileProcessesWriteAndTheFileIsRotated) {
  constexpr int kNumProcesses = 50, kNumLines = 200;
  std::vector<pid_t> children;
  for (int process = 0; process < kNumProcesses; ++process) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child != 0) {
      children.push_back(child);
      continue;
    }
    int num_failed = 0;
    for (int i = 0; i < kNumLines; ++i) {
      const std::string name = std::to_string(process) + "." + std::to_string(i);
      // Of all lengths up to several pages.
      const std::string filler(static_cast<std::size_t>((process * 977 + i * 131) % 9000), '-');
      if (append_line(path_, "<" + name + filler + ">\n")) ++num_failed;
    }
    _exit(num_failed == 0 ? 0 : 1);
  }
  int num_rotated = 0;
  for (std::size_t done = 0; done < children.size();) {
    int status = 0;
    if (waitpid(children[done], &status, WNOHANG) == children[done]) {
      EXPECT_EQ(status, 0);
      ++done;
    } else if (fs::exists(path_)) {
      fs::rename(path_, path_ + "." + std::to_string(++num_rotated));
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  EXPECT_GT(num_rotated, 3);
  std::set<std::string> names;
  for (const auto& file : fs::directory_iterator(folder_)) {
    std::ifstream lines(file.path());
    for (std::string line; std::getline(lines, line);) {
      if (line.empty()) continue;
      ASSERT_TRUE(line.starts_with('<') && line.ends_with('>')) << line;
      EXPECT_EQ(line.find('<', 1), std::string::npos) << line;
      EXPECT_TRUE(names.insert(line.substr(1, line.find_first_of("->") - 1)).second) << line;
    }
  }
  EXPECT_EQ(names.size(), std::size_t{kNumProcesses} * kNumLines);
}

}  // namespace
}  // namespace gssloop::plugin::audit
