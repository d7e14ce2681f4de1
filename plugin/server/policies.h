// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_SERVER_POLICIES_H_
#define GSSLOOP_PLUGIN_SERVER_POLICIES_H_

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gssloop/authz/policy_store.h"
#include "plugin/sasl/sasl_utils.h"

namespace gssloop::plugin {

// Policies holds the policy of each path that the option gssloop_policy has had: one, unless
// applications answer differently for their connections. Any number of threads; no lock.
class Policies {
 public:
  explicit Policies(std::vector<authz::MechanismName> mechanisms)
      : mechanisms_(std::move(mechanisms)), stores_(std::make_shared<const Stores>()) {}

  // current is what holds at this moment. No option: the compiled-in path, where nothing need be.
  // What is new or wrong goes to the log, once.
  std::shared_ptr<const authz::PolicySnapshot> current(const std::optional<std::string>& option,
                                                       const SaslUtils& sasl);

 private:
  using Stores = std::map<std::optional<std::string>, std::shared_ptr<authz::PolicyStore>>;
  std::shared_ptr<authz::PolicyStore> store(const std::optional<std::string>& option);

  const std::vector<authz::MechanismName> mechanisms_;
  std::atomic<std::shared_ptr<const Stores>> stores_;
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_SERVER_POLICIES_H_
