// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_GSS_INTERPOSER_H_
#define GSSLOOP_GSS_INTERPOSER_H_

#include <string>

#include "gssloop/gss/handle.h"
#include "gssloop/gss/oid.h"
#include "gssloop/gss/status.h"

namespace gssloop::gss {

// GSS-Proxy is a daemon that holds keys and tickets for other processes. In such a process (the
// environment has GSS_USE_PROXY=yes), a module that the mechglue calls an interposer takes
// Kerberos' place. It asks the daemon, and falls back on the process's own keytab and tickets. It
// hands on no name attributes: a name that the daemon made looks like one without any.

// is_behind_gss_proxy: the interposer is active in this process. It does not say whether the daemon
// answers. Asks the mechglue each time, which takes no call of the daemon.
bool is_behind_gss_proxy();

// replaced_kerberos is the mechanism by which the interposer reaches the Kerberos that it replaces:
// the one of this process, with which a name can be canonicalized without the daemon. There is no
// such mechanism while the interposer is not active.
Oid replaced_kerberos();

// kGssProxyHidesAttributes is the reason why attributes are unknown, as a part of a sentence.
extern const char kGssProxyHidesAttributes[];

// check_attributes_are_shown fails with GSS_S_FAILURE if GSS-Proxy may have made `source`, the name
// of an acceptor's peer, so that attributes are unknown that are not there. `mech` is the
// context's. Only a name of which an attribute can be read is from a key in this process: a name
// that looks empty is not, because other calls turn a name of the daemon's into one of this
// process.
Status check_attributes_are_shown(gss_name_t source, const Oid& mech);

// is_held_here: the Kerberos credential is in this process, not in the daemon. False if that is not
// known.
bool is_held_here(gss_cred_id_t credential);

// check_initiator fails with GSS_S_FAILURE if the interposer used another credential than the
// chosen one: if the daemon fails, it falls back on the default credential of the process. `source`
// is the context's initiator. Does nothing in a process without the interposer.
Status check_initiator(gss_cred_id_t chosen, gss_name_t source);

}  // namespace gssloop::gss

#endif  // GSSLOOP_GSS_INTERPOSER_H_
