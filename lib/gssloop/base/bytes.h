// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_BASE_BYTES_H_
#define GSSLOOP_BASE_BYTES_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gssloop {

// Octets that another object owns. Valid as long as the owner is.
using ByteView = std::span<const std::uint8_t>;
// Octets that this object owns.
using Bytes = std::vector<std::uint8_t>;

// as_bytes views the octets of `text` (not its terminating NUL).
inline ByteView as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// as_text views octets as characters; nothing is decoded or checked.
inline std::string_view as_text(ByteView octets) noexcept {
  return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

// to_bytes and to_string copy octets.
inline Bytes to_bytes(ByteView octets) { return Bytes(octets.begin(), octets.end()); }
inline std::string to_string(ByteView octets) { return std::string(as_text(octets)); }

// from_network_order reads a number of at most 4 octets, the most significant first.
constexpr std::uint32_t from_network_order(ByteView octets) noexcept {
  std::uint32_t number = 0;
  for (const std::uint8_t octet : octets) number = number << 8 | octet;
  return number;
}

// to_network_order writes a number into all of `octets`, at most 4, the most significant first.
constexpr void to_network_order(std::uint32_t number, std::span<std::uint8_t> octets) noexcept {
  for (std::size_t i = octets.size(); i > 0; --i, number >>= 8) {
    octets[i - 1] = static_cast<std::uint8_t>(number);
  }
}

// equals_ignoring_case compares ASCII letters without their case, and all other octets unchanged.
bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;

// is_utf8 says whether `octets` are well-formed UTF-8 (RFC 3629: no overlong form, no surrogate,
// nothing above U+10FFFF). NUL is well-formed; callers that forbid it check for it themselves.
bool is_utf8(ByteView octets) noexcept;
// utf8_prefix_len returns the number of octets before the first one that is not well-formed UTF-8.
std::size_t utf8_prefix_len(ByteView octets) noexcept;

// has_control_characters finds octets 0x00 to 0x1F and 0x7F, and U+0080 to U+009F in UTF-8: they
// would let a name forge log lines or control a terminal.
bool has_control_characters(ByteView octets) noexcept;

// base64 encodes with padding and without line breaks (RFC 4648 section 4).
std::string base64(ByteView octets);
// from_base64 reads what base64 writes; nullopt for anything else.
std::optional<Bytes> from_base64(std::string_view text);

// hex writes two lower-case digits for each octet.
std::string hex(ByteView octets);
// from_hex reads two digits for each octet, of either case; nullopt for anything else.
std::optional<Bytes> from_hex(std::string_view digits);

// printable renders octets for a log line or a message: printable ASCII unchanged, all else and the
// backslash as \xHH. It cuts the input after `max_len` octets, and adds "...".
std::string printable(ByteView octets, std::size_t max_len = 256);

// in_quotes is printable() text between double quotes. (The name `quoted` is std::quoted wherever a
// header of the standard library includes <iomanip>.)
std::string in_quotes(std::string_view text, std::size_t max_len = 256);

// Secret contains a password. It is wiped before its memory is freed, and never copied.
class Secret {
 public:
  Secret() = default;
  // Copies `octets`. The caller must wipe its own copy.
  explicit Secret(ByteView octets) : octets_(octets.begin(), octets.end()) {}
  Secret(Secret&& other) noexcept : octets_(std::move(other.octets_)) {}
  Secret& operator=(Secret&& other) noexcept {
    wipe();
    octets_ = std::move(other.octets_);
    return *this;
  }
  ~Secret() { wipe(); }

  // empty holds after wipe, too; view borrows the octets until then.
  bool empty() const noexcept { return octets_.empty(); }
  ByteView view() const noexcept { return octets_; }
  // wipe overwrites the octets and frees their memory.
  void wipe() noexcept;

 private:
  Bytes octets_;
};

}  // namespace gssloop

#endif  // GSSLOOP_BASE_BYTES_H_
