// SPDX-License-Identifier: BSD-2-Clause
#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "fuzz/input.h"
#include "fuzz/targets.h"
#include "plugin/mech/gs2_header.h"
#include "tests/mech/loader.h"
#include "tests/support/sasl_app.h"

extern "C" sasl_client_plug_init_t sasl_client_plug_init;
extern "C" sasl_server_plug_init_t sasl_server_plug_init;

namespace gssloop::fuzz {
namespace {

using namespace gssloop::testing;

constexpr char kModule[] = "gssloop";
constexpr int kMaxLegs = 6;

// libsasl with the module, which is linked and not loaded: a sanitizer's module of clang cannot be.
void start_libsasl() {
  static const bool is_started = [] {
    static SaslLibrary library(LibrarySetup{.modules = "/nowhere"});
    return sasl_server_add_plugin(kModule, sasl_server_plug_init) == SASL_OK &&
           sasl_client_add_plugin(kModule, sasl_client_plug_init) == SASL_OK;
  }();
  require(is_started, "libsasl takes the module");
}

OM_uint32 status(Input* in) {
  constexpr OM_uint32 kStatuses[] = {GSS_S_COMPLETE,        GSS_S_COMPLETE,
                                     GSS_S_CONTINUE_NEEDED, GSS_S_CONTINUE_NEEDED,
                                     GSS_S_DUPLICATE_TOKEN, GSS_S_OLD_TOKEN,
                                     GSS_S_FAILURE,         GSS_S_DEFECTIVE_TOKEN,
                                     GSS_S_BAD_BINDINGS,    GSS_S_BAD_SIG,
                                     GSS_S_NO_CRED,         GSS_S_UNAUTHORIZED,
                                     GSS_S_BAD_MECH,        GSS_S_CREDENTIALS_EXPIRED};
  return kStatuses[in->below(std::size(kStatuses))];
}

Leg leg(Input* in) {
  Leg made;
  made.major = status(in);
  const std::uint8_t choice = in->octet();
  if ((choice & 1) != 0) made.token = in->text();
  if ((choice & 2) != 0) made.flags_cleared = OM_uint32{1} << in->below(13);
  if ((choice & 4) != 0) made.flags_added = OM_uint32{1} << in->below(13);
  made.drop_context = (choice & 0x38) == 0x38;
  return made;
}

std::vector<Leg> legs(Input* in) {
  std::vector<Leg> made;
  const std::size_t num = 1 + in->below(kMaxLegs);
  while (made.size() < num) made.push_back(leg(in));
  return made;
}

Attribute attribute(Input* in) {
  Attribute made;
  made.name = in->text();
  for (std::size_t num = in->below(4); num > 0; --num) {
    AttributeValue value;
    value.value = in->text();
    const std::uint8_t choice = in->octet();
    value.authenticated = (choice & 1) == 0;
    value.complete = (choice & 2) == 0;
    if ((choice & 4) != 0) value.get.major = GSS_S_FAILURE;
    made.values.push_back(std::move(value));
  }
  return made;
}

const std::optional<ChannelBinding> kBinding = ChannelBinding{"tls-exporter", "the channel"};

// What the module must leave behind when a login is over, however it ended.
void require_clean() {
  const Live live = scripted().live();
  require(live.contexts == 0 && live.names == 0, "nothing of a login remains");
  const Record record = scripted().record();
  require(record.stale_handles == 0 && record.bad_cursors == 0, "no handle is used after its end");
}

// ServerLogin is one login with a peer that sends what the input says.
class ServerLogin {
 public:
  explicit ServerLogin(Input* in) : in_(*in), choice_(in_.octet()) {
    Script script;
    script.initiator.clear();
    script.acceptor = legs(&in_);
    if (has(4)) script.source = NameSpec{in_.text(), GSS_C_NT_USER_NAME};
    if (has(8)) script.attributes.push_back(attribute(&in_));
    if (has(16)) script.names.inquire = {GSS_S_FAILURE, 0};
    name_ = script.source->text;
    scripted().play(std::move(script));
  }

