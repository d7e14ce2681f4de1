// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_LOOP_EXPLAIN_H_
#define GSSLOOP_LOOP_EXPLAIN_H_

#include <string>

#include "gssloop/gss/status.h"
#include "gssloop/loop/step.h"

namespace gssloop::loop {

// The explanation of a failure for a person. The module, the command and the C interface use these
// functions.

// advice says what a person should check or do: "there is no usable Kerberos ticket: run kinit,
// ...". "" if there is no advice beyond the failure's own text. Static.
const char* advice(const Failure& failure);
const char* advice(const gss::Status& status);

// explain is the failure's text and the advice: "TEXT - ADVICE", or only TEXT. It contains no
// token, key or attribute value.
std::string explain(const Failure& failure);
std::string explain(const gss::Status& status);

// is_binding_mismatch: the mechanism says that both sides did not use the same channel bindings.
bool is_binding_mismatch(const Failure& failure);

// is_credential_fault: of an initiator. Its credential cannot be used, or the KDC gave no ticket
// with it, so the acceptor did not fail.
bool is_credential_fault(const Failure& failure);

}  // namespace gssloop::loop

#endif  // GSSLOOP_LOOP_EXPLAIN_H_
