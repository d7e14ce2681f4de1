// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/mech/gs2_header.h"

#include <algorithm>

namespace gssloop::plugin {
namespace {

bool is_cb_octet(std::uint8_t octet) noexcept {
  return (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z') ||
         (octet >= '0' && octet <= '9') || octet == '.' || octet == '-';
}

// Cursor reads a message from left to right, and never past its end.
class Cursor {
 public:
  explicit Cursor(ByteView message) : message_(message) {}

  std::size_t at() const noexcept { return at_; }
  bool skip(std::string_view expected) noexcept {
    if (!as_text(message_.subspan(at_)).starts_with(expected)) return false;
    at_ += expected.size();
    return true;
  }
  // Takes octets up to, and not including, the first for which `belongs` is false.
  template <class Predicate>
  std::string_view take_while(Predicate belongs) noexcept {
    const std::size_t from = at_;
    while (at_ < message_.size() && belongs(message_[at_])) ++at_;
    return as_text(message_.subspan(from, at_ - from));
  }
  Error expected(const char* what) const {
    return {std::string("expected ") + what + " at byte " + std::to_string(at_) +
            (at_ == message_.size() ? ", but the message ends there" : "")};
  }

 private:
  ByteView message_;
  std::size_t at_ = 0;
};

// Decodes "=2C" and "=3D"; nullopt for any other use of "=".
std::optional<std::string> decode_saslname(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '=') {
      decoded += text[i];
    } else if (text.substr(i, 3) == "=2C") {
      decoded += ',';
      i += 2;
    } else if (text.substr(i, 3) == "=3D") {
      decoded += '=';
      i += 2;
    } else {
      return std::nullopt;
    }
  }
  return decoded;
}

std::string encode_saslname(std::string_view name) {
  std::string text;
  text.reserve(name.size());
  for (const char c : name) {
    if (c == ',') {
      text += "=2C";
    } else if (c == '=') {
      text += "=3D";
    } else {
      text += c;
    }
  }
  return text;
}

// RFC 5801 section 4: UTF-8 without NUL.
bool is_saslname(std::string_view name) noexcept {
  return name.find('\0') == name.npos && is_utf8(as_bytes(name));
}

std::optional<Error> parse_cb_flag(Cursor* cursor, Gs2Header* header) {
  if (cursor->skip("n")) {
    header->cb_flag = CbFlag::kNotSupported;
  } else if (cursor->skip("y")) {
    header->cb_flag = CbFlag::kServerLacksIt;
  } else if (cursor->skip("p=")) {
    header->cb_flag = CbFlag::kUsed;
    header->cb_name = cursor->take_while(is_cb_octet);
    if (header->cb_name.empty()) return cursor->expected("a channel binding type");
  } else {
    return cursor->expected("\"p=\", \"n\" or \"y\"");
  }
  if (!cursor->skip(",")) return cursor->expected("a comma after the channel-binding flag");
  return std::nullopt;
}

std::optional<Error> parse_authzid(Cursor* cursor, Gs2Header* header) {
  if (cursor->skip("a=")) {
    const std::size_t at = cursor->at();
    const auto name = cursor->take_while([](std::uint8_t octet) { return octet != ','; });
    auto decoded = decode_saslname(name);
    if (name.empty() || !decoded || !is_saslname(*decoded)) {
      return Error{"the authorization identity at byte " + std::to_string(at) +
                   " is empty, contains NUL or an unescaped \"=\", or is not UTF-8"};
    }
    header->authzid = *std::move(decoded);
  }
  if (!cursor->skip(",")) return cursor->expected("the comma that ends the header");
  return std::nullopt;
}

}  // namespace

bool is_cb_name(std::string_view name) noexcept {
  return !name.empty() && std::ranges::all_of(as_bytes(name), is_cb_octet);
}

Result<std::string, Error> Gs2Header::serialize() const {
  std::string text = is_nonstandard ? "F," : "";
  if (cb_flag == CbFlag::kUsed) {
    if (!is_cb_name(cb_name)) {
      return Error{"the channel binding type " + in_quotes(cb_name) +
                   " must consist of letters, digits, \".\" and \"-\""};
    }
    text += "p=" + cb_name;
  } else {
    text += cb_flag == CbFlag::kServerLacksIt ? "y" : "n";
  }
  text += ",";
  if (!authzid.empty()) {
    if (!is_saslname(authzid)) {
      return Error{"the authorization identity contains NUL or is not UTF-8"};
    }
    text += "a=" + encode_saslname(authzid);
  }
  return text + ",";
}

Result<ParsedGs2Message, Error> parse_gs2_message(ByteView message) {
  ParsedGs2Message parsed;
  Cursor cursor(message);
  parsed.header.is_nonstandard = cursor.skip("F,");
  const std::size_t bound_from = cursor.at();
  if (auto error = parse_cb_flag(&cursor, &parsed.header)) return *std::move(error);
  if (auto error = parse_authzid(&cursor, &parsed.header)) return *std::move(error);
  parsed.bound_header = message.subspan(bound_from, cursor.at() - bound_from);
  parsed.token = message.subspan(cursor.at());
  return parsed;
}

gss::ChannelBindings gs2_bindings(ByteView bound_header, ByteView binding_data) {
  Bytes data = to_bytes(bound_header);
  data.insert(data.end(), binding_data.begin(), binding_data.end());
  return gss::ChannelBindings(std::move(data));
}

}  // namespace gssloop::plugin
