// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_KDC_DER_H_
#define GSSLOOP_TESTS_KDC_DER_H_

#include <cstdint>
#include <string>

namespace gssloop::testing {

constexpr unsigned char kDerInteger = 0x02;
constexpr unsigned char kDerOctetString = 0x04;
constexpr unsigned char kDerUtf8String = 0x0c;
constexpr unsigned char kDerSequence = 0x30;
constexpr unsigned char kDerApplication0 = 0x60;

// der returns one DER element: tag, definite length, content.
inline std::string der(unsigned char tag, const std::string& content) {
  std::string length;
  for (size_t n = content.size(); n > 0; n >>= 8) length.insert(0, 1, static_cast<char>(n & 0xff));
  std::string head(1, static_cast<char>(tag));
  if (content.size() < 0x80) {
    head += static_cast<char>(content.size());
  } else {
    head += static_cast<char>(0x80 | length.size());
    head += length;
  }
  return head + content;
}

// der_explicit wraps an element in the context tag [number].
inline std::string der_explicit(int number, const std::string& element) {
  return der(static_cast<unsigned char>(0xa0 | number), element);
}

inline std::string der_integer(std::int32_t value) {
  std::string octets;
  for (int shift = 24; shift >= 0; shift -= 8) {
    octets += static_cast<char>((static_cast<std::uint32_t>(value) >> shift) & 0xff);
  }
  // Shortest form: a leading octet that only repeats the sign goes.
  while (octets.size() > 1 && ((octets[0] == '\0' && (octets[1] & 0x80) == 0) ||
                               (octets[0] == '\xff' && (octets[1] & 0x80) != 0))) {
    octets.erase(0, 1);
  }
  return der(kDerInteger, octets);
}

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_KDC_DER_H_
