// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_FAULT_FAULTS_H_
#define GSSLOOP_TESTS_FAULT_FAULTS_H_

#include <string>

#include "gssloop/gss/gssapi_c.h"
#include "tests/fault/injected.h"

namespace gssloop::testing {

// How a call fails.
enum class Way {
  kInstead,     // it is not made, and its outputs stay as they were
  kAfterwards,  // it is made, fills its outputs, and then returns the status
};

// The statuses that a failed call returns: of each kind that a caller tells apart, and such as no
// standard defines.
inline constexpr OM_uint32 kStatuses[] = {
    GSS_S_FAILURE,
    GSS_S_DEFECTIVE_TOKEN,
    GSS_S_DEFECTIVE_CREDENTIAL,
    GSS_S_BAD_SIG,
    GSS_S_BAD_BINDINGS,
    GSS_S_BAD_NAME,
    GSS_S_BAD_MECH,
    GSS_S_NO_CRED,
    GSS_S_NO_CONTEXT,
    GSS_S_CREDENTIALS_EXPIRED,
    GSS_S_CONTEXT_EXPIRED,
    GSS_S_UNAVAILABLE,
    GSS_S_CALL_INACCESSIBLE_READ,
    GSS_S_CONTINUE_NEEDED,
    // Not errors for GSS_ERROR().
    GSS_S_COMPLETE | GSS_S_DUPLICATE_TOKEN,
    GSS_S_COMPLETE | GSS_S_OLD_TOKEN,
    GSS_S_COMPLETE | GSS_S_UNSEQ_TOKEN | GSS_S_GAP_TOKEN,
    GSS_S_CONTINUE_NEEDED | GSS_S_DUPLICATE_TOKEN,
    // Unknown.
    0xff0000U,
    0x8000U,
};

// Faults makes one GSS-API call fail: the functions of interposed_calls.cc are between the callers
// of the program and of the modules it loads, and the mechglue. What the mechglue and a mechanism
// call in turn is not counted, nor are the calls that release something: they always work, because
// no caller could react to a failure. One thread.
class Faults {
 public:
  // arm makes call number `number` (from 1) return `major`. 0: none.
  void arm(unsigned number, OM_uint32 major, Way way) {
    *this = Faults();
    number_ = number;
    major_ = major;
    way_ = way;
  }
  void disarm() { number_ = 0; }

  // The function that was made to fail; empty as long as none was.
  const std::string& struck() const { return struck_; }
  OM_uint32 major() const { return major_; }
  unsigned num_calls() const { return num_calls_; }

  template <class Call>
  OM_uint32 pass(const char* function, OM_uint32* minor, Call call) {
    if (depth_ > 0) return call();
    const bool is_struck = ++num_calls_ == number_;
    if (is_struck) {
      struck_ = function;
      note_injected();
    }
    OM_uint32 major = major_;
    if (!is_struck || way_ == Way::kAfterwards) {
      ++depth_;
      const OM_uint32 real_major = call();
      --depth_;
      if (!is_struck) major = real_major;
    }
    if (is_struck) *minor = 0;
    return major;
  }

 private:
  unsigned number_ = 0;
  OM_uint32 major_ = GSS_S_FAILURE;
  Way way_ = Way::kInstead;
  unsigned num_calls_ = 0;
  unsigned depth_ = 0;  // calls that are under way
  std::string struck_;
};

Faults& faults();

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_FAULT_FAULTS_H_
