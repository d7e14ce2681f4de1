// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/idle_memory.h"

#include <malloc.h>

#include <memory>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "gssloop/base/bytes.h"
#include "gssloop/gss/handle.h"
#include "tests/support/sasl_pair.h"

namespace gssloop::testing {
namespace {

constexpr int kNumConnections = 100;
const LogSettings kNoLog = {.level = SASL_LOG_NONE};  // its lines would count as memory

long in_use() { return static_cast<long>(mallinfo2().uordblks); }

std::vector<std::unique_ptr<SaslServer>> servers() {
  std::vector<std::unique_ptr<SaslServer>> all;
  for (int i = 0; i < kNumConnections; ++i) {
    all.push_back(std::make_unique<SaslServer>(ServerSetup{.log = kNoLog}));
  }
  return all;
}

void log_in_to(SaslServer* server, const std::string& mechanism) {
  SaslClient client({.log = kNoLog});
  if (!log_in(&client, server, mechanism).ok()) {
    throw std::runtime_error("the login failed: " + client.error());
  }
}

gss_buffer_desc view(std::string_view text) {
  return {text.size(), const_cast<char*>(text.data())};
}

// What a server keeps of an exchange.
struct Kept {
  gss::Context context;
  gss::Name source;
};

// Exchange makes a context by the calls of the GSS-API alone, in this process.
class Exchange {
 public:
  // With `has_layer`, each end also protects a message for the other: libkrb5 then keeps the keys
  // that it derived.
  Kept establish(bool has_layer) {
    gss_buffer_desc target = view("imap@localhost");
    check(gss_import_name(&minor_, &target, GSS_C_NT_HOSTBASED_SERVICE, target_.out()));
    initiate({});
    accept();
    initiate(token_);
    if (has_layer) {
      pass_message(acceptor_.get(), initiator_.get());
      pass_message(initiator_.get(), acceptor_.get());
    }
    return {std::move(acceptor_), std::move(source_)};
  }

 private:
  static void check(OM_uint32 major) {
    if (GSS_ERROR(major)) throw std::runtime_error("a call of the GSS-API failed");
  }
  void initiate(const std::string& token) {
    constexpr OM_uint32 kFlags =
        GSS_C_MUTUAL_FLAG | GSS_C_SEQUENCE_FLAG | GSS_C_INTEG_FLAG | GSS_C_CONF_FLAG;
    gss_buffer_desc input = view(token);
    gss::Buffer output;
    check(gss_init_sec_context(&minor_, GSS_C_NO_CREDENTIAL, initiator_.in_out(), target_.get(),
                               gss_mech_krb5, kFlags, 0, GSS_C_NO_CHANNEL_BINDINGS, &input, nullptr,
                               output.out(), nullptr, nullptr));
    token_ = as_text(output.view());
  }
  void accept() {
    gss_buffer_desc input = view(token_);
    gss::Buffer output;
    check(gss_accept_sec_context(&minor_, acceptor_.in_out(), GSS_C_NO_CREDENTIAL, &input,
                                 GSS_C_NO_CHANNEL_BINDINGS, source_.out(), nullptr, output.out(),
                                 nullptr, nullptr, nullptr));
    token_ = as_text(output.view());
  }
  void pass_message(gss_ctx_id_t from, gss_ctx_id_t to) {
    gss_buffer_desc message = view("1234");
    gss::Buffer wrapped, opened;
    check(gss_wrap(&minor_, from, 0, GSS_C_QOP_DEFAULT, &message, nullptr, wrapped.out()));
    gss_buffer_desc input = view(as_text(wrapped.view()));
    check(gss_unwrap(&minor_, to, &input, opened.out(), nullptr, nullptr));
  }

  OM_uint32 minor_ = 0;
  gss::Name target_, source_;
  gss::Context initiator_, acceptor_;
  std::string token_;
};

}  // namespace

IdleMemory idle_memory(const std::string& mechanism) {
  for (const auto& server : servers()) log_in_to(server.get(), mechanism);  // fills caches
  IdleMemory memory;
  const auto connections = servers();
  long before = in_use();
  for (const auto& server : connections) log_in_to(server.get(), mechanism);
  memory.of_login = (in_use() - before) / kNumConnections;
  std::vector<Kept> contexts(kNumConnections);
  before = in_use();
  const bool has_layer = connections.front()->ssf() > 0;
  for (Kept& context : contexts) context = Exchange().establish(has_layer);
  memory.of_context = (in_use() - before) / kNumConnections;
  return memory;
}

}  // namespace gssloop::testing
