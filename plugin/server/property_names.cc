// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/server/property_names.h"

#include <atomic>
#include <memory>

namespace gssloop::plugin {
namespace {

// A list that only grows at its head. Policies name few properties, so it is searched from end to
// end; the nodes after the head never change.
struct Node {
  std::string name;
  const Node* next = nullptr;
};

// The module stays loaded (-z nodelete), and this is never freed: libsasl may hold the names until
// the process ends.
std::atomic<const Node*> newest{nullptr};

const Node* find(const Node* node, const std::string& name) {
  while (node != nullptr && node->name != name) node = node->next;
  return node;
}

}  // namespace

const char* lasting_name(const std::string& name) {
  const Node* head = newest.load(std::memory_order_acquire);
  if (const Node* known = find(head, name)) return known->name.c_str();
  auto node = std::make_unique<Node>(Node{name, head});
  while (!newest.compare_exchange_weak(node->next, node.get(), std::memory_order_acq_rel)) {
    // Another thread added names, perhaps this one.
    if (const Node* known = find(node->next, name)) return known->name.c_str();
  }
  return node.release()->name.c_str();
}

}  // namespace gssloop::plugin
