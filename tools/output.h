// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_OUTPUT_H_
#define GSSLOOP_TOOLS_OUTPUT_H_

#include <cstdio>
#include <string>
#include <string_view>

#include "gssloop/base/bytes.h"

namespace gssloop::tools {

class Json;

enum class Style { kPlain, kGood, kNote, kBad, kHeading, kDim };

// Output writes to standard output and standard error, for people and programs. Callers pass octets
// that came from outside (a peer, a file, the environment) through shown() first: only json()
// filters them. One thread.
class Output {
 public:
  enum class Colour { kAuto, kAlways, kNever };

  // kAuto colours a stream that is a terminal, unless NO_COLOR is set (to anything but nothing) or
  // TERM is "dumb".
  explicit Output(Colour colour = Colour::kAuto);

  // styled returns `text` in a style for standard output, styled_err for standard error. Without
  // colours, both return `text` unchanged.
  std::string styled(Style style, std::string_view text) const;
  std::string styled_err(Style style, std::string_view text) const;

  // line writes a line to standard output, note writes one to standard error. Both flush.
  void line(std::string_view text = {}) const;
  void note(std::string_view text) const;
  // error writes "gssloop: TEXT" to standard error.
  void error(std::string_view text) const;

  // json writes one document to standard output, in ASCII (Json::dump). `is_compact`: in one line.
  void json(const Json& document, bool is_compact = false) const;

  // width is the number of columns into which a person's text fits: COLUMNS, if it is set to a
  // number, otherwise the terminal's. 0: standard output is no terminal, so lines stay whole.
  static std::size_t width();

  // flush is false when standard output could not take all that was written.
  bool flush() const;

 private:
  bool colours_out_;
  bool colours_err_;
};

// shown makes octets from outside printable, so that they cannot control a terminal (printable()).
std::string shown(std::string_view octets, std::size_t max_len = 256);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_OUTPUT_H_
