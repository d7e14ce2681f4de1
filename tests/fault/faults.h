// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_FAULT_FAULTS_H_
#define GSSLOOP_TESTS_FAULT_FAULTS_H_

#include <string>

#include "gssloop/gss/gssapi_c.h"

namespace gssloop::testing {

// How a call fails.
enum class Way {
  kInstead,     // it is not made, and its outputs stay as they were
  kAfterwards,  // it is made, fills its outputs, and then says that it failed
};

// Faults makes one GSS-API call of the library fail: the linker's --wrap puts the functions of
// wrapped_calls.cc between the library and the mechglue. The calls that release something always
// work (no caller could react to a failure) and are not counted. One thread.
class Faults {
 public:
  // arm makes call number `number` (from 1) return `major`. 0: none.
  void arm(unsigned number, OM_uint32 major, Way way) {
    *this = Faults();
    number_ = number;
    major_ = major;
    way_ = way;
  }

  // The function that was made to fail; empty as long as none was.
  const std::string& struck() const { return struck_; }
  unsigned num_calls() const { return num_calls_; }

  template <class Call>
  OM_uint32 pass(const char* function, OM_uint32* minor, Call call) {
    if (++num_calls_ != number_) return call();
    struck_ = function;
    if (way_ == Way::kAfterwards) (void)call();
    *minor = 0;
    return major_;
  }

 private:
  unsigned number_ = 0;
  OM_uint32 major_ = GSS_S_FAILURE;
  Way way_ = Way::kInstead;
  unsigned num_calls_ = 0;
  std::string struck_;
};

Faults& faults();

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_FAULT_FAULTS_H_
