// SPDX-License-Identifier: BSD-2-Clause
//
// What a program with threads, or with processes, has to do beside what one connection takes.

#ifndef GSSLOOP_EXAMPLES_DEMO_THREADS_H_
#define GSSLOOP_EXAMPLES_DEMO_THREADS_H_

#include <sasl/sasl.h>
#include <sys/mman.h>

#include <mutex>

namespace demo {

// set_sasl_mutexes tells libsasl how to lock; without it, libsasl does not. Before
// sasl_server_init or sasl_client_init, once.
inline void set_sasl_mutexes() {
  sasl_set_mutex([]() -> void* { return new std::mutex; },
                 [](void* mutex) {
                   static_cast<std::mutex*>(mutex)->lock();
                   return SASL_OK;
                 },
                 [](void* mutex) {
                   static_cast<std::mutex*>(mutex)->unlock();
                   return SASL_OK;
                 },
                 [](void* mutex) { delete static_cast<std::mutex*>(mutex); });
}

// new_shared gives `num` zeroed objects that processes forked later share, or null. Never freed:
// they are as long-lived as the program. T must be usable when all its octets are zero.
template <typename T>
T* new_shared(std::size_t num) {
  void* memory =
      mmap(nullptr, num * sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : static_cast<T*>(memory);
}

}  // namespace demo

#endif  // GSSLOOP_EXAMPLES_DEMO_THREADS_H_
