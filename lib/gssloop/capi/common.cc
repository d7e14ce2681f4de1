// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>  // explicit_bzero

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "config.h"
#include "gssloop/capi/capi.h"
#include "gssloop/loop/decide.h"
#include "gssloop/loop/explain.h"

namespace gssloop::capi {
namespace {

constexpr gssloop_error kNoMemory = {GSSLOOP_FAULT_NO_MEMORY, 0, 0, 0, nullptr, ""};

void* allocate(std::size_t len) {
  void* memory = std::malloc(len);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

// The numbers of gssloop.h are part of its ABI, so they do not follow the library's own.
int number_of(loop::Fault fault) noexcept {
  switch (fault) {
    case loop::Fault::kNone:
      return GSSLOOP_FAULT_NONE;
    case loop::Fault::kLocalMisuse:
      return GSSLOOP_FAULT_LOCAL_MISUSE;
    case loop::Fault::kLocalCredential:
      return GSSLOOP_FAULT_LOCAL_CREDENTIAL;
    case loop::Fault::kPeerProtocol:
      return GSSLOOP_FAULT_PEER_PROTOCOL;
    case loop::Fault::kPeerRejected:
      return GSSLOOP_FAULT_PEER_REJECTED;
    case loop::Fault::kMechanismDefect:
      return GSSLOOP_FAULT_MECHANISM_DEFECT;
    case loop::Fault::kFlagsMissing:
      return GSSLOOP_FAULT_FLAGS_MISSING;
    case loop::Fault::kAnonymityLost:
      return GSSLOOP_FAULT_ANONYMITY_LOST;
    case loop::Fault::kTimedOut:
      return GSSLOOP_FAULT_TIMED_OUT;
    case loop::Fault::kCancelled:
      return GSSLOOP_FAULT_CANCELLED;
  }
  return GSSLOOP_FAULT_MECHANISM_DEFECT;
}

constexpr bool is_bit(gssloop_flag ours, Flag theirs) {
  return static_cast<std::uint32_t>(ours) == static_cast<std::uint32_t>(theirs);
}
static_assert(is_bit(GSSLOOP_FLAG_DELEG, Flag::kDeleg) &&
              is_bit(GSSLOOP_FLAG_MUTUAL, Flag::kMutual) &&
              is_bit(GSSLOOP_FLAG_REPLAY, Flag::kReplay) &&
              is_bit(GSSLOOP_FLAG_SEQUENCE, Flag::kSequence) &&
              is_bit(GSSLOOP_FLAG_CONF, Flag::kConf) && is_bit(GSSLOOP_FLAG_INTEG, Flag::kInteg) &&
              is_bit(GSSLOOP_FLAG_ANON, Flag::kAnon) &&
              is_bit(GSSLOOP_FLAG_PROT_READY, Flag::kProtReady) &&
              is_bit(GSSLOOP_FLAG_TRANS, Flag::kTrans) &&
              is_bit(GSSLOOP_FLAG_CHANNEL_BOUND, Flag::kChannelBound) &&
              is_bit(GSSLOOP_FLAG_DELEG_POLICY, Flag::kDelegPolicy));

}  // namespace

char* copy_text(std::string_view text) {
  char* copy = static_cast<char*>(allocate(text.size() + 1));
  *std::copy(text.begin(), text.end(), copy) = '\0';
  return copy;
}

void fill(gssloop_buffer* buffer, ByteView octets) {
  buffer->data = copy_text(as_text(octets));
  buffer->len = octets.size();
}

int fail(gssloop_error** error, int status, int fault, std::string_view text,
         const gss::Status& cause, const char* advice) {
  if (error == nullptr) return status;
  auto made = std::make_unique<gssloop_error>();
  *made = {fault, cause.major(), cause.minor(), 0, copy_text(text), advice};
  *error = made.release();
  return status;
}

int fail(gssloop_error** error, int fault, const gss::Status& cause) {
  return fail(error, GSSLOOP_FAILED, fault, cause.text(), cause, loop::advice(cause));
}

int fail(gssloop_error** error, const loop::Failure& failure) {
  const int status = fail(error, GSSLOOP_FAILED, number_of(failure.fault), failure.text(),
                          failure.status, loop::advice(failure));
  if (error != nullptr) (*error)->missing_flags = failure.missing.bits();
  return status;
}

int invalid(gssloop_error** error, std::string_view text) {
  return fail(error, GSSLOOP_INVALID, GSSLOOP_FAULT_LOCAL_MISUSE, text);
}

int no_memory(gssloop_error** error) noexcept {
  if (error != nullptr) *error = const_cast<gssloop_error*>(&kNoMemory);
  return GSSLOOP_NO_MEMORY;
}

std::optional<gss::NameForm> name_form(int form) noexcept {
  switch (form) {
    case GSSLOOP_NAME_SERVICE:
      return gss::NameForm::kHostbasedService;
    case GSSLOOP_NAME_USER:
      return gss::NameForm::kUser;
    case GSSLOOP_NAME_KERBEROS:
      return gss::NameForm::kKerberosPrincipal;
    default:
      return std::nullopt;
  }
}

std::optional<gss::Protection> protection_of(int protection) noexcept {
  switch (protection) {
    case GSSLOOP_INTEGRITY:
      return gss::Protection::kIntegrity;
    case GSSLOOP_CONFIDENTIALITY:
      return gss::Protection::kConfidentiality;
    default:
      return std::nullopt;
  }
}

}  // namespace gssloop::capi

using gssloop::loop::Fault;

const char* gssloop_version() noexcept { return PACKAGE_VERSION; }

int gssloop_error_fault(const gssloop_error* error) noexcept {
  return error == nullptr ? static_cast<int>(GSSLOOP_FAULT_NONE) : error->fault;
}

const char* gssloop_error_text(const gssloop_error* error) noexcept {
  if (error == nullptr) return "no error";
  return error->text == nullptr ? "out of memory" : error->text;
}

const char* gssloop_error_advice(const gssloop_error* error) noexcept {
  return error == nullptr ? "" : error->advice;
}

uint32_t gssloop_error_major(const gssloop_error* error) noexcept {
  return error == nullptr ? 0 : error->major;
}

uint32_t gssloop_error_minor(const gssloop_error* error) noexcept {
  return error == nullptr ? 0 : error->minor;
}

uint32_t gssloop_error_missing_flags(const gssloop_error* error) noexcept {
  return error == nullptr ? 0 : error->missing_flags;
}

void gssloop_error_free(gssloop_error** error) noexcept {
  if (error == nullptr) return;
  if (*error != nullptr && (*error)->text != nullptr) {
    std::free((*error)->text);
    delete *error;
  }
  *error = nullptr;
}

const char* gssloop_fault_text(int fault) noexcept {
  switch (fault) {
    case GSSLOOP_FAULT_NONE:
      return "no fault";
    case GSSLOOP_FAULT_LOCAL_MISUSE:
      return to_string(Fault::kLocalMisuse);
    case GSSLOOP_FAULT_LOCAL_CREDENTIAL:
      return to_string(Fault::kLocalCredential);
    case GSSLOOP_FAULT_PEER_PROTOCOL:
      return to_string(Fault::kPeerProtocol);
    case GSSLOOP_FAULT_PEER_REJECTED:
      return to_string(Fault::kPeerRejected);
    case GSSLOOP_FAULT_MECHANISM_DEFECT:
      return to_string(Fault::kMechanismDefect);
    case GSSLOOP_FAULT_FLAGS_MISSING:
      return to_string(Fault::kFlagsMissing);
    case GSSLOOP_FAULT_ANONYMITY_LOST:
      return to_string(Fault::kAnonymityLost);
    case GSSLOOP_FAULT_TIMED_OUT:
      return to_string(Fault::kTimedOut);
    case GSSLOOP_FAULT_CANCELLED:
      return to_string(Fault::kCancelled);
    case GSSLOOP_FAULT_NO_MEMORY:
      return "out of memory";
    case GSSLOOP_FAULT_LOCAL_CALL:
      return "local call";
    default:
      return "unknown fault";
  }
}

void gssloop_buffer_free(gssloop_buffer* buffer) noexcept {
  if (buffer == nullptr) return;
  if (buffer->data != nullptr) explicit_bzero(buffer->data, buffer->len);
  std::free(buffer->data);
  *buffer = {nullptr, 0};
}

void gssloop_string_free(char** text) noexcept {
  if (text == nullptr) return;
  std::free(*text);
  *text = nullptr;
}
