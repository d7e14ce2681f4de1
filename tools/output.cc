// SPDX-License-Identifier: BSD-2-Clause
#include "tools/output.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>

#include "tools/json.h"

namespace gssloop::tools {
namespace {

bool wants_colours(Output::Colour colour, int fd) {
  if (colour != Output::Colour::kAuto) return colour == Output::Colour::kAlways;
  const char* no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') return false;
  const char* term = std::getenv("TERM");
  return isatty(fd) == 1 && term != nullptr && std::string_view(term) != "dumb";
}

const char* start_of(Style style) {
  switch (style) {
    case Style::kPlain:
      return "";
    case Style::kGood:
      return "\033[32m";
    case Style::kNote:
      return "\033[33m";
    case Style::kBad:
      return "\033[31m";
    case Style::kHeading:
      return "\033[1m";
    case Style::kDim:
      return "\033[2m";
  }
  return "";
}

std::string in_style(bool has_colours, Style style, std::string_view text) {
  if (!has_colours || style == Style::kPlain) return std::string(text);
  return start_of(style) + std::string(text) + "\033[0m";
}

void write_line(std::FILE* stream, std::string_view text) {
  // An empty text may have no address, and fwrite demands one.
  if (!text.empty()) std::fwrite(text.data(), 1, text.size(), stream);
  std::fputc('\n', stream);
  std::fflush(stream);
}

}  // namespace

Output::Output(Colour colour)
    : colours_out_(wants_colours(colour, STDOUT_FILENO)),
      colours_err_(wants_colours(colour, STDERR_FILENO)) {}

std::string Output::styled(Style style, std::string_view text) const {
  return in_style(colours_out_, style, text);
}

std::string Output::styled_err(Style style, std::string_view text) const {
  return in_style(colours_err_, style, text);
}

void Output::line(std::string_view text) const { write_line(stdout, text); }
void Output::note(std::string_view text) const { write_line(stderr, text); }

void Output::error(std::string_view text) const {
  write_line(stderr, styled_err(Style::kBad, "gssloop:") + " " + std::string(text));
}

void Output::json(const Json& document, bool is_compact) const {
  write_line(stdout, document.dump(is_compact ? -1 : 2));
}

std::size_t Output::width() {
  if (const char* columns = std::getenv("COLUMNS"); columns != nullptr) {
    const std::string_view text(columns);
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size() && number > 0) return number;
  }
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

bool Output::flush() const { return std::fflush(stdout) == 0 && std::ferror(stdout) == 0; }

std::string shown(std::string_view octets, std::size_t max_len) {
  return printable(as_bytes(octets), max_len);
}

}  // namespace gssloop::tools
