// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_MECH_GS2_HEADER_H_
#define GSSLOOP_PLUGIN_MECH_GS2_HEADER_H_

#include <optional>
#include <string>
#include <string_view>

#include "gssloop/base/bytes.h"
#include "gssloop/base/result.h"
#include "gssloop/gss/context.h"

namespace gssloop::plugin {

// The gs2-cb-flag (RFC 5801 section 4).
enum class CbFlag {
  kNotSupported,   // "n": the client does not support channel binding
  kServerLacksIt,  // "y": it does, but thinks that the server does not
  kUsed,           // "p=": it used the channel binding that it names
};

// Gs2Header is what a GS2 client puts before its first token:
//
//   gs2-header = [gs2-nonstd-flag ","] gs2-cb-flag "," [gs2-authzid] ","
//
// A header that parses serializes to the same octets.
struct Gs2Header {
  bool is_nonstandard = false;  // "F": the token never had the RFC 2743 section 3.1 header
  CbFlag cb_flag = CbFlag::kNotSupported;
  std::string cb_name;  // of kUsed
  std::string authzid;  // decoded; empty means none was sent

  // serialize fails if cb_name violates the grammar, or if authzid contains NUL or is not UTF-8.
  Result<std::string, Error> serialize() const;
};

// ParsedGs2Message is a client's first message, parsed; the views point into the message.
struct ParsedGs2Message {
  Gs2Header header;
  ByteView bound_header;  // the header without "F,": the part that the channel bindings cover
  ByteView token;         // the rest of the message
};

// parse_gs2_message accepts exactly the grammar (G3 to G5). Fails with a message that names the
// expected part and its byte, counted from 0.
Result<ParsedGs2Message, Error> parse_gs2_message(ByteView message);

// is_cb_name says whether `name` is 1*(ALPHA / DIGIT / "." / "-").
bool is_cb_name(std::string_view name) noexcept;

// gs2_bindings makes the channel bindings that tie header and channel to the context: the header
// without "F,", followed by the application's binding data when the flag is "p=" (section 5.1).
gss::ChannelBindings gs2_bindings(ByteView bound_header, ByteView binding_data);

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_MECH_GS2_HEADER_H_
