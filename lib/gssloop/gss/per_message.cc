// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/gss/per_message.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace gssloop::gss {
namespace {

int conf_req(Protection protection) noexcept {
  return protection == Protection::kConfidentiality ? 1 : 0;
}

// MIT's cryptography counts octets in 32 bits, without a check for overflow.
constexpr std::size_t kMaxMessageLen = std::size_t{1} << 30;

std::size_t total_len(std::span<const ByteView> parts) noexcept {
  std::size_t len = 0;
  for (const ByteView part : parts) {
    len += std::min(part.size(), kMaxMessageLen + 1);  // cannot wrap around below 2^33 parts
  }
  return len;
}

void gather(std::span<const ByteView> parts, std::uint8_t* to) noexcept {
  for (const ByteView part : parts) to = std::copy(part.begin(), part.end(), to);
}

void grow(Bytes* buffer, std::size_t size) {
  if (buffer->size() < size) buffer->resize(size);
}

// loop section 3.1: applications that need confidentiality must check conf_state.
bool is_as_asked(Protection protection, int conf_state) noexcept {
  return protection != Protection::kConfidentiality || conf_state != 0;
}

// Layout is a token's four parts, one after the other, as a stream-oriented gss_unwrap reads them.
class Layout {
 public:
  explicit Layout(std::size_t message_len) noexcept { parts_[kData].buffer.length = message_len; }

  // measure reads the lengths of the other parts from the mechanism, unless the last message had
  // the same length. They may depend on the length of the message (DES3 pads, and counts the octets
  // in its header).
  OM_uint32 measure(OM_uint32* minor, const Context& context, Protection protection,
                    WrapLengths* lengths) noexcept {
    const std::size_t message_len = parts_[kData].buffer.length;
    if (lengths->is_known && lengths->protection == protection &&
        lengths->message_len == message_len) {
      parts_[kHeader].buffer.length = lengths->header;
      parts_[kPadding].buffer.length = lengths->padding;
      parts_[kTrailer].buffer.length = lengths->trailer;
      return GSS_S_COMPLETE;
    }
    const OM_uint32 major =
        gss_wrap_iov_length(minor, context.get(), conf_req(protection), GSS_C_QOP_DEFAULT, nullptr,
                            parts_.data(), kNumParts);
    *lengths = {major == GSS_S_COMPLETE,
                protection,
                message_len,
                parts_[kHeader].buffer.length,
                parts_[kPadding].buffer.length,
                parts_[kTrailer].buffer.length};
    return major;
  }

  std::size_t header_len() const noexcept { return parts_[kHeader].buffer.length; }
  std::size_t token_len() const noexcept {
    std::size_t len = 0;
    for (const auto& part : parts_) len += part.buffer.length;
    return len;
  }

  // protect works on the token_len() octets at `token`, which contain the message at its place.
  OM_uint32 protect(OM_uint32* minor, const Context& context, Protection protection,
                    std::uint8_t* token, int* conf_state) noexcept {
    for (auto& part : parts_) {
      part.buffer.value = token;
      token += part.buffer.length;
    }
    return gss_wrap_iov(minor, context.get(), conf_req(protection), GSS_C_QOP_DEFAULT, conf_state,
                        parts_.data(), kNumParts);
  }

