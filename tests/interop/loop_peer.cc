// SPDX-License-Identifier: BSD-2-Clause
//
// The bare negotiation loop over TCP, with this project's library: an initiator or an acceptor that
// speaks the frames of gssloop/io and nothing else. After the context, data goes there and back.

#include <algorithm>
#include <cstdio>

#include "gssloop/gss/names.h"
#include "gssloop/gss/oid.h"
#include "gssloop/io/channel.h"
#include "gssloop/io/driver.h"
#include "gssloop/io/fd_transport.h"
#include "tests/interop/meeting.h"

namespace gssloop::testing {
namespace {

constexpr char kUsage[] = "Usage: loop_peer --port-file FILE | --port N [OPTION...]\n";
constexpr char kNotes[] =
    "The server is the acceptor.\n"
    "Exit status: 0 there is a context and all bytes came back, 1 not so, 2 it could not start.\n";

constexpr unsigned kPieceLen = 16384;
constexpr std::size_t kMaxFrameLen = 1 << 20;
constexpr Flags kRequired = Flags(Flag::kMutual) | Flag::kConf | Flag::kInteg;

struct Options {
  Meeting meeting;
  std::string mech = "krb5";
  std::string protection_name = "confidentiality";
  unsigned len = 200000;

  gss::Protection protection() const {
    return protection_name == "integrity" ? gss::Protection::kIntegrity
                                          : gss::Protection::kConfidentiality;
  }
};

gss::Oid spnego() { return *gss::Oid::from_dotted("1.3.6.1.5.5.2"); }

io::Deadline deadline() { return io::Clock::now() + std::chrono::seconds(kTimeoutSeconds); }

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
           fail("the peer closed the connection");
  }

  // Nothing if the peer closed the connection in good order; is_broken() tells that from a failure.
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
  auto target = gss::import_name("imap@localhost", gss::NameForm::kHostbasedService);
  if (!target) return fail(target.error().text());
  gss::InitiatorInput input;
  input.target = std::move(*target);
  input.mech = options.mech == "spnego" ? spnego() : gss::Oid::krb5();
  input.request = kRequired | Flag::kSequence | Flag::kReplay;
  io::FdTransport transport(fd);
  loop::Initiator initiator(std::move(input), kRequired);
  auto context = io::run(initiator, transport, deadline());
  if (!context) return fail(context.error().text());
  std::printf("loop    LOGGED IN (%s)\n", to_string(context->flags()).c_str());
  Channel channel(&*context, &transport, options.protection());
  for (unsigned num_sent = 0; num_sent < options.len; num_sent += kPieceLen) {
    Bytes piece(std::min(kPieceLen, options.len - num_sent));
    for (std::size_t i = 0; i < piece.size(); ++i) {
      piece[i] = static_cast<std::uint8_t>((num_sent + i) * 7 >> 3);
    }
    if (!channel.send(piece)) return false;
    const std::optional<Bytes> answer = channel.receive();
    if (answer != piece) return fail("other bytes came back, or none");
  }
  std::printf("loop    LAYER %s: %u bytes there and back\n", options.protection_name.c_str(),
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
  Channel channel(&*context, &transport, options.protection());
  std::size_t num_echoed = 0;
  while (const std::optional<Bytes> piece = channel.receive()) {
    if (!channel.send(*piece)) return false;
    num_echoed += piece->size();
  }
  if (channel.is_broken()) return fail("the data stopped short");
  std::printf("loop    LAYER %s: %zu bytes sent back\n", options.protection_name.c_str(),
              num_echoed);
  return true;
}

CommandLine command_line(Options* options) {
  return {
      kUsage,
      options->meeting.rows() +
          std::vector<Option>{
              {"--mech NAME", &options->mech, "initiator: krb5 or spnego (default: krb5)"},
              {"--protection NAME", &options->protection_name,
               "integrity or confidentiality (default)"},
              {"--len N", &options->len, "initiator: how many bytes to send (default: 200000)"}},
      kNotes};
}

int run(const Options& options) {
  const Socket peer = options.meeting.connect();
  return (options.meeting.is_server() ? accept : initiate)(peer.fd(), options) ? 0 : 1;
}

}  // namespace
}  // namespace gssloop::testing

int main(int argc, char** argv) {
  using namespace gssloop::testing;
  Options options;
  return run_program(argc, argv, command_line(&options), [&] { return run(options); });
}
