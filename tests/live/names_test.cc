// SPDX-License-Identifier: BSD-2-Clause

// The rows that only real Kerberos can show, against a KDC of the test's own. A program apart from
// the scripted mechanism's, because the glue reads its configuration once in a process.

#include "gssloop/gss/names.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "gssloop/gss/attributes.h"
#include "gssloop/loop/acceptor.h"
#include "gssloop/loop/initiator.h"
#include "tests/kdc/forge.h"
#include "tests/kdc/realm.h"
#include "tests/support/spec.h"

namespace gssloop::testing {
namespace {

using loop::Action;
using loop::EstablishedContext;
using loop::Fault;
using loop::Step;
using Values = std::vector<std::string>;

constexpr const char* kClientInfo = "urn:mspac:client-info";
constexpr const char* kIndicators = "auth-indicators";

gss::InitiatorInput asks_for(Flags request) {
  gss::InitiatorInput input;
  auto target = gss::import_name("imap@localhost", gss::NameForm::kHostbasedService);
  EXPECT_TRUE(target);
  if (target) input.target = *std::move(target);
  input.mech = gss::Oid::krb5();
  input.request = request;
  return input;
}

Values texts(const Attribute* attribute) {
  Values result;
  if (attribute == nullptr || attribute->authenticated() == nullptr) return result;
  for (const auto& value : *attribute->authenticated()) result.emplace_back(value.text());
  return result;
}

bool lists(const Attributes& attributes, const std::string& name) {
  return attributes.find(name) != nullptr ||
         std::ranges::any_of(attributes.unreadable,
                             [&](const UnreadableAttribute& it) { return it.name == name; });
}

// An acceptor's context from one non-mutual login by the tickets at hand.
std::optional<EstablishedContext> accepted() {
  loop::Initiator initiator(asks_for({}), {});
  const Step first = initiator.start();
  EXPECT_TRUE(first.is_established()) << first.failure().text();
  loop::Acceptor acceptor({}, {});
  Step step = acceptor.on_token(first.token_to_send().value_or(ByteView()));
  EXPECT_TRUE(step.is_established()) << step.failure().text();
  if (!step.is_established()) return std::nullopt;
  return step.take_context();
}

class LiveSpec : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    RealmOptions options;
    options.services = {"imap/localhost"};
    options.anonymous = true;
    options.spake_indicators = {"third", "first", "second"};
    realm_ = new Realm(options);
    realm_->apply_to_this_process();
    realm_->add_user("alice", "password");
  }
  static void TearDownTestSuite() { delete realm_; }

  static void log_in() { realm_->kinit("alice", "password"); }
  static void forge(const ForgedTicket& ticket) {
    forge_ticket(*realm_, ticket, realm_->default_ccache());
  }

  static Realm* realm_;
};

Realm* LiveSpec::realm_ = nullptr;

TEST_F(LiveSpec, AnAcceptorNameHasMnMechanismAndAttributes) {
  SPEC("N1 N11 N15 N16");
  log_in();
  const auto context = accepted();
  ASSERT_TRUE(context);
  const auto info = context->inquire_source();
  ASSERT_TRUE(info);
  EXPECT_TRUE(info->is_mn);
  EXPECT_EQ(info->mech, gss::Oid::krb5());
  const auto attributes = context->source_attributes();
  ASSERT_TRUE(attributes);
  EXPECT_TRUE(attributes->unreadable.empty());
  EXPECT_EQ(attributes->readable.size(), info->attributes.size());
  const Attribute* const indicators = attributes->find(kIndicators);
  EXPECT_EQ(texts(indicators), (Values{"third", "first", "second"}));
  ASSERT_NE(indicators, nullptr);
  EXPECT_TRUE(indicators->is_complete);
  EXPECT_EQ(texts(attributes->find(kClientInfo)).size(), 1U);
}

TEST_F(LiveSpec, ATicketWithoutAttributesGivesNone) {
  SPEC("N15");
  forge({.client = {{"alice"}}});
  const auto context = accepted();
  ASSERT_TRUE(context);
  EXPECT_TRUE(context->inquire_source()->attributes.empty());
  EXPECT_TRUE(context->source_attributes()->readable.empty());
  EXPECT_TRUE(context->source_attributes()->unreadable.empty());
}

