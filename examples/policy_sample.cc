// SPDX-License-Identifier: BSD-2-Clause
//
// policy_sample POLICY SERVICE@HOST
//
// A server that asks a policy: it logs in to itself with the default ticket and keytab, collects
// what the context says about the peer, and asks the policy. Exit status: 0 admitted, 1 not.

#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>

#include "gssloop/authz/decision.h"
#include "gssloop/authz/policy_store.h"
#include "gssloop/gss/names.h"
#include "gssloop/loop/acceptor.h"
#include "gssloop/loop/initiator.h"

using namespace gssloop;

namespace {

int fail(const std::string& reason) {
  std::fprintf(stderr, "policy_sample: %s\n", reason.c_str());
  return 1;
}

// Both sides of a login in this process. Without mutual authentication, Kerberos needs one token.
loop::Step accept_from_myself(gss::Name target) {
  gss::InitiatorInput input;
  input.target = std::move(target);
  loop::Initiator initiator(std::move(input), {});
  loop::Step first = initiator.start();
  if (!first.token_to_send()) return first;
  loop::Acceptor acceptor({}, {});
  return acceptor.on_token(*first.token_to_send());
}

// Reads each attribute by its name. A list of all attributes may be incomplete: what it lacks need
// not be absent.
void read_attributes(const loop::EstablishedContext& context, const authz::Policy& policy,
                     authz::PeerInfo* peer) {
  auto attributes = context.attributes();
  for (const std::string& name : authz::attributes_needed(policy, *peer, {})) {
    auto found = attributes.find(name);
    if (!found) {
      // Unknown, which is not the same as absent.
      peer->attributes.unreadable.push_back({name, found.error().text()});
    } else if (*found) {
      peer->attributes.readable.push_back(**std::move(found));
    }
  }
}

// Collects what the policy may ask about.
authz::PeerInfo describe(const loop::EstablishedContext& context, const authz::Policy& policy,
                         const std::string& service) {
  authz::PeerInfo peer;
  peer.service = service;
  peer.mechanism = context.mech().is_kerberos() ? "krb5" : context.mech().dotted();
  peer.is_channel_bound = context.flags().has(Flag::kChannelBound);
  if (auto name = context.peer()) peer.set_name(std::move(name->text), name->is_anonymous);
  read_attributes(context, policy, &peer);
  return peer;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return fail("usage: policy_sample POLICY SERVICE@HOST");
  const std::string service = std::string(argv[2]).substr(0, std::string(argv[2]).find('@'));
  auto target = gss::import_name(argv[2], gss::NameForm::kHostbasedService);
  if (!target) return fail(target.error().text());

  // A real server keeps the store, which notices changes of the files.
  authz::PolicyStore store({std::filesystem::absolute(argv[1]).string()}, {});
  const auto snapshot = store.current();
  if (!snapshot->policy) return fail(snapshot->summary);

  loop::Step step = accept_from_myself(*std::move(target));
  if (!step.is_established()) return fail(step.failure().text());
  const loop::EstablishedContext context = step.take_context();

  authz::RuleContext login(*snapshot->policy, describe(context, *snapshot->policy, service));
  const auto decision = authz::decide_login(&login, {});
  if (!decision.is_admitted()) return fail(decision.reason);
  std::printf("admitted as %s\n", printable(as_bytes(decision.authid)).c_str());
  return 0;
}
