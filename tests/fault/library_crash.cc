// SPDX-License-Identifier: BSD-2-Clause
#include "tests/fault/library_crash.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <iterator>
#include <string_view>

#include "tests/fault/failing_malloc.h"

namespace gssloop::testing {
namespace {

// The functions in which MIT krb5 crashes, and libsasl.
constexpr std::string_view kCrashing[] = {"gss_accept_sec_context", "gss_acquire_cred",
                                          "gss_init_sec_context", "gss_inquire_name",
                                          "profile_get_values"};

bool is_crash_of_library(void* const* frames, int num_frames) {
  int site = 2;  // after the handler and the trampoline
  Dl_info info{};
  std::string_view file;
  for (; site < num_frames && dladdr(frames[site], &info) != 0; ++site) {
    const std::string_view path = info.dli_fname;
    file = path.substr(path.rfind('/') + 1);
    // It gave a wrong pointer to free(), which is the C library's or the test's.
    if (!file.starts_with("libc.so") && !file.ends_with("_test")) break;
  }
  if (file.starts_with("libsasl2.so")) return true;
  if (!file.starts_with("libgssapi_krb5.so") && !file.starts_with("libkrb5.so") &&
      !file.starts_with("libk5crypto.so")) {
    return false;
  }
  return std::any_of(frames + site, frames + num_frames, [&](void* frame) {
    return dladdr(frame, &info) != 0 && info.dli_sname != nullptr &&
           std::ranges::find(kCrashing, info.dli_sname) != std::end(kCrashing);
  });
}

// Says where a crash was, so that a person can find out whose it is.
void on_crash(int number) {
  end_scarcity();
  void* frames[40];
  const int num_frames = backtrace(frames, static_cast<int>(std::size(frames)));
  if (is_crash_of_library(frames, num_frames)) _exit(kCrashOfLibrary);
  backtrace_symbols_fd(frames, num_frames, STDERR_FILENO);
  signal(number, SIG_DFL);
  raise(number);
}

}  // namespace

void exit_after_crash_of_library() {
  for (const int number : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE}) signal(number, on_crash);
}

}  // namespace gssloop::testing
