// SPDX-License-Identifier: BSD-2-Clause
#include <krb5.h>

#include <stdexcept>

#include "bench/logins.h"
#include "gssloop/gss/gssapi_c.h"

namespace gssloop::bench {
namespace {

constexpr char kTarget[] = "imap@localhost";
constexpr char kPeer[] = "alice@EXAMPLE.TEST";
constexpr char kHeader[] = "n,,";

void check(bool is_fine, const char* what) {
  if (!is_fine) throw std::runtime_error(std::string("raw login: ") + what + " failed");
}

gss_buffer_desc view(const char* text) {
  return {std::char_traits<char>::length(text), const_cast<char*>(text)};
}

gss_OID_set_desc krb5_alone() { return {1, gss_mech_krb5}; }

gss_channel_bindings_struct bindings() {
  gss_channel_bindings_struct all{};
  all.application_data = view(kHeader);
  return all;
}

gss_name_t target_name() {
  gss_buffer_desc text = view(kTarget);
  gss_name_t name = GSS_C_NO_NAME;
  OM_uint32 minor = 0;
  check(gss_import_name(&minor, &text, GSS_C_NT_HOSTBASED_SERVICE, &name) == GSS_S_COMPLETE,
        "gss_import_name");
  return name;
}

gss_cred_id_t acquire(gss_name_t name, gss_cred_usage_t usage) {
  gss_OID_set_desc mechs = krb5_alone();
  gss_cred_id_t credential = GSS_C_NO_CREDENTIAL;
  OM_uint32 minor = 0;
  check(gss_acquire_cred(&minor, name, GSS_C_INDEFINITE, &mechs, usage, &credential, nullptr,
                         nullptr) == GSS_S_COMPLETE,
        "gss_acquire_cred");
  return credential;
}

// The client's side of one login.
class Initiator {
 public:
  explicit Initiator(OM_uint32 flags = GSS_C_MUTUAL_FLAG)
      : request_(flags),
        credential_(acquire(GSS_C_NO_NAME, GSS_C_INITIATE)),
        target_(target_name()) {}
  Initiator(const Initiator&) = delete;
  Initiator& operator=(const Initiator&) = delete;
  ~Initiator() {
    OM_uint32 minor = 0;
    gss_release_buffer(&minor, &token_);
    gss_delete_sec_context(&minor, &context_, GSS_C_NO_BUFFER);
    gss_release_name(&minor, &target_);
    gss_release_cred(&minor, &credential_);
  }

  gss_buffer_t start() {
    check(step(GSS_C_NO_BUFFER) == GSS_S_CONTINUE_NEEDED, "gss_init_sec_context");
    return &token_;
  }
  void finish(gss_buffer_t answer) {
    check(step(answer) == GSS_S_COMPLETE, "gss_init_sec_context with the answer");
    check((flags_ & GSS_C_MUTUAL_FLAG) != 0, "mutual authentication");
  }
  gss_ctx_id_t context() const { return context_; }

 private:
  OM_uint32 step(gss_buffer_t input) {
    OM_uint32 minor = 0;
    gss_channel_bindings_struct bound = bindings();
    gss_release_buffer(&minor, &token_);
    return gss_init_sec_context(&minor, credential_, &context_, target_, gss_mech_krb5, request_, 0,
                                &bound, input, nullptr, &token_, &flags_, nullptr);
  }

  const OM_uint32 request_;
  gss_cred_id_t credential_;
  gss_name_t target_;
  gss_ctx_id_t context_ = GSS_C_NO_CONTEXT;
  gss_buffer_desc token_ = GSS_C_EMPTY_BUFFER;
  OM_uint32 flags_ = 0;
};

// The server's side.
class Acceptor {
 public:
  Acceptor() = default;
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  ~Acceptor() {
    OM_uint32 minor = 0;
    gss_release_buffer(&minor, &token_);
    gss_release_buffer(&minor, &display_);
    gss_release_name(&minor, &peer_);
    gss_delete_sec_context(&minor, &context_, GSS_C_NO_BUFFER);
  }

  gss_buffer_t accept(gss_cred_id_t credential, gss_buffer_t input) {
    OM_uint32 minor = 0;
    OM_uint32 flags = 0;
    gss_channel_bindings_struct bound = bindings();
    check(gss_accept_sec_context(&minor, &context_, credential, input, &bound, &peer_, nullptr,
                                 &token_, &flags, nullptr, nullptr) == GSS_S_COMPLETE,
          "gss_accept_sec_context");
    constexpr OM_uint32 kNeeded = GSS_C_MUTUAL_FLAG | GSS_C_CHANNEL_BOUND_FLAG;
    check((flags & kNeeded) == kNeeded, "channel binding");
    check(gss_display_name(&minor, peer_, &display_, nullptr) == GSS_S_COMPLETE,
          "gss_display_name");
    const std::string_view name(static_cast<const char*>(display_.value), display_.length);
    check(name == kPeer, "recognizing the peer");
    return &token_;
  }

  gss_ctx_id_t context() const { return context_; }

