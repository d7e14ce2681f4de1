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

// The objects behind the handles of gssloop.h, and the functions that its functions share. Not
// installed.

// It has no destructor, and its text may be NULL, so that the error for lack of memory needs no
// memory.
struct gssloop_error {
  int fault;
  std::uint32_t major;
  std::uint32_t minor;
  std::uint32_t missing_flags;
  char* text;          // of malloc; NULL in the error for lack of memory, which is static
  const char* advice;  // static; never NULL
};

namespace gssloop::capi {

// Acquired is a credential, and the keytab that an acceptor's came from.
struct Acquired {
  gss::Credential credential;
  std::optional<std::string> keytab;
};

}  // namespace gssloop::capi

struct gssloop_credential {
  // Shared, so that a negotiation keeps it after the caller has freed its handle.
  std::shared_ptr<const gssloop::capi::Acquired> shared;
};

struct gssloop_options {
  gssloop::Flags required;
  gssloop::Flags requested;  // beside `required`
  gssloop::gss::Oid mech;
  std::uint32_t lifetime = 0;
  std::shared_ptr<const gssloop::capi::Acquired> credential;
  std::optional<gssloop::Bytes> bindings;
  gssloop::loop::Limits limits;
};

struct gssloop_negotiation {
  // Outlives the loop, which borrows it.
  std::shared_ptr<const gssloop::capi::Acquired> credential;
  std::unique_ptr<gssloop::loop::Negotiation> loop;  // empty: over, for lack of memory
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
  // Empty after a token that arrived after completion deleted it.
  std::optional<gssloop::loop::EstablishedContext> established;
  std::string mech;  // dotted
};

// Hidden: the version script exports everything else in namespace gssloop.
#pragma GCC visibility push(hidden)
namespace gssloop::capi {

// reset writes the initial value of an output, before any failure.
template <class T>
void reset(T** out) noexcept {
  if (out != nullptr) *out = nullptr;
}
inline void reset(gssloop_buffer* out) noexcept {
  if (out != nullptr) *out = {nullptr, 0};
}

// fail makes an error object, if the caller wants one, and returns `status`. `advice` is static.
// Like all functions here that allocate, it throws std::bad_alloc; guarded catches that.
int fail(gssloop_error** error, int status, int fault, std::string_view text,
         const gss::Status& cause = {}, const char* advice = "");
// Failures of calls into the GSS-API, and of the loop.
int fail(gssloop_error** error, int fault, const gss::Status& cause);
int fail(gssloop_error** error, const loop::Failure& failure);
// invalid is for invalid arguments.
int invalid(gssloop_error** error, std::string_view text);
// no_memory never fails: its error object is static.
int no_memory(gssloop_error** error) noexcept;

// guarded runs `body` and catches every exception. The library throws only exceptions of
// allocation: std::bad_alloc, and std::length_error for sizes above any memory.
template <class Body>
int guarded(gssloop_error** error, Body body) noexcept {
  try {
    return body();
  } catch (...) {
    return no_memory(error);
  }
}

// is_view says whether a caller's octets are valid: not NULL with a length above 0, and not longer
// than the maximum of a message (1 GiB, because MIT's cryptography counts octets in 32 bits).
inline constexpr std::size_t kMaxLen = std::size_t{1} << 30;
inline bool is_view(const void* data, std::size_t len) noexcept {
  return (data != nullptr || len == 0) && len <= kMaxLen;
}
inline ByteView view(const void* data, std::size_t len) noexcept {
  return {static_cast<const std::uint8_t*>(data), len};
}

// why_unusable returns the reason why a context cannot be used; NULL if it can.
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
