// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/gss/status.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "gssloop/gss/handle.h"

namespace gssloop::gss {
namespace {

// A mechanism that never ends its list of messages must not hang a login.
constexpr int kMaxMessages = 16;

// All messages of one status value, joined: gss_display_status returns one message for each call,
// and message_context says whether there are more (RFC 2744 section 5.11).
std::string messages(OM_uint32 value, int type, const Oid& mech) {
  std::string text;
  OidArgument oid(mech);
  OM_uint32 message_context = 0;
  for (int i = 0; i < kMaxMessages; ++i) {
    Buffer message;
    OM_uint32 minor;
    const OM_uint32 major =
        gss_display_status(&minor, value, type, oid.get(), &message_context, message.out());
    if (major != GSS_S_COMPLETE) break;
    // Mechanisms may quote the peer here, and the text is logged: unprintable octets are escaped.
    if (!text.empty()) text += "; ";
    ByteView said = message.view();
    // MIT's SPNEGO counts the NUL after some of its messages.
    if (!said.empty() && said.back() == 0) said = said.first(said.size() - 1);
    text += printable(said, 1024);
    if (message_context == 0) break;
  }
  return text;
}

// Minor texts that only confuse a reader: "No credentials were supplied (Success)".
bool says_nothing(std::string_view minor_text) {
  constexpr std::string_view kEmptyWords[] = {"Success", "Generic error (see e-text)"};
  return minor_text.empty() || std::ranges::find(kEmptyWords, minor_text) != std::end(kEmptyWords);
}

}  // namespace

Status::Status(const char* call, OM_uint32 major, OM_uint32 minor, const Oid& mech)
    : call_(call), major_(major), minor_(minor) {
  if (is_complete()) return;
  major_text_ = messages(major, GSS_C_GSS_CODE, {});
  if (minor != 0) minor_text_ = messages(minor, GSS_C_MECH_CODE, mech);
}

Status Status::of_check(const char* what, OM_uint32 major, std::string why) {
  Status status;
  status.call_ = what;
  status.major_ = major;
  status.major_text_ = std::move(why);
  return status;
}

Status Status::without_result(const char* call) {
  return of_check(call, GSS_S_FAILURE, "the mechanism returned success without a result");
}

std::string Status::text() const {
  std::string_view major = major_text_.empty() ? "complete" : std::string_view(major_text_);
  // The minor text follows, or it says nothing.
  constexpr std::string_view kPromise = ".  Minor code may provide more information";
  if (major.ends_with(kPromise)) major.remove_suffix(kPromise.size());
  std::string line = std::string(call_) + ": " + std::string(major);
  if (!says_nothing(minor_text_)) line += " (" + minor_text_ + ")";
  return line;
}

}  // namespace gssloop::gss
