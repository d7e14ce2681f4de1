// SPDX-License-Identifier: BSD-2-Clause
// Attacks on the GS2 header: the client's token does not vouch for the header before it.
#include "tests/live/attacker.h"

namespace gssloop::testing {
namespace {

using namespace std::string_literals;

class ForgedHeaderTest : public LiveTest {};

TEST_F(ForgedHeaderTest, HeaderGluedToAnUnboundTokenIsRefused) {
  SPEC("G10 G9 L34");
  use_forged({.client = {{"alice"}}});
  for (const char* header : {"n,,", "n,a=admin,", "p=tls-unique,,", "p=tls-unique,a=admin,"}) {
    for (const bool is_raw : {false, true}) {
      ServerSetup setup = watched();
      setup.binding = ChannelBinding{"tls-unique", "channel", false};
      SaslServer server(setup);
      // By libkrb5 alone, and by MIT's own initiator without bindings.
      const std::string token = is_raw ? forged_ap_req(realm(), {.ccache = ccache("forged")})
                                       : initial_token("imap@localhost", GSS_C_MUTUAL_FLAG);
      const Turn turn =
          server.start(header[0] == 'p' ? kGs2Plus : kGs2, header + bare_token(token));
      EXPECT_EQ(turn.code, SASL_BADAUTH) << header;
      expect_silent_refusal(&server, turn, header);
      EXPECT_TRUE(server.log().has("header before the token is forged", SASL_LOG_ERR))
          << server.log().text();
    }
  }
}

// The same tokens log in once they are bound to the header before them: the refusals above are for
// the binding alone.
TEST_F(ForgedHeaderTest, TheSameTokenBoundToItsHeaderIsAccepted) {
  SPEC("G10 G9");
  use_forged({.client = {{"alice"}}});
  for (const std::string& header : {"n,,"s, "n,a=admin,"s, "p=tls-unique,a=admin,"s}) {
    std::string data = header + (header[0] == 'p' ? "channel" : "");
    gss_channel_bindings_struct bindings{};
    bindings.application_data = {data.size(), data.data()};
    const std::string token = initial_token("imap@localhost", GSS_C_MUTUAL_FLAG, &bindings);
    ServerSetup setup = watched();
    setup.binding = ChannelBinding{"tls-unique", "channel", false};
    SaslServer server(setup);
    EXPECT_EQ(server.start(kGs2, header + bare_token(token)).code, SASL_OK)
        << header << server.log().text();
    EXPECT_EQ(server.authid(), "alice");
    EXPECT_EQ(server.authzid(), header == "n,," ? "alice" : "admin");
  }
}

TEST_F(ForgedHeaderTest, TokenBoundToAnotherHeaderIsRefused) {
  SPEC("G9 G10");
  use_forged({.client = {{"alice"}}});
  const struct {
    std::string bound, sent;
  } rows[] = {
      {"n,,", "n,a=admin,"},
      {"n,a=alice,", "n,a=admin,"},
      {"y,,", "n,,"},
      {"n,,", "y,,"},
      {"p=tls-unique,,other", "p=tls-unique,,"},
      {"p=tls-unique,,", "p=tls-unique,,"},
      {"n,,channel", "n,,"},
      {"F,n,,", "n,,"},
  };
  for (const auto& row : rows) {
    std::string data = row.bound;
    gss_channel_bindings_struct bindings{};
    bindings.application_data = {data.size(), data.data()};
    const std::string token = initial_token("imap@localhost", GSS_C_MUTUAL_FLAG, &bindings);
    ServerSetup setup = watched();
    if (row.sent[0] == 'p') setup.binding = ChannelBinding{"tls-unique", "channel", false};
    SaslServer server(setup);
    expect_silent_refusal(&server, server.start(kGs2, row.sent + bare_token(token)),
                          row.bound + " sent as " + row.sent);
  }
}

TEST_F(ForgedHeaderTest, MalformedHeadersAreRefusedBeforeTheToken) {
  SPEC("G4 G5");
  use_forged({.client = {{"alice"}}});
  const std::string token = bare_token(initial_token("imap@localhost", GSS_C_MUTUAL_FLAG));
  const std::string headers[] = {"n,a=admin\0junk,"s, "n,a=\0,"s, "x,,",      "n,a=,",
                                 "n,a=\xff,",         ",,",       "n,a=a=b,", "N,,"};
  for (const std::string& header : headers) {
    SaslServer server(watched());
    const Turn turn = server.start(kGs2, header + token);
    EXPECT_EQ(turn.code, SASL_BADPROT) << header;
    expect_silent_refusal(&server, turn, header);
    EXPECT_TRUE(server.log().has("GS2 header is malformed", SASL_LOG_ERR));
  }
}

// libsasl trims white space of names, so that " admin" would act as "admin".
TEST_F(ForgedHeaderTest, AuthzidsThatLibsaslWouldChangeAreRefused) {
  SPEC("G5 L45");
  for (const char* authzid : {" admin", "admin ", "\tadmin", "ad\nmin", "a\x7f", " "}) {
    SaslClient client({.user = says(authzid)});
    SaslServer server(watched());
    const Login login = log_in(&client, &server, kGs2);
    EXPECT_FALSE(login.ok());
    EXPECT_LT(login.server.code, SASL_OK) << "[" << authzid << "]";
    EXPECT_TRUE(server.was_silent());
  }
}

TEST_F(ForgedHeaderTest, AbsentFirstMessageIsAskedForAndAnEmptyOneRefused) {
  SPEC("G12 L17");
  for (const bool is_asked : {false, true}) {
    SaslServer server(watched());
    if (is_asked) {
      const Turn challenge = server.start(kGs2, std::nullopt);
      ASSERT_EQ(challenge.code, SASL_CONTINUE);
      EXPECT_EQ(challenge.out, "");
    }
    const Turn turn = is_asked ? server.step("") : server.start(kGs2, "");
    EXPECT_EQ(turn.code, SASL_BADPROT);
    expect_silent_refusal(&server, turn, "empty");
  }
  // The header alone: an empty token never reaches the mechanism, which would start SPNEGO.
  for (const char* header : {"n,,", "F,n,,", "n,a=admin,"}) {
    SaslServer server(watched());
    const Turn turn = server.start(kGs2, header);
    EXPECT_EQ(turn.code, SASL_BADPROT) << header;
    EXPECT_FALSE(turn.out) << header;
    expect_silent_refusal(&server, turn, header);
  }
  SaslServer server;
  SaslClient client;
  ASSERT_EQ(server.start(kGs2, std::nullopt).code, SASL_CONTINUE);
  const Turn done = server.step(client.start(kGs2).out);
  EXPECT_EQ(done.code, SASL_OK);
  EXPECT_EQ(client.step(done.out).code, SASL_OK);
}

// bound_token is `mech`'s initial token to imap@localhost, bound to the header "n,,".
std::string bound_token(gss_OID mech) {
  OM_uint32 minor = 0, major = 0;
  std::string service = "imap@localhost", data = "n,,";
  gss_buffer_desc name_buffer = {service.size(), service.data()}, token = GSS_C_EMPTY_BUFFER;
  gss_channel_bindings_struct bindings{};
  bindings.application_data = {data.size(), data.data()};
  gss_name_t name = GSS_C_NO_NAME;
  gss_ctx_id_t context = GSS_C_NO_CONTEXT;
  gss_import_name(&minor, &name_buffer, GSS_C_NT_HOSTBASED_SERVICE, &name);
  major = gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &context, name, mech, GSS_C_MUTUAL_FLAG,
                               0, &bindings, GSS_C_NO_BUFFER, nullptr, &token, nullptr, nullptr);
  EXPECT_FALSE(GSS_ERROR(major));
  std::string text(static_cast<const char*>(token.value), token.length);
  gss_release_buffer(&minor, &token);
  gss_release_name(&minor, &name);
  gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
  return text;
}

// "F" is for mechanisms whose tokens never have the framing: here it would hide that the token is
// not stripped, or that it is another mechanism's, which a credential of all mechanisms accepts.
TEST_F(ForgedHeaderTest, NonstandardFlagIsNotForFramedMechanisms) {
  SPEC("G4 G6");
  disable_replay_cache();
  use_forged({.client = {{"alice"}}});
  gss_OID_desc spnego = {6, const_cast<char*>("\x2b\x06\x01\x05\x05\x02")};
  OM_uint32 minor = 0;
  gss_cred_id_t all = GSS_C_NO_CREDENTIAL;
  ASSERT_EQ(gss_acquire_cred(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, GSS_C_NO_OID_SET,
                             GSS_C_ACCEPT, &all, nullptr, nullptr),
            0U);
  const std::string krb5 = bound_token(gss_mech_krb5), nego = bound_token(&spnego);
  for (const void* credential :
       {static_cast<const void*>(nullptr), static_cast<const void*>(all)}) {
    for (const std::string& message :
         {"F,n,," + krb5, "F,n,," + bare_token(krb5), "F,n,," + nego}) {
      ServerSetup setup = watched();
      setup.credential = credential;
      SaslServer server(setup);
      const Turn turn = server.start(kGs2, message);
      EXPECT_EQ(turn.code, SASL_BADPROT) << server.log().text();
      EXPECT_FALSE(turn.out);
      expect_silent_refusal(&server, turn, printable(as_bytes(message), 12));
    }
    ServerSetup setup = watched();
    setup.credential = credential;
    SaslServer good(setup);
    EXPECT_EQ(good.start(kGs2, "n,," + bare_token(krb5)).code, SASL_OK) << good.log().text();
  }
  gss_release_cred(&minor, &all);
}

TEST_F(ForgedHeaderTest, TokensOfOtherMechanismsAreRefused) {
  SPEC("G2 G6 L45");
  // "F" says that the token is whole: here it is SPNEGO's, then krb5's under the wrong flag.
  const std::string spnego = "\x60\x0a\x06\x06\x2b\x06\x01\x05\x05\x02\xa0\x00"s;
  use_forged({.client = {{"alice"}}});
  std::string data = "n,,";
  gss_channel_bindings_struct bindings{};
  bindings.application_data = {data.size(), data.data()};
  const std::string krb5 = initial_token("imap@localhost", GSS_C_MUTUAL_FLAG, &bindings);
  for (const std::string& message : {"F,n,," + spnego, "n,," + spnego, "n,," + krb5}) {
    SaslServer server(watched());
    expect_silent_refusal(&server, server.start(kGs2, message), printable(as_bytes(message), 12));
  }
}

}  // namespace
}  // namespace gssloop::testing
