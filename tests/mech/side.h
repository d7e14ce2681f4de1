// SPDX-License-Identifier: BSD-2-Clause

// What the self-tests of the scripted mechanism share: plain gss_* calls, with the releasing done.

#ifndef GSSLOOP_TESTS_MECH_SIDE_H_
#define GSSLOOP_TESTS_MECH_SIDE_H_

#include <gtest/gtest.h>

#include <string>

#include "gssloop/gss/gssapi_c.h"
#include "tests/mech/loader.h"

namespace gssloop::testing {

inline gss_buffer_desc view(std::string& text) { return {text.size(), text.data()}; }

// take copies an output buffer and releases it.
inline std::string take(gss_buffer_t buffer) {
  std::string result(static_cast<const char*>(buffer->value), buffer->length);
  OM_uint32 minor = 0;
  gss_release_buffer(&minor, buffer);
  return result;
}

inline gss_name_t import_name(std::string text, gss_OID type) {
  OM_uint32 minor = 0;
  gss_name_t name = GSS_C_NO_NAME;
  gss_buffer_desc buffer = view(text);
  EXPECT_EQ(gss_import_name(&minor, &buffer, type, &name), GSS_S_COMPLETE);
  return name;
}

inline std::string display(gss_name_t name, gss_OID* type = nullptr) {
  OM_uint32 minor = 0;
  gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
  EXPECT_EQ(gss_display_name(&minor, name, &text, type), GSS_S_COMPLETE);
  return take(&text);
}

// One side of an exchange, with everything of it that wants releasing.
struct Side {
  gss_ctx_id_t context = GSS_C_NO_CONTEXT;
  gss_name_t source = GSS_C_NO_NAME;
  gss_cred_id_t credential = GSS_C_NO_CREDENTIAL;
  gss_cred_id_t delegated = GSS_C_NO_CREDENTIAL;
  gss_channel_bindings_t bindings = GSS_C_NO_CHANNEL_BINDINGS;
  gss_OID mech_type = GSS_C_NO_OID;
  OM_uint32 major = GSS_S_CONTINUE_NEEDED;
  OM_uint32 minor = 0;
  OM_uint32 flags = 0;
  bool has_value = false;  // the output token had a value, empty or not
  std::string output;

  Side() = default;
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;
  ~Side() {
    OM_uint32 ignored = 0;
    gss_delete_sec_context(&ignored, &context, GSS_C_NO_BUFFER);
    gss_release_name(&ignored, &source);
    gss_release_cred(&ignored, &credential);
    gss_release_cred(&ignored, &delegated);
  }

  void finish(gss_buffer_desc& token) {
    has_value = token.value != nullptr;
    output = take(&token);
  }

  void init(Mech mech, const std::string* input, OM_uint32 req_flags = GSS_C_MUTUAL_FLAG) {
    std::string bytes = input != nullptr ? *input : "";
    gss_buffer_desc in = view(bytes);
    gss_buffer_desc out = GSS_C_EMPTY_BUFFER;
    gss_name_t target = import_name("imap@host.example.com", GSS_C_NT_HOSTBASED_SERVICE);
    major = gss_init_sec_context(&minor, credential, &context, target, oid(mech), req_flags, 77,
                                 bindings, input != nullptr ? &in : GSS_C_NO_BUFFER, &mech_type,
                                 &out, &flags, nullptr);
    OM_uint32 ignored = 0;
    gss_release_name(&ignored, &target);
    finish(out);
  }

  void accept(std::string input) {
    gss_buffer_desc in = view(input);
    gss_buffer_desc out = GSS_C_EMPTY_BUFFER;
    OM_uint32 ignored = 0;
    gss_release_name(&ignored, &source);
    major = gss_accept_sec_context(&minor, &context, credential, &in, bindings, &source, &mech_type,
                                   &out, &flags, nullptr, &delegated);
    finish(out);
  }
};

// Passes tokens to and fro until both are done or one has failed. Returns how many were produced.
inline int exchange(Side& initiator, Side& acceptor, Mech mech = Mech::kScripted) {
  int num_tokens = 0;
  const std::string* input = nullptr;
  while (initiator.major == GSS_S_CONTINUE_NEEDED) {
    initiator.init(mech, input);
    num_tokens += initiator.has_value ? 1 : 0;
    if (GSS_ERROR(initiator.major) || acceptor.major != GSS_S_CONTINUE_NEEDED) break;
    acceptor.accept(initiator.output);
    num_tokens += acceptor.has_value ? 1 : 0;
    if (GSS_ERROR(acceptor.major)) break;
    input = &acceptor.output;
  }
  return num_tokens;
}

class ScriptedMech : public ::testing::Test {
 protected:
  void SetUp() override { scripted().reset(); }
  void TearDown() override {
    EXPECT_EQ(scripted().live(), Live{});
    EXPECT_EQ(scripted().record().stale_handles, 0u);
  }
};

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_MECH_SIDE_H_
