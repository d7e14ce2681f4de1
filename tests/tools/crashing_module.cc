// SPDX-License-Identifier: BSD-2-Clause
// A library that crashes every process that loads it.
#include <signal.h>

namespace {

struct Crash {
  Crash() {
    signal(SIGSEGV, SIG_DFL);  // a sanitizer may have set a handler
    raise(SIGSEGV);
  }
};

const Crash crash;

}  // namespace
