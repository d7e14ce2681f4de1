// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/server/policies.h"

namespace gssloop::plugin {
namespace {

using authz::PolicyStore;

// More than any server has; an application that makes up paths must not make the process grow. A
// policy that is held is never dropped: a server that changed its root could not read it again.
constexpr std::size_t kMaxStores = 64;

void tell(const authz::PolicySnapshot& snapshot, const std::string& path, const SaslUtils& sasl) {
  if (snapshot.was_logged.exchange(true)) return;
  for (const authz::Diagnostic& diagnostic : snapshot.diagnostics) {
    sasl.log(diagnostic.is_warning ? SASL_LOG_WARN : SASL_LOG_ERR, "gssloop: " + diagnostic.text());
  }
  if (snapshot.policy == nullptr) {
    sasl.log(SASL_LOG_ERR,
             "gssloop: the server refuses all logins until the policy " + path + " is corrected");
  } else if (snapshot.is_absent) {
    sasl.log(
        SASL_LOG_NOTE,
        "gssloop: there is no policy " + path +
            ": applications can request attributes, but attributes do not decide about logins");
  } else {
    sasl.log(SASL_LOG_NOTE, "gssloop: the policy " + path +
                                " is now in effect; rules: " + snapshot.policy->summary());
  }
}

}  // namespace

std::shared_ptr<PolicyStore> Policies::store(const std::optional<std::string>& option) {
  auto before = stores_.load();
  if (const auto held = before->find(option); held != before->end()) return held->second;
  auto made = std::make_shared<PolicyStore>(authz::PolicyPath::of(option), mechanisms_);
  std::shared_ptr<const Stores> after;
  do {
    if (before->size() >= kMaxStores) return made;
    auto changed = std::make_shared<Stores>(*before);
    changed->insert_or_assign(option, made);
    after = std::move(changed);
  } while (!stores_.replace(&before, std::move(after)));
  return made;
}

std::shared_ptr<const authz::PolicySnapshot> Policies::current(
    const std::optional<std::string>& option, const SaslUtils& sasl) {
  const auto store = this->store(option);
  auto snapshot = store->current();
  tell(*snapshot, store->path(), sasl);
  return snapshot;
}

}  // namespace gssloop::plugin