// Section 3: authenticated means that a secure association vouched for it. MIT lists what a PAC
// with a bad signature says, and gives no value: to a rule that is unknown, not absent.
TEST_F(LiveSpec, AForgedPacIsUnreadable) {
  SPEC("N2");
  for (const Signature signature : {Signature::kGood, Signature::kBad}) {
    const bool is_good = signature == Signature::kGood;
    forge({.client = {{"alice"}}, .pac = signature, .logon_info = "Domain Admins"});
    const auto context = accepted();
    ASSERT_TRUE(context);
    const auto attributes = context->source_attributes();
    ASSERT_TRUE(attributes);
    for (const char* name : {kClientInfo, "urn:mspac:logon-info"}) {
      EXPECT_EQ(attributes->find(name) != nullptr, is_good) << name;
      EXPECT_TRUE(lists(*attributes, name)) << name;
      EXPECT_EQ(static_cast<bool>(context->source_attribute(name)), is_good) << name;
    }
    EXPECT_EQ(attributes->unreadable.empty(), is_good);
    for (const UnreadableAttribute& it : attributes->unreadable) {
      EXPECT_EQ(it.reason.find("Domain Admins"), std::string::npos);
    }
  }
}

TEST_F(LiveSpec, UnsignedIndicatorsAreNotThere) {
  SPEC("N2 N10");
  for (const Signature signature : {Signature::kGood, Signature::kBad, Signature::kMissing}) {
    forge(
        {.client = {{"alice"}}, .indicators = Values{"admin"}, .indicators_signature = signature});
    const auto context = accepted();
    ASSERT_TRUE(context);
    EXPECT_EQ(lists(*context->source_attributes(), kIndicators), signature == Signature::kGood);
  }
}

TEST_F(LiveSpec, ValuesAndTheirOrderAreKept) {
  SPEC("N4 N11 N19 N21");
  Values indicators = {"one", "", "zwei \xc3\xa4", "two words", "one"};
  indicators.push_back(std::string(4000, 'x'));
  const std::string binary("\0\xff\x01 not NDR\0", 13);
  forge({.client = {{"alice"}},
         .pac = Signature::kGood,
         .logon_info = binary,
         .indicators = indicators});
  const auto context = accepted();
  ASSERT_TRUE(context);
  const auto attributes = context->source_attributes();
  EXPECT_EQ(texts(attributes->find(kIndicators)), indicators);
  EXPECT_EQ(texts(attributes->find("urn:mspac:logon-info")), Values{binary});
}

TEST_F(LiveSpec, ANameWithTrailingOctetsIsAnother) {
  SPEC("N9");
  log_in();
  const auto context = accepted();
  ASSERT_TRUE(context);
  EXPECT_TRUE(context->source_attribute(kIndicators));
  for (const std::string& name :
       {std::string("auth-indicators\0x", 17), std::string("auth-indicators\0", 16),
        std::string("auth-indicators "), std::string("auth-indicator"), std::string("\xff"),
        std::string()}) {
    EXPECT_FALSE(context->source_attribute(name)) << printable(as_bytes(name));
  }
}

TEST_F(LiveSpec, IndicatorsCanBeNeitherSetNorDeleted) {
  SPEC("N24 N25");
  log_in();
  const auto context = accepted();
  ASSERT_TRUE(context);
  const gss_name_t name = context->source();
  EXPECT_EQ(gss::remove(name, kIndicators), gss::Deletion::kUnavailable);
  EXPECT_FALSE(
      gss::add_values(name, kIndicators, true, {to_bytes(as_bytes("admin"))}).is_complete());
  EXPECT_FALSE(
      gss::replace_values(name, kIndicators, true, {to_bytes(as_bytes("admin"))}).is_complete());
  const auto after = context->source_attribute(kIndicators);
  ASSERT_TRUE(after);
  EXPECT_EQ(texts(&*after), (Values{"third", "first", "second"}));
}

TEST_F(LiveSpec, DisplayFallsBack) {
  SPEC("N13");
  log_in();
  const auto context = accepted();
  ASSERT_TRUE(context);
  const auto shown = gss::display_as(context->source(), gss::NameForm::kUser);
  ASSERT_TRUE(shown);
  EXPECT_EQ(*shown, "alice@EXAMPLE.TEST");
}

// What can be said of a set of attributes, to compare two of them.
std::map<std::string, std::pair<Values, bool>> facts_of(const Attributes& attributes) {
  std::map<std::string, std::pair<Values, bool>> facts;
  for (const Attribute& it : attributes.readable) facts[it.name] = {texts(&it), it.is_complete};
  return facts;
}

