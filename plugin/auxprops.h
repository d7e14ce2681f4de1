// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_AUXPROPS_H_
#define GSSLOOP_PLUGIN_AUXPROPS_H_

#include <string>
#include <string_view>
#include <vector>

#include "gssloop/base/attribute.h"
#include "plugin/host.h"

namespace gssloop::plugin {

// AuxProps hands a peer's name attributes to the application as SASL auxiliary properties, the only
// place that does. An attribute NAME describes the authenticated peer, so its property is "*NAME",
// Cyrus' convention for the authentication identity; the bare NAME is set as well only when that is
// also the identity that acts. Only what an application requested, and only authenticated values.
//
// Values go in one prop_set each, after canon_user: prop_setvals and appending corrupt libsasl's
// heap, and values set earlier are wiped by a canon_user callback that requests properties.
class AuxProps {
 public:
  AuxProps(const Host& host, propctx* context) : host_(host), context_(context) {}
  AuxProps(const AuxProps&) = delete;
  AuxProps& operator=(const AuxProps&) = delete;
  // Takes back what was set: a later attempt on this connection must find nothing.
  ~AuxProps() { erase(published_); }

  // wanted lists the attribute names that the application asked for (without the star, each once)
  // and that can be filled from attributes under their own names.
  std::vector<std::string> wanted() const;

  // erase removes the values of all names of ours that are requested, whoever set them: a database
  // must not pose as the mechanism.
  void erase() const { erase(requested()); }

  // publish sets the properties. `is_own_identity`: the peer acts as itself.
  void publish(const Attributes& attributes, bool is_own_identity);

 private:
  void set(const std::string& property, const Attribute& attribute) const;
  std::vector<std::string> requested() const;
  void erase(const std::vector<std::string>& properties) const noexcept;

  Host host_;
  propctx* context_;
  std::vector<std::string> published_;  // with star
};

// is_raw_name says whether `name` (without star) is one of an attribute that is published under the
// mechanism's own name: "auth-indicators", or a URN.
bool is_raw_name(std::string_view name) noexcept;

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_AUXPROPS_H_
