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
  // Whoever asks to know the acceptor wants to know who it is, too.
  const Flags mutual = wanted.request.has(Flag::kMutual) ? Flags(Flag::kMutual) : Flags();
  wanted.required = terms.required.value_or(mutual | needed_for_data(terms));
  wanted.limits = options.login.limits;
  wanted.terms = std::move(terms);
  return wanted;
}

// Sends all of the source, which may be empty but is a file all the same; the octets sent, or why
// not.
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

// Ends the data, and waits until the acceptor has stored it; what it saw is passed over.
std::optional<Error> end_data(ProtectedChannel* channel) {
  if (auto failed = channel->send(MessageKind::kEnd, {})) return failed;
  for (;;) {
    const auto message = channel->receive();
    if (!message) return message.error();
    if (message->kind == MessageKind::kStored) return std::nullopt;
    if (message->kind != MessageKind::kSeen) return Error{"the peer answers out of turn"};
  }
}

Exit send_data(const Options& options, const LoginTerms& terms, Connected* login, Source* source,
               Json* document, const Output& output) {
  io::FdTransport transport(login->connection.get());
  ProtectedChannel channel(&login->context, &transport, terms.protection, terms.patience);
  std::uint64_t num_sent = 0;
  std::optional<Error> failed;
  if (!options.has_no_data) {
    if (source->is_terminal()) output.note("sending standard input; Ctrl-D ends it");
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
    output.error("the data was not taken whole: " + shown(failed->message, 2048));
    return Exit::kFailed;
  }
  output.note(std::to_string(num_sent) + " octets sent, " +
              (terms.protection == gss::Protection::kConfidentiality ? "encrypted"
                                                                     : "with integrity alone") +
              "; the acceptor has them all");
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

void add_options(CLI::App* command, Options* options) {
  command->add_option("HOST", options->host, "The host where gssloop accept runs")
      ->required()
      ->option_text(" ");
  command->add_option("PORT", options->port, "Its port")->required()->option_text(" ");
  command
      ->add_option("SERVICE", options->service,
                   "SERVICE@HOST, SERVICE (on HOST), or a Kerberos principal (with /)")
      ->required()
      ->option_text(" ");
  add_login_options(command, &options->login);
  command
      ->add_option("-f,--flags", options->login.flags,
                   "Flags to ask for, comma between (mutual,replay,sequence,conf,integ)")
      ->option_text("FLAG,...");
  command->add_flag("--anonymous", options->is_anonymous,
                    "Ask for anonymity; nothing is sent unless the mechanism grants it");
  command->add_flag("--delegate", options->delegates, "Hand the acceptor a forwardable ticket");
  command->add_option("-c,--ccache", options->ccache, "The ticket cache, in place of the default")
      ->option_text("NAME");
  command->add_option("-s,--send", options->send, "The file to send; - is standard input (-)")
      ->option_text("FILE");
  command->add_flag("-n,--no-data", options->has_no_data, "Only log in; send nothing");
  command->add_flag("--json", options->json, "Print JSON");
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

void add_initiate(CLI::App* app, Command* chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app->add_subcommand(
      "initiate", "Log in to gssloop accept over TCP, explain each leg, and send a file");
  add_options(command, options.get());
  command->callback([=] {
    check_usage(options->login);
    if (options->has_no_data && !options->send.empty()) {
      throw UsageError("--no-data and --send exclude each other");
    }
    *chosen = [=](Output& output) { return run(*options, output); };
  });
}

}  // namespace gssloop::tools
