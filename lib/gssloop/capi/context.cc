// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/capi/capi.h"

namespace gssloop::capi {
namespace {

using loop::EstablishedContext;

// If a peer's message cannot be unwrapped, the peer or an attacker in between is the cause.
int hand_out(const gss::Result<gss::Buffer>& made, int fault, gssloop_buffer* buffer,
             gssloop_error** error) {
  if (!made) return fail(error, fault, made.error());
  fill(buffer, made->view());
  return GSSLOOP_OK;
}

// why_no_message_call returns the reason why a per-message call cannot be made; NULL if it can.
const char* why_no_message_call(const gssloop_context* context, int protection, const void* octets,
                                std::size_t len, const void* output) noexcept {
  if (const char* why = why_unusable(context)) return why;
  if (!protection_of(protection)) return "the protection is not a value of enum gssloop_protection";
  if (!is_view(octets, len)) return "the message is NULL or longer than 1 GiB";
  return output == nullptr ? "the pointer for the result is NULL" : nullptr;
}

// For MICs, which have no protection argument.
constexpr int kAny = GSSLOOP_INTEGRITY;

int peer_name(const EstablishedContext& context, char** name, int* is_anonymous,
              gssloop_error** error) {
  const auto shown = context.peer();
  if (!shown) return fail(error, GSSLOOP_FAULT_LOCAL_CALL, shown.error());
  if (shown->text.find('\0') != std::string::npos) {
    return fail(error, GSSLOOP_FAILED, GSSLOOP_FAULT_PEER_PROTOCOL,
                "the peer's name contains a NUL: " + printable(as_bytes(shown->text)));
  }
  *name = copy_text(shown->text);
  *is_anonymous = shown->is_anonymous ? 1 : 0;
  return GSSLOOP_OK;
}

}  // namespace

const char* why_unusable(const gssloop_context* context) noexcept {
  if (context == nullptr) return "context is NULL";
  return context->established ? nullptr : "the context is no longer established";
}

}  // namespace gssloop::capi

using namespace gssloop;
using namespace gssloop::capi;

void gssloop_context_free(gssloop_context** context) noexcept {
  if (context == nullptr) return;
  delete *context;
  *context = nullptr;
}

uint32_t gssloop_context_flags(const gssloop_context* context) noexcept {
  return why_unusable(context) != nullptr ? 0 : context->established->flags().bits();
}

const char* gssloop_context_mech(const gssloop_context* context) noexcept {
  return context == nullptr ? "" : context->mech.c_str();
}

int gssloop_context_peer_name(const gssloop_context* context, char** name, int* is_anonymous,
                              gssloop_error** error) noexcept {
  reset(error);
  reset(name);
  if (is_anonymous != nullptr) *is_anonymous = 1;
  return guarded(error, [&] {
    if (const char* why = why_unusable(context)) return invalid(error, why);
    if (name == nullptr) return invalid(error, "name is NULL");
    if (is_anonymous == nullptr) return invalid(error, "is_anonymous is NULL");
    return peer_name(*context->established, name, is_anonymous, error);
  });
}

int gssloop_context_on_token(gssloop_context* context, const void* token, size_t token_len,
                             gssloop_error** error) noexcept {
  reset(error);
  const int status = guarded(error, [&] {
    if (const char* why = why_unusable(context)) return invalid(error, why);
    if (token == nullptr && token_len != 0) return invalid(error, "token is NULL");
    const loop::Row& row = context->established->on_token(view(token, token_len));
    if (row.has(loop::Action::kFail)) return fail(error, {row.fault, row.when, {}, {}});
    return static_cast<int>(GSSLOOP_OK);
  });
  // If memory ran out, the loop did not examine the token, so the context must not be used either.
  if (status != GSSLOOP_OK && context != nullptr) context->established.reset();
  return status;
}

int gssloop_wrap(gssloop_context* context, int protection, const void* message, size_t message_len,
                 gssloop_buffer* token, gssloop_error** error) noexcept {
  reset(error);
  reset(token);
  return guarded(error, [&] {
    if (const char* why = why_no_message_call(context, protection, message, message_len, token)) {
      return invalid(error, why);
    }
    return hand_out(
        context->established->wrap(*protection_of(protection), view(message, message_len)),
        GSSLOOP_FAULT_LOCAL_CALL, token, error);
  });
}

int gssloop_unwrap(gssloop_context* context, int expected, const void* token, size_t token_len,
                   gssloop_buffer* message, gssloop_error** error) noexcept {
  reset(error);
  reset(message);
  return guarded(error, [&] {
    if (const char* why = why_no_message_call(context, expected, token, token_len, message)) {
      return invalid(error, why);
    }
    return hand_out(context->established->unwrap(*protection_of(expected), view(token, token_len)),
                    GSSLOOP_FAULT_PEER_PROTOCOL, message, error);
  });
}

int gssloop_wrap_size_limit(gssloop_context* context, int protection, uint32_t max_token_len,
                            uint32_t* max_message_len, gssloop_error** error) noexcept {
  reset(error);
  if (max_message_len != nullptr) *max_message_len = 0;
  return guarded(error, [&] {
    if (const char* why = why_no_message_call(context, protection, nullptr, 0, max_message_len)) {
      return invalid(error, why);
    }
    const auto limit =
        context->established->wrap_size_limit(*protection_of(protection), max_token_len);
    if (!limit) return fail(error, GSSLOOP_FAULT_LOCAL_CALL, limit.error());
    *max_message_len = *limit;
    return static_cast<int>(GSSLOOP_OK);
  });
}

int gssloop_get_mic(gssloop_context* context, const void* message, size_t message_len,
                    gssloop_buffer* mic, gssloop_error** error) noexcept {
  reset(error);
  reset(mic);
  return guarded(error, [&] {
    if (const char* why = why_no_message_call(context, kAny, message, message_len, mic)) {
      return invalid(error, why);
    }
    return hand_out(context->established->get_mic(view(message, message_len)),
                    GSSLOOP_FAULT_LOCAL_CALL, mic, error);
  });
}

int gssloop_verify_mic(gssloop_context* context, const void* message, size_t message_len,
                       const void* mic, size_t mic_len, gssloop_error** error) noexcept {
  reset(error);
  return guarded(error, [&] {
    const char* why = why_no_message_call(context, kAny, message, message_len, context);
    if (why == nullptr) why = why_no_message_call(context, kAny, mic, mic_len, context);
    if (why != nullptr) return invalid(error, why);
    const gss::Status verified =
        context->established->verify_mic(view(message, message_len), view(mic, mic_len));
    if (verified.is_complete()) return static_cast<int>(GSSLOOP_OK);
    return fail(error, GSSLOOP_FAULT_PEER_PROTOCOL, verified);
  });
}
