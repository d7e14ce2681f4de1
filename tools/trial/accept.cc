// SPDX-License-Identifier: BSD-2-Clause
#include "tools/trial/accept.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "gssloop/gss/credentials.h"
#include "gssloop/gss/kerberos.h"
#include "gssloop/io/driver.h"
#include "gssloop/io/fd_transport.h"
#include "gssloop/loop/acceptor.h"
#include "gssloop/loop/explain.h"
#include "tools/json.h"
#include "tools/trial/files.h"
#include "tools/trial/login_options.h"
#include "tools/trial/login_report.h"
#include "tools/trial/peer_report.h"
#include "tools/trial/progress.h"
#include "tools/trial/protected_channel.h"
#include "tools/trial/tcp.h"

namespace gssloop::tools {
namespace {

struct Options {
  LoginOptions login;
  std::string port = "0";
  std::string address = "127.0.0.1";
  std::string keytab;
  std::string output;
  bool is_endless = false;
  bool reveals = false;
  bool json = false;
};

// Server holds what all connections share.
struct Server {
  const Options& options;
  const LoginTerms& terms;
  const gss::Credential& credential;
  const Output& output;
};

Flags required_of(const LoginTerms& terms) {
  // Without this flag, an acceptor also accepts a peer that sends no channel binding.
  const Flags bound = terms.bindings ? Flags(Flag::kChannelBound) : Flags();
  return terms.required.value_or(bound | needed_for_data(terms));
}

// Received says how much data came, and what failed: the peer, or our own output.
struct Received {
  std::uint64_t num_octets = 0;
  bool is_whole = false;
  Exit status = Exit::kDone;
  std::string why;
};

Received stopped(std::uint64_t num_octets, Exit status, Error error) {
  return {num_octets, false, status, std::move(error.message)};
}

// Writes data to the sink until the end message. Only then the file gets its name. If an initiator
// sends no data, not even an empty file, an existing file stays as it is.
Received receive_data(ProtectedChannel* channel, Sink* sink) {
  Progress progress("received", std::nullopt);
  std::uint64_t num_octets = 0;
  for (bool has_data = false;; has_data = true) {
    const auto message = channel->receive();
    if (!message) return stopped(num_octets, Exit::kFailed, message.error());
    if (message->kind == MessageKind::kEnd) {
      if (!has_data) return {0, true, Exit::kDone, {}};
      break;
    }
    if (message->kind != MessageKind::kData) {
      return stopped(num_octets, Exit::kFailed, {"the peer sent an unexpected message"});
    }
    if (auto failed = sink->write(message->content)) {
      return stopped(num_octets, Exit::kNotTried, *std::move(failed));
    }
    num_octets += message->content.size();
    progress.at(num_octets);
  }
  if (auto failed = sink->finish()) {
    return stopped(num_octets, Exit::kNotTried, *std::move(failed));
  }
  return {num_octets, true, Exit::kDone, {}};
}

// Tells the initiator that its data is stored, and before that, with --reveal, what we saw of it.
std::optional<Error> answer(const std::string& seen, ProtectedChannel* channel) {
  for (ByteView rest = as_bytes(seen); !rest.empty();) {
    const ByteView piece = rest.first(std::min(rest.size(), kMaxContentLen));
    if (auto failed = channel->send(MessageKind::kSeen, piece)) return failed;
    rest = rest.subspan(piece.size());
  }
  return channel->send(MessageKind::kStored, {});
}

Received serve_data(const Server& server, loop::EstablishedContext* context,
                    io::Transport* transport, Sink* sink, const PeerReport& seen) {
  ProtectedChannel channel(context, transport, server.terms.protection, server.terms.patience);
  Received received = receive_data(&channel, sink);
  if (!received.is_whole) {
    channel.give_up();
    return received;
  }
  const std::string text = server.options.reveals ? to_json(seen).dump() : std::string();
  if (auto failed = answer(text, &channel)) {
    // The data is stored, but the initiator does not know it.
    received.status = Exit::kFailed;
    received.why = failed->message;
  }
  return received;
}

void explain_result(const Facts& facts, const PeerReport& seen, const Output& output) {
  for (const std::string& line : lines_of(facts)) output.note(line);
  for (const Attribute& attribute : seen.attributes.readable) {
    output.note("attribute:  " + shown(attribute.name, 1024) + ", " + attribute.text());
  }
  for (const UnreadableAttribute& attribute : seen.attributes.unreadable) {
    output.note("attribute:  " + shown(attribute.name, 1024) + ", unreadable");
  }
}

Exit report(const Received& received, Json* document, const Output& output) {
  Json& data = (*document)["data"];
  data = {{"octets", received.num_octets}, {"whole", received.is_whole}};
  if (received.status != Exit::kDone) {
    data["failure"] = received.why;
    output.error((received.is_whole
                      ? "all of the data arrived, but the acknowledgement could not be sent: "
                      : "the data is incomplete: ") +
                 shown(received.why, 2048));
  } else {
    output.note(std::to_string(received.num_octets) + " bytes received, complete");
  }
  return received.status;
}

Exit serve(const Server& server, const Descriptor& connection, Sink* sink, Json* document) {
  const Output& output = server.output;
  io::FdTransport transport(connection.get());
  // The keytab is the default one: see run().
  loop::Acceptor acceptor({server.credential.get(), server.terms.bindings, std::string()},
                          required_of(server.terms), server.options.login.limits);
  Legs legs(server.options.json ? nullptr : &output);
  auto outcome = io::run(acceptor, transport, server.terms.deadline(), &legs);
  (*document)["legs"] = legs.take_json();
  (*document)["established"] = static_cast<bool>(outcome);
  if (!outcome) {
    output.error(sentence("the login", outcome.error()));
    (*document)["failure"] = to_json(outcome.error());
    return exit_of(outcome.error());
  }
  const Facts facts = facts_of(*outcome);
  const PeerReport seen = peer_report_of(*outcome);
  (*document)["result"] = to_json(facts);
  (*document)["name"] = to_json(seen);
  if (!server.options.json) explain_result(facts, seen, output);
  return report(serve_data(server, &*outcome, &transport, sink, seen), document, output);
}

// One connection, and one JSON document for it.
Exit serve_one(const Server& server, Listener* listener, Sink* sink) {
  std::string peer;
  const auto connection = listener->next(&peer);
  if (!connection) {
    server.output.error(connection.error().message);
    return Exit::kNotTried;
  }
  server.output.note("connection from " + peer);
  Json document = {{"role", "acceptor"}, {"from", peer}};
  const Exit status = serve(server, *connection, sink, &document);
  if (server.options.json) server.output.json(document, server.options.is_endless);
  return status;
}

Exit run(const Options& options, const Output& output) {
  const auto terms = terms_of(options.login);
  if (!terms) {
    output.error(terms.error().message);
    return Exit::kNotTried;
  }
  // In the environment, since mechanisms such as SPNEGO have no credential store.
  if (!options.keytab.empty()) setenv("KRB5_KTNAME", options.keytab.c_str(), 1);
  const auto credential = gss::acquire_acceptor(GSS_C_NO_NAME, terms->mech, {});
  if (!credential) {
    const std::string keytab = options.keytab.empty() ? gss::default_keytab_name() : options.keytab;
    output.error("cannot accept logins: " + shown(loop::explain(credential.error()), 4096) +
                 " (keytab " + shown(keytab) + ")");
    return Exit::kNotTried;
  }
  auto listener = Listener::open(options.address, options.port);
  if (!listener) {
    output.error(listener.error().message);
    return Exit::kNotTried;
  }
  const Server server{options, *terms, *credential, output};
  for (bool is_first = true;; is_first = false) {
    // Before a peer connects, so that a missing folder is an error at once.
    auto sink = Sink::open(options.output);
    if (!sink) {
      output.error(sink.error().message);
      return Exit::kNotTried;
    }
    if (is_first) output.note("listening on " + listener->address());
    const Exit status = serve_one(server, &*listener, &*sink);
    if (!options.is_endless) return status;
  }
}

std::vector<Option> options_of(Options* options) {
  static constexpr char kPort[] =
      "The port; 0 selects a free one and prints it on standard error (0)";
  std::vector<Option> list = {
      {"PORT", "", kPort, &options->port},
      {"-p,--port", "PORT", kPort, &options->port, {.excludes = "PORT"}},
      {"-a,--bind", "ADDRESS", "The address to listen on; 0.0.0.0 or :: for all (127.0.0.1)",
       &options->address}};
  add_login_options(&options->login, &list);
  list.insert(
      list.end(),
      {{"-k,--keytab", "NAME", "The keytab to use instead of the default one", &options->keytab},
       {"-o,--output", "FILE",
        "The file to write the data to, when it is complete (standard output)", &options->output},
       {"--forever", "", "Accept connections one after another, until a signal ends the command",
        &options->is_endless},
       {"--reveal", "", "Send the peer the attributes of its name, for gssloop attributes",
        &options->reveals},
       {"--json", "", "Print JSON, one document per connection; requires --output",
        &options->json}});
  return list;
}

}  // namespace

Subcommand accept_subcommand() {
  const auto options = std::make_shared<Options>();
  const auto choose = [=]() -> Result<Command, Error> {
    if (auto wrong = check_usage(options->login)) return *std::move(wrong);
    if (options->json && options->output.empty()) {
      return Error{
          "--json requires --output FILE, because JSON and data cannot both go to standard output"};
    }
    return Command([=](Output& output) { return run(*options, output); });
  };
  return {"accept", "Accept logins over TCP, explain each leg, and write the received data",
          options_of(options.get()), choose};
}

}  // namespace gssloop::tools
