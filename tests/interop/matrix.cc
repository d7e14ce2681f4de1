// SPDX-License-Identifier: BSD-2-Clause
#include "tests/interop/matrix.h"

#include <cstdio>
#include <vector>

namespace gssloop::testing {
namespace {

std::vector<MatrixRow>& rows() {
  static std::vector<MatrixRow> all;
  return all;
}

void print(const MatrixRow& row) {
  std::printf("  %-14s %-14s %-14s %-38s %s\n", row.client.c_str(), row.server.c_str(),
              row.mechanism.c_str(), row.what.c_str(), row.result.c_str());
}

}  // namespace

void add_to_matrix(MatrixRow row) { rows().push_back(std::move(row)); }

void print_matrix() {
  if (rows().empty()) return;
  std::printf("\nInteroperation, as it went:\n");
  print({"client", "server", "mechanism", "binding, identity", "result"});
  for (const MatrixRow& row : rows()) print(row);
}

}  // namespace gssloop::testing
