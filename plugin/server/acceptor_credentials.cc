// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/server/acceptor_credentials.h"

#include <chrono>
#include <utility>

namespace gssloop::plugin {
namespace {

// More than the combinations of service, host and mechanism of any server. An application that
// makes up host names must not make the process grow.
constexpr std::size_t kMaxHeld = 64;

// No clock that stamps files has longer ticks.
bool is_older_than_a_tick(const FileStamp& stamp) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::nanoseconds(stamp.ctime_ns) < now - std::chrono::seconds(1);
}

}  // namespace

AcceptorCredentials::AcceptorCredentials() : snapshot_(std::make_shared<const Snapshot>()) {}

AcceptorCredentials::Origin AcceptorCredentials::Origin::of(const AcceptorKey& key) {
  Origin origin;
  if (!key.uses_keytab()) return origin;
  origin.keytab = gss::keytab_path(key.keytab.empty() ? gss::default_keytab_name() : key.keytab);
  if (origin.keytab.empty()) return origin;
  origin.stamp = FileStamp::of(origin.keytab);
  origin.is_settled = is_older_than_a_tick(origin.stamp);
  return origin;
}

bool AcceptorCredentials::Origin::is_current() const {
  if (!environment.is_current()) return false;
  if (keytab.empty()) return true;
  return FileStamp::of(keytab) == stamp && (is_settled || !is_older_than_a_tick(stamp));
}

gss::Result<std::shared_ptr<AcceptorPool>> AcceptorCredentials::get(const AcceptorKey& key) {
  const auto snapshot = snapshot_.load();
  if (const auto held = snapshot->find(key);
      held != snapshot->end() && held->second.origin.is_current()) {
    return held->second.pool;
  }
  return acquire(key);
}

gss::Result<std::shared_ptr<AcceptorPool>> AcceptorCredentials::get_checked(
    const AcceptorKey& key) {
  const auto snapshot = snapshot_.load();
  const auto held = snapshot->find(key);
  return held != snapshot->end() ? held->second.pool : acquire(key);
}

gss::Result<std::shared_ptr<AcceptorPool>> AcceptorCredentials::acquire(const AcceptorKey& key) {
  // The stamp is taken before the keytab is read: a change in between is seen the next time.
  Origin origin = Origin::of(key);
  auto pool = AcceptorPool::acquire(key, origin.keytab);
  if (!pool) return pool;
  keep(key, {std::move(origin), *pool});
  return pool;
}

bool AcceptorCredentials::forget(const AcceptorKey& key) {
  for (auto before = snapshot_.load(); before->contains(key);) {
    auto after = std::make_shared<Snapshot>(*before);
    after->erase(key);
    if (snapshot_.replace(&before, std::move(after))) return true;
  }
  return false;
}

void AcceptorCredentials::keep(const AcceptorKey& key, Held held) {
  auto before = snapshot_.load();
  std::shared_ptr<const Snapshot> after;
  do {
    auto changed = std::make_shared<Snapshot>();
    if (before->size() < kMaxHeld) *changed = *before;
    changed->insert_or_assign(key, held);
    after = std::move(changed);
  } while (!snapshot_.replace(&before, std::move(after)));
}

}  // namespace gssloop::plugin
