// SPDX-License-Identifier: BSD-2-Clause

// gssloop.h over real Kerberos, in the shared library, as a program of another project uses it.

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "tests/kdc/forge.h"
#include "tests/kdc/realm.h"
#include "tests/support/c_handles.h"
#include "tests/support/scarce_memory.h"
#include "tests/support/spec.h"

namespace gssloop::testing {
namespace {

constexpr const char* kKrb5 = "1.2.840.113554.1.2.2";
constexpr const char* kSpnego = "1.3.6.1.5.5.2";
constexpr std::uint32_t kRequired = GSSLOOP_FLAG_MUTUAL | GSSLOOP_FLAG_REPLAY |
                                    GSSLOOP_FLAG_SEQUENCE | GSSLOOP_FLAG_CONF | GSSLOOP_FLAG_INTEG;

class CLive : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!Realm::missing().empty()) return;
    RealmOptions options;
    options.services = {"imap/localhost"};
    options.spake_indicators = {"first", "second"};
    realm_ = new Realm(options);
    realm_->apply_to_this_process();
    realm_->add_user("alice", "password");
    realm_->kinit("alice", "password");
  }
  static void TearDownTestSuite() {
    delete realm_;
    realm_ = nullptr;
  }
  void SetUp() override {
    if (realm_ == nullptr) GTEST_SKIP() << Realm::missing();
    realm_->apply_to_this_process();
    for (COptions* options : {&initiator_, &acceptor_}) {
      ASSERT_EQ(gssloop_options_new(kRequired, options->out()), GSSLOOP_OK);
    }
  }

  // login negotiates with the options of both sides, for imap@localhost.
  void login(CPair* pair) const {
    CNegotiation from, to;
    ASSERT_EQ(gssloop_initiator_new("imap@localhost", GSSLOOP_NAME_SERVICE, initiator_.get(),
                                    from.out(), pair->error.out()),
              GSSLOOP_OK)
        << text_of(pair->error);
    ASSERT_EQ(gssloop_acceptor_new(acceptor_.get(), to.out(), pair->error.out()), GSSLOOP_OK);
    negotiate(from.get(), to.get(), pair);
  }

  // first_fault is the fault of an initiator's first step.
  int first_fault() const {
    CNegotiation from;
    CStep step;
    EXPECT_EQ(gssloop_initiator_new("imap@localhost", GSSLOOP_NAME_SERVICE, initiator_.get(),
                                    from.out(), nullptr),
              GSSLOOP_OK);
    EXPECT_EQ(gssloop_negotiation_start(from.get(), step.out()), GSSLOOP_OK);
    if ((gssloop_step_actions(step.get()) & GSSLOOP_ACTION_FAIL) != 0) {
      EXPECT_EQ(token_of(step), "no token");
    }
    return gssloop_error_fault(gssloop_step_error(step.get()));
  }

  static Realm* realm_;
  COptions initiator_, acceptor_;
};

Realm* CLive::realm_ = nullptr;

TEST_F(CLive, BothSidesLearnWhoTheOtherIs) {
  for (const char* mech : {kKrb5, kSpnego}) {
    ASSERT_EQ(gssloop_options_set_mech(initiator_.get(), mech), GSSLOOP_OK);
    CPair pair;
    ASSERT_NO_FATAL_FAILURE(login(&pair));
    ASSERT_TRUE(pair.ok()) << pair.failure;
    for (gssloop_context* context : {pair.initiator.get(), pair.acceptor.get()}) {
      EXPECT_EQ(gssloop_context_flags(context) & kRequired, kRequired);
      EXPECT_STREQ(gssloop_context_mech(context), kKrb5);
    }
    CText name;
    int is_anonymous = 1;
    ASSERT_EQ(gssloop_context_peer_name(pair.acceptor.get(), name.out(), &is_anonymous, nullptr),
              GSSLOOP_OK);
    EXPECT_STREQ(name.get(), "alice@EXAMPLE.TEST");
    EXPECT_EQ(is_anonymous, 0);
    ASSERT_EQ(gssloop_context_peer_name(pair.initiator.get(), name.out(), &is_anonymous, nullptr),
              GSSLOOP_OK);
    EXPECT_STREQ(name.get(), "imap/localhost@EXAMPLE.TEST");
  }
}

