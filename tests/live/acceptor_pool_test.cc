// SPDX-License-Identifier: BSD-2-Clause
// The acceptor credentials of a server: one for each thread that accepts, with the keys in memory.
#include "plugin/server/acceptor_pool.h"

#include <gssapi/gssapi_krb5.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "gssloop/gss/kerberos.h"
#include "plugin/server/acceptor_credentials.h"
#include "tests/live/live_test.h"
#include "tests/support/growth.h"

namespace gssloop::testing {
namespace {

using plugin::AcceptorCredentials;
using plugin::AcceptorKey;
using plugin::AcceptorPool;

class AcceptorPoolTest : public LiveTest {
 protected:
  static AcceptorKey key(const gss::Oid& mech, const std::string& keytab = "") {
    return {mech, "imap", "localhost", keytab, {}};
  }
  // Where MIT krb5's exported form says that the keys are.
  static std::string keytab_of(gss_cred_id_t credential) {
    gss::Buffer token;
    OM_uint32 minor = 0;
    EXPECT_EQ(gss_export_cred(&minor, credential, token.out()), GSS_S_COMPLETE);
    const std::string text = to_string(token.view());
    for (const std::string type : {"MEMORY:", "FILE:"}) {
      if (const auto begin = text.find('"' + type); begin != text.npos) {
        return text.substr(begin + 1, text.find('"', begin + 1) - begin - 1);
      }
    }
    return text;
  }
  static std::string keytab_of(const AcceptorKey& key) {
    AcceptorCredentials credentials;
    const auto pool = credentials.get(key);
    return pool ? keytab_of((*pool)->lease()->credential.get()) : pool.error().text();
  }
};

bool starts_with(const std::string& text, const char* start) { return text.rfind(start, 0) == 0; }

TEST(AcceptorKeyTest, TextNamesAKeytabOnlyWhereTheMechanismUsesOne) {
  const gss::Oid other = *gss::Oid::from_dotted("1.3.6.1.4.1.32473.1.9");
  EXPECT_EQ((AcceptorKey{other, "imap", "localhost", "", {}}).text(), "imap@localhost");
  EXPECT_EQ((AcceptorKey{gss::Oid::krb5(), "imap", "localhost", "", {}}).text(),
            "imap@localhost with the default keytab");
  EXPECT_EQ((AcceptorKey{gss::Oid::spnego(), "imap", "localhost", "/k", {}}).text(),
            "imap@localhost with keytab /k");
}

TEST_F(AcceptorPoolTest, TheKeysOfAFileAreInMemory) {
  const std::string path = own_keytab("own.keytab");
  for (const gss::Oid& mech : {gss::Oid::krb5(), gss::Oid::spnego()}) {
    for (const std::string& keytab : {path, "FILE:" + path, "WRFILE:" + path, std::string()}) {
      const std::string used = keytab_of(key(mech, keytab));
      EXPECT_TRUE(starts_with(used, "MEMORY:")) << keytab << ": " << used;
    }
    setenv("KRB5_KTNAME", path.c_str(), 1);  // a plain path, as people write it
    EXPECT_TRUE(starts_with(keytab_of(key(mech)), "MEMORY:"));
    realm().apply_to_this_process();
  }
}

// MIT krb5 says of no keytab whether it was registered: what is not known to be the default one is
// used where it is.
TEST_F(AcceptorPoolTest, ARegisteredKeytabStaysWhereItIs) {
  const std::string path = own_keytab("registered.keytab");
  ASSERT_EQ(krb5_gss_register_acceptor_identity(path.c_str()), 0U);
  EXPECT_EQ(keytab_of(key(gss::Oid::krb5())), "FILE:" + path);
  ASSERT_EQ(krb5_gss_register_acceptor_identity(nullptr), 0U);
}

TEST_F(AcceptorPoolTest, AKeytabThatIsNoFileStaysWhereItIs) {
  const auto copy = gss::MemoryKeytab::copy_of(own_keytab("source.keytab"));
  ASSERT_TRUE(copy);
  EXPECT_EQ(keytab_of(key(gss::Oid::krb5(), copy->name())), copy->name());
}

TEST_F(AcceptorPoolTest, LoginsAtTheSameTimeHaveACredentialEach) {
  for (const gss::Oid& mech : {gss::Oid::krb5(), gss::Oid::spnego()}) {
    auto pool = AcceptorPool::acquire(key(mech), gss::keytab_path(gss::default_keytab_name()));
    ASSERT_TRUE(pool) << pool.error().text();
    std::vector<AcceptorPool::Lease> leases;
    std::set<gss_cred_id_t> credentials;
    std::set<std::string> keytabs;
    const std::size_t num_held = std::clamp(2 * std::thread::hardware_concurrency(), 8U, 64U);
    for (std::size_t i = 0; i < num_held; ++i) {
      leases.push_back((*pool)->lease());
      credentials.insert(leases.back()->credential.get());
      keytabs.insert(keytab_of(leases.back()->credential.get()));
      ASSERT_NE(leases.back()->copy(), nullptr);
      EXPECT_EQ(leases.back()->copy()->name(), keytab_of(leases.back()->credential.get()));
    }
    EXPECT_EQ(credentials.size(), num_held);
    EXPECT_EQ(keytabs.size(), num_held) << "libkrb5 has a mutex for each";
    // There are enough: one more login shares one.
    leases.push_back((*pool)->lease());
    EXPECT_TRUE(credentials.contains(leases.back()->credential.get()));
    EXPECT_EQ(leases.back()->num_users, 2U);
    // What was given back is used again.
    leases.pop_back();
    const gss_cred_id_t free = leases[num_held / 2]->credential.get();
    leases.erase(leases.begin() + static_cast<long>(num_held / 2));
    EXPECT_EQ((*pool)->lease()->credential.get(), free);
  }
}

// A process may lose its right to read the keytab, or its root: it has the keys.
TEST_F(AcceptorPoolTest, MoreCredentialsNeedNoFile) {
  const std::string path = own_keytab("gone.keytab");
  auto pool = AcceptorPool::acquire(key(gss::Oid::krb5(), path), path);
  ASSERT_TRUE(pool) << pool.error().text();
  ASSERT_EQ(unlink(path.c_str()), 0);
  const auto first = (*pool)->lease(), second = (*pool)->lease();
  EXPECT_NE(first->credential.get(), second->credential.get());
}

bool logs_in(const std::string& keytab, const char* mechanism = kGs2) {
  SaslClient client;
  SaslServer server({.options = {{"keytab", keytab}}});
  return log_in(&client, &server, mechanism).ok();
}

// Four threads log in all the time, and the keytab is in turn there, gone, cut, without the key,
// and there again. Between two changes all threads stop, so that it is known which logins must
// succeed.
TEST_F(AcceptorPoolTest, AKeytabMayChangeUnderLoad) {
  SPEC("R11");
  disable_replay_cache();
  const std::string path = own_keytab("load.keytab"), good = own_keytab("good.keytab");
  const std::string other = own_keytab("other.keytab", "smtp/localhost");
  const struct {
    std::function<void()> change;
    bool succeeds;
  } rows[] = {
      {[] {}, true},
      {[&] { std::filesystem::remove(path); }, false},
      {[&] { put_file(good, path); }, true},
      {[&] { std::filesystem::resize_file(path, 20); }, false},
      {[&] { put_file(other, path); }, false},
      {[&] { put_file(good, path); }, true},
      {[&] { std::filesystem::resize_file(path, 0); }, false},
      {[&] { put_file(good, path); }, true},
  };
  constexpr int kNumThreads = 4, kNumLogins = 10;
  std::atomic<int> num_wrong = 0;
  std::atomic<std::size_t> row = 0;
  std::barrier stop(kNumThreads + 1);
  std::vector<std::thread> threads;
  for (int i = 0; i < kNumThreads; ++i) {
    threads.emplace_back([&, i] {
      const char* const mechanism = i % 2 == 0 ? kGs2 : "GSSAPI";
      for (std::size_t at = 0; at < std::size(rows); ++at) {
        stop.arrive_and_wait();
        for (int j = 0; j < kNumLogins; ++j) {
          if (logs_in(path, mechanism) != rows[at].succeeds) ++num_wrong;
        }
        stop.arrive_and_wait();
      }
    });
  }
  for (const auto& it : rows) {
    it.change();
    stop.arrive_and_wait();
    stop.arrive_and_wait();
    EXPECT_EQ(num_wrong.exchange(0), 0) << "row " << row++;
  }
  for (std::thread& thread : threads) thread.join();
}

// The keytab may have changed again within one tick of the clock that stamped its first change.
// Kernels with finer stamps (Linux 6.13) do not let a test do that.
TEST_F(AcceptorPoolTest, KeysOfAYoungKeytabAreReadOnceMore) {
  SPEC("R11");
  const AcceptorKey wanted = key(gss::Oid::krb5(), own_keytab("young.keytab"));
  AcceptorCredentials credentials;
  const auto first = credentials.get(wanted), same = credentials.get(wanted);
  ASSERT_TRUE(first && same);
  EXPECT_EQ(*first, *same);
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  const auto again = credentials.get(wanted), kept = credentials.get(wanted);
  ASSERT_TRUE(again && kept);
  EXPECT_NE(*first, *again);
  EXPECT_EQ(*again, *kept);
}

TEST_F(AcceptorPoolTest, TwoKeytabsAndTwoServicesStayApart) {
  SPEC("R12");
  disable_replay_cache();
  const std::string imap = own_keytab("imap.keytab");
  const std::string smtp = own_keytab("only-smtp.keytab", "smtp/localhost");
  for (int i = 0; i < 2; ++i) {
    for (const auto& [service, keytab, succeeds] : {std::tuple("imap", imap, true),
                                                    {"smtp", imap, false},
                                                    {"imap", smtp, false},
                                                    {"smtp", smtp, true}}) {
      SaslClient client({.service = service});
      SaslServer server({.service = service, .options = {{"keytab", keytab}}});
      EXPECT_EQ(log_in(&client, &server, kGs2).ok(), succeeds) << service << keytab;
    }
  }
}

TEST_F(AcceptorPoolTest, AChildOfAServerLogsIn) {
  disable_replay_cache();
  const std::string path = own_keytab("fork.keytab");
  ASSERT_TRUE(logs_in(path));
  for (const bool is_changed : {false, true}) {
    if (is_changed) own_keytab("fork.keytab");  // one key more
    const pid_t child = fork();
    if (child == 0) _exit(logs_in(path) && logs_in(path, "GSSAPI") ? 0 : 1);
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(logs_in(path));
  }
}

TEST_F(AcceptorPoolTest, ManyChangesOfAKeytabDoNotGrow) {
  SPEC("L41 N14");
  disable_replay_cache();
  const std::string path = own_keytab("often.keytab");
  const long descriptors = num_descriptors();
  EXPECT_LT(growth(50,
                   [&] {
                     std::filesystem::last_write_time(
                         path, std::filesystem::file_time_type::clock::now());
                     ASSERT_TRUE(logs_in(path));
                   }),
            20);
  EXPECT_EQ(num_descriptors(), descriptors);
}

}  // namespace
}  // namespace gssloop::testing
