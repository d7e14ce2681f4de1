// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/server/acceptor_pool.h"

#include <algorithm>
#include <functional>
#include <thread>
#include <utility>

#include "gssloop/gss/credentials.h"
#include "gssloop/gss/interposer.h"
#include "gssloop/gss/names.h"

namespace gssloop::plugin {
namespace {

using Kind = ServicePrincipal::Kind;

// Threads that accept at the same time may be more than the processors: the scheduler stops some of
// them in the middle of a call.
std::size_t max_members() {
  return std::clamp<std::size_t>(std::size_t{2} * std::thread::hardware_concurrency(), 8, 64);
}

gss::Result<gss::Name> acceptor_name(const AcceptorKey& key) {
  switch (key.principal.kind) {
    case Kind::kServiceAtHost:
      return gss::import_name(key.service + "@" + key.host, gss::NameForm::kHostbasedService);
    case Kind::kAnyHost:
      return gss::import_name(key.service, gss::NameForm::kHostbasedService);
    case Kind::kAnyService:
      return gss::Name();
    case Kind::kNamed:
      break;
  }
  const bool is_principal = key.principal.name.find('/') != std::string::npos;
  return gss::import_name(key.principal.name, is_principal ? gss::NameForm::kKerberosPrincipal
                                                           : gss::NameForm::kHostbasedService);
}

gss::Result<gss::Credential> acquire_credential(gss_name_t name, const gss::Oid& mech,
                                                const std::string& keytab) {
  if (mech != gss::Oid::spnego()) return gss::acquire_acceptor(name, mech, keytab);
  // SPNEGO must negotiate Kerberos. Without a key for Kerberos the module does not offer
  // GSS-SPNEGO, even if this machine has other credentials (R11).
  if (auto kerberos = gss::acquire_acceptor(name, gss::Oid::krb5(), keytab); !kerberos) {
    return kerberos;
  }
  auto credential = gss::acquire_acceptor(name, mech, keytab);
  if (!credential) return credential;
  const gss::Status restricted = gss::restrict_negotiation(&*credential, gss::Oid::krb5());
  if (!restricted.is_complete()) return restricted;
  return credential;
}

// The keys in memory, if the credential is of the keytab in this file: not behind GSS-Proxy, whose
// daemon has the keys, and not if the application registered another keytab.
std::optional<gss::MemoryKeytab> copy_of(const std::string& path, gss_cred_id_t credential) {
  if (path.empty() || gss::is_behind_gss_proxy() || !gss::is_of_keytab_file(credential, path)) {
    return std::nullopt;
  }
  return gss::MemoryKeytab::copy_of("FILE:" + path);
}

}  // namespace

std::string AcceptorKey::text() const {
  std::string who;
  switch (principal.kind) {
    case Kind::kServiceAtHost:
      who = service + "@" + host;
      break;
    case Kind::kAnyHost:
      who = service + " at any host";
      break;
    case Kind::kAnyService:
      who = "any service";
      break;
    case Kind::kNamed:
      who = principal.name;
      break;
  }
  if (!uses_keytab()) return who;
  return who + (keytab.empty() ? " with the default keytab" : " with keytab " + keytab);
}

gss::Result<std::shared_ptr<AcceptorPool>> AcceptorPool::acquire(const AcceptorKey& key,
                                                                 const std::string& path) {
  auto name = acceptor_name(key);
  if (!name) return std::move(name).error();
  const std::string named = key.uses_keytab() ? key.keytab : std::string();
  auto credential = acquire_credential(name->get(), key.mech, named);
  if (!credential) return std::move(credential).error();
  auto keys = copy_of(path, credential->get());
  if (keys) {
    auto of_copy = acquire_credential(name->get(), key.mech, keys->name());
    if (of_copy) {
      *credential = *std::move(of_copy);
    } else {
      keys.reset();
    }
  }
  return std::make_shared<AcceptorPool>(key, *std::move(name), *std::move(credential),
                                        std::move(keys));
}

AcceptorPool::AcceptorPool(AcceptorKey key, gss::Name name, gss::Credential first,
                           std::optional<gss::MemoryKeytab> keys)
    : key_(std::move(key)), name_(std::move(name)), members_(keys ? max_members() : 1) {
  members_.front().keys = std::move(keys);
  members_.front().credential = std::move(first);
}

AcceptorPool::Lease AcceptorPool::lease() {
  const std::size_t num_members = num_members_;
  // A thread looks first where it looked before, so that few threads look at the same place.
  const std::size_t first = std::hash<std::thread::id>()(std::this_thread::get_id()) % num_members;
  Member* member = take_unused(num_members, first);
  if (member == nullptr) member = grow();
  if (member == nullptr) {
    member = &members_[first];
    ++member->num_users;
  }
  return Lease(member);
}

AcceptorPool::Member* AcceptorPool::take_unused(std::size_t num_members, std::size_t first) {
  for (std::size_t i = 0; i < num_members; ++i) {
    Member& member = members_[(first + i) % num_members];
    unsigned none = 0;
    if (member.num_users.compare_exchange_strong(none, 1)) return &member;
  }
  return nullptr;
}

// Acquires one more credential. Null: there are enough, another thread acquires one, or it fails,
// which is no reason to refuse a login.
AcceptorPool::Member* AcceptorPool::grow() {
  if (!members_.front().keys) return nullptr;
  const std::unique_lock growing(growing_, std::try_to_lock);
  const std::size_t num_members = num_members_;
  if (!growing.owns_lock() || num_members == members_.size()) return nullptr;
  // Its own copy of the keys, because libkrb5 takes a mutex of a keytab to search it.
  auto keys = gss::MemoryKeytab::copy_of(members_.front().keys->name());
  if (!keys) return nullptr;
  auto credential = acquire_credential(name_.get(), key_.mech, keys->name());
  if (!credential) return nullptr;
  Member& member = members_[num_members];
  member.keys = std::move(keys);
  member.credential = *std::move(credential);
  member.num_users = 1;
  num_members_ = num_members + 1;
  return &member;
}

}  // namespace gssloop::plugin