TEST_F(CLive, ANameHasItsAttributes) {
  SPEC("N1 N11 N16");
  CPair pair;
  ASSERT_NO_FATAL_FAILURE(login(&pair));
  ASSERT_TRUE(pair.ok()) << pair.failure;
  CAttributes attributes;
  CError error;
  ASSERT_EQ(gssloop_context_attributes(pair.acceptor.get(), attributes.out(), error.out()),
            GSSLOOP_OK)
      << text_of(error);
  const gssloop_attribute* indicators =
      gssloop_attributes_find(attributes.get(), "auth-indicators");
  EXPECT_EQ(gssloop_attribute_kind_of(indicators), GSSLOOP_ATTRIBUTE_AUTHENTICATED);
  EXPECT_EQ(gssloop_attribute_is_complete(indicators), 1);
  std::vector<std::string> values;
  for (std::size_t i = 0; i < gssloop_attribute_num_values(indicators); ++i) {
    std::size_t len = 0;
    const void* value = gssloop_attribute_value(indicators, i, &len);
    values.emplace_back(static_cast<const char*>(value), len);
  }
  EXPECT_EQ(values, (std::vector<std::string>{"first", "second"}));
  const gssloop_attribute* pac = gssloop_attributes_find(attributes.get(), "urn:mspac:client-info");
  std::size_t len = 0;
  EXPECT_NE(gssloop_attribute_value(pac, 0, &len), nullptr);
  EXPECT_GT(len, 0U);
}

// The keytab of the acceptor's credential verifies the PAC.
TEST_F(CLive, APacIsAuthenticatedOnlyIfItIsVerified) {
  SPEC("P6 P7");
  const std::string ccache = "FILE:" + realm_->path("forged");
  setenv("KRB5CCNAME", ccache.c_str(), 1);
  const std::string keytab = realm_->default_keytab();
  for (const char* from : {static_cast<const char*>(nullptr), keytab.c_str()}) {
    CCredential credential;
    ASSERT_EQ(gssloop_credential_accept(nullptr, from, kKrb5, credential.out(), nullptr), 0);
    if (from != nullptr) setenv("KRB5_KTNAME", "FILE:/nowhere", 1);
    ASSERT_EQ(gssloop_options_set_credential(acceptor_.get(), credential.get()), GSSLOOP_OK);
    for (const Signature signature : {Signature::kGood, Signature::kBad}) {
      forge_ticket(*realm_, {.client = {{"alice"}}, .pac = signature}, ccache);
      CPair pair;
      ASSERT_NO_FATAL_FAILURE(login(&pair));
      ASSERT_TRUE(pair.ok()) << pair.failure;
      CAttributes attributes;
      ASSERT_EQ(gssloop_context_attributes(pair.acceptor.get(), attributes.out(), nullptr), 0);
      const auto* pac = gssloop_attributes_find(attributes.get(), "urn:mspac:client-info");
      ASSERT_NE(pac, nullptr);
      const bool is_good = signature == Signature::kGood;
      EXPECT_EQ(gssloop_attribute_kind_of(pac),
                is_good ? GSSLOOP_ATTRIBUTE_AUTHENTICATED : GSSLOOP_ATTRIBUTE_UNREADABLE);
      EXPECT_EQ(gssloop_attribute_num_values(pac), is_good ? 1U : 0U);
      EXPECT_EQ(*gssloop_attribute_reason(pac) == '\0', is_good);
    }
  }
}

TEST_F(CLive, ChangedAndReplayedMessagesAreRefused) {
  CPair pair;
  ASSERT_NO_FATAL_FAILURE(login(&pair));
  ASSERT_TRUE(pair.ok()) << pair.failure;
  CBuffer token, message;
  CError error;
  for (const int protection : {GSSLOOP_INTEGRITY, GSSLOOP_CONFIDENTIALITY}) {
    ASSERT_EQ(gssloop_wrap(pair.initiator.get(), protection, "message", 7, token.out(), nullptr),
              GSSLOOP_OK);
    const std::string octets = token.text();
    const auto opens = [&](const std::string& changed) {
      return gssloop_unwrap(pair.acceptor.get(), protection, changed.data(), changed.size(),
                            message.out(), error.out()) == GSSLOOP_OK;
    };
    for (std::size_t bit = 0; bit < octets.size() * 8; ++bit) {
      std::string changed = octets;
      changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
      EXPECT_FALSE(opens(changed) && message.text() != "message") << bit;
    }
    for (std::size_t len = 0; len < octets.size(); ++len) {
      EXPECT_FALSE(opens(octets.substr(0, len))) << len;
      EXPECT_EQ(fault_of(error), GSSLOOP_FAULT_PEER_PROTOCOL);
    }
  }
  // A context that saw none of these yet.
  CPair other;
  ASSERT_NO_FATAL_FAILURE(login(&other));
  CBuffer first, second;
  ASSERT_EQ(
      gssloop_wrap(other.initiator.get(), GSSLOOP_CONFIDENTIALITY, "1", 1, first.out(), nullptr),
      GSSLOOP_OK);
  ASSERT_EQ(
      gssloop_wrap(other.initiator.get(), GSSLOOP_CONFIDENTIALITY, "2", 1, second.out(), nullptr),
      GSSLOOP_OK);
  const auto opens = [&](const CBuffer& it) {
    return gssloop_unwrap(other.acceptor.get(), GSSLOOP_CONFIDENTIALITY, it.get().data,
                          it.get().len, message.out(), error.out()) == GSSLOOP_OK;
  };
  EXPECT_FALSE(opens(second)) << "ahead of the first";
  EXPECT_FALSE(opens(first)) << "behind the second";
  EXPECT_FALSE(opens(second)) << "again";
}

