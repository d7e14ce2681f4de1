// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/sasl/ccache_store.h"

#include <gtest/gtest.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <functional>
#include <optional>

#include "gssloop/base/bytes.h"

using namespace std::string_literals;

namespace {

// Replaces the look-up of accounts on this machine, by the linker's --wrap.
std::function<int(passwd*, char*, std::size_t, passwd**)> stand_in;
std::size_t num_look_ups = 0;

}  // namespace

// NOLINTBEGIN(bugprone-reserved-identifier): the linker chose these names
extern "C" {
int __real_getpwnam_r(const char*, passwd*, char*, std::size_t, passwd**);
int __wrap_getpwnam_r(const char*, passwd*, char*, std::size_t, passwd**);
int __real_getpwuid_r(uid_t, passwd*, char*, std::size_t, passwd**);
int __wrap_getpwuid_r(uid_t, passwd*, char*, std::size_t, passwd**);

int __wrap_getpwnam_r(const char* name, passwd* entry, char* buffer, std::size_t len,
                      passwd** found) {
  ++num_look_ups;
  if (stand_in) return stand_in(entry, buffer, len, found);
  return __real_getpwnam_r(name, entry, buffer, len, found);
}

int __wrap_getpwuid_r(uid_t uid, passwd* entry, char* buffer, std::size_t len, passwd** found) {
  ++num_look_ups;
  if (stand_in) return stand_in(entry, buffer, len, found);
  return __real_getpwuid_r(uid, entry, buffer, len, found);
}
}
// NOLINTEND(bugprone-reserved-identifier)

namespace gssloop::plugin {
namespace {

class CcacheStoreTest : public ::testing::Test {
 protected:
  void SetUp() override { num_look_ups = 0; }
  void TearDown() override { stand_in = nullptr; }

