// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_SERVER_ACCEPTOR_POOL_H_
#define GSSLOOP_PLUGIN_SERVER_ACCEPTOR_POOL_H_

#include <atomic>
#include <compare>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gssloop/gss/handle.h"
#include "gssloop/gss/memory_keytab.h"
#include "gssloop/gss/oid.h"
#include "gssloop/gss/status.h"
#include "plugin/sasl/options.h"

namespace gssloop::plugin {

// AcceptorKey is everything that an acceptor credential depends on.
struct AcceptorKey {
  gss::Oid mech;
  std::string service;
  std::string host;
  std::string keytab;  // empty: the default one
  ServicePrincipal principal;

  // uses_keytab: only Kerberos has keys in a keytab, also if SPNEGO negotiates it.
  bool uses_keytab() const { return mech.is_kerberos() || mech == gss::Oid::spnego(); }
  // For a person: "imap@host with keytab FILE:...".
  std::string text() const;
  friend auto operator<=>(const AcceptorKey&, const AcceptorKey&) = default;
};

// AcceptorPool is the credentials of a server for one key: equal ones, so that threads accept at
// the same time. MIT krb5 holds a mutex of the credential during the whole of
// GSS_Accept_sec_context. Any number of threads may use a pool.
class AcceptorPool {
 public:
  // Member is one credential, and how many logins use it. Each has a cache line of its own.
  struct alignas(64) Member {
    std::atomic<unsigned> num_users = 0;
    // The copy of the keytab that only this credential was acquired with; nullopt: see acquire.
    std::optional<gss::MemoryKeytab> keys;
    gss::Credential credential;

    // copy is null without one.
    const gss::MemoryKeytab* copy() const { return keys ? &*keys : nullptr; }
  };
  struct GiveBack {
    void operator()(Member* member) const noexcept { --member->num_users; }
  };
  // Lease is the use of one credential. It must end before the pool does.
  using Lease = std::unique_ptr<Member, GiveBack>;

  // acquire gets the first credential. `path` is the file of the key's keytab, or of the default
  // one; empty if it is not a file. If it is a file, the credentials have its keys in memory, and
  // an accept reads no file. Fails with the Status of the call that could not acquire the
  // credential.
  static gss::Result<std::shared_ptr<AcceptorPool>> acquire(const AcceptorKey& key,
                                                            const std::string& path);

  AcceptorPool(AcceptorKey key, gss::Name name, gss::Credential first,
               std::optional<gss::MemoryKeytab> keys);

  // lease chooses a credential that no other login uses. If there is none, it acquires one more, or
  // shares one. It never fails, and never waits for another login.
  Lease lease();
  // key is everything that the credentials depend on.
  const AcceptorKey& key() const noexcept { return key_; }
  // name is the one for which the credentials were acquired; the empty handle: a whole keytab.
  gss_name_t name() const noexcept { return name_.get(); }

 private:
  Member* take_unused(std::size_t num_members, std::size_t first);
  Member* grow();

  const AcceptorKey key_;
  const gss::Name name_;
  // Never moves; the first num_members_ have a credential. If the first has no keys in memory, it
  // is the only one, because nothing is known of its mechanism, or because each credential costs a
  // call of a daemon.
  std::vector<Member> members_;
  std::atomic<std::size_t> num_members_ = 1;
  std::mutex growing_;  // threads only try it
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_SERVER_ACCEPTOR_POOL_H_
