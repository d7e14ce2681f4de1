// SPDX-License-Identifier: BSD-2-Clause
// How each outcome of the mechanism ends a login.
#include "gssloop/gss/handle.h"
#include "tests/spec/gs2_scripted.h"

namespace gssloop::testing {
namespace {

Leg with_flags(Leg leg, OM_uint32 added, OM_uint32 cleared) {
  leg.flags_added = added;
  leg.flags_cleared = cleared;
  return leg;
}

constexpr OM_uint32 kSupplementary[] = {GSS_S_DUPLICATE_TOKEN, GSS_S_OLD_TOKEN, GSS_S_UNSEQ_TOKEN,
                                        GSS_S_GAP_TOKEN};

TEST_F(Gs2Test, UnverifiedBindingsAreRefusedUnlessAnOptionNamesTheMechanism) {
  SPEC("G10 L34");
  const struct {
    const char* option;
    int code;
  } rows[] = {{nullptr, SASL_BADAUTH},
              {"", SASL_BADAUTH},
              {"GS2-SCRIPTE", SASL_BADAUTH},
              {"*", SASL_BADAUTH},
              {"yes", SASL_BADAUTH},
              {"GS2-SCRIPTED", SASL_OK},
              {"x gs2-scripted", SASL_OK},
              // Kerberos cannot be excused: that would be to let forged headers in.
              {"GS2-KRB5", SASL_CONFIGERR},
              {"GS2-SCRIPTED gs2-iakerb", SASL_CONFIGERR}};
  for (const auto& row : rows) {
    play({complete("hello")}, {with_flags(complete(), 0, GSS_C_CHANNEL_BOUND_FLAG)});
    ServerSetup setup = watched();
    if (row.option != nullptr) setup.options["gssloop_allow_unbound"] = row.option;
    SaslClient client;
    SaslServer server(setup);
    const Login login = log_in(&client, &server, kScriptedName);
    EXPECT_EQ(login.server.code, row.code) << (row.option != nullptr ? row.option : "(unset)");
    EXPECT_EQ(login.ok(), row.code == SASL_OK);
    EXPECT_EQ(server.was_silent(), row.code != SASL_OK);
  }
}

// The header of such a login may be forged: it names no other user, and it proves no binding.
TEST_F(Gs2Test, AnUnverifiedHeaderGrantsNothing) {
  SPEC("G10");
  const struct {
    const char* message;
    bool is_bound, requires_binding;
    int code;
  } rows[] = {{"n,,hello", false, false, SASL_OK},
              {"n,a=admin,hello", true, false, SASL_OK},
              {"n,a=admin,hello", false, false, SASL_BADAUTH},
              {"p=tls-unique,,hello", false, false, SASL_OK},
              {"p=tls-unique,a=admin,hello", false, false, SASL_BADAUTH},
              {"p=tls-unique,,hello", true, true, SASL_OK},
              {"p=tls-unique,,hello", false, true, SASL_BADBINDING}};
  for (const auto& row : rows) {
    constexpr OM_uint32 kBound = GSS_C_CHANNEL_BOUND_FLAG;
    play({}, {with_flags(complete(), row.is_bound ? kBound : 0, row.is_bound ? 0 : kBound)});
    ServerSetup setup = watched();
    setup.options["gssloop_allow_unbound"] = kScriptedName;
    setup.binding = ChannelBinding{"tls-unique", "x", row.requires_binding};
    SaslServer server(setup);
    EXPECT_EQ(server.start(kScriptedName, row.message).code, row.code) << row.message;
    EXPECT_EQ(server.was_silent(), row.code != SASL_OK) << row.message;
  }
}

TEST_F(Gs2Test, MutualAuthenticationIsVerifiedOnBothSides) {
  SPEC("G11 L32 L34 L43");
  constexpr OM_uint32 kFew = GSS_C_MUTUAL_FLAG | GSS_C_CHANNEL_BOUND_FLAG;
  const struct {
    OM_uint32 initiator, acceptor;  // the flags at the end
    bool client_ok, server_ok;
  } rows[] = {
      {kFew, kFew, true, true},
      {GSS_C_MUTUAL_FLAG, kFew, true, true},  // initiators do not learn of the binding
      {0, kFew, false, true},
      {~OM_uint32{GSS_C_MUTUAL_FLAG} & 0x1ff, kFew, false, true},
      {kFew, GSS_C_CHANNEL_BOUND_FLAG, true, false},
      {kFew, 0x9ff & ~OM_uint32{GSS_C_MUTUAL_FLAG}, true, false},
  };
  for (const auto& row : rows) {
    Leg initiator = complete("hello"), acceptor = complete();
    initiator.ret_flags = row.initiator;
    acceptor.ret_flags = row.acceptor;
    play({initiator}, {acceptor});
    SaslClient client;
    SaslServer server(watched());
    const Turn first = client.start(kScriptedName);
    EXPECT_EQ(first.code == SASL_OK, row.client_ok) << client.error();
    if (!row.client_ok) {
      EXPECT_LT(first.code, SASL_OK);
      EXPECT_NE(client.error().find("mutual"), std::string::npos) << client.error();
    }
    EXPECT_EQ(server.start(kScriptedName, "n,,hello").code == SASL_OK, row.server_ok);
    EXPECT_EQ(server.was_silent(), !row.server_ok);
  }
}

TEST_F(Gs2Test, SupplementaryBitsNeverSucceed) {
  SPEC("G13 L40 L10");
  for (const OM_uint32 bit : kSupplementary) {
    for (const OM_uint32 base : {OM_uint32{GSS_S_COMPLETE}, OM_uint32{GSS_S_CONTINUE_NEEDED},
                                 OM_uint32{0xd0000}, OM_uint32{0xd0001}}) {
      for (const bool is_acceptor : {false, true}) {
        const Leg odd = fail(base | bit, 0, "odd");
        play({is_acceptor ? complete("hello") : odd}, {is_acceptor ? odd : complete()});
        SaslClient client;
        SaslServer server(watched());
        if (is_acceptor) {
          Turn turn = server.start(kScriptedName, "n,,hello");
          if (turn.code == SASL_CONTINUE) turn = server.step("");
          EXPECT_LT(turn.code, SASL_OK) << std::hex << (base | bit);
          EXPECT_TRUE(server.was_silent());
        } else {
          EXPECT_LT(client.start(kScriptedName).code, SASL_OK) << std::hex << (base | bit);
        }
      }
    }
  }
}

// On a later leg the glue keeps the context, so that nothing but the status tells.
TEST_F(Gs2Test, SupplementaryBitsOfALaterLegNeverSucceed) {
  SPEC("G13 L40");
  for (const OM_uint32 bit : kSupplementary) {
    for (const OM_uint32 base : {OM_uint32{GSS_S_COMPLETE}, OM_uint32{GSS_S_CONTINUE_NEEDED}}) {
      const Leg odd = fail(base | bit, 0, "odd");
      play({go_on("hello"), odd}, {go_on("two"), odd});
      SaslClient client;
      ASSERT_EQ(client.start(kScriptedName).code, SASL_CONTINUE);
      EXPECT_LT(client.step("two").code, SASL_OK) << std::hex << (base | bit);
      SaslServer server(watched());
      ASSERT_EQ(server.start(kScriptedName, "n,,hello").code, SASL_CONTINUE);
      Turn turn = server.step("three");
      if (turn.code == SASL_CONTINUE) turn = server.step("");
      EXPECT_LT(turn.code, SASL_OK) << std::hex << (base | bit);
      EXPECT_TRUE(server.was_silent());
    }
  }
}

TEST_F(Gs2Test, ErrorTokenGoesAsAChallengeAndThenTheLoginFails) {
  SPEC("G15 L10 L14 L28 L26");
  for (const char* option : {"yes", "no"}) {
    for (const char* answer : {"", "n,,hello", "anything"}) {
      play({complete("hello")}, {fail(GSS_S_DEFECTIVE_TOKEN, 7, "E!")});
      ServerSetup setup = watched();
      setup.options["gssloop_error_token"] = option;
      SaslServer server(setup);
      Turn turn = server.start(kScriptedName, "n,,hello");
      if (*option == 'y') {
        ASSERT_EQ(turn.code, SASL_CONTINUE);
        EXPECT_EQ(turn.out, "E!");
        // The reason is in the log already: the peer may never come back.
        EXPECT_TRUE(server.log().has("gss_accept_sec_context", SASL_LOG_ERR));
        turn = server.step(answer);
      }
      EXPECT_EQ(turn.code, SASL_BADAUTH);
      EXPECT_FALSE(turn.out);
      EXPECT_TRUE(server.was_silent());
      EXPECT_EQ(scripted().record().accepts.size(), 1U);
    }
  }
}

TEST_F(Gs2Test, FailuresWithoutATokenEndTheExchange) {
  SPEC("L11 L26");
  play({complete("hello")}, {fail(GSS_S_BAD_SIG)});
  SaslServer server(watched());
  const Turn turn = server.start(kScriptedName, "n,,hello");
  EXPECT_EQ(turn.code, SASL_BADAUTH);
  EXPECT_FALSE(turn.out);
  EXPECT_FALSE(server.error().empty());
}

TEST_F(Gs2Test, ClientsFailureSendsNothing) {
  SPEC("L11 L14");
  play({go_on("hello"), fail(GSS_S_BAD_SIG, 0, "E!")}, {go_on("two")});
  SaslClient client;
  ASSERT_EQ(client.start(kScriptedName).code, SASL_CONTINUE);
  const Turn turn = client.step("two");
  EXPECT_EQ(turn.code, SASL_BADSERV);
  EXPECT_FALSE(turn.out);
  EXPECT_NE(client.error().find("imap@localhost"), std::string::npos);
}

// SASL_BADSERV reads "server failed mutual authentication step".
TEST_F(Gs2Test, OnlyTheServersFailureIsSaidToBeTheServers) {
  SPEC("L11 G15");
  constexpr auto kPreauthFailed =
      static_cast<OM_uint32>(-1765328360);  // KRB5KDC_ERR_PREAUTH_FAILED
  const struct {
    std::vector<Leg> legs;
    int code;
  } rows[] = {
      {{fail(GSS_S_FAILURE)}, SASL_FAIL},
      {{fail(GSS_S_FAILURE, 0, "E!")}, SASL_FAIL},
      {{go_on("hello"), fail(GSS_S_NO_CRED)}, SASL_FAIL},
      {{go_on("hello"), fail(GSS_S_CREDENTIALS_EXPIRED)}, SASL_FAIL},
      {{go_on("hello"), fail(GSS_S_FAILURE, kPreauthFailed)}, SASL_FAIL},
      {{go_on("hello"), fail(GSS_S_DEFECTIVE_CREDENTIAL)}, SASL_BADAUTH},
      {{go_on("hello"), fail(GSS_S_FAILURE)}, SASL_BADSERV},
  };
  for (const auto& row : rows) {
    play(row.legs, {go_on("two")});
    SaslClient client;
    Turn turn = client.start(kScriptedName);
    if (row.legs.size() == 2) turn = client.step("two");
    EXPECT_EQ(turn.code, row.code) << client.error();
  }
}

TEST_F(Gs2Test, MinorTextsThatSayNothingAreLeftOut) {
  SPEC("G15");
  for (const std::string text : {"Success", "Generic error (see e-text)"}) {
    Script script;
    script.initiator = script.acceptor = {fail(GSS_S_FAILURE, 7)};
    script.minor_texts[7] = {text};
    scripted().play(std::move(script));
    SaslClient client;
    SaslServer server(watched());
    EXPECT_EQ(client.start(kScriptedName).code, SASL_FAIL);
    EXPECT_EQ(client.error().find(text), std::string::npos) << client.error();
    EXPECT_EQ(server.start(kScriptedName, "n,,hello").code, SASL_BADAUTH);
    EXPECT_TRUE(server.log().has("gss_accept_sec_context", SASL_LOG_ERR));
    EXPECT_FALSE(server.log().has(text, SASL_LOG_ERR));
  }
}

TEST_F(Gs2Test, AnonymityThatIsNotGrantedSendsNothing) {
  SPEC("L5 G14");
  // Refused at once, or on the second leg.
  const std::vector<Leg> rows[] = {
      {with_flags(complete("hello"), 0, GSS_C_ANON_FLAG)},
      {with_flags(go_on("hello"), 0, GSS_C_ANON_FLAG)},
      {go_on("hello"), with_flags(complete("three"), 0, GSS_C_ANON_FLAG)},
  };
  for (const auto& legs : rows) {
    play(legs, {go_on("two")});
    SaslClient client({.options = {{"gssloop_anonymous", "yes"}}});
    Turn turn = client.start(kScriptedName);
    if (legs.size() == 2) {
      ASSERT_EQ(turn.code, SASL_CONTINUE);
      turn = client.step("two");
    }
    EXPECT_LT(turn.code, SASL_OK);
    EXPECT_FALSE(turn.out);
    EXPECT_NE(client.error().find("anonym"), std::string::npos);
    EXPECT_EQ(scripted().live().contexts, 0U) << "the context was kept";
  }
}

TEST_F(Gs2Test, AnonymityByOption) {
  SPEC("G14 L45 N31");
  play({complete("hello")}, {with_flags(complete(), GSS_C_ANON_FLAG, 0)});
  SaslClient client({.options = {{"gssloop_anonymous", "yes"}}});
  SaslServer server(watched());
  const Login login = log_in(&client, &server, kScriptedName);
  EXPECT_EQ(login.client.code, SASL_OK) << client.error();
  EXPECT_EQ(client.authid(), "anonymous");
  EXPECT_NE(scripted().record().inits.at(0).req_flags & GSS_C_ANON_FLAG, 0U);
  EXPECT_EQ(login.server.code, SASL_BADAUTH);
  EXPECT_TRUE(server.was_silent());

  scripted().reset();
  SaslClient forbidden(
      {.options = {{"gssloop_anonymous", "yes"}}, .security_flags = SASL_SEC_NOANONYMOUS});
  EXPECT_LT(forbidden.start(kScriptedName).code, SASL_OK);
  EXPECT_TRUE(scripted().record().inits.empty());
}

TEST_F(Gs2Test, AnonymousNameTypeIsRefusedWithoutTheFlag) {
  SPEC("L45 G14");
  scripted().edit([](Script& script) { script.source = NameSpec{"nobody", GSS_C_NT_ANONYMOUS}; });
  SaslClient client;
  SaslServer server(watched());
  EXPECT_EQ(log_in(&client, &server, kScriptedName).server.code, SASL_BADAUTH);
  EXPECT_TRUE(server.log().has("the peer is anonymous", SASL_LOG_ERR)) << server.log().text();
  EXPECT_TRUE(server.was_silent());
}

TEST_F(Gs2Test, ContextOfAnotherMechanismIsRefused) {
  SPEC("G2 L45");
  scripted().edit([](Script& script) { script.actual_mech = oid(Mech::kNoSaslName); });
  SaslClient client;
  SaslServer server(watched());
  EXPECT_LT(log_in(&client, &server, kScriptedName).server.code, SASL_OK);
  EXPECT_TRUE(server.log().has("another mechanism", SASL_LOG_ERR)) << server.log().text();
  EXPECT_TRUE(server.was_silent());
}

TEST_F(Gs2Test, ContextThatTheMechanismDoesNotKnowIsRefused) {
  SPEC("L39");
  SaslClient client;
  const Turn first = client.start(kScriptedName);
  ASSERT_EQ(first.code, SASL_OK);
  scripted().edit([](Script& script) { script.inquiry.answer = {GSS_S_NO_CONTEXT, 0}; });
  SaslServer server(watched());
  EXPECT_EQ(server.start(kScriptedName, first.out).code, SASL_FAIL);
  EXPECT_TRUE(server.log().has("gss_inquire_context fails", SASL_LOG_ERR)) << server.log().text();
  EXPECT_TRUE(server.was_silent());
}

TEST_F(Gs2Test, PeerNamesAreCheckedInEveryMechanism) {
  SPEC("L45");
  const struct {
    const char* name;
    const char* authid;  // null: refused
  } rows[] = {{"bob", "bob"},     {"bob@EXAMPLE.COM", "bob@EXAMPLE.COM"},
              {" bob", nullptr},  {"bob ", nullptr},
              {"b\nob", nullptr}, {"a@b@c", nullptr},
              {"\xff", nullptr}};
  for (const auto& row : rows) {
    scripted().reset();
    scripted().edit([&](Script& script) { script.source = NameSpec{row.name}; });
    SaslClient client;
    SaslServer server(watched());
    const Login login = log_in(&client, &server, kScriptedName);
    EXPECT_EQ(login.server.code == SASL_OK, row.authid != nullptr) << row.name;
    EXPECT_EQ(server.was_silent(), row.authid == nullptr);
    if (row.authid != nullptr) {
      EXPECT_EQ(server.authid(), row.authid);
    }
  }
}

// A callback that answers with a code of progress has not answered: nothing goes on.
TEST_F(Gs2Test, CallbacksThatAnswerWithProgressFailTheLogin) {
  SPEC("L45");
  for (const int code : {SASL_CONTINUE, SASL_INTERACT}) {
    const Reply odd{Reply::How::kProcedure, "alice", code};
    SaslClient client;
    ServerSetup setup = watched();
    setup.canon_user = [&](CanonCall*) { return code; };
    SaslServer server(setup);
    EXPECT_LT(log_in(&client, &server, kScriptedName).server.code, SASL_OK) << code;
    EXPECT_TRUE(server.proxy_calls().empty());
    EXPECT_EQ(server.authid(), "");

    SaslClient user({.user = odd});
    EXPECT_LT(user.start(kScriptedName).code, SASL_OK) << code;
    scripted().edit([](Script& s) { s.credentials.acquire_initiate = {GSS_S_NO_CRED, 0}; });
    SaslClient password({.authname = says("alice"), .password = odd});
    EXPECT_LT(password.start(kScriptedName).code, SASL_OK) << code;
    scripted().edit([](Script& s) { s.credentials.acquire_initiate = {}; });
  }
}

TEST_F(Gs2Test, StepsAfterAFailureFail) {
  SPEC("L29 L15");
  const std::vector<Leg> rows[] = {{fail(GSS_S_BAD_SIG)},
                                   {fail(GSS_S_DEFECTIVE_TOKEN, 7, "E!")},
                                   {go_on("two"), fail(GSS_S_BAD_SIG)}};
  for (const auto& legs : rows) {
    play(legs, legs);
    SaslClient client;
    Turn turn = client.start(kScriptedName);
    if (turn.code == SASL_CONTINUE) turn = client.step("two");
    SaslServer server(watched());
    Turn other = server.start(kScriptedName, "n,,hello");
    while (other.code == SASL_CONTINUE) other = server.step("three");
    const Record before = scripted().record();
    for (const char* more : {"", "n,,hello", "more"}) {
      EXPECT_LT(turn.code, SASL_OK) << more;
      EXPECT_LT(other.code, SASL_OK) << more;
      turn = client.step(more);
      other = server.step(more);
    }
    EXPECT_LT(turn.code, SASL_OK);
    EXPECT_LT(other.code, SASL_OK);
    EXPECT_EQ(scripted().record().inits.size(), before.inits.size());
    EXPECT_EQ(scripted().record().accepts.size(), before.accepts.size());
    EXPECT_TRUE(server.was_silent());
  }
}

// GSS-SPNEGO arrives at Kerberos or nowhere: an application's own credential may know others.
TEST_F(Gs2Test, SpnegoThatArrivesAtAnotherMechanismIsRefused) {
  SPEC("R10");
  gss_OID_desc spnego{6, const_cast<char*>("\x2b\x06\x01\x05\x05\x02")};
  gss_OID_set_desc mechs{1, &spnego};
  gss::Credential initiator, acceptor;
  OM_uint32 minor = 0;
  play({complete("hello")}, {complete()});
  ASSERT_EQ(gss_acquire_cred(&minor, GSS_C_NO_NAME, 0, &mechs, GSS_C_INITIATE, initiator.out(),
                             nullptr, nullptr),
            0U);
  ASSERT_EQ(gss_acquire_cred(&minor, GSS_C_NO_NAME, 0, &mechs, GSS_C_ACCEPT, acceptor.out(),
                             nullptr, nullptr),
            0U);
  const char* const reason = "SPNEGO would negotiate the mechanism 1.3.6.1.4.1.32473.1.1, which is";
  SaslClient client({.credential = initiator.get()});
  const Turn turn = client.start("GSS-SPNEGO");
  EXPECT_EQ(turn.code, SASL_FAIL);
  EXPECT_FALSE(turn.out);
  EXPECT_NE(client.error().find(reason), std::string::npos) << client.error();
  // A client that is not so careful.
  gss_buffer_desc text{14, const_cast<char*>("imap@localhost")};
  gss::Name target;
  gss_import_name(&minor, &text, GSS_C_NT_HOSTBASED_SERVICE, target.out());
  gss::Context context;
  gss::Buffer token;
  gss_init_sec_context(&minor, initiator.get(), context.in_out(), target.get(), &spnego,
                       GSS_C_MUTUAL_FLAG, 0, nullptr, nullptr, nullptr, token.out(), nullptr,
                       nullptr);
  ServerSetup setup = watched();
  setup.credential = acceptor.get();
  SaslServer server(setup);
  EXPECT_EQ(server.start("GSS-SPNEGO", to_string(token.view())).code, SASL_FAIL);
  EXPECT_TRUE(server.log().has(reason, SASL_LOG_ERR)) << server.log().text();
  EXPECT_TRUE(server.was_silent());
}

}  // namespace
}  // namespace gssloop::testing