  // What `text` becomes for `authid`; "refused" or the expansion's error where there is none.
  static std::string expanded(const std::string& text, const std::string& authid) {
    const auto store = CcacheStore::parse(text);
    EXPECT_TRUE(store) << text << ": " << store.error().message;
    if (!store) return "refused";
    const auto ccache = store->expand(authid);
    return ccache ? *ccache : "error: " + ccache.error().message;
  }
  static std::string error_of(const std::string& text, const std::string& authid) {
    const std::string result = expanded(text, authid);
    return result.starts_with("error: ") ? result.substr(7) : "";
  }
  static void every_account_is(uid_t uid, std::string name) {
    stand_in = [uid, name](passwd* entry, char* buffer, std::size_t len, passwd** found) {
      if (len <= name.size()) return ERANGE;
      name.copy(buffer, name.size());
      buffer[name.size()] = '\0';
      entry->pw_name = buffer;
      entry->pw_uid = uid;
      *found = entry;
      return 0;
    };
  }
};

TEST_F(CcacheStoreTest, Expands) {
  const std::string pid = std::to_string(getpid());
  const std::string euid = std::to_string(geteuid());
  const struct {
    const char* text;
    std::string result;
  } rows[] = {
      {"FILE:/tmp/krb5cc_%U", "FILE:/tmp/krb5cc_root"},
      {"FILE:/tmp/krb5cc_%u", "FILE:/tmp/krb5cc_0"},
      {"/tmp/%U", "/tmp/root"},
      {"%U", "root"},
      {"FILE:/%U/%U", "FILE:/root/root"},
      {"FILE:/%U/%u/%p/%e/x", "FILE:/root/0/" + pid + "/" + euid + "/x"},
      {"FILE:/%%U%%%U", "FILE:/%U%root"},
      {"FILE:/%U%%", "FILE:/root%"},
      {"FILE:/a:b%U", "FILE:/a:broot"},
      {"/a%p:%U", "/a" + pid + ":root"},  // no type: the colon is part of a path
      {"FILE:/%U.%u", "FILE:/root.0"},
      {"FILE:/%U%e", "FILE:/root" + euid},
      {"MEMORY:%U", "MEMORY:root"},
      {"DIR:/tmp/%U", "DIR:/tmp/root"},
      {"KCM:%u", "KCM:0"},
      {"KEYRING:persistent:%u", "KEYRING:persistent:0"},
  };
  for (const auto& row : rows) EXPECT_EQ(expanded(row.text, "root"), row.result) << row.text;
  EXPECT_EQ(expanded("FILE:/\xc3\xa4_%U", "bj\xc3\xb6rn@OTHER.TEST"),
            "FILE:/\xc3\xa4_bj\xc3\xb6rn@OTHER.TEST");
}

TEST_F(CcacheStoreTest, ProcessUsersName) {
  every_account_is(geteuid(), "cyrus");
  EXPECT_EQ(expanded("FILE:/%E/%U", "alice"), "FILE:/cyrus/alice");
  stand_in = [](passwd*, char*, std::size_t, passwd** found) {
    *found = nullptr;
    return 0;
  };
  EXPECT_NE(error_of("FILE:/%E/%U", "alice").find("%E"), std::string::npos);
  every_account_is(geteuid(), "../x");
  EXPECT_NE(error_of("FILE:/%E/%U", "alice").find("dot"), std::string::npos);
}

TEST_F(CcacheStoreTest, ParseSaysWhereAndWhatToDo) {
  const struct {
    std::string text;
    std::size_t octet;
    const char* way_out;
  } rows[] = {
      {"", 1, "FILE:/path/krb5cc_%U"},
      {"FILE:/%U/%x", 10, "%% is a percent sign"},
      {"FILE:/%U/%", 10, "%% is a percent sign"},
      {"%", 1, "%% is a percent sign"},
      {"FILE:/%U/%%%", 12, "%% is a percent sign"},
      {"FILE:/%{uid}", 7, "%U, %u"},
      {"FILE:/%U\n", 9, "remove it"},
      {"FILE:/\0%U"s, 7, "remove it"},
      {"FILE:/\x7f%U", 7, "remove it"},
      {"FILE:/%U\xc2\x85", 1, "remove them"},
      // One ccache for all.
      {"FILE:/tmp/krb5cc", 16, "add %U or %u"},
      {"/tmp/krb5cc", 11, "add %U or %u"},
      {"MEMORY:all", 10, "add %U or %u"},
      {"FILE:/tmp/%%U", 13, "add %U or %u"},
      {"FILE:/tmp/%p.%e.%E", 18, "add %U or %u"},
      {"DIRECTORY:/x", 12, "add %U or %u"},
      {"/DIR:/x", 7, "add %U or %u"},
      {"DIR:/tmp/all", 12, "add %U or %u"},
      {"KCM:", 4, "add %U or %u"},
      {"KEYRING:persistent:", 19, "add %U or %u"},
      // The user's name would choose the type.
      {"%U:/tmp/x", 1, "write the type in full"},
      {"F%p:%U", 2, "write the type in full"},
      // Two logins with one result.
      {"FILE:/%U%p", 9, "between"},
      {"FILE:/%U%u", 9, "between"},
      {"FILE:/%p%U", 9, "between"},
      {"FILE:/%u%p", 9, "between"},
      {"FILE:/%u17%p", 11, "between"},
      {"FILE:/%U%e%p", 11, "between"},
  };
  for (const auto& row : rows) {
    const auto store = CcacheStore::parse(row.text);
    ASSERT_FALSE(store) << row.text;
    const std::string& message = store.error().message;
    EXPECT_TRUE(message.starts_with("byte " + std::to_string(row.octet) + ": ")) << message;
    EXPECT_NE(message.find(row.way_out), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos);
  }
}

TEST_F(CcacheStoreTest, Lengths) {
  const std::string longest = "/" + std::string(PATH_MAX - 4, 'x') + "%U";
  ASSERT_EQ(longest.size(), PATH_MAX - 1U);
  EXPECT_TRUE(CcacheStore::parse(longest));
  EXPECT_EQ(expanded(longest, "ab").size(), PATH_MAX - 1U);
  EXPECT_NE(error_of(longest, "abc").find("4096"), std::string::npos);
  EXPECT_NE(error_of("/%U", std::string(100000, 'a')).find("100001"), std::string::npos);
  const auto too_long = CcacheStore::parse("x" + longest);
  ASSERT_FALSE(too_long);
  EXPECT_TRUE(too_long.error().message.starts_with("byte 4096: "));
}

// With any name, the ccache stays in the administrator's folder.
TEST_F(CcacheStoreTest, NamesThatCouldLeaveThePlace) {
  const std::string names[] = {"",       ".",      "..",         ".hidden", "../root", "a/b",
                               "/",      "a:b",    "DIR:",       "a\0b"s,   "\0"s,     "a\nb",
                               "\x1b[m", "\x7f",   "a\xc2\x85z", "host/x",  "/etc/x",  "..\0"s,
                               "...",    "a/../b", ":",          "a\\/b",   "alice/\t"};
  for (const std::string& name : names) {
    for (const char* text : {"FILE:/t/%U", "FILE:/t/%u", "FILE:/t/%U/x", "DIR:/t/%U"}) {
      every_account_is(1000, name);
      const std::string message = error_of(text, name);
      EXPECT_TRUE(message.starts_with("the user name")) << text << printable(as_bytes(name));
      EXPECT_EQ(message.find_first_of("\n\x1b"), std::string::npos);
    }
  }
  EXPECT_EQ(num_look_ups, 0U) << "no such name is even looked up";
}

// What comes from a name is never expanded again.
TEST_F(CcacheStoreTest, ExpandsOnce) {
  for (const char* name : {"%u", "%U", "%%", "%", "%p%e", "%{uid}", "a%", "~", "$HOME", "%x"}) {
    EXPECT_EQ(expanded("FILE:/%U", name), "FILE:/" + std::string(name));
  }
  EXPECT_EQ(expanded("FILE:/%%%U", "U"), "FILE:/%U");
}

TEST_F(CcacheStoreTest, UserIdsAreOfExistingAccountsOnly) {
  EXPECT_NE(error_of("FILE:/%u", "no-such-user-here").find("no account"), std::string::npos);
  EXPECT_NE(error_of("FILE:/%u", "root@OTHER.TEST").find("root@OTHER.TEST"), std::string::npos);
  EXPECT_NE(error_of("FILE:/%u", "0").find("no account"), std::string::npos);
  // A directory that ignores case.
  every_account_is(1000, "alice");
  EXPECT_EQ(expanded("FILE:/%u", "alice"), "FILE:/1000");
  EXPECT_NE(error_of("FILE:/%u", "ALICE").find("no account"), std::string::npos);
  every_account_is(4294967294U, "alice");
  EXPECT_EQ(expanded("FILE:/%u", "alice"), "FILE:/4294967294");
}

TEST_F(CcacheStoreTest, LargeAccountsAreReadAndEndlessOnesGivenUp) {
  every_account_is(1000, std::string(3000, 'a'));
  EXPECT_EQ(expanded("FILE:/%u", std::string(3000, 'a')), "FILE:/1000");
  EXPECT_EQ(num_look_ups, 3U);  // 1024, 2048, 4096
  for (const int error : {ERANGE, EINTR}) {
    num_look_ups = 0;
    stand_in = [error](passwd*, char*, std::size_t, passwd**) { return error; };
    EXPECT_NE(error_of("FILE:/%u", "alice").find("no account"), std::string::npos);
    EXPECT_EQ(num_look_ups, 11U);  // up to 1 MiB
  }
  num_look_ups = 0;
  stand_in = [](passwd*, char*, std::size_t, passwd**) { return EIO; };
  EXPECT_NE(error_of("FILE:/%u", "alice").find("no account"), std::string::npos);
  EXPECT_EQ(num_look_ups, 1U);
}

}  // namespace
}  // namespace gssloop::plugin
