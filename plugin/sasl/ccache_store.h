// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_SASL_CCACHE_STORE_H_
#define GSSLOOP_PLUGIN_SASL_CCACHE_STORE_H_

#include <string>
#include <string_view>
#include <vector>

#include "gssloop/base/result.h"

namespace gssloop::plugin {

// CcacheStore is the option ccache_store: the name of the ccache in which a server stores the
// credential that a client delegated to it, such as "FILE:/run/tickets/krb5cc_%U". The
// substitutions are:
//
//   %U  for the name of the user who logged in,     %u  for the user's UID,
//   %E  for the name of the process' user,          %e  for the process' effective UID,
//   %p  for the process' PID,                       %%  for a percent sign.
//
// Immutable: may be used by several threads at once.
class CcacheStore {
 public:
  // parse fails with a message that says at which byte, counted from 1, the text is wrong, and what
  // to write instead. The name must differ between users, also that of a collection: see the
  // comments in the source.
  static Result<CcacheStore, Error> parse(std::string_view text);

  // expand names the ccache of the user `authid`. Fails with a message for the log: for a user name
  // that could change the place which the administrator chose (one that is empty, begins with a
  // dot, or contains a slash, a colon or a control character), for %u if the user has no account on
  // this machine, and for results longer than PATH_MAX. The look-up of an account may use the
  // network.
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
