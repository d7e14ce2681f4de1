// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_LOOP_EXPLAIN_H_
#define GSSLOOP_LOOP_EXPLAIN_H_

#include <string>

#include "gssloop/gss/status.h"
#include "gssloop/loop/step.h"

namespace gssloop::loop {

// What a failure means for a person. Module, command and C interface say it from here.

// advice says what a person should look at: "there is no usable Kerberos ticket: get one with
// kinit, ...". "" where the failure's own text says all. Static.
const char* advice(const Failure& failure);
const char* advice(const gss::Status& status);

// explain is the failure's text with the advice behind it: "TEXT - ADVICE", or TEXT alone. Without
// token, key or attribute value.
std::string explain(const Failure& failure);
std::string explain(const gss::Status& status);

// is_binding_mismatch: the mechanism says that both sides did not use the same channel bindings.
bool is_binding_mismatch(const Failure& failure);

}  // namespace gssloop::loop

#endif  // GSSLOOP_LOOP_EXPLAIN_H_
