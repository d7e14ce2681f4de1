// SPDX-License-Identifier: BSD-2-Clause
// A library that nobody survives loading.
#include <signal.h>

namespace {

struct Crash {
  Crash() {
    signal(SIGSEGV, SIG_DFL);  // whatever a sanitizer makes of it
    raise(SIGSEGV);
  }
};

const Crash crash;

}  // namespace
