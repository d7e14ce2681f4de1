// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_INTEROP_LAYER_CELLS_H_
#define GSSLOOP_TESTS_INTEROP_LAYER_CELLS_H_

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "tests/interop/login.h"

namespace gssloop::testing {

inline constexpr int kRefused = -1;
inline constexpr char kForwardable[] = "forwardable";  // the name of a ticket cache
inline constexpr char kData[] = "200000";              // bytes: three packets and a part

// Cell is one login with GSSAPI or GSS-SPNEGO and data after it, or a refusal.
struct Cell {
  std::string name;
  std::string specs;
  std::string peer;  // for the matrix
  std::string role;  // the peer's
  Side client;
  Side server;
  std::string mechanism;
  std::string layer;   // for the matrix
  int ssf = kRefused;  // that our sides must have
  // Other releases of the peer have this one, if there are any.
  std::optional<int> other_ssf = {};
  std::string says = {};  // what one of them must have written, so that it is for this reason
  std::string note = {};  // why not better, for the matrix
};

inline void PrintTo(const Cell& cell, std::ostream* out) { *out << cell.name; }

inline bool is_ours(const Side& side) {
  return side.peer == Peer::kOurs || side.peer == Peer::kMixed;
}

// all_of makes the cells of our module and another one, or of ours on both sides: each mechanism,
// role and layer, the server's wish, packets of different sizes, channel bindings, and windows that
// do not meet.
std::vector<Cell> all_of(Peer peer);
// GNU SASL's, which has no layers.
std::vector<Cell> gnu_cells();
// Both modules in one folder: libsasl must choose ours, in both roles.
std::vector<Cell> mixed_cells();
// The server gets the user's ticket where both applications want it.
std::vector<Cell> delegation();
// In GSS-SPNEGO nothing is negotiated: the context has what the client wants, and a server whose
// window does not admit it refuses (R10).
std::vector<Cell> spnego_over_the_window();

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_INTEROP_LAYER_CELLS_H_
