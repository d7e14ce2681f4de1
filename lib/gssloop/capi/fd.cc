// SPDX-License-Identifier: BSD-2-Clause
#include <algorithm>

#include "gssloop/capi/capi.h"
#include "gssloop/io/channel.h"
#include "gssloop/io/driver.h"
#include "gssloop/io/fd_transport.h"

namespace gssloop::capi {
namespace {

io::Deadline deadline_of(std::uint32_t timeout_ms) noexcept {
  if (timeout_ms == GSSLOOP_NO_TIMEOUT) return io::kNoDeadline;
  return io::Clock::now() + std::chrono::milliseconds(timeout_ms);
}

int fault_of(io::IoResult::Kind kind) noexcept {
  return kind == io::IoResult::Kind::kTimedOut ? GSSLOOP_FAULT_TIMED_OUT
                                               : GSSLOOP_FAULT_PEER_REJECTED;
}

int fault_of(io::NoFrame::Kind kind) noexcept {
  switch (kind) {
    case io::NoFrame::Kind::kTimedOut:
      return GSSLOOP_FAULT_TIMED_OUT;
    case io::NoFrame::Kind::kDefective:
      return GSSLOOP_FAULT_PEER_PROTOCOL;
    case io::NoFrame::Kind::kClosed:
    case io::NoFrame::Kind::kError:
      break;
  }
  return GSSLOOP_FAULT_PEER_REJECTED;
}

const char* why_not_sent(io::IoResult::Kind kind) noexcept {
  switch (kind) {
    case io::IoResult::Kind::kClosed:
      return "the peer closed the channel before it received the message";
    case io::IoResult::Kind::kTimedOut:
      return "the peer did not read the message in time";
    case io::IoResult::Kind::kDone:
    case io::IoResult::Kind::kError:
      break;
  }
  return "cannot send the message: ";
}

// The caller unwraps the token. A token in another kind of frame is not data.
int receive_data(int fd, std::size_t max_len, std::uint32_t timeout_ms, Bytes* token,
                 gssloop_error** error) {
  io::FdTransport transport(fd);
  auto frame = io::receive_frame(transport, max_len, deadline_of(timeout_ms));
  if (!frame) {
    return fail(error, GSSLOOP_FAILED, fault_of(frame.error().kind), frame.error().reason);
  }
  if (frame->kind == io::FrameKind::kFailure) {
    return fail(error, GSSLOOP_FAILED, GSSLOOP_FAULT_PEER_REJECTED, "the peer reported a failure");
  }
  if (frame->kind != io::FrameKind::kData) {
    return fail(error, GSSLOOP_FAILED, GSSLOOP_FAULT_PEER_PROTOCOL,
                "the peer sent a context token instead of data");
  }
  *token = std::move(frame->body);
  return GSSLOOP_OK;
}

}  // namespace
}  // namespace gssloop::capi

using namespace gssloop;
using namespace gssloop::capi;

int gssloop_negotiation_run_fd(gssloop_negotiation* negotiation, int read_fd, int write_fd,
                               uint32_t timeout_ms, gssloop_context** context,
                               gssloop_error** error) noexcept {
  reset(error);
  reset(context);
  const int status = guarded(error, [&] {
    if (negotiation == nullptr || !negotiation->loop)
      return invalid(error, "negotiation is NULL or already over");
    if (context == nullptr) return invalid(error, "context is NULL");
    if (read_fd < 0 || write_fd < 0) return invalid(error, "the file descriptor is negative");
    const io::Deadline deadline = deadline_of(timeout_ms);
    std::optional<loop::Step> first;  // an acceptor awaits one
    if (negotiation->initiator != nullptr) first = negotiation->initiator->start();
    io::FdTransport transport(read_fd, write_fd);
    auto outcome = io::drive(*negotiation->loop, std::move(first), transport, deadline);
    if (!outcome) return fail(error, outcome.error());
    std::string mech = outcome->mech().dotted();
    *context = new gssloop_context{*std::move(outcome), std::move(mech)};
    return static_cast<int>(GSSLOOP_OK);
  });
  if (status != GSSLOOP_INVALID && negotiation != nullptr) {
    negotiation->initiator = nullptr;
    negotiation->loop.reset();
  }
  return status;
}

int gssloop_send_fd(gssloop_context* context, int protection, const void* message,
                    size_t message_len, int write_fd, uint32_t timeout_ms,
                    gssloop_error** error) noexcept {
  gssloop_buffer token = {nullptr, 0};
  int status = gssloop_wrap(context, protection, message, message_len, &token, error);
  if (status != GSSLOOP_OK) return status;
  status = guarded(error, [&] {
    if (write_fd < 0) return invalid(error, "the file descriptor is negative");
    io::FdTransport transport(write_fd);
    const io::IoResult sent = io::send_frame(transport, io::FrameKind::kData,
                                             view(token.data, token.len), deadline_of(timeout_ms));
    if (sent.is_done()) return static_cast<int>(GSSLOOP_OK);
    return fail(error, GSSLOOP_FAILED, fault_of(sent.kind), why_not_sent(sent.kind) + sent.error);
  });
  gssloop_buffer_free(&token);
  return status;
}

int gssloop_receive_fd(gssloop_context* context, int expected, size_t max_token_len, int read_fd,
                       uint32_t timeout_ms, gssloop_buffer* message,
                       gssloop_error** error) noexcept {
  reset(error);
  reset(message);
  return guarded(error, [&] {
    // Before anything is read from the channel.
    if (const char* why = why_unusable(context)) return invalid(error, why);
    if (!protection_of(expected))
      return invalid(error, "the protection is not a value of enum gssloop_protection");
    if (read_fd < 0) return invalid(error, "the file descriptor is negative");
    if (message == nullptr) return invalid(error, "message is NULL");
    Bytes token;
    const int status =
        receive_data(read_fd, std::min(max_token_len, kMaxLen), timeout_ms, &token, error);
    if (status != GSSLOOP_OK) return status;
    return gssloop_unwrap(context, expected, token.data(), token.size(), message, error);
  });
}
