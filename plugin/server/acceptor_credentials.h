// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_SERVER_ACCEPTOR_CREDENTIALS_H_
#define GSSLOOP_PLUGIN_SERVER_ACCEPTOR_CREDENTIALS_H_

#include <map>
#include <memory>
#include <string>

#include "gssloop/base/file_stamp.h"
#include "gssloop/base/shared_pointer.h"
#include "gssloop/gss/kerberos.h"
#include "gssloop/gss/status.h"
#include "plugin/server/acceptor_pool.h"

namespace gssloop::plugin {

// AcceptorCredentials caches the credentials of servers, because acquiring one takes a third of the
// time of a login. It never caches failures. When a keytab changed (device, inode, size or times),
// or when the environment names another keytab, replay cache or configuration, it acquires the
// credential again. A keytab may change twice within one tick of the clock that stamps it:
// credentials of a keytab that had just changed are acquired once more, a second after the change.
// Any number of threads may use it: readers take a snapshot, and a writer replaces the whole
// snapshot. They share a mutex only for the copy of a pointer.
class AcceptorCredentials {
 public:
  AcceptorCredentials();

  // get returns the credentials for `key`; they live as long as their holder. Fails with the Status
  // of the call that could not acquire one.
  gss::Result<std::shared_ptr<AcceptorPool>> get(const AcceptorKey& key);

  // get_checked is get without a look at the keytab, for a caller who knows that get was called for
  // this key a moment ago.
  gss::Result<std::shared_ptr<AcceptorPool>> get_checked(const AcceptorKey& key);

  // forget drops the credentials of a key for which get failed. True if there were any: get had
  // succeeded before, and this caller is the first one to see that it no longer does.
  bool forget(const AcceptorKey& key);

 private:
  // Origin is what the credentials were acquired from.
  struct Origin {
    gss::AcceptorEnvironment environment;
    std::string keytab;  // a path; empty: not a file
    FileStamp stamp;     // of the keytab
    // The keytab was so old when it was stamped that a later change has another stamp.
    bool is_settled = true;
    static Origin of(const AcceptorKey& key);
    bool is_current() const;
  };
  struct Held {
    Origin origin;
    std::shared_ptr<AcceptorPool> pool;
  };
  using Snapshot = std::map<AcceptorKey, Held>;

  gss::Result<std::shared_ptr<AcceptorPool>> acquire(const AcceptorKey& key);
  void keep(const AcceptorKey& key, Held held);

  SharedPointer<const Snapshot> snapshot_;
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_SERVER_ACCEPTOR_CREDENTIALS_H_
