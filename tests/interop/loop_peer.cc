// SPDX-License-Identifier: BSD-2-Clause
//
// The bare negotiation loop over TCP, with this project's library: an initiator or an acceptor that
// speaks the frames of gssloop/io and nothing else. After the context, data goes there and back.

#include "examples/demo/wire.h"
#include "gssloop/gss/names.h"
#include "gssloop/gss/oid.h"
#include "gssloop/io/channel.h"
#include "gssloop/io/driver.h"
#include "gssloop/io/fd_transport.h"
#include "tests/interop/accept_one.h"

namespace {

using namespace gssloop;

constexpr char kUsage[] =
    "Usage: loop_peer acceptor --port-file FILE [OPTION...]\n"
    "       loop_peer initiator HOST PORT [OPTION...]\n"
    "  --mech NAME        initiator: krb5 or spnego (default: krb5)\n"
    "  --protection NAME  integrity or confidentiality (default)\n"
    "  --len N            initiator: how many bytes to send (default: 200000)\n"
    "Exit status: 0 there is a context and all bytes came back, 1 not so, 2 it could not start.\n";

constexpr std::size_t kPieceLen = 16384;
constexpr std::size_t kMaxFrameLen = 1 << 20;
constexpr Flags kRequired = Flags(Flag::kMutual) | Flag::kConf | Flag::kInteg;

struct Options {
  bool is_acceptor = false;
  std::string port_file;
  std::string host;
  std::string port;
  bool is_spnego = false;
  gss::Protection protection = gss::Protection::kConfidentiality;
  std::size_t len = 200000;

  const char* protection_name() const {
    return protection == gss::Protection::kIntegrity ? "integrity" : "confidentiality";
  }
};

gss::Oid spnego() { return *gss::Oid::from_dotted("1.3.6.1.5.5.2"); }

io::Deadline deadline() { return io::Clock::now() + std::chrono::seconds(demo::kTimeoutSeconds); }

bool fail(const std::string& why) {
  std::printf("loop    FAILED: %s\n", why.c_str());
  return false;
}

// What both sides do with a context.
class Channel {
 public:
  Channel(loop::EstablishedContext* context, io::Transport* transport, gss::Protection protection)
      : context_(*context), transport_(*transport), protection_(protection) {}

  bool send(ByteView data) {
    const auto packet = context_.wrap(protection_, data);
    if (!packet) return fail(packet.error().text());
    return io::send_frame(transport_, io::FrameKind::kData, packet->view(), deadline()).is_done() ||
           fail("the peer left");
  }

  // Nothing if the peer left in good order; is_broken() tells that from a failure.
  std::optional<Bytes> receive() {
    const auto frame = io::receive_frame(transport_, kMaxFrameLen, deadline());
    if (!frame) {
      is_broken_ = frame.error().kind != io::NoFrame::Kind::kClosed && !fail(frame.error().reason);
      return std::nullopt;
    }
    const auto data = context_.unwrap(protection_, frame->body);
    is_broken_ = frame->kind != io::FrameKind::kData || (!data && !fail(data.error().text()));
    if (is_broken_) return std::nullopt;
    return to_bytes(data->view());
  }
  bool is_broken() const { return is_broken_; }

 private:
  loop::EstablishedContext& context_;
  io::Transport& transport_;
  const gss::Protection protection_;
  bool is_broken_ = false;
};

bool initiate(int fd, const Options& options) {
  auto target = gss::import_name("imap@" + options.host, gss::NameForm::kHostbasedService);
  if (!target) return fail(target.error().text());
  gss::InitiatorInput input;
  input.target = std::move(*target);
  input.mech = options.is_spnego ? spnego() : gss::Oid::krb5();
  input.request = kRequired | Flag::kSequence | Flag::kReplay;
  io::FdTransport transport(fd);
  loop::Initiator initiator(std::move(input), kRequired);
  auto context = io::run(initiator, transport, deadline());
  if (!context) return fail(context.error().text());
  std::printf("loop    LOGGED IN (%s)\n", to_string(context->flags()).c_str());
  Channel channel(&*context, &transport, options.protection);
  for (std::size_t num_sent = 0; num_sent < options.len; num_sent += kPieceLen) {
    Bytes piece(std::min(kPieceLen, options.len - num_sent));
    for (std::size_t i = 0; i < piece.size(); ++i) {
      piece[i] = static_cast<std::uint8_t>((num_sent + i) * 7 >> 3);
    }
    if (!channel.send(piece)) return false;
    const std::optional<Bytes> answer = channel.receive();
    if (answer != piece) return fail("other bytes came back, or none");
  }
  std::printf("loop    LAYER %s: %zu bytes there and back\n", options.protection_name(),
              options.len);
  return true;
}

bool accept(int fd, const Options& options) {
  io::FdTransport transport(fd);
  loop::Acceptor acceptor({}, kRequired);
  auto context = io::run(acceptor, transport, deadline());
  if (!context) return fail(context.error().text());
  const auto name = gss::display(context->source());
  if (!name) return fail(name.error().text());
  std::printf("loop      authid  %s\n", name->text.c_str());
  std::printf("loop    LOGGED IN (%s)\n", to_string(context->flags()).c_str());
  Channel channel(&*context, &transport, options.protection);
  std::size_t num_echoed = 0;
  while (const std::optional<Bytes> piece = channel.receive()) {
    if (!channel.send(*piece)) return false;
    num_echoed += piece->size();
  }
  if (channel.is_broken()) return fail("the data stopped short");
  std::printf("loop    LAYER %s: %zu bytes sent back\n", options.protection_name(), num_echoed);
  return true;
}

Options parse(int argc, char** argv) {
  Options options;
  demo::Arguments arguments(argc, argv, kUsage);
  if (!arguments.next()) arguments.fail("acceptor or initiator is needed");
  options.is_acceptor = arguments.is("acceptor");
  if (!options.is_acceptor) {
    if (!arguments.is("initiator")) arguments.fail("the first argument is acceptor or initiator");
    options.host = arguments.value();
    options.port = arguments.value();
  }
  while (arguments.next()) {
    if (arguments.is("--port-file")) {
      options.port_file = arguments.value();
    } else if (arguments.is("--mech")) {
      options.is_spnego = arguments.value() == "spnego";
    } else if (arguments.is("--protection")) {
      if (arguments.value() == "integrity") options.protection = gss::Protection::kIntegrity;
    } else if (arguments.is("--len")) {
      options.len = arguments.number();
    } else {
      arguments.fail("there is no option " + std::string(arguments.current()));
    }
  }
  if (options.is_acceptor && options.port_file.empty()) arguments.fail("--port-file is needed");
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const Options options = parse(argc, argv);
  const demo::Socket peer = options.is_acceptor ? testing::accept_one(options.port_file)
                                                : demo::connect_to(options.host, options.port);
  if (!peer.is_open()) return 2;
  return (options.is_acceptor ? accept(peer.fd(), options) : initiate(peer.fd(), options)) ? 0 : 1;
}
