// SPDX-License-Identifier: BSD-2-Clause
#include "tests/interop/matrix.h"

#include <cstdio>
#include <vector>

namespace gssloop::testing {
namespace {

template <typename Row>
std::vector<Row>& rows() {
  static std::vector<Row> all;
  return all;
}

void print(const MatrixRow& row) {
  std::printf("  %-14s %-14s %-14s %-38s %s\n", row.client.c_str(), row.server.c_str(),
              row.mechanism.c_str(), row.what.c_str(), row.result.c_str());
}

void print(const LayerRow& row) {
  std::printf("  %-18s %-7s %-16s %-42s %s\n", row.peer.c_str(), row.role.c_str(),
              row.mechanism.c_str(), row.layer.c_str(), row.result.c_str());
}

template <typename Row>
void print_all(const char* title, const Row& heading) {
  if (rows<Row>().empty()) return;
  std::printf("\n%s\n", title);
  print(heading);
  for (const Row& row : rows<Row>()) print(row);
}

}  // namespace

void add_to_matrix(MatrixRow row) { rows<MatrixRow>().push_back(std::move(row)); }
void add_to_layers(LayerRow row) { rows<LayerRow>().push_back(std::move(row)); }

void print_matrix() {
  print_all<MatrixRow>("Interoperation, as it went:",
                       {"client", "server", "mechanism", "binding, identity", "result"});
  print_all<LayerRow>("Security layers, as they went:",
                      {"peer", "as", "mechanism", "layer", "result"});
}

}  // namespace gssloop::testing
