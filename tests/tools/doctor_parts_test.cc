// SPDX-License-Identifier: BSD-2-Clause
// The parts of `gssloop doctor` that need no realm.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "tests/tools/fake_kdc.h"
#include "tools/doctor/child.h"
#include "tools/doctor/format.h"
#include "tools/doctor/sasl_configuration.h"
#include "tools/kerberos/kdc_exchange.h"
#include "tools/kerberos/kdc_request.h"
#include "tools/output.h"

namespace gssloop::testing {
namespace {

using namespace std::chrono_literals;
using tools::ask_kdc;
using tools::ChildOutcome;
using tools::KdcAddress;
using tools::run_in_child;
using Manner = FakeKdc::Manner;

TEST(Child, HandsBackWhatTheWorkReturned) {
  const std::string large(200000, 'x');  // more than a pipe holds
  const ChildOutcome outcome = run_in_child(10s, [&] { return large; });
  EXPECT_TRUE(outcome.is_done());
  EXPECT_EQ(outcome.output, large);
  EXPECT_EQ(outcome.text(), "");
}

TEST(Child, SurvivesACrashOfTheWork) {
  const ChildOutcome outcome = run_in_child(10s, []() -> std::string {
    signal(SIGABRT, SIG_DFL);
    raise(SIGABRT);
    return {};
  });
  EXPECT_EQ(outcome.end, ChildOutcome::End::kCrashed);
  EXPECT_EQ(outcome.text(), "it crashed (SIGABRT)");
}

TEST(Child, SurvivesAnExceptionAndAnExitOfTheWork) {
  const auto throws = run_in_child(10s, []() -> std::string { throw 1; });
  EXPECT_EQ(throws.end, ChildOutcome::End::kCrashed);
  const auto exits = run_in_child(10s, []() -> std::string { _exit(3); });
  EXPECT_EQ(exits.text(), "it stopped early");
}

TEST(Child, EndsWorkThatHangs) {
  const auto begin = std::chrono::steady_clock::now();
  const ChildOutcome outcome = run_in_child(100ms, []() -> std::string {
    for (;;) pause();
  });
  EXPECT_EQ(outcome.end, ChildOutcome::End::kTimedOut);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

TEST(Child, KeepsStandardOutputToItself) {
  ::testing::internal::CaptureStdout();
  run_in_child(10s, []() -> std::string {
    const char noise[] = "noise";
    return write(STDOUT_FILENO, noise, 5) == 5 ? "" : "no";
  });
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
}

TEST(KdcAddress, IsReadAsKrb5ConfHasIt) {
  const struct {
    const char* text;
    const char* shown;  // null: not an address
  } kRows[] = {
      {"kdc.example.com", "kdc.example.com:88"},
      {"kdc.example.com:750", "kdc.example.com:750"},
      {"192.0.2.1:88", "192.0.2.1:88"},
      {"[2001:db8::1]", "[2001:db8::1]:88"},
      {"[2001:db8::1]:750", "[2001:db8::1]:750"},
      {"https://proxy.example.com/KdcProxy", nullptr},
      {"", nullptr},
      {":88", nullptr},
      {"kdc:", nullptr},
      {"kdc:8x", nullptr},
      {"kdc:888888", nullptr},
      {"[2001:db8::1", nullptr},
      {"[]:88", nullptr},
      {"[[2]:88", nullptr},
      {"kdc]:88", nullptr},
      {"[2001:db8::1]x88", nullptr},
      {"kdc:0", nullptr},
      {"kdc:65536", nullptr},
      {"kdc:0088", "kdc:88"},
  };
  for (const auto& row : kRows) {
    const auto address = tools::parse_kdc_address(row.text);
    EXPECT_EQ(address.has_value(), row.shown != nullptr) << row.text;
    if (!address || row.shown == nullptr) continue;
    EXPECT_EQ(address->text(), row.shown);
  }
}

// ---- DNS

std::string u16(unsigned number) {
  return {static_cast<char>(number >> 8), static_cast<char>(number & 0xff)};
}

std::string dns_name(const std::string& label) {
  return static_cast<char>(label.size()) + label + '\0';
}

struct Srv {
  unsigned priority, weight, port;
  std::string target;
};

// An answer without the question. Servers may omit it (RFC 1035 section 4.1.1).
std::string srv_answer(const std::vector<Srv>& records) {
  std::string message =
      u16(1) + u16(0x8180) + u16(0) + u16(static_cast<unsigned>(records.size())) + u16(0) + u16(0);
  for (const Srv& record : records) {
    const std::string target =
        record.target.empty() ? std::string(1, '\0') : dns_name(record.target);
    const std::string data = u16(record.priority) + u16(record.weight) + u16(record.port) + target;
    message += dns_name("x") + u16(33) + u16(1) + u16(0) + u16(60) +
               u16(static_cast<unsigned>(data.size())) + data;
  }
  return message;
}

TEST(Srv, GivesTheFirstToBeTriedFirst) {
  const std::string answer =
      srv_answer({{20, 50, 88, "c"}, {10, 1, 750, "b"}, {10, 9, 88, "a"}, {0, 0, 0, ""}});
  const std::vector<KdcAddress> expected = {{"a", "88"}, {"b", "750"}, {"c", "88"}};
  EXPECT_EQ(tools::parse_srv(as_bytes(answer)), expected);
}

TEST(Srv, IsTotal) {
  const std::string answer = srv_answer({{20, 0, 88, "c"}, {10, 1, 750, "b"}});
  for (std::size_t len = 0; len < answer.size(); ++len) {
    EXPECT_LT(tools::parse_srv(as_bytes(answer.substr(0, len))).size(), 2U) << len;
  }
  for (std::size_t i = 0; i < answer.size(); ++i) {
    for (const int mask : {0x01, 0x80, 0xff}) {
      std::string changed = answer;
      changed[i] = static_cast<char>(changed[i] ^ mask);
      EXPECT_LE(tools::parse_srv(as_bytes(changed)).size(), 2U);
    }
  }
}

// ---- Asking

class KdcExchange : public ::testing::Test {
 protected:
  static Result<Bytes, Error> ask(const FakeKdc& kdc) {
    return ask_kdc({"127.0.0.1", std::to_string(kdc.port())}, as_bytes("a request"), 300ms);
  }
  // No file of the machine is read.
  void SetUp() override {
    const char* const present = std::getenv("KRB5_CONFIG");
    before_ = present != nullptr ? present : "";
    setenv("KRB5_CONFIG", "/dev/null", 1);
  }
  void TearDown() override {
    before_.empty() ? unsetenv("KRB5_CONFIG") : setenv("KRB5_CONFIG", before_.c_str(), 1);
  }

 private:
  std::string before_;
};

TEST_F(KdcExchange, AsksByTcpAndByUdp) {
  for (const Manner manner : {Manner::kTcp, Manner::kUdp}) {
    const FakeKdc kdc("EXAMPLE.TEST", 1h, manner);
    const auto octets = ask(kdc);
    ASSERT_TRUE(octets) << octets.error().message;
    const auto answer = tools::read_kdc_answer(*octets);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_TRUE(answer->serves_realm);
    ASSERT_TRUE(answer->time);
    EXPECT_NEAR(static_cast<double>(*answer->time - std::time(nullptr)), 3600, 5);
  }
}

TEST_F(KdcExchange, GivesUpOnASilentKdc) {
  const FakeKdc kdc("EXAMPLE.TEST", 0s, Manner::kSilent);
  const auto begin = std::chrono::steady_clock::now();
  const auto octets = ask(kdc);
  ASSERT_FALSE(octets);
  EXPECT_EQ(octets.error().message.rfind("TCP: no answer in time, UDP: ", 0), 0U)
      << octets.error().message;
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

TEST_F(KdcExchange, KnowsWhatIsNoKerberosMessage) {
  const FakeKdc kdc("EXAMPLE.TEST", 0s, Manner::kChatter);
  const auto octets = ask(kdc);
  ASSERT_TRUE(octets) << octets.error().message;
  EXPECT_FALSE(tools::read_kdc_answer(*octets));
  EXPECT_FALSE(tools::read_kdc_answer({}));
}

TEST_F(KdcExchange, MakesARequestForNobody) {
  const auto request = tools::make_kdc_request("EXAMPLE.TEST");
  ASSERT_TRUE(request) << request.error().message;
  const std::string octets = to_string(*request);
  EXPECT_EQ(octets[0], 0x6a);  // AS-REQ, RFC 4120 section 5.10
  EXPECT_NE(octets.find("gssloop-doctor"), std::string::npos);
  EXPECT_NE(octets.find("EXAMPLE.TEST"), std::string::npos);
}

// ---- Words

TEST(SaslConfiguration, IsReadAsLibsaslDoes) {
  const auto read = tools::SaslConfiguration::parse(
      "# comment: x\n\n  Mech_List:  PLAIN GSSAPI  \r\nkeytab:/a:b\nkeytab: second\n"
      "log-level: 5");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->option("mech_list"), "PLAIN GSSAPI");
  EXPECT_EQ(read->option("keytab"), "/a:b");
  EXPECT_EQ(read->option("log-level"), "5");
  EXPECT_EQ(read->option("comment"), "");
}

TEST(SaslConfiguration, FindsMisspeltOptions) {
  const auto read = tools::SaslConfiguration::parse(
      "gssloop_polcy: /x\n# gssloop_no: x\nmech_list: GSSAPI\nGSSLOOP_Policy: /y\n\n"
      "sasl_gssloop_policy: /z\nkeytabs: /k\nlog_level: 5\nsrvtab: /s\ngssloop-max-legs: 3\n"
      "service_principle: *\ngssloop_: 1\nauxprop_plugin: sasldb\n");
  ASSERT_TRUE(read);
  std::string all;
  for (const auto& option : read->unknown_options()) {
    all += std::to_string(option.line) + " " + option.name + " " + option.nearest + "\n";
  }
  EXPECT_EQ(all.substr(0, all.find("12 ")),
            "1 gssloop_polcy gssloop_policy\n6 sasl_gssloop_policy gssloop_policy\n"
            "7 keytabs keytab\n10 gssloop-max-legs gssloop_max_legs\n"
            "11 service_principle service_principal\n");
  EXPECT_NE(all.find("12 gssloop_ gssloop_"), std::string::npos) << all;
}

TEST(SaslConfiguration, NamesTheLineThatIsNoOption) {
  for (const char* line : {"word", "two words: x", ": x", "key:", "key: ", "key x"}) {
    const auto read = tools::SaslConfiguration::parse(std::string("a: b\n") + line + "\nc: d\n");
    ASSERT_FALSE(read) << line;
    EXPECT_NE(read.error().message.find("line 2 "), std::string::npos) << read.error().message;
  }
}

TEST(SaslConfiguration, HasAPrefixInTheFileOfAnApplication) {
  const auto read = tools::SaslConfiguration::parse(
      "no option of SASL\nsasl_keytab: /a\nIMAP_SASL_Mech_List: GSSAPI\nsasl_mech_list: PLAIN\n"
      "lmtp_sasl_mech_list: LOGIN\nsasl_keytab: /b\n@include: /c\nsasl_gssloop_polcy: x\n",
      {.prefix = "sasl_", .service = "imap"});
  ASSERT_TRUE(read);
  EXPECT_EQ(read->option("keytab"), "/a");
  EXPECT_EQ(read->line_of("keytab"), 2);
  EXPECT_EQ(read->option("mech_list"), "GSSAPI") << "the service's own";
  EXPECT_EQ(read->options().size(), 3U);
  ASSERT_EQ(read->repeated().size(), 1U);
  EXPECT_EQ(read->repeated()[0].name, "sasl_keytab");
  EXPECT_EQ(read->repeated()[0].line, 6);
  EXPECT_TRUE(read->includes_files());
  ASSERT_EQ(read->unknown_options().size(), 1U);
  EXPECT_EQ(read->unknown_options()[0].name, "gssloop_polcy");
  EXPECT_FALSE(tools::SaslConfiguration::parse("sasl_keytab:\n", {.prefix = "sasl_"}));
}

TEST(Words, AreWrappedBetweenTheirColumns) {
  using tools::wrapped;
  EXPECT_EQ(wrapped("one two three", 0, 4), "one two three");
  EXPECT_EQ(wrapped("one two three", 10, 4), "one two three") << "no room";
  EXPECT_EQ(wrapped("a word, and a word that ends here", 30, 4),
            "a word, and a word that\n    ends here");
  EXPECT_EQ(wrapped("a " + std::string(40, 'x') + " b", 30, 2),
            "a\n  " + std::string(40, 'x') + "\n  b");
  EXPECT_EQ(wrapped("", 30, 2), "");
}

// A terminal of our own as the standard output of a child.
TEST(Words, FitTheTerminal) {
  const auto width = [](const char* columns, unsigned short terminal) {
    const ChildOutcome outcome = run_in_child(10s, [&] {
      columns != nullptr ? setenv("COLUMNS", columns, 1) : unsetenv("COLUMNS");
      if (terminal > 0) {
        const int master = posix_openpt(O_RDWR | O_NOCTTY);
        const winsize size{24, terminal, 0, 0};
        if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) return std::string("pty");
        const int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
        if (ioctl(slave, TIOCSWINSZ, &size) != 0) return std::string("size");
        dup2(slave, STDOUT_FILENO);
      }
      return std::to_string(tools::Output::width());
    });
    return outcome.output;
  };
  EXPECT_EQ(width(nullptr, 0), "0") << "no terminal";
  EXPECT_EQ(width(nullptr, 72), "72");
  EXPECT_EQ(width("60", 72), "60");
  EXPECT_EQ(width("60", 0), "60");
  for (const char* wrong : {"", "0", "-1", "wide", "60x"}) EXPECT_EQ(width(wrong, 72), "72");
}

TEST(Words, TellDurations) {
  const struct {
    std::int64_t seconds;
    const char* text;
  } kRows[] = {{0, "0 s"},
               {59, "59 s"},
               {60, "1 min"},
               {-61, "1 min 1 s"},
               {3599, "59 min 59 s"},
               {3600, "1 h"},
               {35880, "9 h 58 min"},
               {86400, "1 d"},
               {90000, "1 d 1 h"}};
  for (const auto& row : kRows) EXPECT_EQ(tools::duration(row.seconds), row.text);
}

}  // namespace
}  // namespace gssloop::testing
