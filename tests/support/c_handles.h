// SPDX-License-Identifier: BSD-2-Clause

// The handles of gssloop.h for tests in C++: freed at the end of their scope.

#ifndef GSSLOOP_TESTS_SUPPORT_C_HANDLES_H_
#define GSSLOOP_TESTS_SUPPORT_C_HANDLES_H_

#include <gssloop.h>

#include <string>

namespace gssloop::testing {

template <class T, void (*kFree)(T**)>
class CHandle {
 public:
  CHandle() = default;
  CHandle(const CHandle&) = delete;
  CHandle& operator=(const CHandle&) = delete;
  ~CHandle() { kFree(&handle_); }

  T* get() const { return handle_; }
  // out frees what is held, and is where a function hands out the next one.
  T** out() {
    kFree(&handle_);
    return &handle_;
  }

 private:
  T* handle_ = nullptr;
};

using CError = CHandle<gssloop_error, gssloop_error_free>;
using COptions = CHandle<gssloop_options, gssloop_options_free>;
using CCredential = CHandle<gssloop_credential, gssloop_credential_free>;
using CNegotiation = CHandle<gssloop_negotiation, gssloop_negotiation_free>;
using CStep = CHandle<gssloop_step, gssloop_step_free>;
using CContext = CHandle<gssloop_context, gssloop_context_free>;
using CAttributes = CHandle<gssloop_attributes, gssloop_attributes_free>;
using CText = CHandle<char, gssloop_string_free>;

class CBuffer {
 public:
  CBuffer() = default;
  CBuffer(const CBuffer&) = delete;
  CBuffer& operator=(const CBuffer&) = delete;
  ~CBuffer() { gssloop_buffer_free(&buffer_); }

  gssloop_buffer* out() {
    gssloop_buffer_free(&buffer_);
    return &buffer_;
  }
  const gssloop_buffer& get() const { return buffer_; }
  std::string text() const {
    return buffer_.data == nullptr
               ? "no data"
               : std::string(static_cast<const char*>(buffer_.data), buffer_.len);
  }

 private:
  gssloop_buffer buffer_ = {nullptr, 0};
};

inline std::string text_of(const CError& error) { return gssloop_error_text(error.get()); }
inline int fault_of(const CError& error) { return gssloop_error_fault(error.get()); }

inline std::string token_of(const CStep& step) {
  std::size_t len = 0;
  const void* token = gssloop_step_token(step.get(), &len);
  return token == nullptr ? "no token" : std::string(static_cast<const char*>(token), len);
}

// Two sides that talk to each other.
struct CPair {
  CContext initiator;
  CContext acceptor;
  CError error;  // of the side that failed first
  std::string failure;

  bool ok() const { return initiator.get() != nullptr && acceptor.get() != nullptr; }
};

// perform does what a step asks for; true if there is a token for the peer to take.
inline bool perform(CStep* step, CContext* context, std::string* token, CPair* pair) {
  const std::uint32_t actions = gssloop_step_actions(step->get());
  if ((actions & GSSLOOP_ACTION_SEND) != 0) *token = token_of(*step);
  if ((actions & GSSLOOP_ACTION_FAIL) != 0 && pair->failure.empty()) {
    pair->failure = gssloop_error_text(gssloop_step_error(step->get()));
  }
  if ((actions & GSSLOOP_ACTION_ESTABLISH) != 0 &&
      gssloop_step_take_context(step->get(), context->out()) != GSSLOOP_OK) {
    pair->failure = "no context";
  }
  return (actions & GSSLOOP_ACTION_SEND) != 0 && pair->failure.empty();
}

// negotiate lets two sides exchange tokens until neither has one.
inline void negotiate(gssloop_negotiation* initiator, gssloop_negotiation* acceptor, CPair* pair) {
  std::string token;
  CStep step;
  if (gssloop_negotiation_start(initiator, step.out()) != GSSLOOP_OK) return;
  bool goes_on = perform(&step, &pair->initiator, &token, pair);
  for (bool is_acceptors_turn = true; goes_on; is_acceptors_turn = !is_acceptors_turn) {
    gssloop_negotiation* const side = is_acceptors_turn ? acceptor : initiator;
    if (gssloop_negotiation_on_token(side, token.data(), token.size(), step.out()) != GSSLOOP_OK) {
      return;
    }
    goes_on = perform(&step, is_acceptors_turn ? &pair->acceptor : &pair->initiator, &token, pair);
  }
}

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_SUPPORT_C_HANDLES_H_
