// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/capi/capi.h"
#include "gssloop/loop/acceptor.h"

namespace gssloop::capi {
namespace {

using loop::Step;

// Flags that a context can have, but that cannot be requested. With CHANNEL_BOUND in a request, MIT
// krb5's initiator would claim that it binds channels, whether it does or not.
constexpr Flags kNeverRequested = Flags(Flag::kProtReady) | Flag::kTrans | Flag::kChannelBound;

gss_cred_id_t borrow(const std::shared_ptr<const Acquired>& credential) noexcept {
  return credential ? credential->credential.get() : GSS_C_NO_CREDENTIAL;
}

std::optional<gss::ChannelBindings> bindings_of(const gssloop_options& options) {
  if (!options.bindings) return std::nullopt;
  return gss::ChannelBindings(*options.bindings);
}

gss::AcceptorInput acceptor_input(const gssloop_options& options) {
  gss::AcceptorInput input{borrow(options.credential), bindings_of(options)};
  if (options.credential) input.keytab = options.credential->keytab;
  return input;
}

gss::InitiatorInput initiator_input(const gssloop_options& options, gss::Name target) {
  gss::InitiatorInput input;
  input.credential = borrow(options.credential);
  input.target = std::move(target);
  input.mech = options.mech;
  input.request = kNeverRequested.missing(options.required) | options.requested;
  input.time_req = options.lifetime;
  input.bindings = bindings_of(options);
  return input;
}

// make_step calls the loop, and returns its step. After a failure here a token may be half
// processed, so the loop must not continue.
template <class Do>
int make_step(gssloop_negotiation* negotiation, gssloop_step** step, Do act) noexcept {
  const int status = guarded(nullptr, [&] {
    auto made = std::make_unique<gssloop_step>();
    made->step = act();
    made->has_context = made->step.is_established();
    if (made->step.is_failed()) (void)fail(&made->error, made->step.failure());
    *step = made.release();
    return static_cast<int>(GSSLOOP_OK);
  });
  if (status != GSSLOOP_OK) {
    negotiation->initiator = nullptr;
    negotiation->loop.reset();
  }
  return status;
}

std::uint32_t actions_of(const Step& step) noexcept {
  std::uint32_t actions = 0;
  if (step.token_to_send()) actions |= GSSLOOP_ACTION_SEND;
  if (step.tells_peer()) actions |= GSSLOOP_ACTION_TELL_PEER;
  if (step.is_failed()) return actions | GSSLOOP_ACTION_FAIL;
  return actions | (step.is_established() ? GSSLOOP_ACTION_ESTABLISH : GSSLOOP_ACTION_AWAIT);
}

}  // namespace
}  // namespace gssloop::capi

using namespace gssloop;
using namespace gssloop::capi;

int gssloop_initiator_new(const char* target, int form, const gssloop_options* options,
                          gssloop_negotiation** negotiation, gssloop_error** error) noexcept {
  reset(error);
  reset(negotiation);
  return guarded(error, [&] {
    const auto written_as = name_form(form);
    if (negotiation == nullptr) return invalid(error, "negotiation is NULL");
    if (target == nullptr) return invalid(error, "target is NULL");
    if (options == nullptr) return invalid(error, "options is NULL");
    if (!written_as) return invalid(error, "unknown form of name");
    auto name = gss::import_name(target, *written_as);
    if (!name) return fail(error, GSSLOOP_FAULT_LOCAL_MISUSE, name.error());
    auto made = std::make_unique<gssloop_negotiation>();
    made->credential = options->credential;
    auto initiator = std::make_unique<loop::Initiator>(initiator_input(*options, *std::move(name)),
                                                       options->required, options->limits);
    made->initiator = initiator.get();
    made->loop = std::move(initiator);
    *negotiation = made.release();
    return static_cast<int>(GSSLOOP_OK);
  });
}

