// SPDX-License-Identifier: BSD-2-Clause

// Per-message tokens of real Kerberos: with the encryption types that there are, bare and under
// SPNEGO.

#include "gssloop/gss/per_message.h"

#include <algorithm>
#include <map>
#include <memory>
#include <tuple>
#include <vector>

#include "tests/live/gss_pair.h"

namespace gssloop::testing {
namespace {

using gss::Protection;
using loop::EstablishedContext;
using loop::Role;

struct Encryption {
  const char* name;
  unsigned ssf;
  bool has_old_tokens = false;  // RFC 1964's, not RFC 4121's
};

// The first two are the ones in use; RC4 and DES3 have the older token, which is framed and, for
// DES3, padded.
constexpr Encryption kEncryptions[] = {{"aes256-cts-hmac-sha1-96", 256},
                                       {"aes128-cts-hmac-sha1-96", 128},
                                       {"aes256-cts-hmac-sha384-192", 256},
                                       {"arcfour-hmac", 64, true},
                                       {"des3-cbc-sha1", 112, true}};
constexpr Protection kProtections[] = {Protection::kIntegrity, Protection::kConfidentiality};

class PerMessageLive : public ::testing::TestWithParam<std::tuple<Encryption, bool>> {
 protected:
  static void TearDownTestSuite() { realms().clear(); }
  void SetUp() override {
    if (const std::string reason = Realm::missing(); !reason.empty()) GTEST_SKIP() << reason;
    auto& realm = realms()[encryption().name];
    if (!realm) realm = make_realm();
    realm->apply_to_this_process();
    pair_ = establish(std::get<1>(GetParam()) ? spnego() : gss::Oid::krb5(), Flag::kMutual);
    ASSERT_TRUE(pair_.ok()) << pair_.failure;
    ASSERT_EQ(pair_.initiator->mech(), gss::Oid::krb5());
  }

  static const Encryption& encryption() { return std::get<0>(GetParam()); }
  GssPair& pair() { return pair_; }

 private:
  // By encryption type: making the keys of some takes a while.
  static std::map<std::string, std::unique_ptr<Realm>>& realms() {
    static std::map<std::string, std::unique_ptr<Realm>> the_realms;
    return the_realms;
  }
  static std::unique_ptr<Realm> make_realm() {
    RealmOptions options;
    options.services = {"imap/localhost"};
    options.encryption_types = {encryption().name};
    // What releases of MIT krb5 demand for the old ones; Debian's 1.20.1 demands both, too.
    options.libdefaults = {"allow_rc4 = true", "allow_des3 = true"};
    auto realm = std::make_unique<Realm>(options);
    realm->apply_to_this_process();
    realm->add_user("alice", "password");
    realm->kinit("alice", "password");
    return realm;
  }