TEST_F(CLive, CredentialsAreChosen) {
  CCredential alice, service;
  CError error;
  ASSERT_EQ(
      gssloop_credential_initiate("alice", GSSLOOP_NAME_USER, kKrb5, alice.out(), error.out()),
      GSSLOOP_OK)
      << text_of(error);
  ASSERT_EQ(gssloop_credential_accept("imap@localhost", realm_->default_keytab().c_str(), kKrb5,
                                      service.out(), error.out()),
            GSSLOOP_OK)
      << text_of(error);
  ASSERT_EQ(gssloop_options_set_credential(initiator_.get(), alice.get()), GSSLOOP_OK);
  ASSERT_EQ(gssloop_options_set_credential(acceptor_.get(), service.get()), GSSLOOP_OK);
  CPair pair;
  ASSERT_NO_FATAL_FAILURE(login(&pair));
  EXPECT_TRUE(pair.ok()) << pair.failure;
}

TEST_F(CLive, MissingCredentialsAreOurFault) {
  CCredential credential;
  CError error;
  const std::string nowhere = "FILE:" + realm_->path("nowhere");
  EXPECT_EQ(
      gssloop_credential_initiate("bob", GSSLOOP_NAME_USER, kKrb5, credential.out(), error.out()),
      GSSLOOP_FAILED);
  EXPECT_EQ(fault_of(error), GSSLOOP_FAULT_LOCAL_CREDENTIAL);
  EXPECT_NE(gssloop_error_major(error.get()), 0U);
  EXPECT_EQ(
      gssloop_credential_accept("nosuch@localhost", nullptr, kKrb5, credential.out(), error.out()),
      GSSLOOP_FAILED);
  EXPECT_EQ(
      gssloop_credential_accept(nullptr, nowhere.c_str(), kKrb5, credential.out(), error.out()),
      GSSLOOP_FAILED);
  EXPECT_NE(text_of(error).find("nowhere"), std::string::npos) << text_of(error);
  EXPECT_EQ(credential.get(), nullptr);
  setenv("KRB5CCNAME", nowhere.c_str(), 1);
  EXPECT_EQ(first_fault(), GSSLOOP_FAULT_LOCAL_CREDENTIAL);
}

TEST_F(CLive, AnonymityIsNotGrantedAndNothingIsSent) {
  SPEC("L5");
  ASSERT_EQ(gssloop_options_request(initiator_.get(), GSSLOOP_FLAG_ANON), GSSLOOP_OK);
  EXPECT_EQ(first_fault(), GSSLOOP_FAULT_ANONYMITY_LOST);
}

TEST_F(CLive, UnboundInitiatorsDoNotGetIn) {
  SPEC("G10");
  const auto accepts = [&](const char* data) {
    COptions none;
    EXPECT_EQ(gssloop_options_new(kRequired, initiator_.out()), GSSLOOP_OK);
    EXPECT_EQ(gssloop_options_new(kRequired | GSSLOOP_FLAG_CHANNEL_BOUND, acceptor_.out()),
              GSSLOOP_OK);
    EXPECT_EQ(gssloop_options_set_channel_bindings(acceptor_.get(), "channel", 7), GSSLOOP_OK);
    if (data != nullptr) {
      EXPECT_EQ(gssloop_options_set_channel_bindings(initiator_.get(), data, 7), GSSLOOP_OK);
    }
    CPair pair;
    login(&pair);
    return pair.acceptor.get() != nullptr;
  };
  EXPECT_TRUE(accepts("channel"));
  EXPECT_FALSE(accepts("another"));
  EXPECT_FALSE(accepts(nullptr));
}

