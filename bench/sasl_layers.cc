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

template <class Setup>
Setup setup_of(bool is_confidential) {
  const unsigned ssf = is_confidential ? 256 : 1;
  Setup setup;
  setup.strength = {.min_ssf = ssf, .max_ssf = ssf, .maxbufsize = kMaxBufSize};
  setup.log.level = kLogLevel;
  return setup;
}

// Without a copy of messages and packets, which SaslSide makes.
class SaslLayer final : public Layer {
 public:
  explicit SaslLayer(bool is_confidential)
      : client_(setup_of<testing::ClientSetup>(is_confidential)),
        server_(setup_of<testing::ServerSetup>(is_confidential)) {
    checked_login(&client_, &server_, kMechanism);
  }

  std::string_view protect(std::string_view message) override {
    return pass(sasl_encode, client_, message);
  }
  std::string_view open(std::string_view packet) override {
    return pass(sasl_decode, server_, packet);
  }

 private:
  static std::string_view pass(decltype(sasl_encode)* function, const testing::SaslSide& side,
                               std::string_view in) {
    const char* out = nullptr;
    unsigned len = 0;
    if (function(side.get(), in.data(), static_cast<unsigned>(in.size()), &out, &len) != SASL_OK) {
      throw std::runtime_error(side.error());
    }
    return {out, len};
  }

  testing::SaslClient client_;
  testing::SaslServer server_;
};

}  // namespace

std::unique_ptr<Layer> sasl_layer(bool is_confidential) {
  return std::make_unique<SaslLayer>(is_confidential);
}

}  // namespace gssloop::bench
