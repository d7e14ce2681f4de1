// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_SUPPORT_SANITIZER_H_
#define GSSLOOP_TESTS_SUPPORT_SANITIZER_H_

// GSSLOOP_HAS_SANITIZER is 1 in a build with AddressSanitizer or ThreadSanitizer. Each has a malloc
// of its own: a test cannot replace it, and mallinfo2(3) counts nothing. Programs that were built
// without the sanitizer cannot load the module.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GSSLOOP_HAS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GSSLOOP_HAS_SANITIZER 1
#endif
#endif
#ifndef GSSLOOP_HAS_SANITIZER
#define GSSLOOP_HAS_SANITIZER 0
#endif

namespace gssloop::testing {

inline constexpr bool kHasSanitizer = GSSLOOP_HAS_SANITIZER;
inline constexpr char kOwnMalloc[] = "this build has a sanitizer, which has a malloc of its own";

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_SUPPORT_SANITIZER_H_
