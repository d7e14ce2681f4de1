// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_SERVER_POLICIES_H_
#define GSSLOOP_PLUGIN_SERVER_POLICIES_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gssloop/authz/policy_store.h"
#include "gssloop/base/shared_pointer.h"
#include "plugin/sasl/sasl_utils.h"

namespace gssloop::plugin {

// Policies holds the policy of each path that the option gssloop_policy has had: usually one, more
// if an application answers differently for its connections. Any number of threads may use it. They
// share a mutex only for the copy of a pointer.
class Policies {
 public:
  explicit Policies(std::vector<authz::MechanismName> mechanisms)
      : mechanisms_(std::move(mechanisms)), stores_(std::make_shared<const Stores>()) {}

  // current returns the policy in effect now. Without an option the path is the compiled-in one,
  // and no file need exist there. It logs each new policy, and each error, once.
  std::shared_ptr<const authz::PolicySnapshot> current(const std::optional<std::string>& option,
                                                       const SaslUtils& sasl);

 private:
  using Stores = std::map<std::optional<std::string>, std::shared_ptr<authz::PolicyStore>>;
  std::shared_ptr<authz::PolicyStore> store(const std::optional<std::string>& option);

  const std::vector<authz::MechanismName> mechanisms_;
  SharedPointer<const Stores> stores_;
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_SERVER_POLICIES_H_