TEST_F(LiveSpec, ACompositeTokenKeepsEverything) {
  SPEC("N26 N27");
  log_in();
  const auto context = accepted();
  ASSERT_TRUE(context);
  const auto token = gss::export_composite(context->source());
  ASSERT_TRUE(token) << token.error().text();
  ASSERT_GE(token->size(), 2U);
  EXPECT_EQ((*token)[0], 0x04);
  EXPECT_EQ((*token)[1], 0x02);
  const auto copy = gss::import_trusted_composite(*token);
  ASSERT_TRUE(copy) << copy.error().text();
  EXPECT_EQ(gss::display(copy->get())->text, "alice@EXAMPLE.TEST");
  const auto before = context->source_attributes();
  const auto after = gss::get_all(copy->get());
  ASSERT_TRUE(before && after);
  auto facts = facts_of(*before);
  // The token keeps the PAC as well, but no context is here to verify it.
  std::set<std::string> of_the_pac;
  for (const auto& [name, fact] : facts) {
    if (gss::is_pac_attribute(name)) of_the_pac.insert(name);
  }
  for (const std::string& name : of_the_pac) facts.erase(name);
  EXPECT_TRUE(of_the_pac.contains(kClientInfo));
  EXPECT_FALSE(facts.empty());
  EXPECT_EQ(facts_of(*after), facts);
  std::set<std::string> unreadable;
  for (const UnreadableAttribute& it : after->unreadable) unreadable.insert(it.name);
  EXPECT_EQ(unreadable, of_the_pac);
}

TEST_F(LiveSpec, AnAnonymousPeerHasNoAttributes) {
  SPEC("N31 L45");
  realm_->kinit({.user = "", .anonymous = true});
  const auto context = accepted();
  ASSERT_TRUE(context);
  EXPECT_TRUE(gss::display(context->source())->is_anonymous());
  EXPECT_TRUE(context->inquire_source()->attributes.empty());
  EXPECT_TRUE(context->source_attributes()->readable.empty());
  EXPECT_TRUE(context->source_attributes()->unreadable.empty());
  log_in();
  EXPECT_FALSE(gss::display(accepted()->source())->is_anonymous());
}

// MIT ignores the wish for anonymity and would send the full name: section 2.1 of the loop is all
// that stands between.
TEST_F(LiveSpec, NothingIsSentWhereKerberosIgnoresAnonymity) {
  SPEC("L5");
  log_in();
  for (const Flags request : {Flag::kAnon | Flag::kMutual, Flags(Flag::kAnon)}) {
    loop::Initiator initiator(asks_for(request), {});
    const Step step = initiator.start();
    EXPECT_EQ(step.failure().fault, Fault::kAnonymityLost);
    EXPECT_FALSE(step.row().has(Action::kSendToken) || step.row().has(Action::kSendErrorToken));
    EXPECT_TRUE(step.token_to_send().value_or(ByteView()).empty());
  }
}

TEST_F(LiveSpec, MutualAndOneWayLoginsFollowTheTable) {
  SPEC("L7 L8 L20 L21 L34");
  log_in();
  for (const bool is_mutual : {true, false}) {
    loop::Initiator initiator(asks_for(is_mutual ? Flags(Flag::kMutual) : Flags()), {});
    Step said = initiator.start();
    EXPECT_TRUE(said.row().has(Action::kSendToken));
    EXPECT_EQ(said.row().has(Action::kAwaitToken), is_mutual);
    EXPECT_EQ(said.is_established(), !is_mutual);
    loop::Acceptor acceptor({}, Flag::kMutual);
    Step heard = acceptor.on_token(said.token_to_send().value_or(ByteView()));
    EXPECT_EQ(heard.is_established(), is_mutual);
    if (!is_mutual) {
      EXPECT_EQ(heard.failure().fault, Fault::kFlagsMissing);
      continue;
    }
    EXPECT_TRUE(heard.row().has(Action::kSendToken));
    EXPECT_EQ(initiator.on_token(heard.token_to_send().value_or(ByteView())).row().fault,
              Fault::kNone);
  }
}

TEST_F(LiveSpec, AReplayFailsWithAnErrorToken) {
  SPEC("L10 L24 L28");
  log_in();
  loop::Initiator initiator(asks_for(Flag::kMutual), {});
  const Step first = initiator.start();
  loop::Acceptor once({}, {});
  EXPECT_TRUE(once.on_token(first.token_to_send().value_or(ByteView())).is_established());
  loop::Acceptor again({}, {});
  const Step step = again.on_token(first.token_to_send().value_or(ByteView()));
  EXPECT_TRUE(step.row().has(Action::kSendErrorToken)) << step.failure().text();
  EXPECT_FALSE(step.token_to_send().value_or(ByteView()).empty());
  EXPECT_TRUE(initiator.on_token(step.token_to_send().value_or(ByteView())).is_failed());
}

}  // namespace
}  // namespace gssloop::testing
