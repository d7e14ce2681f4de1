// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_LIVE_RAW_CONTEXT_H_
#define GSSLOOP_TESTS_LIVE_RAW_CONTEXT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gssloop/gss/handle.h"
#include "tests/support/sasl_pair.h"

namespace gssloop::testing {

inline constexpr char kGssapi[] = "GSSAPI";
inline constexpr char kSpnego[] = "GSS-SPNEGO";
inline constexpr const char* kWithLayers[] = {kGssapi, kSpnego};

inline constexpr OM_uint32 kLayerFlags =
    GSS_C_MUTUAL_FLAG | GSS_C_SEQUENCE_FLAG | GSS_C_INTEG_FLAG | GSS_C_CONF_FLAG;

gss_OID spnego_oid();
gss_OID iakerb_oid();

// What a message is when it is opened.
struct Opened {
  OM_uint32 major = GSS_S_FAILURE;
  std::string message = {};
  bool is_encrypted = false;
};

// RawContext is one end of a GSS-API context by plain gss_* calls: a peer that can say and do what
// no module would. Its names and credentials are those of the environment.
class RawContext {
 public:
  struct Request {
    OM_uint32 flags = kLayerFlags;
    gss_OID mech = const_cast<gss_OID>(gss_mech_krb5);
    std::string target = "imap@localhost";
    // Integrity and confidentiality only where asked for (GSS_KRB5_CRED_NO_CI_FLAGS_X).
    bool only_as_requested = false;
    std::optional<std::string> binding = {};  // application data
  };

  // begin makes the initiator's first token, step takes a token of the acceptor's.
  std::string begin(const Request& request);
  std::string step(const std::string& token);
  // accept is the acceptor's call.
  std::string accept(const std::string& token);

  bool is_complete() const { return major_ == GSS_S_COMPLETE; }
  OM_uint32 flags() const { return flags_; }

  std::string wrap(std::string_view message, bool is_encrypted = false);
  Opened unwrap(const std::string& token);
  // packet is a wrapped message behind its length, as security layers carry it.
  std::string packet(std::string_view message, bool is_encrypted);

 private:
  std::string init(const std::string* token);

  Request request_;
  gss::Credential credential_;
  gss::Name target_;
  gss::Context context_;
  OM_uint32 major_ = GSS_S_FAILURE;
  OM_uint32 flags_ = 0;
};

// framed_packet puts the length before a token.
std::string framed_packet(std::string_view token, std::optional<std::uint32_t> len = {});

// layer_message is the cleartext of an offer or a choice (RFC 4752 section 3.1).
std::string layer_message(unsigned layers, std::uint32_t max_len, std::string_view authzid = {});

// reach_offer runs a hand-made client with `server` until the server's offer of layers, and gives
// its last turn: the wrapped offer, unless the server failed before.
Turn reach_offer(SaslServer* server, RawContext* client, const RawContext::Request& request = {});

// reach_choice runs a hand-made server with `client` until the client waits for the offer.
void reach_choice(SaslClient* client, RawContext* server);

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_LIVE_RAW_CONTEXT_H_