  void run() {
    SaslServer server(setup());
    first_ = in_.text();
    if (in_.below(2) == 0) first_ = "n,," + first_;
    Turn turn = server.start(has(1) ? "GS2-SCRIPTED-PLUS" : "GS2-SCRIPTED", first_);
    for (int i = 0; turn.code == SASL_CONTINUE && i <= kMaxLegs; ++i) {
      turn = server.step(in_.text());
    }
    require(turn.code != SASL_CONTINUE, "a login ends");
    if (is_control) turn.code = turn.code == SASL_OK ? SASL_FAIL : SASL_OK;
    if (turn.code == SASL_OK) return check_admitted(&server);
    require(server.was_silent(), "a refused login does not reach the application");
    require(server.authid().empty(), "a refused login has no user");
  }

 private:
  bool has(int bit) const { return (choice_ & bit) != 0; }

  ServerSetup setup() const {
    ServerSetup setup;
    if (has(1) || has(2)) setup.binding = kBinding;
    if (has(2)) setup.binding->is_critical = true;
    if (has(32)) setup.options["gssloop_allow_unbound"] = "GS2-SCRIPTED";
    if (has(64)) setup.requested = {"gssloopAttribute"};
    setup.canon_user = [](CanonCall*) { return SASL_OK; };
    setup.proxy_policy = [](const ProxyCall&) { return SASL_OK; };
    return setup;
  }

  void check_admitted(SaslServer* server) const {
    const Record record = scripted().record();
    require(!record.accepts.empty(), "the mechanism took part");
    const AcceptCall& last = record.accepts.back();
    require(last.major == GSS_S_COMPLETE, "COMPLETE, and nothing else, admits");
    require((last.ret_flags & GSS_C_MUTUAL_FLAG) != 0, "authentication is mutual");
    const auto message = plugin::parse_gs2_message(as_bytes(first_));
    require(static_cast<bool>(message), "the header can be read");
    const bool is_bound = (last.ret_flags & GSS_C_CHANNEL_BOUND_FLAG) != 0;
    require(is_bound || has(32), "the header is verified, unless an option excuses it");
    const std::string& authzid = message->header.authzid;
    require(is_bound || authzid.empty(), "an unverified header names no other user");
    for (const AcceptCall& call : record.accepts) {
      require(call.bindings.has_value() &&
                  call.bindings->application_data.starts_with(as_text(message->bound_header)),
              "each call has the header as its binding");
    }
    require(server->authid() == name_, "the user is the mechanism's");
    require(server->authzid() == (authzid.empty() ? name_ : authzid),
            "the authzid is the header's");
    require(!name_.empty() && is_utf8(as_bytes(name_)) && name_.find('\\') == name_.npos &&
                !has_control_characters(as_bytes(name_)) && std::ranges::count(name_, '@') <= 1,
            "a name that could be another's is refused");
    const auto is_trimmed = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
    require(!is_trimmed(name_.front()) && !is_trimmed(name_.back()) && name_.front() != '@',
            "a name that libsasl would change is refused");
  }

  Input& in_;
  const std::uint8_t choice_;
  std::string name_, first_;
};

}  // namespace

void server(ByteView input) {
  start_libsasl();
  Input in(input);
  ServerLogin(&in).run();
  require_clean();
}

void client(ByteView input) {
  start_libsasl();
  Input in(input);
  const std::uint8_t choice = in.octet();
  Script script;
  script.initiator = legs(&in);
  script.acceptor.clear();
  scripted().play(std::move(script));
  {
    ClientSetup setup;
    if ((choice & 1) != 0) setup.binding = kBinding;
    if ((choice & 2) != 0) setup.user = says(in.text());
    SaslClient client(std::move(setup));
    Turn turn = client.start((choice & 1) != 0 ? "GS2-SCRIPTED-PLUS" : "GS2-SCRIPTED");
    for (int i = 0; turn.code == SASL_CONTINUE && i <= kMaxLegs; ++i) turn = client.step(in.text());
    require(turn.code != SASL_CONTINUE, "a login ends");
    if (is_control) turn.code = turn.code == SASL_OK ? SASL_FAIL : SASL_OK;
    const Record record = scripted().record();
    if (turn.code == SASL_OK) {
      require(!record.inits.empty() && record.inits.back().major == GSS_S_COMPLETE,
              "COMPLETE, and nothing else, ends a login well");
      require((record.inits.back().ret_flags & GSS_C_MUTUAL_FLAG) != 0,
              "the server is authenticated");
    } else {
      require(!client.error().empty(), "a failure has a sentence");
      const Turn later = client.step("");
      require(later.code < SASL_OK, "a failed login does not go on");
      require(scripted().record().inits.size() == record.inits.size(), "nor the mechanism");
    }
  }
  require_clean();
}

}  // namespace gssloop::fuzz
