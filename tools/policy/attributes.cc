// SPDX-License-Identifier: BSD-2-Clause
#include "tools/policy/attributes.h"

#include <memory>
#include <string>
#include <utility>

#include "gssloop/authz/identity.h"
#include "gssloop/io/fd_transport.h"
#include "tools/json.h"
#include "tools/policy/attribute_use.h"
#include "tools/policy/policy_login.h"
#include "tools/policy/self_report.h"
#include "tools/trial/initiate.h"
#include "tools/trial/login_options.h"
#include "tools/trial/login_report.h"
#include "tools/trial/peer_report.h"
#include "tools/trial/protected_channel.h"

namespace gssloop::tools {
namespace {

// The longest report that we accept from a peer. A PAC is some kilobytes, in base64.
constexpr std::size_t kMaxReportLen = std::size_t{16} * 1024 * 1024;

struct Options {
  SelfLoginOptions login{"host", {}, {}};
  std::string mechanism = "krb5";
  std::string remote;
  std::optional<std::string> policy;
  unsigned timeout = 60;
  bool is_full = false;
  bool json = false;
};

constexpr Flags kFlags =
    Flags(Flag::kMutual) | Flag::kReplay | Flag::kSequence | Flag::kConf | Flag::kInteg;
constexpr Flags kRequired = Flags(Flag::kMutual) | Flag::kConf | Flag::kInteg;

// Receives the report of the acceptor.
Result<PeerReport, Error> receive_report(ProtectedChannel* channel) {
  std::string text;
  if (auto failed = channel->send(MessageKind::kEnd, {})) return *std::move(failed);
  for (;;) {
    const auto message = channel->receive();
    if (!message) return message.error();
    if (message->kind == MessageKind::kStored) break;
    if (message->kind != MessageKind::kSeen) return Error{"the peer sent an unexpected answer"};
    if (text.size() + message->content.size() > kMaxReportLen) {
      return Error{"the peer's answer is too long"};
    }
    text += as_text(message->content);
  }
  if (text.empty()) return Error{"it was not started with --reveal"};
  return read_peer_report(text);
}

Result<PeerReport, Exit> ask_acceptor(const Options& options, const gss::Oid& mech,
                                      const Output& output) {
  const auto colon = options.remote.rfind(':');
  std::string host = options.remote.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  Initiation wanted;
  wanted.host = host;
  wanted.port = options.remote.substr(colon + 1);
  wanted.service = options.login.service;
  wanted.terms.mech = mech;
  wanted.terms.patience = std::chrono::seconds(options.timeout);
  wanted.request = kFlags;
  wanted.required = kRequired;
  Legs legs(nullptr);
  Json unused;
  auto login = log_in(std::move(wanted), &legs, &unused, output);
  if (!login) return login.error();
  io::FdTransport transport(login->connection.get());
  ProtectedChannel channel(&login->context, &transport, gss::Protection::kConfidentiality,
                           std::chrono::seconds(options.timeout));
  auto report = receive_report(&channel);
  if (report) return *std::move(report);
  output.error("the acceptor at " + shown(options.remote) +
               " sent no attributes: " + shown(report.error().message, 2048));
  return Exit::kFailed;
}

Exit run(const Options& options, const Output& output) {
  use_credentials(options.login);
  const auto mech = parse_mechanism(options.mechanism);
  if (!mech) {
    output.error(mech.error().message);
    return Exit::kNotTried;
  }
  const auto report = options.remote.empty() ? report_by_self_login(options.login, *mech, output)
                                             : ask_acceptor(options, *mech, output);
  if (!report) return report.error();
  // The empty policy: the decoders need none.
  authz::Policy policy;
  if (options.policy) {
    auto read = read_policy_at(absolute_policy(options.policy));
    if (!read.reading.policy) {
      output.error(shown(read.reading.summary(), 4096));
      return read.is_absent ? Exit::kNotTried : Exit::kFailed;
    }
    policy = *std::move(read.reading.policy);
  }
  const std::string service(authz::service_of(options.login.service));
  const authz::PeerInfo peer = peer_info_of(*report, service);
  if (options.json) {
    Json json = to_json(*report);
    const std::vector<Attribute>& attributes = report->attributes.readable;
    for (std::size_t i = 0; i < attributes.size(); ++i) {
      json["attributes"][i]["meaning"] = to_json(use_of(attributes[i], policy, peer));
    }
    output.json(json);
  } else {
    const auto annotate = [&](const Attribute& attribute) {
      return notes_of(use_of(attribute, policy, peer));
    };
    print(*report, options.is_full, annotate, output);
  }
  return Exit::kDone;
}

std::vector<Option> options_of(Options* options) {
  std::vector<Option> list = {
      {"SERVICE", "", "SERVICE@HOST, or a Kerberos principal (host on this machine)",
       &options->login.service},
      {"-m,--mechanism", "NAME", "krb5, spnego, iakerb, a SASL name or a dotted OID (krb5)",
       &options->mechanism},
      {"-R,--remote", "HOST:PORT",
       "Log in to gssloop accept --reveal there, not within this program", &options->remote},
      {"-p,--policy", "FILE", "Show the local attributes and properties that this policy defines",
       &options->policy}};
  add_credential_options(&options->login, &list);
  list.insert(list.end(),
              {{"-t,--timeout",
                "SECONDS",
                "Limit for a remote login, and for each answer; 0: no limit (60)",
                &options->timeout,
                {.range = {{0, 86400}}}},
               {"--full", "", "Show all values, and each value in full", &options->is_full},
               {"--json", "", "Print JSON", &options->json}});
  return list;
}

std::optional<Error> check_usage(const Options& options) {
  if (const auto mech = parse_mechanism(options.mechanism); !mech) return mech.error();
  if (options.remote.empty()) return std::nullopt;
  const auto colon = options.remote.rfind(':');
  if (colon == options.remote.npos || colon == 0 || colon + 1 == options.remote.size()) {
    return Error{"--remote must be HOST:PORT, with [] around an IPv6 address"};
  }
  return std::nullopt;
}

}  // namespace

Subcommand attributes_subcommand() {
  const auto options = std::make_shared<Options>();
  const auto choose = [=]() -> Result<Command, Error> {
    if (auto wrong = check_usage(*options)) return *std::move(wrong);
    return Command([=](Output& output) { return run(*options, output); });
  };
  return {"attributes", "Show the attributes of your name, as an acceptor sees them",
          options_of(options.get()), choose};
}

}  // namespace gssloop::tools
