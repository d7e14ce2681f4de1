// SPDX-License-Identifier: BSD-2-Clause
//
// Our readers of PAC buffers beside Samba's: buffers that Samba makes, buffers that our tests make,
// and thousands of spoiled ones. What we take, Samba takes too and reads alike; the reverse does
// not hold, as Samba passes over much that we refuse.

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <random>
#include <sstream>

#include "gssloop/authz/pac/pac.h"
#include "tests/interop/login.h"
#include "tests/kdc/process.h"
#include "tests/support/pac_buffers.h"
#include "tests/support/spec.h"

namespace gssloop::testing {
namespace {

constexpr char kPython[] = "/usr/bin/python3";  // Debian's, which finds Debian's modules
constexpr char kRefused[] = "refused";
constexpr int kNumMade = 400;
constexpr int kNumSpoiled = 25;  // of each

// The types of [MS-PAC] 2.4.
constexpr int kLogonInfo = 1;
constexpr int kClientInfo = 10;
constexpr int kUpn = 12;
constexpr int kRequestor = 18;

struct Buffer {
  int kind = 0;
  std::string octets;
};

std::string hex(std::string_view octets) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char octet : octets) {
    text += kDigits[static_cast<unsigned char>(octet) >> 4];
    text += kDigits[octet & 15];
  }
  return text;
}

std::string from_hex(const std::string& text) {
  std::string octets;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    octets += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  }
  return octets;
}

// What ours says of a buffer, in the form of pac_oracle.py.
std::string read(const Buffer& buffer) {
  const ByteView octets = as_bytes(buffer.octets);
  std::vector<std::string> fields;
  if (buffer.kind == kLogonInfo) {
    if (const auto groups = authz::read_pac_groups(octets)) {
      fields = *groups;
      fields.push_back(authz::read_pac_user_sid(octets).value_or(kRefused));
    }
  } else if (buffer.kind == kClientInfo) {
    if (const auto it = authz::read_pac_client_info(octets))
      fields = {hex(it->name), it->logon_time};
  } else if (buffer.kind == kUpn) {
    const auto it = authz::read_pac_upn(octets);
    if (it) fields = {hex(it->upn), hex(it->dns_domain)};
    if (it && !it->sid.empty()) fields.insert(fields.end(), {hex(it->sam_name), it->sid});
  } else if (const auto sid = authz::read_pac_requestor_sid(octets)) {
    fields = {*sid};
  }
  if (fields.empty()) return kRefused;
  std::string text;
  for (const std::string& field : fields) text += (text.empty() ? "" : " ") + field;
  return text;
}

class SambaOracle : public ::testing::Test {
 protected:
  void SetUp() override {
    static const bool has_module =
        run_program({kPython, "-c", "import samba.dcerpc.krb5pac"}, environment_with({}))
            .exit_code == 0;
    if (!has_module) {
      GTEST_SKIP() << "/usr/bin/python3 has no module samba.dcerpc.krb5pac (Debian: python3-samba)";
    }
    std::string folder = ::testing::TempDir() + "pac-oracle-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }

  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  std::vector<Buffer> made_by_samba(int seed) const {
    const std::string file = folder_ / "made";
    run({"make", std::to_string(seed), std::to_string(kNumMade), file});
    std::istringstream lines(read_file(file));
    std::vector<Buffer> buffers;
    std::string octets;
    for (Buffer it; lines >> it.kind >> octets;) {
      it.octets = from_hex(octets);
      buffers.push_back(it);
    }
    return buffers;
  }

  // What Samba says of each, in the same order.
  std::vector<std::string> judged_by_samba(const std::vector<Buffer>& buffers) const {
    const std::string file = folder_ / "to-judge", answers = folder_ / "answers";
    std::string text;
    for (const Buffer& it : buffers) text += std::to_string(it.kind) + " " + hex(it.octets) + "\n";
    write_file(file, text);
    run({"judge", file, answers});
    std::istringstream lines(read_file(answers));
    std::vector<std::string> judgements;
    for (std::string line; std::getline(lines, line);) judgements.push_back(line);
    EXPECT_EQ(judgements.size(), buffers.size());
    judgements.resize(buffers.size());
    return judgements;
  }

 private:
  static void run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {kPython, "-B", source_file("tests/interop/pac_oracle.py")});
    checked_run(arguments, environment_with({}));
  }

  std::filesystem::path folder_;
};

TEST_F(SambaOracle, WhatSambaMakesIsReadAlike) {
  SPEC("P1 P3 P4 P5");
  const std::vector<Buffer> buffers = made_by_samba(1);
  ASSERT_EQ(buffers.size(), kNumMade);
  const auto theirs = judged_by_samba(buffers);
  std::map<int, int> num_of_kind;
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    ASSERT_NE(theirs[i], kRefused) << hex(buffers[i].octets);
    ASSERT_EQ(read(buffers[i]), theirs[i]) << hex(buffers[i].octets);
    ++num_of_kind[buffers[i].kind];
  }
  for (const int kind : {kLogonInfo, kClientInfo, kUpn, kRequestor}) {
    EXPECT_GT(num_of_kind[kind], 40) << kind;
  }
}

