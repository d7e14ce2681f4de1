// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_KDC_REALM_ERROR_H_
#define GSSLOOP_TESTS_KDC_REALM_ERROR_H_

#include <stdexcept>

namespace gssloop::testing {

// RealmError says which step of a test realm's set-up failed and shows what the program said.
// Test support throws, unlike the library: a set-up that fails has no other answer.
class RealmError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_KDC_REALM_ERROR_H_
