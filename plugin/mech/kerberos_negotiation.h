// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_MECH_KERBEROS_NEGOTIATION_H_
#define GSSLOOP_PLUGIN_MECH_KERBEROS_NEGOTIATION_H_

#include <string>

#include "gssloop/base/bytes.h"

namespace gssloop::plugin {

// why_not_kerberos returns why a token of SPNEGO must not be sent; empty if it names no mechanism
// other than Kerberos. This module restricts its own credentials to Kerberos, but not those of
// applications, which it must not change. A credential for NTLM, for example, would make a client
// send an answer to a challenge, by which the server could guess the password.
std::string why_not_kerberos(ByteView token);

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_MECH_KERBEROS_NEGOTIATION_H_