std::vector<Buffer> made_here() {
  PacLogonInfo everything = {.groups = {{512}, {513}, {512}},
                             .extra_sids = {{"S-1-18-1"}, {"S-1-0x00ff00000001-1-2"}},
                             .resource_domain = "S-1-5-21-4-5-6",
                             .resource_groups = {{2001, 0x20000007}},
                             .full_name = u"Alice \u00c4 \U0001f600",
                             .padding = '\xff'};
  std::vector<Buffer> buffers = {
      {kLogonInfo, logon_info({}).octets},
      {kLogonInfo, logon_info(everything).octets},
      {kLogonInfo, logon_info({.groups = {}}).octets},
      {kLogonInfo, logon_info({.groups = {}, .empty_is_null = false}).octets},
      {kLogonInfo, logon_info({.user_flags = 0x220}).octets},
      {kLogonInfo, logon_info({.resource_domain = "S-1-5-21-4-5-6"}).octets},
      {kClientInfo, client_info(1, u"alice")},
      {kClientInfo, client_info(134'398'110'990'000'000, u"\u00e4/\U0001f600")},
      {kUpn, upn_info({})},
      {kUpn, upn_info({.sam_name = u"alice", .sid = "S-1-5-21-1-2-3-1104"})},
      {kRequestor, sid_octets("S-1-5-21-1-2-3-1104")},
      {kRequestor, sid_octets("S-1-0xfedcba987654-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15")},
  };
  for (std::size_t len = 0; len < 9; ++len) {
    everything.name = std::u16string(len, u'x');
    buffers.push_back({kLogonInfo, logon_info(everything).octets});
  }
  return buffers;
}

TEST_F(SambaOracle, WhatOurTestsMakeIsReadAlike) {
  SPEC("P1 P3 P4 P5");
  const std::vector<Buffer> buffers = made_here();
  const auto theirs = judged_by_samba(buffers);
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    ASSERT_NE(theirs[i], kRefused) << hex(buffers[i].octets);
    ASSERT_EQ(read(buffers[i]), theirs[i]) << hex(buffers[i].octets);
  }
}

// One change of the kinds that hurt: bits, octets, numbers, and pieces that are gone or too many.
std::string spoiled(const Buffer& buffer, std::mt19937* random) {
  const auto pick = [&](std::size_t bound) { return (*random)() % bound; };
  std::string octets = buffer.octets;
  const std::size_t at = pick(octets.size());
  const std::size_t aligned = at / 4 * 4;
  const std::size_t before = octets.size();
  switch (pick(6)) {
    case 0:
      octets[at] = static_cast<char>(octets[at] ^ 1 << pick(8));
      break;
    case 1:
      octets[at] = static_cast<char>(pick(256));
      break;
    case 2:
      octets.replace(aligned, 4, le(pick(24), 4));
      break;
    case 3:
      octets.erase(aligned, 4 * (1 + pick(4)));
      break;
    case 4:
      octets.insert(aligned, le(pick(3), 4) + le(pick(3), 4));
      break;
    default:
      octets.resize(at);
      break;
  }
  // With headers that say how long it is now, and with those of before.
  const bool is_resized = octets.size() != before && octets.size() >= 16;
  if (buffer.kind == kLogonInfo && is_resized && pick(4) != 0) {
    return with_headers(octets.substr(16));
  }
  return octets;
}

TEST_F(SambaOracle, WhatIsTakenOfSpoiledBuffersIsReadAlike) {
  SPEC("P1 P3 P4 P5");
  std::mt19937 random(1);  // the same each time
  std::vector<Buffer> good = made_by_samba(2);
  for (Buffer& it : made_here()) good.push_back(std::move(it));
  std::vector<Buffer> buffers;
  for (const Buffer& it : good) {
    for (int i = 0; i < kNumSpoiled; ++i) buffers.push_back({it.kind, spoiled(it, &random)});
  }
  const auto theirs = judged_by_samba(buffers);
  int num_taken = 0, num_refused_by_both = 0;
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    const std::string ours = read(buffers[i]);
    if (ours == kRefused) {
      if (theirs[i] == kRefused) ++num_refused_by_both;
      continue;
    }
    ++num_taken;
    EXPECT_EQ(ours, theirs[i]) << buffers[i].kind << ' ' << hex(buffers[i].octets);
  }
  EXPECT_GT(num_taken, 500);  // names, times, RIDs
  EXPECT_GT(num_refused_by_both, 500);
  RecordProperty("buffers", static_cast<int>(buffers.size()));
  RecordProperty("taken", num_taken);
  RecordProperty("refused_by_both", num_refused_by_both);
}

}  // namespace
}  // namespace gssloop::testing