int gssloop_acceptor_new(const gssloop_options* options, gssloop_negotiation** negotiation,
                         gssloop_error** error) noexcept {
  reset(error);
  reset(negotiation);
  return guarded(error, [&] {
    if (negotiation == nullptr) return invalid(error, "negotiation is NULL");
    if (options == nullptr) return invalid(error, "options is NULL");
    // An error, because a program that sets a mechanism expects that the acceptor accepts only this
    // one.
    if (!options->mech.empty() || !options->requested.empty() || options->lifetime != 0) {
      return invalid(
          error, "the options of an acceptor must not request a mechanism, flags or a lifetime");
    }
    auto made = std::make_unique<gssloop_negotiation>();
    made->credential = options->credential;
    made->loop = std::make_unique<loop::Acceptor>(acceptor_input(*options), options->required,
                                                  options->limits);
    *negotiation = made.release();
    return static_cast<int>(GSSLOOP_OK);
  });
}

void gssloop_negotiation_free(gssloop_negotiation** negotiation) noexcept {
  if (negotiation == nullptr) return;
  delete *negotiation;
  *negotiation = nullptr;
}

int gssloop_negotiation_start(gssloop_negotiation* negotiation, gssloop_step** step) noexcept {
  reset(step);
  if (negotiation == nullptr || step == nullptr || negotiation->initiator == nullptr) {
    return GSSLOOP_INVALID;
  }
  return make_step(negotiation, step, [&] { return negotiation->initiator->start(); });
}

int gssloop_negotiation_on_token(gssloop_negotiation* negotiation, const void* token,
                                 size_t token_len, gssloop_step** step) noexcept {
  reset(step);
  if (negotiation == nullptr || step == nullptr || !negotiation->loop ||
      (token == nullptr && token_len != 0)) {
    return GSSLOOP_INVALID;
  }
  return make_step(negotiation, step,
                   [&] { return negotiation->loop->on_token(view(token, token_len)); });
}

int gssloop_negotiation_give_up(gssloop_negotiation* negotiation, int event, const char* reason,
                                gssloop_step** step) noexcept {
  reset(step);
  if (negotiation == nullptr || step == nullptr || !negotiation->loop ||
      event < GSSLOOP_EVENT_DEADLINE || event > GSSLOOP_EVENT_CANCELLED) {
    return GSSLOOP_INVALID;
  }
  return make_step(negotiation, step, [&] {
    loop::Negotiation& side = *negotiation->loop;
    switch (event) {
      case GSSLOOP_EVENT_DEADLINE:
        return reason == nullptr ? side.on_deadline() : side.on_deadline(reason);
      case GSSLOOP_EVENT_PEER_DEFECT:
        return reason == nullptr ? side.on_peer_defect() : side.on_peer_defect(reason);
      case GSSLOOP_EVENT_PEER_FAILED:
        return reason == nullptr ? side.on_peer_failure() : side.on_peer_failure(reason);
      default:
        return reason == nullptr ? side.on_cancel() : side.on_cancel(reason);
    }
  });
}

uint32_t gssloop_step_actions(const gssloop_step* step) noexcept {
  if (step == nullptr) return GSSLOOP_ACTION_FAIL;
  return actions_of(step->step);
}

const void* gssloop_step_token(const gssloop_step* step, size_t* len) noexcept {
  const auto token = step != nullptr ? step->step.token_to_send() : std::nullopt;
  if (len != nullptr) *len = token ? token->size() : 0;
  if (!token || len == nullptr) return nullptr;
  return token->empty() ? static_cast<const void*>("") : token->data();
}

const gssloop_error* gssloop_step_error(const gssloop_step* step) noexcept {
  return step == nullptr ? nullptr : step->error;
}

int gssloop_step_take_context(gssloop_step* step, gssloop_context** context) noexcept {
  reset(context);
  if (step == nullptr || context == nullptr || !step->has_context) return GSSLOOP_INVALID;
  step->has_context = false;
  return guarded(nullptr, [&]() -> int {
    auto established = step->step.take_context();
    std::string mech = established.mech().dotted();
    *context = new gssloop_context{std::move(established), std::move(mech)};
    return GSSLOOP_OK;
  });
}

void gssloop_step_free(gssloop_step** step) noexcept {
  if (step == nullptr) return;
  delete *step;
  *step = nullptr;
}
