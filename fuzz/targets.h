// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_FUZZ_TARGETS_H_
#define GSSLOOP_FUZZ_TARGETS_H_

#include <span>

#include "gssloop/base/bytes.h"

namespace gssloop::fuzz {

// Each target takes any octets, and aborts if what can never happen happened (Target::never). The
// sanitizers abort for everything else: a read past the end, a leak, undefined behaviour.
// One thread.

// Parsers (parsers.cc).
void gs2_message(ByteView input);
void initial_token(ByteView input);
void frames(ByteView input);
void layer_message(ByteView input);
// The buffers of a PAC (pac.cc); pac_logon_info also takes its input as what the headers enclose,
// which no mutation would get right.
void pac_logon_info(ByteView input);
void pac_client_info(ByteView input);
void pac_upn(ByteView input);
void pac_requestor(ByteView input);
// Policies (policies.cc): a rule and one file; a folder of files, which NUL octets separate.
void policy(ByteView input);
void policy_folder(ByteView input);
// What an administrator sets (settings.cc): options, NAME NUL VALUE NUL ...; ccache_store.
void options(ByteView input);
void ccache_store(ByteView input);
// What `gssloop doctor` is answered by a KDC and by the DNS (answers.cc).
void kdc_answer(ByteView input);
void dns_answer(ByteView input);
// Streams of packets with real contexts, which a script damages on their way (packets.cc): the
// security layer, and the channel of `gssloop initiate` and `gssloop accept`.
void layer_stream(ByteView input);
void channel(ByteView input);
// A whole login through libsasl and the module, with the scripted mechanism: the input is both the
// peer's messages and what the mechanism answers (logins.cc).
void server(ByteView input);
void client(ByteView input);
// A program of calls of gssloop.h, in any order (calls.cc).
void c_interface(ByteView input);

// require aborts and says what a target found.
void require(bool condition, const char* what);

// is_control makes a target falsify one thing that it observed. It must then abort: a target that
// does not could not fail at all. fuzz_test runs each target so over its corpus.
inline bool is_control = false;

struct Target {
  const char* name;
  void (*run)(ByteView input);
  bool is_slow;       // some ten thousand executions a second or fewer, not some hundred thousand
  const char* code;   // the source files whose coverage counts, separated by blanks
  const char* never;  // what can never happen, beside what the sanitizers find
};
// targets is all of them.
std::span<const Target> targets();
// list prints a line for each: name, "fast" or "slow", source files.
void list();

// prepare must be called once, before any target and any call of the GSS-API: it makes the process'
// Kerberos configuration, key and ticket, all in memory, and loads the scripted mechanism.
void prepare();

}  // namespace gssloop::fuzz

#endif  // GSSLOOP_FUZZ_TARGETS_H_
