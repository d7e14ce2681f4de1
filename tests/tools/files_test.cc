// SPDX-License-Identifier: BSD-2-Clause
//
// tools/trial/files: a file appears when it is complete, or not at all.
#include "tools/trial/files.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace gssloop::tools {
namespace {

namespace fs = std::filesystem;

class Files : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "gssloop-files-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path(const char* name) const { return (folder_ / name).string(); }
  static void put(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
  }
  static std::string content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::size_t num_files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  fs::path folder_;
};

TEST_F(Files, SinkShowsNothingBeforeItIsFinished) {
  put(path("file"), "old");
  {
    auto sink = Sink::open(path("file"));
    ASSERT_TRUE(sink);
    EXPECT_FALSE(sink->write(as_bytes("new")));
    EXPECT_EQ(content(path("file")), "old");
    EXPECT_FALSE(sink->finish());
    EXPECT_EQ(content(path("file")), "new");
  }
  EXPECT_EQ(content(path("file")), "new");
  EXPECT_EQ(num_files(), 1U);
}

TEST_F(Files, SinkThatIsGivenUpLeavesNothing) {
  {
    auto sink = Sink::open(path("file"));
    ASSERT_TRUE(sink);
    Sink moved = *std::move(sink);
    EXPECT_FALSE(moved.write(as_bytes("half")));
    EXPECT_EQ(num_files(), 1U);
  }
  EXPECT_EQ(num_files(), 0U);
}

TEST_F(Files, SinkKeepsLinkAndMode) {
  put(path("file"), "old");
  fs::permissions(path("file"), fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("file", path("link"));
  auto sink = Sink::open(path("link"));
  ASSERT_TRUE(sink);
  EXPECT_FALSE(sink->write(as_bytes("new")));
  EXPECT_FALSE(sink->finish());
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(content(path("file")), "new");
  EXPECT_EQ(fs::status(path("file")).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(Files, SinkGivesANewFileWhatTheUmaskLeaves) {
  const mode_t before = umask(027);
  auto sink = Sink::open(path("file"));
  umask(before);
  ASSERT_TRUE(sink);
  EXPECT_FALSE(sink->finish());
  EXPECT_EQ(fs::status(path("file")).permissions(), fs::perms(0640));
}

// A file must not replace a device of that name.
TEST_F(Files, SinkWritesToDevicesAsTheyAre) {
  auto null = Sink::open("/dev/null");
  ASSERT_TRUE(null);
  EXPECT_FALSE(null->write(as_bytes("data")));
  EXPECT_FALSE(null->finish());
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  auto full = Sink::open("/dev/full");
  ASSERT_TRUE(full);
  const auto failed = full->write(as_bytes("data"));
  ASSERT_TRUE(failed);
  EXPECT_NE(failed->message.find("/dev/full"), std::string::npos);
}

TEST_F(Files, ThatCannotBeOpenedAreNamed) {
  for (const std::string& name : {path("missing/file"), path("missing/\033[31m")}) {
    const auto source = Source::open(name);
    const auto sink = Sink::open(name);
    ASSERT_TRUE(!source && !sink);
    EXPECT_NE(source.error().message.find("missing/"), std::string::npos);
    EXPECT_NE(sink.error().message.find("missing/"), std::string::npos);
    EXPECT_EQ(sink.error().message.find('\033'), std::string::npos);
  }
  EXPECT_FALSE(Sink::open(folder_.string()));
}

TEST_F(Files, SourceReadsToTheEnd) {
  put(path("file"), std::string(100, 'x'));
  auto source = Source::open(path("file"));
  ASSERT_TRUE(source);
  EXPECT_EQ(source->size(), 100U);
  EXPECT_FALSE(source->is_terminal());
  Bytes piece(60);
  for (const std::size_t expected : {60U, 40U, 0U}) {
    const auto num_read = source->read(piece);
    ASSERT_TRUE(num_read);
    EXPECT_EQ(*num_read, expected);
  }
}

TEST_F(Files, SmallFilesAreBounded) {
  put(path("file"), "12345");
  const auto whole = read_small_file(path("file"), 5);
  ASSERT_TRUE(whole);
  EXPECT_EQ(to_string(*whole), "12345");
  EXPECT_FALSE(read_small_file(path("file"), 4));
  EXPECT_FALSE(read_small_file(folder_.string(), 4));
}

}  // namespace
}  // namespace gssloop::tools
