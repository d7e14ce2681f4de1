// SPDX-License-Identifier: BSD-2-Clause
//
// What the rules of a policy cost in a login, without the Kerberos library and libsasl.

#include <benchmark/benchmark.h>

#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include "gssloop/authz/decision.h"
#include "gssloop/authz/policy_file.h"
#include "gssloop/authz/rule_context.h"
#include "tests/support/pac_buffers.h"

namespace gssloop::bench {
namespace {

constexpr unsigned kNumRules = 20;
constexpr char kDomain[] = "S-1-5-21-1004336348-1177238915-682003330";
constexpr std::uint32_t kFirstRid = 1100;

std::string sid(std::size_t number) {
  return kDomain + std::string("-") + std::to_string(kFirstRid + number);
}

// Half of the rules refuse groups that the user is not in; the other half demands one of two.
authz::Policy policy(std::size_t num_groups) {
  std::string text =
      "[attributes.groups]\n"
      "from = [{ mechanism = \"krb5\", name = \"urn:mspac:logon-info\", form = \"pac-groups\" }]\n"
      "[services.imap]\n";
  std::string deny, require;
  for (unsigned i = 0; i < kNumRules / 2; ++i) {
    deny += "'groups=" + sid(num_groups + i) + "', ";
    require += "'groups=" + sid(num_groups + i) + " | groups=" + sid(num_groups - 1 - i) + "', ";
  }
  auto reading = authz::parse_policy(
      {{"policy.toml", text + "deny = [" + deny + "]\nrequire = [" + require + "]\n"}},
      {{"krb5", "1.2.840.113554.1.2.2"}});
  if (!reading.policy) throw std::runtime_error(reading.summary());
  return *std::move(reading.policy);
}

authz::PeerInfo peer(std::size_t num_groups) {
  testing::PacLogonInfo info{.domain = kDomain, .groups = {}};
  for (std::size_t i = 0; i < num_groups; ++i) {
    info.groups.push_back({static_cast<std::uint32_t>(kFirstRid + i)});
  }
  const std::string octets = testing::logon_info(info).octets;
  authz::PeerInfo peer{.service = "imap",
                       .mechanism = "krb5",
                       .principal = "alice@EXAMPLE.TEST",
                       .default_realm = "EXAMPLE.TEST"};
  peer.attributes.readable.push_back(
      {"urn:mspac:logon-info", true,
       std::vector{AuthenticatedValue::from_mechanism(to_bytes(as_bytes(octets)))}});
  return peer;
}

void check(const std::vector<authz::Finding>& findings) {
  if (findings.size() != kNumRules) throw std::runtime_error("there are other rules");
  if (const auto* found = authz::objection(findings)) throw std::runtime_error(found->text());
}

// The rules alone: the groups were decoded before, as for an application that asked for them.
void evaluate(benchmark::State& state) {
  const auto num_groups = static_cast<std::size_t>(state.range(0));
  const authz::Policy rules = policy(num_groups);
  const authz::RuleContext context(rules, peer(num_groups));
  check(authz::evaluate_rules(context));
  for ([[maybe_unused]] auto unused : state) {
    benchmark::DoNotOptimize(authz::evaluate_rules(context));
  }
}

// All that the policy does in a login: the groups are decoded, the rules decide.
void decide(benchmark::State& state) {
  const auto num_groups = static_cast<std::size_t>(state.range(0));
  const authz::Policy rules = policy(num_groups);
  const authz::PeerInfo user = peer(num_groups);
  for ([[maybe_unused]] auto unused : state) {
    authz::RuleContext context(rules, user);
    check(authz::decide_login(&context, "").rules);
  }
}

class Table final : public benchmark::ConsoleReporter {
 public:
  bool ReportContext(const Context&) override {
    std::printf("\n%-44s %8s %10s\n", "A policy of 20 rules about groups", "groups", "us/login");
    return true;
  }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      std::printf("  %-42s %8s %10.2f\n", run.run_name.function_name.c_str(),
                  run.run_name.args.c_str(), run.GetAdjustedCPUTime());
    }
    std::fflush(stdout);
  }
};

int run() {
  const struct {
    const char* name;
    void (*function)(benchmark::State&);
  } rows[] = {{"the rules alone", evaluate}, {"all, and reading the PAC's buffer", decide}};
  for (const auto& row : rows) {
    auto* const registered = benchmark::RegisterBenchmark(row.name, row.function);
    registered->Arg(40)->Arg(1000)->Unit(benchmark::kMicrosecond);
  }
  Table table;
  benchmark::RunSpecifiedBenchmarks(&table);
  return 0;
}

}  // namespace
}  // namespace gssloop::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  try {
    return gssloop::bench::run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "rule_bench: %s\n", error.what());
    return 1;
  }
}
