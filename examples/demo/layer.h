// SPDX-License-Identifier: BSD-2-Clause
//
// What an application does for security layers: it says which it wants, and after the login it
// passes all it sends through sasl_encode and all it receives through sasl_decode. Both work
// unchanged where no layer was negotiated.

#ifndef GSSLOOP_EXAMPLES_DEMO_LAYER_H_
#define GSSLOOP_EXAMPLES_DEMO_LAYER_H_

#include <sasl/sasl.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "examples/demo/wire.h"

namespace demo {

struct ConnectionDeleter {
  void operator()(sasl_conn_t* connection) const { sasl_dispose(&connection); }
};
using Connection = std::unique_ptr<sasl_conn_t, ConnectionDeleter>;

// LayerOptions is what a side asks of the layer and of the mechanism.
struct LayerOptions {
  static constexpr char kUsage[] =
      "  --min-ssf N           weakest layer to take: 0 none, 1 integrity, more is encryption\n"
      "  --max-ssf N           strongest layer to take (default: 0, none)\n"
      "  --maxbuf N            largest packet that this side receives (default: 65536)\n"
      "  --external-ssf N      strength of a layer beneath, such as TLS (default: 0)\n"
      "  --delegate            hand the peer's service the user's ticket; a server: take it\n"
      "  --piece-len N         encode at most N bytes at a time (default: all that the layer "
      "takes)\n"
      "  --read-len N          take at most N octets at a time from the network (default: 4096)\n";

  sasl_ssf_t min_ssf = 0;
  sasl_ssf_t max_ssf = 0;
  sasl_ssf_t external_ssf = 0;
  unsigned maxbuf = 65536;
  bool delegate = false;
  unsigned piece_len = UINT32_MAX;
  unsigned read_len = 4096;

  // take reads the current option if it is one of these.
  bool take(Arguments* arguments) {
    if (arguments->is("--min-ssf")) {
      min_ssf = arguments->number();
    } else if (arguments->is("--max-ssf")) {
      max_ssf = arguments->number();
    } else if (arguments->is("--maxbuf")) {
      maxbuf = arguments->number();
    } else if (arguments->is("--external-ssf")) {
      external_ssf = arguments->number();
    } else if (arguments->is("--delegate")) {
      delegate = true;
    } else if (arguments->is("--piece-len")) {
      piece_len = std::max(arguments->number(), 1U);
    } else if (arguments->is("--read-len")) {
      read_len = std::max(arguments->number(), 1U);
    } else {
      return false;
    }
    return true;
  }

  // apply tells libsasl; SASL_OK if it took all.
  int apply(sasl_conn_t* connection, unsigned security_flags) const {
    sasl_security_properties_t security{};
    security.min_ssf = min_ssf;
    security.max_ssf = max_ssf;
    security.maxbufsize = maxbuf;
    security.security_flags = security_flags | (delegate ? SASL_SEC_PASS_CREDENTIALS : 0U);
    const int result = sasl_setprop(connection, SASL_SEC_PROPS, &security);
    if (result != SASL_OK || external_ssf == 0) return result;
    return sasl_setprop(connection, SASL_SSF_EXTERNAL, &external_ssf);
  }
};

// number_property reads SASL_SSF or SASL_MAXOUTBUF; 0 where there is none.
inline unsigned number_property(sasl_conn_t* connection, int property) {
  const void* value = nullptr;
  if (sasl_getprop(connection, property, &value) != SASL_OK || value == nullptr) return 0;
  return *static_cast<const unsigned*>(value);
}

// Layer sends and receives messages under the layer of a finished login. A message is 4 octets of
// length in network order and the body; it may take many packets, and a packet need not end where
// a message does.
class Layer {
 public:
  Layer(int fd, sasl_conn_t* connection, const LayerOptions& options)
      : fd_(fd),
        connection_(connection),
        piece_len_(options.piece_len),
        read_len_(options.read_len),
        ssf_(number_property(connection, SASL_SSF)),
        maxoutbuf_(number_property(connection, SASL_MAXOUTBUF)) {}

  // For a person: "ssf 256, maxoutbuf 65464".
  std::string text() const {
    return "ssf " + std::to_string(ssf_) + ", maxoutbuf " + std::to_string(maxoutbuf_);
  }
  // Why a call failed; empty if the peer only left.
  const std::string& error() const { return error_; }

  // send sends one message, in the largest pieces that the layer takes.
  bool send(std::string_view body) {
    const std::uint32_t len = htonl(static_cast<std::uint32_t>(body.size()));
    std::string message(reinterpret_cast<const char*>(&len), sizeof len);
    message += body;
    const std::size_t max_piece_len =
        std::min(piece_len_, ssf_ == 0 ? message.size() : std::size_t{maxoutbuf_});
    if (max_piece_len == 0) return fail("the layer's packets hold nothing");
    for (std::size_t begin = 0; begin < message.size(); begin += max_piece_len) {
      const std::size_t len_left = message.size() - begin;
      if (!send_piece({message.data() + begin, std::min(max_piece_len, len_left)})) return false;
    }
    return true;
  }

  // receive gives one message, or nothing if the peer left or sent what does not decode.
  std::optional<std::string> receive() {
    constexpr std::size_t kPrefixLen = 4;
    if (!fill(kPrefixLen)) return std::nullopt;
    std::uint32_t len = 0;
    std::memcpy(&len, received_.data(), kPrefixLen);
    len = ntohl(len);
    if (len > kMaxMessageLen || !fill(kPrefixLen + len)) return std::nullopt;
    std::string body = received_.substr(kPrefixLen, len);
    received_.erase(0, kPrefixLen + len);
    return body;
  }

 private:
  static constexpr std::uint32_t kMaxMessageLen = 1 << 26;

  bool fail(const std::string& why) {
    error_ = why;
    return false;
  }

  bool send_piece(std::string_view piece) {
    const char* out = nullptr;
    unsigned out_len = 0;
    const int result =
        sasl_encode(connection_, piece.data(), static_cast<unsigned>(piece.size()), &out, &out_len);
    if (result != SASL_OK) {
      return fail(std::string("sasl_encode: ") + sasl_errstring(result, nullptr, nullptr));
    }
    return send_all(fd_, out, out_len);
  }

  // Reads until `len` decoded octets are there. libsasl takes any part of a packet, or many.
  bool fill(std::size_t len) {
    std::vector<char> part(read_len_);
    while (received_.size() < len) {
      const ssize_t num_read = recv(fd_, part.data(), part.size(), 0);
      if (num_read < 0 && errno == EINTR) continue;
      if (num_read <= 0) return false;
      const char* out = nullptr;
      unsigned out_len = 0;
      const int result =
          sasl_decode(connection_, part.data(), static_cast<unsigned>(num_read), &out, &out_len);
      if (result != SASL_OK) {
        return fail(std::string("sasl_decode: ") + sasl_errstring(result, nullptr, nullptr));
      }
      received_.append(out, out_len);
    }
    return true;
  }

  const int fd_;
  sasl_conn_t* const connection_;
  const std::size_t piece_len_;
  const std::size_t read_len_;
  const unsigned ssf_;
  const unsigned maxoutbuf_;
  std::string received_;  // decoded, not yet handed out
  std::string error_;
};

}  // namespace demo

#endif  // GSSLOOP_EXAMPLES_DEMO_LAYER_H_
