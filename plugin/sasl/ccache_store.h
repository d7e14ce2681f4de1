// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_SASL_CCACHE_STORE_H_
#define GSSLOOP_PLUGIN_SASL_CCACHE_STORE_H_

#include <string>
#include <string_view>
#include <vector>

#include "gssloop/base/result.h"

namespace gssloop::plugin {

// CcacheStore is the option ccache_store: the ccache in which a server keeps what a client
// delegated to it, as a text such as "FILE:/run/tickets/krb5cc_%U". In it stand
//
//   %U  for the name of the user who logged in,     %u  for the user's UID,
//   %E  for the name of the process' user,          %e  for the process' effective UID,
//   %p  for the process' PID,                       %%  for a percent sign.
//
// Immutable: may be used by several threads at once.
class CcacheStore {
 public:
  // parse fails with a message that says at which octet, from 1, the text is wrong and what to
  // write instead. The text must tell users apart: see the comments there.
  static Result<CcacheStore, Error> parse(std::string_view text);

  // expand names the ccache of the user `authid`. Fails with a message for the log: for a name that
  // could lead to another place than the administrator chose (one that is empty, begins with a dot,
  // or contains a slash, a colon or a control character), for %u of somebody without an account on
  // this machine, and for results longer than PATH_MAX. May ask the network for an account.
  Result<std::string, Error> expand(std::string_view authid) const;

 private:
  enum class Kind { kLiteral, kUserName, kUserId, kProcessUserName, kProcessUserId, kProcessId };
  struct Part {
    Kind kind;
    std::string text;  // of kLiteral
  };

  class Parser;
  static Result<std::string, Error> expand(const Part& part, std::string_view authid);

  std::vector<Part> parts_;
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_SASL_CCACHE_STORE_H_
