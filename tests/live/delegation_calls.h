// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_LIVE_DELEGATION_CALLS_H_
#define GSSLOOP_TESTS_LIVE_DELEGATION_CALLS_H_

#include <string>

namespace gssloop::testing {

// The program's own krb5_fwd_tgt_creds is in delegation_calls.cc.

// delegate_from makes clients of this process delegate the first credential of the ccache `name`,
// whoever logs in. Empty: the client's own.
void delegate_from(const std::string& name);

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_LIVE_DELEGATION_CALLS_H_
