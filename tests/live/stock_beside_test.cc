// SPDX-License-Identifier: BSD-2-Clause
// Our module in one folder with Cyrus SASL's own: which of them is used, and which mechanism a
// client takes that leaves the choice to libsasl. A program of its own: the stock modules leak.
#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "tests/live/live_test.h"
#include "tests/live/raw_context.h"

extern "C" int __lsan_is_turned_off() { return 1; }

namespace gssloop::testing {
namespace {

namespace fs = std::filesystem;

constexpr char kOurs[] = "libgssloop_sasl.so";
constexpr const char* kStock[] = {"libgssapiv2.so", "libgs2.so", "libplain.so", "libscram.so",
                                  "libdigestmd5.so"};

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

class StockBesideTest : public LiveTest {
 protected:
  void SetUp() override {
    LiveTest::SetUp();
    if (!fs::exists(fs::path(variable("GSSLOOP_STOCK_PLUGIN_DIR")) / kStock[0])) {
      GTEST_SKIP() << "no stock modules (Debian: libsasl2-modules-gssapi-mit)";
    }
    disable_replay_cache();
    ours_ = variable("GSSLOOP_PLUGIN_DIR");
  }
  void TearDown() override {
    if (!ours_.empty()) setenv("GSSLOOP_PLUGIN_DIR", ours_.c_str(), 1);
    LiveTest::TearDown();
  }

  // use_folder loads the modules of a new folder with links to these, made in this order.
  void use_folder(const std::vector<std::string>& modules) {
    const fs::path folder = realm().path("modules" + std::to_string(++num_folders_));
    fs::create_directories(folder);
    for (const std::string& module : modules) {
      const fs::path home = module == kOurs ? ours_ : variable("GSSLOOP_STOCK_PLUGIN_DIR");
      if (fs::exists(home / module))
        fs::create_symlink(fs::canonical(home / module), folder / module);
    }
    setenv("GSSLOOP_PLUGIN_DIR", folder.c_str(), 1);
    restart_library({});
  }
  static std::vector<std::string> stock() { return {std::begin(kStock), std::end(kStock)}; }
  static std::vector<std::string> mixed(bool is_ours_first) {
    std::vector<std::string> modules = stock();
    modules.insert(is_ours_first ? modules.begin() : modules.end(), kOurs);
    return modules;
  }

 private:
  std::string ours_;
  static inline int num_folders_ = 0;
};

TEST_F(StockBesideTest, OursIsUsedForEachOfItsMechanisms) {
  SPEC("R2 R6");
  for (const bool is_ours_first : {true, false}) {
    use_folder(mixed(is_ours_first));
    for (const std::string mechanism : {kGssapi, kSpnego, kGs2}) {
      SaslClient client;
      SaslServer server({.requested = {"*auth-indicators"}});
      const Login login = log_in(&client, &server, mechanism);
      ASSERT_TRUE(login.ok()) << mechanism << client.error() << server.log().text();
      EXPECT_TRUE(client.log().has("gssloop client")) << mechanism;
      EXPECT_TRUE(server.log().has("gssloop server")) << mechanism;
      EXPECT_EQ(server.properties().at("*auth-indicators").size(), 2U);
      // What only ours refuses: the same packet twice.
      if (mechanism == kGs2) continue;
      const std::string packet = client.encode("once").out.value();
      EXPECT_EQ(server.decode(packet).out, "once");
      EXPECT_EQ(server.decode(packet).code, SASL_BADMAC) << mechanism;
    }
  }
}

// Choice is what a client takes of all that a server offers, and what comes of it.
struct Choice {
  std::string mechanism;
  int code = SASL_FAIL;
  unsigned ssf = 0;
  friend std::ostream& operator<<(std::ostream& out, const Choice& c) {
    return out << c.mechanism << ", SSF " << c.ssf << ", code " << c.code;
  }
};

struct Limits {
  Strength strength;
  bool is_bound = false, is_http = false;
};

Choice choose(const Limits& limits, const std::string& list) {
  ClientSetup client_setup{.authname = says("alice"), .strength = limits.strength};
  ServerSetup server_setup{.canon_user = [](CanonCall*) { return SASL_OK; },
                           .strength = limits.strength};
  client_setup.is_http = server_setup.is_http = limits.is_http;
  if (limits.is_bound) client_setup.binding = server_setup.binding = {"tls-unique", "data", false};
  SaslClient client(client_setup);
  SaslServer server(server_setup);
  Choice choice;
  const Login login = log_in(&client, &server, list.empty() ? server.offered() : list);
  choice.code = login.client.code != SASL_OK ? login.client.code : login.server.code;
  choice.mechanism = client.property(SASL_MECHNAME);
  if (login.ok()) choice.ssf = client.ssf();
  return choice;
}

// The stock GSS-SPNEGO makes a layer without regard to the limits; ours makes what they admit.
unsigned admitted(const Strength& strength, unsigned by_stock) {
  const bool has_room = strength.maxbufsize > 0 && strength.max_ssf > strength.external_ssf;
  return std::min(by_stock, !has_room ? 0 : strength.max_ssf - strength.external_ssf);
}

const Limits kLimits[] = {
    {},
    {{.max_ssf = 0}},
    {{.max_ssf = 1}},
    {{.min_ssf = 1}},
    {{.min_ssf = 56}},
    {{.min_ssf = 256}},
    {{.external_ssf = 256}},
    {{.min_ssf = 56, .external_ssf = 256}},
    {{.maxbufsize = 0}},
    {{}, true},
    {{.max_ssf = 0}, true},
    {{.external_ssf = 256}, true},
    {{.max_ssf = 0}, false, true},
};

// An application that leaves the choice open gets no other mechanism, and no weaker layer, because
// of our module.
TEST_F(StockBesideTest, TheChoiceOfAClientStaysAsItWas) {
  SPEC("R9");
  const std::string kerberos = "GSSAPI GSS-SPNEGO GS2-KRB5";
  for (const std::string& list : {std::string(), kerberos, "GS2-KRB5 " + kerberos}) {
    for (const Limits& limits : kLimits) {
      SCOPED_TRACE(::testing::Message()
                   << "limits " << &limits - kLimits << " of [" << list << "]");
      use_folder(stock());
      const Choice by_stock = choose(limits, list);
      for (const auto& modules : {std::vector<std::string>{kOurs}, mixed(true), mixed(false)}) {
        use_folder(modules);
        const Choice choice = choose(limits, list);
        EXPECT_EQ(choice.mechanism, by_stock.mechanism);
        EXPECT_EQ(choice.code, by_stock.code);
        EXPECT_EQ(choice.ssf, admitted(limits.strength, by_stock.ssf)) << choice;
      }
    }
  }
}

}  // namespace
}  // namespace gssloop::testing