  GssPair pair_;
};

Bytes message_of(std::size_t len) {
  Bytes message(len);
  for (std::size_t i = 0; i < len; ++i) message[i] = static_cast<std::uint8_t>(i * 7 + len);
  return message;
}

// Three parts, of which some are empty.
std::vector<ByteView> cut(ByteView message) {
  const std::size_t a = message.size() / 3;
  const std::size_t b = message.size() - message.size() % 4;
  return {message.first(a), message.subspan(a, std::max(a, b) - a),
          message.subspan(std::max(a, b))};
}

TEST_P(PerMessageLive, WrapIntoMakesWhatUnwrapTakes) {
  std::vector<std::size_t> lens = {1000, 16384, 65536, 1 << 20};
  for (std::size_t len = 0; len <= 70; ++len) lens.push_back(len);
  Bytes buffer;
  std::size_t largest = 0;
  for (const std::size_t len : lens) {
    for (const Protection protection : kProtections) {
      for (const Role role : {Role::kInitiator, Role::kAcceptor}) {
        SCOPED_TRACE(std::to_string(len));
        EstablishedContext& from = pair().from(role);
        EstablishedContext& to = pair().to(role);
        const Bytes message = message_of(len);
        const std::size_t offset = len % 5;
        buffer.resize(std::max(buffer.size(), offset));
        std::fill_n(buffer.begin(), offset, 0xA5);
        const auto token_len = from.wrap_into(protection, cut(message), offset, &buffer);
        ASSERT_TRUE(token_len) << token_len.error().text();
        ASSERT_GE(buffer.size(), offset + *token_len);
        EXPECT_TRUE(std::all_of(buffer.begin(), buffer.begin() + static_cast<long>(offset),
                                [](std::uint8_t octet) { return octet == 0xA5; }));
        largest = std::max(largest, offset + *token_len);
        EXPECT_EQ(buffer.size(), largest) << "grows as needed, and never shrinks";
        const std::span<std::uint8_t> token = std::span(buffer).subspan(offset, *token_len);
        if (len >= 8) {
          const auto found =
              std::search(token.begin(), token.end(), message.begin(), message.end());
          EXPECT_EQ(found != token.end(), protection == Protection::kIntegrity);
        }
        const auto in_place = to.unwrap_in_place(protection, token);
        ASSERT_TRUE(in_place) << in_place.error().text();
        EXPECT_TRUE(std::ranges::equal(*in_place, message));
        // The size is that of gss_wrap's token, which the limits of a layer are about.
        const auto wrapped = from.wrap(protection, message);
        ASSERT_TRUE(wrapped);
        EXPECT_EQ(wrapped->view().size(), *token_len);
        // MIT's gss_unwrap loses some memory for each empty message.
        if (len == 0) continue;
        const auto opened = to.unwrap(protection, wrapped->view());
        ASSERT_TRUE(opened) << opened.error().text();
        EXPECT_TRUE(std::ranges::equal(opened->view(), message));
      }
    }
  }
}

// MIT's gss_unwrap moves the octets of its input about; applications hand theirs over as const.
TEST_P(PerMessageLive, UnwrapLeavesItsInputAlone) {
  for (const Protection protection : kProtections) {
    const auto token = pair().initiator->wrap(protection, as_bytes("message"));
    ASSERT_TRUE(token);
    const Bytes before = to_bytes(token->view());
    ASSERT_TRUE(pair().acceptor->unwrap(protection, token->view()));
    EXPECT_TRUE(std::ranges::equal(token->view(), before));
  }
}

// What a token does not protect (filler octets) may change; the message may not.
TEST_P(PerMessageLive, AChangedTokenIsRefusedOrGivesTheSameMessage) {
  const ByteView message = as_bytes("message");
  for (const Protection protection : kProtections) {
    Bytes token;
    const auto len = pair().initiator->wrap_into(protection, {&message, 1}, 0, &token);
    ASSERT_TRUE(len);
    token.resize(*len);
    for (std::size_t bit = 0; bit < *len * 8; ++bit) {
      Bytes changed = token;
      changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ 1 << bit % 8);
      const auto opened = pair().acceptor->unwrap(protection, changed);
      EXPECT_TRUE(!opened || std::ranges::equal(opened->view(), message)) << bit;
      const auto in_place = pair().acceptor->unwrap_in_place(protection, changed);
      EXPECT_TRUE(!in_place || std::ranges::equal(*in_place, message)) << bit;
    }
    for (std::size_t shorter = 0; shorter < *len; ++shorter) {
      Bytes cut = token;
      cut.resize(shorter);
      EXPECT_FALSE(pair().acceptor->unwrap(protection, cut)) << shorter;
      EXPECT_FALSE(pair().acceptor->unwrap_in_place(protection, cut)) << shorter;
    }
  }
}

// RFC 4121 section 4.2.5: the sender may rotate what follows a token's header, as Windows does.
TEST_P(PerMessageLive, ARotatedTokenIsTaken) {
  if (encryption().has_old_tokens) return;
  constexpr std::ptrdiff_t kHeaderLen = 16;
  constexpr std::size_t kRrcOffset = 6;
  constexpr std::uint8_t kRotation = 28;
  for (const Protection protection : kProtections) {
    for (const bool in_place : {false, true}) {
      Bytes token = to_bytes(pair().initiator->wrap(protection, as_bytes("message"))->view());
      std::rotate(token.begin() + kHeaderLen,
                  token.end() - kRotation % (token.end() - token.begin() - kHeaderLen),
                  token.end());
      token[kRrcOffset + 1] = kRotation;
      if (in_place) {
        const auto opened = pair().acceptor->unwrap_in_place(protection, token);
        ASSERT_TRUE(opened) << opened.error().text();
        EXPECT_EQ(to_string(*opened), "message");
      } else {
        const Bytes before = token;
        const auto opened = pair().acceptor->unwrap(protection, token);
        ASSERT_TRUE(opened) << opened.error().text();
        EXPECT_EQ(to_string(opened->view()), "message");
        EXPECT_EQ(token, before);
      }
    }
  }
}

TEST_P(PerMessageLive, IntegrityDoesNotPassForConfidentiality) {
  Bytes buffer;
  const ByteView message = as_bytes("message");
  const auto len = pair().acceptor->wrap_into(Protection::kIntegrity, {&message, 1}, 0, &buffer);
  ASSERT_TRUE(len);
  buffer.resize(*len);
  EXPECT_FALSE(pair().initiator->unwrap(Protection::kConfidentiality, buffer));
  EXPECT_FALSE(pair().initiator->unwrap_in_place(Protection::kConfidentiality, buffer));
}

TEST_P(PerMessageLive, TheContextTellsItsStrength) {
  for (const Role role : {Role::kInitiator, Role::kAcceptor}) {
    const auto ssf = pair().from(role).confidentiality_ssf();
    ASSERT_TRUE(ssf) << ssf.error().text();
    EXPECT_EQ(*ssf, encryption().ssf);
  }
}

INSTANTIATE_TEST_SUITE_P(Encryptions, PerMessageLive,
                         ::testing::Combine(::testing::ValuesIn(kEncryptions), ::testing::Bool()),
                         [](const auto& row) {
                           std::string name = std::get<0>(row.param).name;
                           std::ranges::replace(name, '-', '_');
                           return name + (std::get<1>(row.param) ? "_spnego" : "_krb5");
                         });

}  // namespace
}  // namespace gssloop::testing
