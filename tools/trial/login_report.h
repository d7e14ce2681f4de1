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

// The output about a login, for people and as JSON.

// Legs explains a negotiation while it runs, in a line or two for each leg. It keeps the legs for
// JSON.
class Legs final : public io::Observer {
 public:
  // If `output` is null, Legs prints nothing.
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
  std::optional<Received> received_;  // until the step that follows it
  Json json_ = Json::array();
};

// to_json and sentence say why there is no context, with the advice of loop::explain.
Json to_json(const loop::Failure& failure);
std::string sentence(const std::string& subject, const loop::Failure& failure);

// exit_of is kNotTried for a login that failed because of this side's credential or input.
Exit exit_of(const loop::Failure& failure);

// Facts holds what both sides know of a context.
struct Facts {
  loop::PeerName peer;  // empty if the mechanism gives none
  gss::Oid mech;
  Flags flags;
  std::optional<OM_uint32> lifetime;  // seconds; nullopt: unlimited or unknown
  std::optional<unsigned> ssf;        // bits; nullopt: unknown
  bool is_delegated = false;
};
Facts facts_of(const loop::EstablishedContext& context);
Json to_json(const Facts& facts);
// lines_of writes each fact in a line for a person.
std::vector<std::string> lines_of(const Facts& facts);

// mechanism_text names a mechanism: "krb5 (1.2.840.113554.1.2.2)".
std::string mechanism_text(const gss::Oid& mech);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_TRIAL_LOGIN_REPORT_H_