// All that gssloop.h can do, by functions that themselves allocate nothing. Returns the first
// status that is not GSSLOOP_OK; all that was allocated before it is given back.
class WholeStory {
 public:
  int tell(const COptions& with, const COptions& against) {
    const auto run = [this](int status) { return (status_ = status) == GSSLOOP_OK; };
    if (!run(gssloop_credential_initiate("alice", GSSLOOP_NAME_USER, kKrb5, credential_.out(),
                                         error_.out())) ||
        !run(gssloop_initiator_new("imap@localhost", GSSLOOP_NAME_SERVICE, with.get(), from_.out(),
                                   error_.out())) ||
        !run(gssloop_acceptor_new(against.get(), to_.out(), error_.out())) ||
        !run(gssloop_negotiation_start(from_.get(), first_.out())) ||
        !run(pass(first_, to_, &second_)) || !run(pass(second_, from_, &third_)) ||
        !run(gssloop_step_take_context(second_.get(), acceptor_.out())) ||
        !run(gssloop_step_take_context(third_.get(), initiator_.out()))) {
      return status_;
    }
    int is_anonymous = 0;
    (void)(run(gssloop_context_peer_name(acceptor_.get(), name_.out(), &is_anonymous,
                                         error_.out())) &&
           run(gssloop_context_attributes(acceptor_.get(), attributes_.out(), error_.out())) &&
           run(gssloop_wrap(initiator_.get(), GSSLOOP_CONFIDENTIALITY, "message", 7, token_.out(),
                            error_.out())) &&
           run(gssloop_unwrap(acceptor_.get(), GSSLOOP_CONFIDENTIALITY, token_.get().data,
                              token_.get().len, message_.out(), error_.out())) &&
           run(fail_on_purpose()));
    return status_;
  }
  int fault() const { return fault_of(error_); }
  // A negotiation during whose step memory ran out is over.
  bool goes_on() {
    CStep step;
    return gssloop_negotiation_on_token(to_.get(), "x", 1, step.out()) != GSSLOOP_INVALID;
  }
  bool is_in_acceptors_step() const { return first_.get() != nullptr && second_.get() == nullptr; }

 private:
  static int pass(const CStep& from, const CNegotiation& to, CStep* step) {
    std::size_t len = 0;
    const void* token = gssloop_step_token(from.get(), &len);
    return gssloop_negotiation_on_token(to.get(), token, len, step->out());
  }
  int fail_on_purpose() {
    const int status = gssloop_unwrap(acceptor_.get(), GSSLOOP_CONFIDENTIALITY, "no token", 8,
                                      message_.out(), error_.out());
    return status == GSSLOOP_FAILED ? static_cast<int>(GSSLOOP_OK) : status;
  }

  int status_ = GSSLOOP_OK;
  CError error_;
  CCredential credential_;
  CNegotiation from_, to_;
  CStep first_, second_, third_;
  CContext initiator_, acceptor_;
  CText name_;
  CAttributes attributes_;
  CBuffer token_, message_;
};

TEST_F(CLive, WantOfMemoryIsAStatusAndNeverAnException) {
  ASSERT_EQ(gssloop_options_set_mech(initiator_.get(), kKrb5), GSSLOOP_OK);
  long num_failures = 0;
  bool saw_acceptors_step = false;
  for (bool is_done = false; !is_done;) {
    WholeStory story;
    num_allocations_left = num_failures;
    const int status = story.tell(initiator_, acceptor_);
    is_done = num_allocations_left >= 0;  // there was no such allocation any more
    num_allocations_left = -1;
    if (is_done) {
      EXPECT_EQ(status, GSSLOOP_OK);
      break;
    }
    ++num_failures;
    ASSERT_EQ(status, GSSLOOP_NO_MEMORY) << "allocation " << num_failures;
    EXPECT_TRUE(story.fault() == GSSLOOP_FAULT_NO_MEMORY || story.fault() == GSSLOOP_FAULT_NONE);
    if (story.is_in_acceptors_step()) {
      saw_acceptors_step = true;
      EXPECT_FALSE(story.goes_on());
    }
    ASSERT_LT(num_failures, 10000);
  }
  EXPECT_GT(num_failures, 30);
  EXPECT_TRUE(saw_acceptors_step);
}

}  // namespace
}  // namespace gssloop::testing
