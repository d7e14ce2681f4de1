// SPDX-License-Identifier: BSD-2-Clause
// A library to preload: the clock of the process is GSSLOOP_CLOCK_OFFSET seconds ahead.
#include <dlfcn.h>
#include <sys/time.h>
#include <time.h>

#include <cstdlib>

namespace {

long offset() {
  static const char* const text = std::getenv("GSSLOOP_CLOCK_OFFSET");
  static const long seconds = text != nullptr ? std::strtol(text, nullptr, 10) : 0;
  return seconds;
}

template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

time_t time(time_t* out) {
  const time_t now = next<time_t(time_t*)>("time")(nullptr) + offset();
  if (out != nullptr) *out = now;
  return now;
}

int gettimeofday(struct timeval* out, void* zone) noexcept {
  const int result = next<int(struct timeval*, void*)>("gettimeofday")(out, zone);
  if (result == 0) out->tv_sec += offset();
  return result;
}

// A deadline needs the monotonic clock unchanged.
int clock_gettime(clockid_t clock, struct timespec* out) noexcept {
  const int result = next<int(clockid_t, struct timespec*)>("clock_gettime")(clock, out);
  if (result == 0 && clock == CLOCK_REALTIME) out->tv_sec += offset();
  return result;
}

}  // extern "C"
