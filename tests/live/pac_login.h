// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_LIVE_PAC_LOGIN_H_
#define GSSLOOP_TESTS_LIVE_PAC_LOGIN_H_

#include <optional>
#include <string>

#include "gssloop/loop/acceptor.h"

namespace gssloop::testing {

// accept_login is the acceptor's context of one login with Kerberos to `target` ("imap@localhost"),
// by the tickets at hand. A login that fails is a failure of the test.
std::optional<loop::EstablishedContext> accept_login(const std::string& target,
                                                     gss::AcceptorInput accepted = {});

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_LIVE_PAC_LOGIN_H_
