// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/exchange/exchange.h"

namespace gssloop::plugin {
namespace {

// libsasl calls these functions after the layer was destroyed. Without them it would pass data
// through unprotected, while the application takes the data for protected.
int refuse_to_encode(void*, const struct iovec*, unsigned, const char**, unsigned*) noexcept {
  return SASL_NOTINIT;
}
int refuse_to_decode(void*, const char*, unsigned, const char**, unsigned*) noexcept {
  return SASL_NOTINIT;
}

}  // namespace

Exchange::~Exchange() {
  if (oparams_ == nullptr) return;
  const bool was_told_of_layer = layer_ && oparams_->encode != nullptr;
  oparams_->encode = was_told_of_layer ? refuse_to_encode : nullptr;
  oparams_->decode = was_told_of_layer ? refuse_to_decode : nullptr;
  oparams_->encode_context = nullptr;
  oparams_->decode_context = nullptr;
  oparams_->mech_ssf = 0;
  oparams_->maxoutbuf = 0;
  oparams_->user = nullptr;
  oparams_->authid = nullptr;
  oparams_->ulen = 0;
  oparams_->alen = 0;
  oparams_->gss_peer_name = nullptr;
  oparams_->gss_local_name = nullptr;
  oparams_->client_creds = nullptr;
  oparams_->cbindingname = nullptr;
  // The next mechanism must start without this login's name and disposition: libsasl compares the
  // name whenever the disposition is USED.
  oparams_->cbindingdisp = SASL_CB_DISP_NONE;
}

void Exchange::hand_over(const char** out, unsigned* out_len) const noexcept {
  *out = out_ ? out_->data() : nullptr;
  *out_len = out_ ? static_cast<unsigned>(out_->size()) : 0;
}

int Exchange::report_layer(const LoginError& error) const {
  if (error.sentence.empty()) return closed_layer_code();
  return report({error.kind, layer_name() + " failed: " + error.sentence});
}

void Exchange::fill_layer_params() {
  oparams_->doneflag = 1;
  oparams_->mech_ssf = layer_ ? layer_->ssf() : 0;
  oparams_->maxoutbuf = layer_ ? layer_->max_message_len() : 0;
  oparams_->param_version = 0;
}

}  // namespace gssloop::plugin
