// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "lib/loop/decide.h"
#include "tests/support/spec.h"

namespace gssloop::loop {
namespace {

// The table as docs/loop.md shows it.
std::string markdown() {
  std::string text = "| row | when | actions, in order | fault | section |\n|---|---|---|---|---|\n";
  for (const Row& row : table()) {
    std::string actions;
    for (const Action action : row.actions) {
      actions += (actions.empty() ? "" : ", ") + std::string(to_string(action));
    }
    text += std::string("| ") + row.name + " | " + row.when + " | " + actions + " | " +
            to_string(row.fault) + " | " + row.section + " |\n";
  }
  return text;
}

TEST(LoopDocument, ShowsTheTableThatTheLoopObeys) {
  const char* source = std::getenv("GSSLOOP_SRCDIR");
  ASSERT_NE(source, nullptr) << "GSSLOOP_SRCDIR is the source tree";
  std::ifstream file(std::string(source) + "/docs/loop.md");
  std::stringstream document;
  document << file.rdbuf();
  EXPECT_NE(document.str().find(markdown()), std::string::npos)
      << "docs/loop.md should hold exactly this table:\n"
      << markdown();
}

}  // namespace
}  // namespace gssloop::loop