 private:
  enum { kHeader, kData, kPadding, kTrailer, kNumParts };
  std::array<gss_iov_buffer_desc, kNumParts> parts_{{{GSS_IOV_BUFFER_TYPE_HEADER, {}},
                                                     {GSS_IOV_BUFFER_TYPE_DATA, {}},
                                                     {GSS_IOV_BUFFER_TYPE_PADDING, {}},
                                                     {GSS_IOV_BUFFER_TYPE_TRAILER, {}}}};
};

// nullopt: the mechanism has no GSS_Wrap_iov.
std::optional<Result<std::size_t>> wrap_in_place(const Context& context, Protection protection,
                                                 std::span<const ByteView> parts,
                                                 std::size_t offset, Bytes* buffer,
                                                 WrapLengths* lengths) {
  Layout layout(total_len(parts));
  OM_uint32 minor = 0;
  OM_uint32 major = layout.measure(&minor, context, protection, lengths);
  if (GSS_ROUTINE_ERROR(major) == GSS_S_UNAVAILABLE) return std::nullopt;
  if (major != GSS_S_COMPLETE) return Status("gss_wrap_iov_length", major, minor);
  const std::size_t token_len = layout.token_len();
  // A token that is only the message protects nothing.
  if (token_len == total_len(parts)) return Status::without_result("gss_wrap_iov_length");
  grow(buffer, offset + token_len);
  gather(parts, buffer->data() + offset + layout.header_len());
  int conf_state = 0;
  major = layout.protect(&minor, context, protection, buffer->data() + offset, &conf_state);
  if (major != GSS_S_COMPLETE) return Status("gss_wrap_iov", major, minor);
  if (!is_as_asked(protection, conf_state)) {
    return Status("gss_wrap_iov: the message was not encrypted", GSS_S_FAILURE, 0);
  }
  // A part that became shorter would leave a gap in the token.
  if (layout.token_len() != token_len) {
    return Status("gss_wrap_iov: the lengths differ from those of gss_wrap_iov_length",
                  GSS_S_FAILURE, 0);
  }
  return token_len;
}

Result<std::size_t> wrap_and_copy(const Context& context, Protection protection,
                                  std::span<const ByteView> parts, std::size_t offset,
                                  Bytes* buffer) {
  Bytes gathered;
  ByteView message;
  if (parts.size() == 1) {
    message = parts.front();
  } else {
    gathered.resize(total_len(parts));
    gather(parts, gathered.data());
    message = gathered;
  }
  auto token = wrap(context, protection, message);
  if (!token) return std::move(token).error();
  const ByteView octets = token->view();
  grow(buffer, offset + octets.size());
  std::copy(octets.begin(), octets.end(), buffer->data() + offset);
  return octets.size();
}

Result<std::size_t> wrap_parts(const Context& context, Protection protection,
                               std::span<const ByteView> parts, std::size_t offset, Bytes* buffer,
                               WrapLengths* lengths) {
  if (total_len(parts) > kMaxMessageLen) {
    return Status("gss_wrap: the message is longer than 1 GiB", GSS_S_FAILURE, 0);
  }
  auto in_place = wrap_in_place(context, protection, parts, offset, buffer, lengths);
  if (in_place) return *std::move(in_place);
  return wrap_and_copy(context, protection, parts, offset, buffer);
}

Result<Buffer> unwrap_and_spoil(const Context& context, Protection expected,
                                std::span<std::uint8_t> token) {
  BufferView input((ByteView(token)));
  Buffer message;
  int conf_state = 0;
  gss_qop_t qop = GSS_C_QOP_DEFAULT;
  OM_uint32 minor = 0;
  const OM_uint32 major =
      gss_unwrap(&minor, context.get(), input.desc(), message.out(), &conf_state, &qop);
  if (major != GSS_S_COMPLETE) return Status("gss_unwrap", major, minor);
  if (!is_as_asked(expected, conf_state)) {
    return Status("gss_unwrap: the message was not encrypted", GSS_S_FAILURE, 0);
  }
  return message;
}

Result<std::span<std::uint8_t>> unwrap_and_copy(const Context& context, Protection expected,
                                                std::span<std::uint8_t> token) {
  const auto message = unwrap_and_spoil(context, expected, token);
  if (!message) return message.error();
  const ByteView octets = message->view();
  if (octets.size() > token.size()) {
    return Status("gss_unwrap: the message is longer than its token", GSS_S_FAILURE, 0);
  }
  std::copy(octets.begin(), octets.end(), token.begin());
  return token.first(octets.size());
}

}  // namespace

Result<Buffer> wrap(const Context& context, Protection protection, ByteView message) {
  BufferView input(message);
  Buffer token;
  int conf_state = 0;
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_wrap(&minor, context.get(), conf_req(protection), GSS_C_QOP_DEFAULT,
                                   input.desc(), &conf_state, token.out());
  if (major != GSS_S_COMPLETE) return Status("gss_wrap", major, minor);
  if (!is_as_asked(protection, conf_state)) {
    return Status("gss_wrap: the message was not encrypted", GSS_S_FAILURE, 0);
  }
  if (token.view().empty()) return Status::without_result("gss_wrap");
  return token;
}

