// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "gssloop/loop/decide.h"
#include "tests/support/spec.h"

namespace gssloop::loop {
namespace {

// The table as docs/loop.md shows it.
std::string markdown() {
  std::string text =
      "| row | when | actions, in order | fault | section |\n|---|---|---|---|---|\n";
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

std::string document() {
  const char* source = std::getenv("GSSLOOP_SRCDIR");
  std::ifstream file(std::string(source != nullptr ? source : ".") + "/docs/loop.md");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(LoopDocument, ShowsTheTableThatTheLoopObeys) {
  EXPECT_NE(document().find(markdown()), std::string::npos)
      << "docs/loop.md should hold exactly this table:\n"
      << markdown();
}

// Section 3: a protocol that uses the loop says which flags it requires.
TEST(LoopDocument, NamesTheFlagsThatGs2Requires) {
  SPEC("L33");
  EXPECT_NE(document().find("GS2 demands `mutual` of\nboth sides, and of the acceptor "
                            "`channel-bound` as well"),
            std::string::npos);
}

}  // namespace
}  // namespace gssloop::loop
