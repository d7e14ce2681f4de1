// SPDX-License-Identifier: BSD-2-Clause
#include "tools/trial/initiate.h"

#include <cstdlib>
#include <memory>
#include <utility>

#include "gssloop/io/driver.h"
#include "gssloop/io/fd_transport.h"
#include "gssloop/loop/initiator.h"
#include "tools/trial/progress.h"
#include "tools/trial/protected_channel.h"
#include "tools/trial/tcp.h"

namespace gssloop::tools {
namespace {

constexpr Flags kDefaultFlags =
    Flags(Flag::kMutual) | Flag::kReplay | Flag::kSequence | Flag::kConf | Flag::kInteg;

struct Options {
  LoginOptions login;
  std::string host, port, service;
  std::string ccache;
  std::string send;  // "" is "-"
  bool is_anonymous = false;
  bool delegates = false;
  bool has_no_data = false;
  bool json = false;
};

Initiation initiation(const Options& options, LoginTerms terms) {
  Initiation wanted;
  wanted.host = options.host;
  wanted.port = options.port;
  wanted.service = options.service;
  wanted.request = terms.flags.value_or(kDefaultFlags);
  if (options.is_anonymous) wanted.request = wanted.request | Flag::kAnon;
  if (options.delegates) wanted.request = wanted.request | Flag::kDeleg;
  // If the user asks for mutual authentication, require it.
  const Flags mutual = wanted.request.has(Flag::kMutual) ? Flags(Flag::kMutual) : Flags();
  wanted.required = terms.required.value_or(mutual | needed_for_data(terms));
  wanted.limits = options.login.limits;
  wanted.terms = std::move(terms);
  return wanted;
}

// Sends all of the source and returns the number of octets. It sends an empty file, too, as one
// empty message.
Result<std::uint64_t, Error> send_all(Source* source, ProtectedChannel* channel) {
  Bytes piece(kMaxContentLen);
  Progress progress("sent", source->size());
  std::uint64_t num_sent = 0;
  for (bool has_sent = false;; has_sent = true) {
    const auto num_read = source->read(piece);
    if (!num_read) return num_read.error();
    if (*num_read == 0 && has_sent) return num_sent;
    if (auto failed = channel->send(MessageKind::kData, ByteView(piece).first(*num_read))) {
      return *std::move(failed);
    }
    num_sent += *num_read;
    progress.at(num_sent);
  }
}

// Ends the data and waits until the acceptor has stored it. It skips what the acceptor reveals.
std::optional<Error> end_data(ProtectedChannel* channel) {
  if (auto failed = channel->send(MessageKind::kEnd, {})) return failed;
  for (;;) {
    const auto message = channel->receive();
    if (!message) return message.error();
    if (message->kind == MessageKind::kStored) return std::nullopt;
    if (message->kind != MessageKind::kSeen) return Error{"the peer sent an unexpected answer"};
  }
}

Exit send_data(const Options& options, const LoginTerms& terms, Connected* login, Source* source,
               Json* document, const Output& output) {
  io::FdTransport transport(login->connection.get());
  ProtectedChannel channel(&login->context, &transport, terms.protection, terms.patience);
  std::uint64_t num_sent = 0;
  std::optional<Error> failed;
  if (!options.has_no_data) {
    if (source->is_terminal()) output.note("sending standard input; press Ctrl-D to end it");
    const auto sent = send_all(source, &channel);
    if (sent) {
      num_sent = *sent;
    } else {
      channel.give_up();
      failed = sent.error();
    }
  }
  if (!failed) failed = end_data(&channel);
  (*document)["data"] = {{"octets", num_sent}, {"stored", !failed}};
  if (failed) {
    (*document)["data"]["failure"] = failed->message;
    output.error("the acceptor did not receive all of the data: " + shown(failed->message, 2048));
    return Exit::kFailed;
  }
  output.note(std::to_string(num_sent) + " bytes sent, " +
              (terms.protection == gss::Protection::kConfidentiality ? "encrypted"
                                                                     : "with integrity only") +
              "; the acceptor received all of them");
  return Exit::kDone;
}

Exit initiate(const Options& options, Json* document, const Output& output) {
  auto terms = terms_of(options.login);
  if (!terms) {
    output.error(terms.error().message);
    return Exit::kNotTried;
  }
  if (!options.ccache.empty()) setenv("KRB5CCNAME", options.ccache.c_str(), 1);
  auto source = Source::open(options.send.empty() ? "-" : options.send);
  if (!source) {
    output.error(source.error().message);
    return Exit::kNotTried;
  }
  Legs legs(options.json ? nullptr : &output);
  auto login = log_in(initiation(options, *terms), &legs, document, output);
  if (!login) return login.error();
  const Facts facts = facts_of(login->context);
  (*document)["result"] = to_json(facts);
  if (!options.json) {
    for (const std::string& line : lines_of(facts)) output.line(line);
  }
  return send_data(options, *terms, &*login, &*source, document, output);
}

Exit run(const Options& options, const Output& output) {
  Json document = {{"role", "initiator"}, {"legs", Json::array()}, {"established", false}};
  const Exit status = initiate(options, &document, output);
  if (options.json) output.json(document);
  return status;
}

std::vector<Option> options_of(Options* options) {
  std::vector<Option> list = {
      {"HOST", "", "The host where gssloop accept runs", &options->host, {.is_required = true}},
      {"PORT", "", "Its port", &options->port, {.is_required = true}},
      {"SERVICE",
       "",
       "SERVICE@HOST, SERVICE (on HOST), or a Kerberos principal (with /)",
       &options->service,
       {.is_required = true}}};
  add_login_options(&options->login, &list);
  list.insert(
      list.end(),
      {{"-f,--flags", "FLAG,...",
        "Flags to request, with commas (mutual,replay,sequence,conf,integ)", &options->login.flags},
       {"--anonymous", "", "Request anonymity; send nothing unless the mechanism grants it",
        &options->is_anonymous},
       {"--delegate", "", "Delegate a forwardable ticket to the acceptor", &options->delegates},
       {"-c,--ccache", "NAME", "The credentials cache to use instead of the default one",
        &options->ccache},
       {"-s,--send", "FILE", "The file to send; - is standard input (-)", &options->send},
       {"-n,--no-data", "", "Only log in; send no data", &options->has_no_data},
       {"--json", "", "Print JSON", &options->json}});
  return list;
}

}  // namespace

Result<Connected, Exit> log_in(Initiation wanted, Legs* legs, Json* document,
                               const Output& output) {
  const std::string subject = "login to " + shown(wanted.service);
  auto target = target_name(wanted.service, wanted.host);
  if (!target) {
    output.error(subject + " failed: " + shown(target.error().text(), 2048));
    (*document)["failure"] = {{"reason", target.error().text()}};
    return Exit::kNotTried;
  }
  const io::Deadline deadline = wanted.terms.deadline();
  auto connection = connect_to(wanted.host, wanted.port, deadline);
  if (!connection) {
    output.error(connection.error().message);
    (*document)["failure"] = {{"reason", connection.error().message}};
    return Exit::kNotTried;
  }
  gss::InitiatorInput input;
  input.target = *std::move(target);
  input.mech = std::move(wanted.terms.mech);
  input.request = wanted.request;
  input.bindings = std::move(wanted.terms.bindings);
  loop::Initiator initiator(std::move(input), wanted.required, wanted.limits);
  io::FdTransport transport(connection->get());
  auto outcome = io::run(initiator, transport, deadline, legs);
  (*document)["legs"] = legs->take_json();
  (*document)["established"] = static_cast<bool>(outcome);
  if (outcome) return Connected{*std::move(connection), *std::move(outcome)};
  output.error(sentence(subject, outcome.error()));
  (*document)["failure"] = to_json(outcome.error());
  return exit_of(outcome.error());
}

Subcommand initiate_subcommand() {
  const auto options = std::make_shared<Options>();
  const auto choose = [=]() -> Result<Command, Error> {
    if (auto wrong = check_usage(options->login)) return *std::move(wrong);
    if (options->has_no_data && !options->send.empty()) {
      return Error{"--no-data and --send exclude each other"};
    }
    return Command([=](Output& output) { return run(*options, output); });
  };
  return {"initiate", "Log in to gssloop accept over TCP, explain each leg, and send a file",
          options_of(options.get()), choose};
}

}  // namespace gssloop::tools
