// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_SERVER_PROPERTY_NAMES_H_
#define GSSLOOP_PLUGIN_SERVER_PROPERTY_NAMES_H_

#include <string>

namespace gssloop::plugin {

// lasting_name returns a copy of `name` that lives as long as the process: prop_request keeps the
// pointers that it gets. The set only grows: its names come from policy files, never from a peer.
// Any number of threads may call it; there is no lock.
const char* lasting_name(const std::string& name);

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_SERVER_PROPERTY_NAMES_H_
