// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_CAPI_CAPI_H_
#define GSSLOOP_CAPI_CAPI_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "gssloop.h"
#include "gssloop/base/bytes.h"
#include "gssloop/base/flags.h"
#include "gssloop/gss/handle.h"
#include "gssloop/gss/names.h"
#include "gssloop/gss/oid.h"
#include "gssloop/gss/per_message.h"
#include "gssloop/gss/status.h"
#include "gssloop/loop/established_context.h"
#include "gssloop/loop/initiator.h"
#include "gssloop/loop/negotiation.h"
#include "gssloop/loop/step.h"

// What stands behind the handles of gssloop.h, and what its functions share. Not installed.

// Without a destructor and with a text that may be missing, so that the one for want of memory
// needs none.
struct gssloop_error {
  int fault;
  std::uint32_t major;
  std::uint32_t minor;
  std::uint32_t missing_flags;
  char* text;          // of malloc; NULL in the error for want of memory, which is static
  const char* advice;  // static; never NULL
};

struct gssloop_credential {
  // Shared, so that a negotiation's goes on when the caller's handle is freed.
  std::shared_ptr<const gssloop::gss::Credential> shared;
};

struct gssloop_options {
  gssloop::Flags required;
  gssloop::Flags requested;  // beside `required`
  gssloop::gss::Oid mech;
  std::uint32_t lifetime = 0;
  std::shared_ptr<const gssloop::gss::Credential> credential;
  std::optional<gssloop::Bytes> bindings;
  gssloop::loop::Limits limits;
};

struct gssloop_negotiation {
  // Outlives the loop, which borrows it.
  std::shared_ptr<const gssloop::gss::Credential> credential;
  std::unique_ptr<gssloop::loop::Negotiation> loop;  // empty: over for want of memory
  gssloop::loop::Initiator* initiator = nullptr;     // the same, if it is one
};

struct gssloop_step {
  gssloop::loop::Step step;
  bool has_context = false;        // not taken yet
  gssloop_error* error = nullptr;  // owned

  gssloop_step() = default;
  gssloop_step(const gssloop_step&) = delete;
  gssloop_step& operator=(const gssloop_step&) = delete;
  ~gssloop_step() { gssloop_error_free(&error); }
};

struct gssloop_context {
  // Empty once a token that came after completion took it away.
  std::optional<gssloop::loop::EstablishedContext> established;
  std::string mech;  // dotted
};

// Hidden: the version script shows what else is in namespace gssloop.
#pragma GCC visibility push(hidden)
namespace gssloop::capi {

// reset writes what an output is before anything can fail.
template <class T>
void reset(T** out) noexcept {
  if (out != nullptr) *out = nullptr;
}
inline void reset(gssloop_buffer* out) noexcept {
  if (out != nullptr) *out = {nullptr, 0};
}

// fail makes an error object, where the caller wants one, and returns `status`. `advice` is static.
// Like all functions here that allocate, it throws std::bad_alloc; guarded catches that.
int fail(gssloop_error** error, int status, int fault, std::string_view text,
         const gss::Status& cause = {}, const char* advice = "");
// Failures of calls into the GSS-API, and of the loop.
int fail(gssloop_error** error, int fault, const gss::Status& cause);
int fail(gssloop_error** error, const loop::Failure& failure);
// invalid is for arguments that make no sense.
int invalid(gssloop_error** error, std::string_view text);
// no_memory never fails: its error object is static.
int no_memory(gssloop_error** error) noexcept;

// guarded runs `body` and lets no exception out. All that the library throws are those of
// allocation: std::bad_alloc, and std::length_error for sizes that no memory could hold.
template <class Body>
int guarded(gssloop_error** error, Body body) noexcept {
  try {
    return body();
  } catch (...) {
    return no_memory(error);
  }
}

// is_view says whether octets that a caller handed over can be looked at: not NULL with a length,
// and no longer than any message may be (1 GiB, since MIT's cryptography counts octets in 32 bits).
inline constexpr std::size_t kMaxLen = std::size_t{1} << 30;
inline bool is_view(const void* data, std::size_t len) noexcept {
  return (data != nullptr || len == 0) && len <= kMaxLen;
}
inline ByteView view(const void* data, std::size_t len) noexcept {
  return {static_cast<const std::uint8_t*>(data), len};
}

// why_unusable says why nothing can be done with a context; NULL if it is usable.
const char* why_unusable(const gssloop_context* context) noexcept;

// copy_text and fill allocate with malloc; `octets` may lie in a buffer of the GSS-API.
char* copy_text(std::string_view text);
void fill(gssloop_buffer* buffer, ByteView octets);

// The library's own values for those of gssloop.h; nullopt for numbers that mean nothing.
std::optional<gss::NameForm> name_form(int form) noexcept;
std::optional<gss::Protection> protection_of(int protection) noexcept;

}  // namespace gssloop::capi
#pragma GCC visibility pop

#endif  // GSSLOOP_CAPI_CAPI_H_