Result<std::size_t> wrap_into(const Context& context, Protection protection,
                              std::span<const ByteView> parts, std::size_t offset, Bytes* buffer,
                              WrapLengths* lengths) {
  grow(buffer, offset);
  auto token_len = wrap_parts(context, protection, parts, offset, buffer, lengths);
  if (!token_len) {
    std::fill(buffer->begin() + static_cast<std::ptrdiff_t>(offset), buffer->end(), 0);
  }
  return token_len;
}

Result<Buffer> unwrap(const Context& context, Protection expected, ByteView token) {
  // MIT rotates the octets of its input, but the caller's input is const.
  Bytes spoilt = to_bytes(token);
  return unwrap_and_spoil(context, expected, spoilt);
}

Result<std::span<std::uint8_t>> unwrap_in_place(const Context& context, Protection expected,
                                                std::span<std::uint8_t> token) {
  // Between these lengths gss_unwrap is a few percent faster, including its copies. Shorter tokens
  // may contain an empty message, for each of which it leaks some memory.
  constexpr std::size_t kMinCopiedLen = 256, kMaxCopiedLen = 8192;
  if (token.size() >= kMinCopiedLen && token.size() <= kMaxCopiedLen) {
    return unwrap_and_copy(context, expected, token);
  }
  std::array<gss_iov_buffer_desc, 2> parts{
      {{GSS_IOV_BUFFER_TYPE_STREAM, {token.size(), token.data()}}, {GSS_IOV_BUFFER_TYPE_DATA, {}}}};
  int conf_state = 0;
  gss_qop_t qop = GSS_C_QOP_DEFAULT;
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_unwrap_iov(&minor, context.get(), &conf_state, &qop, parts.data(),
                                         static_cast<int>(parts.size()));
  if (GSS_ROUTINE_ERROR(major) == GSS_S_UNAVAILABLE) {
    return unwrap_and_copy(context, expected, token);
  }
  if (major != GSS_S_COMPLETE) return Status("gss_unwrap_iov", major, minor);
  if (!is_as_asked(expected, conf_state)) {
    return Status("gss_unwrap_iov: the message was not encrypted", GSS_S_FAILURE, 0);
  }
  const gss_buffer_desc& message = parts[1].buffer;
  if (message.length == 0) return token.first(0);
  // Compared as numbers: a mechanism that put the message elsewhere violates its specification.
  const auto begin = reinterpret_cast<std::uintptr_t>(token.data());
  const auto at = reinterpret_cast<std::uintptr_t>(message.value);
  if (at < begin || at - begin > token.size() || message.length > token.size() - (at - begin)) {
    return Status("gss_unwrap_iov: the message is not within its token", GSS_S_FAILURE, 0);
  }
  return token.subspan(at - begin, message.length);
}

Result<Buffer> get_mic(const Context& context, ByteView message) {
  BufferView input(message);
  Buffer mic;
  OM_uint32 minor = 0;
  const OM_uint32 major =
      gss_get_mic(&minor, context.get(), GSS_C_QOP_DEFAULT, input.desc(), mic.out());
  if (major != GSS_S_COMPLETE) return Status("gss_get_mic", major, minor);
  if (mic.view().empty()) return Status::without_result("gss_get_mic");
  return mic;
}

Status verify_mic(const Context& context, ByteView message, ByteView mic) {
  BufferView input(message);
  BufferView token(mic);
  OM_uint32 minor = 0;
  const OM_uint32 major =
      gss_verify_mic(&minor, context.get(), input.desc(), token.desc(), nullptr);
  return Status("gss_verify_mic", major, minor);
}

Result<OM_uint32> wrap_size_limit(const Context& context, Protection protection,
                                  OM_uint32 max_token_len) {
  OM_uint32 max_message_len = 0;
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_wrap_size_limit(&minor, context.get(), conf_req(protection),
                                              GSS_C_QOP_DEFAULT, max_token_len, &max_message_len);
  if (major != GSS_S_COMPLETE) return Status("gss_wrap_size_limit", major, minor);
  return max_message_len;
}

}  // namespace gssloop::gss
