// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_DOCTOR_FORMAT_H_
#define GSSLOOP_TOOLS_DOCTOR_FORMAT_H_

#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

namespace gssloop::tools {

// How findings write lists, times, users and errors.

std::string joined(const std::vector<std::string>& words, const char* separator = ", ");
// wrapped breaks a text between words, so that it fits between the columns `indent` and `width`.
// Its first line begins at `indent` already. A word that is longer remains whole. With a width of
// 0, or one that leaves no room, the text stays one line.
std::string wrapped(const std::string& text, std::size_t width, std::size_t indent);
// date_and_time is local: "2026-01-31 23:59:59".
std::string date_and_time(std::time_t time);
// duration is "9 h 58 min"; for a negative number, that of its amount.
std::string duration(std::int64_t seconds);
// this_user is the process's effective user: "user 1000 (alice)".
std::string this_user();
// errno_text is the operating system's text for an errno.
std::string errno_text(int error);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_DOCTOR_FORMAT_H_