  // Copies the values, as an application has to do that keeps them.
  std::vector<std::string> attributes() const {
    OM_uint32 minor = 0;
    int is_mn = 0;
    gss_OID mech = GSS_C_NO_OID;
    gss_buffer_set_t names = GSS_C_NO_BUFFER_SET;
    check(gss_inquire_name(&minor, peer_, &is_mn, &mech, &names) == GSS_S_COMPLETE &&
              names != GSS_C_NO_BUFFER_SET && names->count == kAttributes.size(),
          "gss_inquire_name");
    std::vector<std::string> values;
    for (std::size_t i = 0; i < names->count; ++i) add_values(&names->elements[i], &values);
    gss_release_buffer_set(&minor, &names);
    gss_release_oid(&minor, &mech);
    return values;
  }

 private:
  void add_values(gss_buffer_t attribute, std::vector<std::string>* values) const {
    int more = -1;
    while (more != 0) {
      OM_uint32 minor = 0;
      int is_authenticated = 0, is_complete = 0;
      gss_buffer_desc value = GSS_C_EMPTY_BUFFER, displayed = GSS_C_EMPTY_BUFFER;
      check(gss_get_name_attribute(&minor, peer_, attribute, &is_authenticated, &is_complete,
                                   &value, &displayed, &more) == GSS_S_COMPLETE &&
                is_authenticated != 0,
            "gss_get_name_attribute");
      values->emplace_back(static_cast<const char*>(value.value), value.length);
      gss_release_buffer(&minor, &value);
      gss_release_buffer(&minor, &displayed);
    }
  }

  gss_ctx_id_t context_ = GSS_C_NO_CONTEXT;
  gss_name_t peer_ = GSS_C_NO_NAME;
  gss_buffer_desc token_ = GSS_C_EMPTY_BUFFER;
  gss_buffer_desc display_ = GSS_C_EMPTY_BUFFER;
};

// Lets one side of a context send a message to the other. Both messages of RFC 4752 are four octets
// with integrity alone.
void send(gss_ctx_id_t from, gss_ctx_id_t to) {
  char octets[] = {7, 0, 0, 0};
  gss_buffer_desc message{sizeof octets, octets};
  gss_buffer_desc token = GSS_C_EMPTY_BUFFER, received = GSS_C_EMPTY_BUFFER;
  OM_uint32 minor = 0;
  check(gss_wrap(&minor, from, 0, GSS_C_QOP_DEFAULT, &message, nullptr, &token) == GSS_S_COMPLETE,
        "gss_wrap");
  check(gss_unwrap(&minor, to, &token, &received, nullptr, nullptr) == GSS_S_COMPLETE &&
            received.length == sizeof octets,
        "gss_unwrap");
  gss_release_buffer(&minor, &token);
  gss_release_buffer(&minor, &received);
}

class RawLogins final : public Logins {
 public:
  explicit RawLogins(bool has_layer)
      : has_layer_(has_layer),
        acceptor_name_(target_name()),
        held_(acquire(acceptor_name_, GSS_C_ACCEPT)) {}
  ~RawLogins() override {
    OM_uint32 minor = 0;
    gss_release_cred(&minor, &held_);
    gss_release_name(&minor, &acceptor_name_);
  }

  void login() override {
    constexpr OM_uint32 kLayer =
        GSS_C_INTEG_FLAG | GSS_C_CONF_FLAG | GSS_C_SEQUENCE_FLAG | GSS_C_REPLAY_FLAG;
    Initiator initiator(GSS_C_MUTUAL_FLAG | (has_layer_ ? kLayer : 0));
    Acceptor acceptor;
    initiator.finish(acceptor.accept(held_, initiator.start()));
    if (!has_layer_) return;
    send(acceptor.context(), initiator.context());
    send(initiator.context(), acceptor.context());
  }

 private:
  const bool has_layer_;
  gss_name_t acceptor_name_;
  gss_cred_id_t held_;
};

class RawServers final : public Logins {
 public:
  explicit RawServers(const RawServerSettings& settings) : settings_(settings) {
    shared_ = new_credential();
    // Held until the process ends, as the credentials are.
    krb5_context kept = nullptr;
    if (settings.keeps_krb5_conf) check(krb5_init_context(&kept) == 0, "krb5_init_context");
  }

  void prepare(unsigned num_logins) override {
    messages_.make(num_logins, [] {
      Initiator initiator;
      const gss_buffer_t token = initiator.start();
      return std::string(static_cast<const char*>(token->value), token->length);
    });
  }

  void login() override {
    thread_local const gss_cred_id_t own =
        settings_.has_credential_each ? new_credential() : shared_;
    std::string& message = messages_.take();
    gss_buffer_desc token{message.size(), message.data()};
    Acceptor acceptor;
    acceptor.accept(own, &token);
    if (settings_.reads_attributes) acceptor.attributes();
  }

 private:
  // Held until the process ends.
  static gss_cred_id_t new_credential() { return acquire(target_name(), GSS_C_ACCEPT); }

  const RawServerSettings settings_;
  gss_cred_id_t shared_;
  FirstMessages messages_;
};

}  // namespace

std::unique_ptr<Logins> raw_servers(const RawServerSettings& settings) {
  return std::make_unique<RawServers>(settings);
}

std::unique_ptr<Logins> raw_logins() { return std::make_unique<RawLogins>(false); }
std::unique_ptr<Logins> raw_layer_logins() { return std::make_unique<RawLogins>(true); }

}  // namespace gssloop::bench
