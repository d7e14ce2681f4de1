// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_SUPPORT_FRAMES_H_
#define GSSLOOP_TESTS_SUPPORT_FRAMES_H_

#include <cstddef>
#include <string_view>

#include "gssloop/base/bytes.h"
#include "gssloop/io/frame.h"
#include "gssloop/io/transport.h"

namespace gssloop::io {

// Octets and frames as tests write them down.
inline Bytes bytes(std::string_view text) { return to_bytes(as_bytes(text)); }
inline Bytes frame(FrameKind kind, std::string_view body) {
  return *encode_frame(kind, as_bytes(body));
}
inline Bytes token(std::string_view body) { return frame(FrameKind::kToken, body); }

inline Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// drain reads all that has arrived.
inline Bytes drain(Transport& transport) {
  Bytes all, part(4096);
  for (;;) {
    const IoResult got = transport.read_some(part, Deadline::min());
    if (!got.is_done()) return all;
    all.insert(all.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(got.num_octets));
  }
}

}  // namespace gssloop::io

#endif  // GSSLOOP_TESTS_SUPPORT_FRAMES_H_
