// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_TRIAL_LOGIN_REPORT_H_
#define GSSLOOP_TOOLS_TRIAL_LOGIN_REPORT_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gssloop/base/flags.h"
#include "gssloop/gss/oid.h"
#include "gssloop/io/driver.h"
#include "gssloop/loop/established_context.h"
#include "gssloop/loop/step.h"
#include "tools/command.h"
#include "tools/json.h"

namespace gssloop::tools {

// What the subcommands that log in say of it, to people and as JSON.

// Legs explains a negotiation while it goes on, a line or two a leg, and keeps it for JSON.
class Legs final : public io::Observer {
 public:
  // `output` may be null: nothing is printed.
  explicit Legs(const Output* output) : output_(output) {}
  void on_received(io::FrameKind kind, ByteView body) override;
  void on_step(const loop::Step& step) override;
  Json take_json() { return std::move(json_); }

 private:
  void print(const loop::Step& step) const;

  const Output* output_;
  struct Received {
    io::FrameKind kind;
    std::size_t len;
  };
  std::optional<Received> received_;  // before the step that it leads to
  Json json_ = Json::array();
};

// to_json and sentence say why there is no context, with what a person should look at.
Json to_json(const loop::Failure& failure);
std::string sentence(const std::string& subject, const loop::Failure& failure);

// exit_of: a login that failed before anything was sent was not tried.
Exit exit_of(const loop::Failure& failure);

// Facts is what both sides learn of a context.
struct Facts {
  loop::PeerName peer;  // empty where the mechanism gives none
  gss::Oid mech;
  Flags flags;
  std::optional<OM_uint32> lifetime;  // seconds; nullopt: without end, or not told
  std::optional<unsigned> ssf;        // bits; nullopt: not told
  bool is_delegated = false;
};
Facts facts_of(const loop::EstablishedContext& context);
Json to_json(const Facts& facts);
// lines_of renders them for a person, a line each.
std::vector<std::string> lines_of(const Facts& facts);

// mechanism_text names a mechanism: "krb5 (1.2.840.113554.1.2.2)".
std::string mechanism_text(const gss::Oid& mech);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_TRIAL_LOGIN_REPORT_H_
