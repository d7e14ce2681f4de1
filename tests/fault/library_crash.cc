// SPDX-License-Identifier: BSD-2-Clause
#include "tests/fault/library_crash.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <iterator>
#include <span>
#include <string_view>

#include "tests/fault/failing_malloc.h"

namespace gssloop::testing {
namespace {

constexpr int kMaxFrames = 64;
void* failed_frames[kMaxFrames];  // of the last allocation that failed
int num_failed_frames = 0;

std::string_view function_at(void* frame) {
  Dl_info info{};
  return dladdr(frame, &info) != 0 && info.dli_sname != nullptr ? info.dli_sname : "";
}

std::string_view file_at(void* frame) {
  Dl_info info{};
  if (dladdr(frame, &info) == 0) return "";
  const std::string_view path = info.dli_fname;
  return path.substr(path.rfind('/') + 1);
}

// The module, and the test program with what is linked into it.
bool is_ours(void* frame) {
  const std::string_view file = file_at(frame);
  return file.starts_with("libgssloop") || file.ends_with("_test");
}

bool is_allocator(void* frame) {
  static constexpr std::string_view kNames[] = {"malloc",        "calloc",         "realloc",
                                                "aligned_alloc", "posix_memalign", "free"};
  return std::ranges::any_of(
      kNames, [&](std::string_view name) { return function_at(frame).ends_with(name); });
}

// What is left of a backtrace outside the library that was called last: from the frame of this
// project that called it on. Nothing if there is no library in it.
std::span<void* const> callers_of_library(std::span<void* const> frames) {
  // The program's own malloc and free, and what they called; or the handler and the trampoline.
  const auto allocator = std::ranges::find_if(frames, is_allocator);
  const auto site = allocator != frames.end()
                        ? std::find_if_not(allocator, frames.end(), is_allocator)
                        : frames.begin() + 2;
  const auto caller = std::find_if(site, frames.end(), is_ours);
  if (caller == site || caller == frames.end()) return {};
  return {caller, frames.end()};
}

bool is_crash_of_library(std::span<void* const> crash) {
  const auto of_crash = callers_of_library(crash);
  const auto of_failed =
      callers_of_library({failed_frames, static_cast<std::size_t>(num_failed_frames)});
  return !of_crash.empty() && std::ranges::equal(of_crash, of_failed);
}

// Says where a crash was, so that a person can find out whose it is.
void on_crash(int number) {
  end_scarcity();
  void* frames[kMaxFrames];
  const int num_frames = backtrace(frames, kMaxFrames);
  if (num_frames > 2 && is_crash_of_library({frames, static_cast<std::size_t>(num_frames)})) {
    _exit(kCrashOfLibrary);
  }
  backtrace_symbols_fd(frames, num_frames, STDERR_FILENO);
  static constexpr std::string_view kFailed = "the allocation that failed:\n";
  (void)!write(STDERR_FILENO, kFailed.data(), kFailed.size());
  backtrace_symbols_fd(failed_frames, num_failed_frames, STDERR_FILENO);
  signal(number, SIG_DFL);
  raise(number);
}

}  // namespace

void note_failed_allocation() noexcept { num_failed_frames = backtrace(failed_frames, kMaxFrames); }

void exit_after_crash_of_library() {
  // Its first call loads the unwinder, which allocates.
  note_failed_allocation();
  num_failed_frames = 0;
  call_on_failure(note_failed_allocation);
  for (const int number : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGALRM}) signal(number, on_crash);
}

}  // namespace gssloop::testing

// For all code in the process, as libraries find the program's functions first.
extern "C" [[noreturn]] void exit(int status) noexcept {
  using gssloop::testing::file_at;
  if (file_at(__builtin_return_address(0)).starts_with("libsasl2.so")) {
    _exit(gssloop::testing::kEndByLibsasl);
  }
  static const auto next = reinterpret_cast<decltype(&exit)>(dlsym(RTLD_NEXT, "exit"));
  next(status);
  __builtin_unreachable();
}
