// SPDX-License-Identifier: BSD-2-Clause
#include <stdexcept>
#include <string>

#include "bench/layers.h"
#include "gssloop/gss/gssapi_c.h"

namespace gssloop::bench {
namespace {

void check(OM_uint32 major, OM_uint32 expected, const char* what) {
  if (major != expected) throw std::runtime_error(std::string("raw layer: ") + what + " failed");
}

// A buffer of the mechanism, released before it is filled again.
class Output {
 public:
  Output() = default;
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output() { release(); }
  gss_buffer_t fresh() {
    release();
    return &buffer_;
  }
  gss_buffer_t get() { return &buffer_; }
  std::string_view view() const {
    return {static_cast<const char*>(buffer_.value), buffer_.length};
  }

 private:
  void release() {
    OM_uint32 minor = 0;
    gss_release_buffer(&minor, &buffer_);
  }
  gss_buffer_desc buffer_ = GSS_C_EMPTY_BUFFER;
};

gss_buffer_desc input(std::string_view text) {
  return {text.size(), const_cast<char*>(text.data())};
}

class RawLayer final : public Layer {
 public:
  explicit RawLayer(bool is_confidential) : is_confidential_(is_confidential) { establish(); }
  ~RawLayer() override {
    OM_uint32 minor = 0;
    gss_delete_sec_context(&minor, &sender_, GSS_C_NO_BUFFER);
    gss_delete_sec_context(&minor, &receiver_, GSS_C_NO_BUFFER);
  }

  std::string_view protect(std::string_view message) override {
    gss_buffer_desc in = input(message);
    OM_uint32 minor = 0;
    int conf_state = 0;
    check(gss_wrap(&minor, sender_, is_confidential_ ? 1 : 0, GSS_C_QOP_DEFAULT, &in, &conf_state,
                   packet_.fresh()),
          GSS_S_COMPLETE, "gss_wrap");
    return packet_.view();
  }

  std::string_view open(std::string_view packet) override {
    gss_buffer_desc in = input(packet);
    OM_uint32 minor = 0;
    int conf_state = 0;
    check(gss_unwrap(&minor, receiver_, &in, message_.fresh(), &conf_state, nullptr),
          GSS_S_COMPLETE, "gss_unwrap");
    if ((conf_state != 0) != is_confidential_) throw std::runtime_error("raw layer: conf_state");
    return message_.view();
  }

 private:
  void establish() {
    constexpr OM_uint32 kFlags = GSS_C_MUTUAL_FLAG | GSS_C_SEQUENCE_FLAG | GSS_C_REPLAY_FLAG |
                                 GSS_C_INTEG_FLAG | GSS_C_CONF_FLAG;
    gss_buffer_desc text = input("imap@localhost");
    gss_name_t target = GSS_C_NO_NAME;
    OM_uint32 minor = 0;
    check(gss_import_name(&minor, &text, GSS_C_NT_HOSTBASED_SERVICE, &target), GSS_S_COMPLETE,
          "gss_import_name");
    Output request, answer, nothing;
    check(gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &sender_, target, gss_mech_krb5, kFlags,
                               0, nullptr, nullptr, nullptr, request.fresh(), nullptr, nullptr),
          GSS_S_CONTINUE_NEEDED, "gss_init_sec_context");
    check(gss_accept_sec_context(&minor, &receiver_, GSS_C_NO_CREDENTIAL, request.get(), nullptr,
                                 nullptr, nullptr, answer.fresh(), nullptr, nullptr, nullptr),
          GSS_S_COMPLETE, "gss_accept_sec_context");
    check(
        gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &sender_, target, gss_mech_krb5, kFlags,
                             0, nullptr, answer.get(), nullptr, nothing.fresh(), nullptr, nullptr),
        GSS_S_COMPLETE, "gss_init_sec_context with the answer");
    gss_release_name(&minor, &target);
  }

  const bool is_confidential_;
  gss_ctx_id_t sender_ = GSS_C_NO_CONTEXT;
  gss_ctx_id_t receiver_ = GSS_C_NO_CONTEXT;
  Output packet_, message_;
};

}  // namespace

std::unique_ptr<Layer> raw_layer(bool is_confidential) {
  return std::make_unique<RawLayer>(is_confidential);
}

}  // namespace gssloop::bench
