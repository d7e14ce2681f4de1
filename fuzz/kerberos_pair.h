// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_FUZZ_KERBEROS_PAIR_H_
#define GSSLOOP_FUZZ_KERBEROS_PAIR_H_

#include "gssloop/loop/established_context.h"

namespace gssloop::fuzz {

// prepare_kerberos makes this process' Kerberos configuration, key and ticket, without a KDC and
// without a file. Ends the process if it cannot.
void prepare_kerberos();

// KerberosPair is two real contexts of Kerberos that belong together.
struct KerberosPair {
  loop::EstablishedContext initiator, acceptor;
};

// kerberos_pair returns the process' pair, which executions share: a login takes longer than
// hundreds of messages. It logs in first if there is no usable pair. Messages that the pair's last
// user dropped or damaged are no longer awaited.
KerberosPair& kerberos_pair();

}  // namespace gssloop::fuzz

#endif  // GSSLOOP_FUZZ_KERBEROS_PAIR_H_
