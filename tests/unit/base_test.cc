// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "gssloop/base/bytes.h"
#include "gssloop/base/flags.h"
#include "gssloop/base/result.h"
#include "tests/support/spec.h"

namespace gssloop {
namespace {

using namespace std::string_literals;

// Puts a code point into `len` octets, whether that is its right length or not.
std::string encode(std::uint32_t code_point, std::size_t len) {
  if (len == 1) return std::string(1, static_cast<char>(code_point));
  std::string octets;
  for (std::size_t i = 1; i < len; ++i) {
    octets.insert(octets.begin(), static_cast<char>(0x80 | (code_point & 0x3f)));
    code_point >>= 6;
  }
  const unsigned lead = len == 2 ? 0xc0 : len == 3 ? 0xe0 : 0xf0;
  return static_cast<char>(lead | code_point) + octets;
}

TEST(Utf8, TakesEachCodePointInItsShortestFormOnly) {
  SPEC("G5");
  constexpr std::uint32_t kEnds[] = {0x80, 0x800, 0x10000, 0x200000};  // of 1 to 4 octets
  for (std::uint32_t code_point = 0; code_point < 0x200000; ++code_point) {
    const bool is_scalar = code_point <= 0x10ffff && (code_point < 0xd800 || code_point > 0xdfff);
    bool is_shortest = true;
    for (std::size_t len = 1; len <= 4; ++len) {
      if (code_point >= kEnds[len - 1]) continue;
      const std::string octets = encode(code_point, len);
      ASSERT_EQ(is_utf8(as_bytes(octets)), is_scalar && is_shortest) << code_point << ' ' << len;
      is_shortest = false;
    }
  }
}

TEST(Utf8, RefusesEveryTruncationAndStrayOctet) {
  SPEC("G5");
  for (const std::string& octets : {"\xc3\xa4"s, "\xe2\x82\xac"s, "\xf0\x9f\x98\x80"s}) {
    for (std::size_t len = 1; len < octets.size(); ++len) {
      const std::string cut = octets.substr(0, len);
      // A view of a part: what follows it in memory would complete it, and must not be read.
      EXPECT_FALSE(is_utf8(as_bytes(octets).first(len)));
      EXPECT_FALSE(is_utf8(as_bytes("a" + cut)));
      EXPECT_FALSE(is_utf8(as_bytes(cut + "a")));
      EXPECT_FALSE(is_utf8(as_bytes(cut + octets)));
    }
    for (std::size_t i = 1; i < octets.size(); ++i) {
      for (const char bad : {'\x7f', '\xc0', '\x00', '\xff'}) {
        std::string changed = octets;
        changed[i] = bad;
        EXPECT_FALSE(is_utf8(as_bytes(changed))) << octets.size() << ' ' << i;
      }
    }
    EXPECT_TRUE(is_utf8(as_bytes("a" + octets + octets + "z")));
  }
}

TEST(Utf8, Table) {
  SPEC("G5");
  const struct {
    std::string octets;
    bool is_good;
  } rows[] = {
      {"", true},
      {"plain"s, true},
      {"a\0b"s, true},  // NUL is well-formed; a caller that forbids it looks for it
      {"\x80"s, false},
      {"\xbf"s, false},
      {"\xc0\x80"s, false},
      {"\xc1\xbf"s, false},
      {"\xe0\x80\x80"s, false},
      {"\xe0\x9f\xbf"s, false},
      {"\xed\xa0\x80"s, false},
      {"\xed\xbf\xbf"s, false},
      {"\xed\x9f\xbf"s, true},
      {"\xee\x80\x80"s, true},
      {"\xf0\x8f\xbf\xbf"s, false},
      {"\xf4\x8f\xbf\xbf"s, true},
      {"\xf4\x90\x80\x80"s, false},
      {"\xf5\x80\x80\x80"s, false},
      {"\xf8\x88\x80\x80\x80"s, false},
      {"\xfe"s, false},
      {"\xff"s, false},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(is_utf8(as_bytes(row.octets)), row.is_good) << printable(as_bytes(row.octets));
  }
}

TEST(ControlCharacters, AreThoseOfAsciiAndOfUnicode) {
  for (int octet = 0; octet <= 0xff; ++octet) {
    const std::string text = "ab"s + static_cast<char>(octet);
    EXPECT_EQ(has_control_characters(as_bytes(text)), octet < 0x20 || octet == 0x7f) << octet;
    EXPECT_EQ(has_control_characters(as_bytes(text + "\xc3\x80")), octet < 0x20 || octet == 0x7f);
  }
  for (int octet = 0x80; octet <= 0xbf; ++octet) {  // U+0080 to U+00BF
    const std::string text = "a\xc2"s + static_cast<char>(octet) + "b";
    EXPECT_EQ(has_control_characters(as_bytes(text)), octet < 0xa0) << octet;
    EXPECT_FALSE(has_control_characters(as_bytes(text).first(2)));
  }
  EXPECT_FALSE(has_control_characters(as_bytes("\xc3\x80")));
  EXPECT_FALSE(has_control_characters({}));
}

TEST(Base64, Table) {
  SPEC("N4");
  const struct {
    std::string octets, text;
  } rows[] = {
      // RFC 4648 section 10
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
      // section 9's example, and what needs the last two of the alphabet
      {"\x14\xfb\x9c\x03\xd9\x7e"s, "FPucA9l+"},
      {"\xff\xef\xfe"s, "/+/+"},
      {"\0"s, "AA=="},
      {"\0\0\0"s, "AAAA"},
      {"\xff\xff"s, "//8="},
  };
  for (const auto& row : rows) EXPECT_EQ(base64(as_bytes(row.octets)), row.text);
  EXPECT_EQ(base64(as_bytes(std::string(48, 'a'))).find('\n'), std::string::npos);
}

TEST(Base64, ReadsWhatItWritesAndNothingElse) {
  for (const std::string_view text : {"", "a", "ab", "abc", "abcd", "\x00\xff\x80"}) {
    EXPECT_EQ(from_base64(base64(as_bytes(text))), to_bytes(as_bytes(text)));
  }
  for (const char* text : {"A", "AA", "AAA", "AB==", "AA=A",
                           "A===", "====", "AA==AA==", "A A=", "AAAA\n", "-_8=", "=", "AAAA="}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

TEST(Hex, IsTwoLowerCaseDigitsForEachOctet) {
  EXPECT_EQ(hex({}), "");
  EXPECT_EQ(hex(as_bytes("\x0f\xa0\xff\0"s)), "0fa0ff00");
}

TEST(Hex, ReadsDigitsOfEitherCaseAndNothingElse) {
  EXPECT_EQ(from_hex(""), Bytes());
  EXPECT_EQ(from_hex("0fA0ff00"), to_bytes(as_bytes("\x0f\xa0\xff\0"s)));
  for (const char* digits : {"0", "0g", "g0", "000", " 00", "0x00", "00 "}) {
    EXPECT_FALSE(from_hex(digits)) << digits;
  }
}

TEST(Printable, Table) {
  const struct {
    std::string octets;
    std::size_t max_len;
    std::string text;
  } rows[] = {
      {"", 10, ""},
      {" ~plain", 10, " ~plain"},
      {"a\\b", 10, "a\\x5cb"},
      {"a\nb\x7f\0\xff"s, 10, "a\\x0ab\\x7f\\x00\\xff"},
      {"\x1b[2J", 10, "\\x1b[2J"},
      {"12345", 5, "12345"},
      {"123456", 5, "12345..."},
      {"\xff\xff", 1, "\\xff..."},
      {"x", 0, "..."},
  };
  for (const auto& row : rows) EXPECT_EQ(printable(as_bytes(row.octets), row.max_len), row.text);
  EXPECT_EQ(printable(as_bytes(std::string(300, 'x'))).size(), 256U + 3U);
}

TEST(Flags, TextNamesThemInOrder) {
  const struct {
    Flags flags;
    std::string text;
  } rows[] = {
      {{}, "none"},
      {Flag::kDeleg, "deleg"},
      {Flag::kMutual, "mutual"},
      {Flag::kReplay, "replay"},
      {Flag::kSequence, "sequence"},
      {Flag::kConf, "conf"},
      {Flag::kInteg, "integ"},
      {Flag::kAnon, "anon"},
      {Flag::kProtReady, "prot-ready"},
      {Flag::kTrans, "trans"},
      {Flag::kChannelBound, "channel-bound"},
      {Flag::kDelegPolicy, "deleg-policy"},
      {Flag::kInteg | Flag::kMutual, "mutual, integ"},
      {Flags::from_bits(0x40000000), "none"},
  };
  for (const auto& row : rows) EXPECT_EQ(to_string(row.flags), row.text);
}

TEST(Flags, MissingIsWhatIsWantedAndNotThere) {
  SPEC("L32 L34 L43");
  const Flags granted = Flag::kMutual | Flag::kConf | Flags::from_bits(0x40000000);
  EXPECT_TRUE(granted.missing({}).empty());
  EXPECT_TRUE(granted.missing(Flag::kMutual).empty());
  EXPECT_EQ(granted.missing(Flag::kMutual | Flag::kInteg), Flags(Flag::kInteg));
  EXPECT_EQ(Flags().missing(granted), granted);
  EXPECT_EQ(granted.bits(), 0x40000012U);
  EXPECT_TRUE(granted.has(Flag::kConf));
  EXPECT_FALSE(granted.has(Flag::kInteg));
}

// What memory looked like when it was given back; see operator delete below.
struct Watch {
  const void* at = nullptr;
  std::size_t len = 0;
  std::optional<std::string> last_seen;
} watch;

constexpr std::string_view kPassword = "correct horse battery staple";

std::string watched_and_freed(const std::optional<std::string>& seen) {
  return seen ? *seen : "never freed";
}

void watch_memory_of(const Secret& secret) {
  watch = {secret.view().data(), secret.view().size(), std::nullopt};
}

TEST(Secret, IsWipedBeforeItsMemoryIsGivenBack) {
  const std::string zeros(kPassword.size(), '\0');
  {
    const Secret secret{as_bytes(kPassword)};
    watch_memory_of(secret);
  }
  EXPECT_EQ(watched_and_freed(watch.last_seen), zeros) << "by the destructor";
  Secret target{as_bytes(kPassword)};
  watch_memory_of(target);
  target = Secret{as_bytes("other")};
  EXPECT_EQ(watched_and_freed(watch.last_seen), zeros) << "by assignment";
  EXPECT_EQ(as_text(target.view()), "other");
}

TEST(Secret, MovesAndForgets) {
  Secret first{as_bytes(kPassword)};
  Secret second = std::move(first);
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
  EXPECT_EQ(as_text(second.view()), kPassword);
  second.wipe();
  EXPECT_TRUE(second.empty());
  EXPECT_EQ(second.view().size(), 0U);
  static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
}

TEST(Result, HoldsAValueOrAReason) {
  Result<std::unique_ptr<int>, Error> good = std::make_unique<int>(7);
  ASSERT_TRUE(good);
  EXPECT_EQ(**good, 7);
  const std::unique_ptr<int> taken = *std::move(good);
  EXPECT_EQ(*taken, 7);
  const Result<std::unique_ptr<int>, Error> bad = Error{"no number"};
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().message, "no number");
  // The index decides, not the type: both may have the same type.
  struct Wrapped {
    std::string text;
  };
  const Result<std::string, Wrapped> text = std::string("x");
  EXPECT_TRUE(text);
  EXPECT_EQ(text->size(), 1U);
}

}  // namespace

namespace {

void look_before_free(void* memory) noexcept {
  if (memory == nullptr || memory != watch.at) return;
  watch.at = nullptr;  // before the copy below, which allocates
  // volatile: nothing may conclude that memory about to be freed need not be read.
  const volatile char* octet = static_cast<const volatile char*>(memory);
  std::string copy;
  for (std::size_t i = 0; i < watch.len; ++i) copy += octet[i];
  watch.last_seen = copy;
}

TEST(Bytes, NetworkOrderThereAndBack) {
  for (const std::uint32_t number : {0U, 1U, 0x80U, 0xFFFFFFU, 0x12345678U, 0xFFFFFFFFU}) {
    std::uint8_t octets[4];
    to_network_order(number, octets);
    EXPECT_EQ(from_network_order(octets), number);
    EXPECT_EQ(octets[0], number >> 24);
    to_network_order(number, std::span(octets).first(3));
    EXPECT_EQ(from_network_order(std::span(octets).first(3)), number & 0xFFFFFF);
  }
}

TEST(Bytes, CaseOfLettersIsIgnoredAndNothingElse) {
  EXPECT_TRUE(equals_ignoring_case("GS2-Krb5", "gs2-KRB5"));
  EXPECT_TRUE(equals_ignoring_case("", ""));
  for (const char* other : {"GS2-KRB", "GS2-KRB55", "GS2_KRB5", "GS2-KRB\xb5"}) {
    EXPECT_FALSE(equals_ignoring_case("GS2-KRB5", other)) << other;
  }
  EXPECT_FALSE(equals_ignoring_case("@[`{", "`{@["));
}

}  // namespace
}  // namespace gssloop

// All of them, so that a sanitizer sees memory freed by what allocated it (std::stable_sort asks
// for its buffer with nothrow). Not inline: GCC would take free() for the wrong half of a new that
// it does not see into.
[[gnu::noinline]] void* operator new(std::size_t size) {
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  gssloop::look_before_free(memory);
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*size*/) noexcept {
  operator delete(memory);
}
