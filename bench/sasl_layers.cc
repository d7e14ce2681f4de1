// SPDX-License-Identifier: BSD-2-Clause
#include <sasl/sasl.h>

#include <stdexcept>
#include <string>

#include "bench/layers.h"
#include "bench/sasl_calls.h"

namespace gssloop::bench {
namespace {

constexpr char kMechanism[] = "GSSAPI";
// Above the largest message: libsasl cuts what is larger.
constexpr unsigned kMaxBufSize = 1 << 20;

class SaslLayer final : public Layer {
 public:
  explicit SaslLayer(bool is_confidential)
      : client_(new_client(nullptr)), server_(new_server(nullptr)) {
    for (sasl_conn_t* connection : {client_.get(), server_.get()}) {
      sasl_security_properties_t security{};
      security.min_ssf = is_confidential ? 256 : 1;
      security.max_ssf = security.min_ssf;
      security.maxbufsize = kMaxBufSize;
      check(sasl_setprop(connection, SASL_SEC_PROPS, &security), "SASL_SEC_PROPS");
    }
    log_in(client_.get(), server_.get(), kMechanism);
  }

  std::string_view protect(std::string_view message) override {
    const char* out = nullptr;
    unsigned len = 0;
    check(sasl_encode(client_.get(), message.data(), static_cast<unsigned>(message.size()), &out,
                      &len),
          "sasl_encode", client_.get());
    return {out, len};
  }

  std::string_view open(std::string_view packet) override {
    const char* out = nullptr;
    unsigned len = 0;
    check(
        sasl_decode(server_.get(), packet.data(), static_cast<unsigned>(packet.size()), &out, &len),
        "sasl_decode", server_.get());
    return {out, len};
  }

 private:
  const Connection client_, server_;
};

}  // namespace

std::unique_ptr<Layer> sasl_layer(bool is_confidential) {
  return std::make_unique<SaslLayer>(is_confidential);
}

}  // namespace gssloop::bench
