// SPDX-License-Identifier: BSD-2-Clause
//
// A module for LD_PRELOAD. It measures how long the threads of a program hold mutexes, and counts
// how often they wait for them. When the program ends, it writes a line for each mutex that was
// locked into the file that GSSLOOP_LOCK_WAITS names: "LIBRARY LOCKS NANOSECONDS WAITS". LIBRARY
// has the code that locks the mutex. The time is the thread's own, in which other threads and
// programs do not count, and the sum of all times that the mutex was held.

#include <dlfcn.h>
#include <pthread.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

using Function = int (*)(pthread_mutex_t*);

struct Mutex {
  std::atomic<pthread_mutex_t*> address;
  std::atomic<const void*> locker;  // the code that locked it
  std::atomic<unsigned> num_locks;
  std::atomic<unsigned> num_waits;
  std::atomic<long> held_ns;
};

// Places are found by the address, and never given back. Most mutexes are in objects that are made
// anew in each login.
std::array<Mutex, 1 << 18> mutexes;

Mutex* find(pthread_mutex_t* address) {
  std::size_t at = (reinterpret_cast<std::size_t>(address) >> 3) % mutexes.size();
  for (std::size_t tries = 0; tries < mutexes.size(); ++tries, at = (at + 1) % mutexes.size()) {
    pthread_mutex_t* there = nullptr;
    if (mutexes[at].address.compare_exchange_strong(there, address) || there == address) {
      return &mutexes[at];
    }
  }
  std::abort();  // all places are taken: what is counted would be too little
}

struct Held {
  pthread_mutex_t* address;
  long since;  // in the thread's time
};
thread_local std::array<Held, 16> held;
thread_local std::size_t num_held = 0;

long thread_ns() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

Function real(const char* name) { return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name)); }

void report() {
  const char* path = std::getenv("GSSLOOP_LOCK_WAITS");
  FILE* file = path != nullptr ? std::fopen(path, "w") : nullptr;
  if (file == nullptr) return;
  for (const Mutex& mutex : mutexes) {
    if (mutex.num_locks == 0) continue;
    Dl_info info;
    const bool is_known = dladdr(mutex.locker.load(), &info) != 0 && info.dli_fname != nullptr;
    const char* slash = is_known ? std::strrchr(info.dli_fname, '/') : nullptr;
    std::fprintf(file, "%s %u %ld %u\n", slash != nullptr ? slash + 1 : "?", mutex.num_locks.load(),
                 mutex.held_ns.load(), mutex.num_waits.load());
  }
  std::fclose(file);
}

[[gnu::constructor]] void begin() { std::atexit(report); }

}  // namespace

extern "C" int pthread_mutex_lock(pthread_mutex_t* address) noexcept {
  static const Function try_lock = real("pthread_mutex_trylock");
  static const Function lock = real("pthread_mutex_lock");
  Mutex* const mutex = find(address);
  mutex->locker = __builtin_return_address(0);
  ++mutex->num_locks;
  if (try_lock(address) != 0) {
    ++mutex->num_waits;
    if (const int error = lock(address)) return error;
  }
  if (num_held < held.size()) held[num_held] = {address, thread_ns()};
  ++num_held;
  return 0;
}

extern "C" int pthread_mutex_unlock(pthread_mutex_t* address) noexcept {
  static const Function unlock = real("pthread_mutex_unlock");
  for (std::size_t i = std::min(num_held, held.size()); i-- > 0;) {
    if (held[i].address != address) continue;
    find(address)->held_ns += thread_ns() - held[i].since;
    for (; i + 1 < std::min(num_held, held.size()); ++i) held[i] = held[i + 1];
    --num_held;
    break;
  }
  return unlock(address);
}
