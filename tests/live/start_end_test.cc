// SPDX-License-Identifier: BSD-2-Clause
// libsasl begins, loads the module, offers its mechanisms, and ends, a thousand times in one
// process. A program of its own: libsasl takes an allocator only before its first use.
#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/support/growth.h"
#include "tests/support/sasl_library.h"
#include "tests/support/spec.h"

namespace gssloop::testing {
namespace {

constexpr int kNumCycles = 1000, kNumFirst = 20;

// libsasl's own account: the blocks that it has, and that it gave to plugins (sasl_utils).
long num_blocks = 0;

void* count(void* made) {
  if (made != nullptr) ++num_blocks;
  return made;
}
void* on_malloc(std::size_t len) { return count(std::malloc(len)); }
void* on_calloc(std::size_t num, std::size_t len) { return count(std::calloc(num, len)); }
void* on_realloc(void* memory, std::size_t len) {
  void* const made = std::realloc(memory, len);
  return memory == nullptr ? count(made) : made;
}
void on_free(void* memory) {
  if (memory != nullptr) --num_blocks;
  std::free(memory);
}

[[maybe_unused]] const bool is_set = [] {
  sasl_set_alloc(on_malloc, on_calloc, on_realloc, on_free);
  return true;
}();

// State is what the process has at the end of a cycle.
struct State {
  long blocks, octets, descriptors;
  static State now() {
    return {num_blocks, static_cast<long>(mallinfo2().uordblks), num_descriptors()};
  }
};

class StartEndTest : public ::testing::Test {
 protected:
  // A cycle with the modules of a folder. Returns the server's mechanisms.
  static std::string cycle(std::string folder) {
    const sasl_callback_t callbacks[] = {{SASL_CB_GETPATH, as_callback(&on_path), folder.data()},
                                         {SASL_CB_LOG, as_callback(&on_log), nullptr},
                                         {SASL_CB_LIST_END, nullptr, nullptr}};
    EXPECT_EQ(sasl_client_init(callbacks), SASL_OK);
    EXPECT_EQ(sasl_server_init(callbacks, "gssloop-test"), SASL_OK);
    sasl_conn_t *client = nullptr, *server = nullptr;
    EXPECT_EQ(sasl_client_new("imap", "localhost", nullptr, nullptr, nullptr, 0, &client), SASL_OK);
    EXPECT_EQ(sasl_server_new("imap", "localhost", nullptr, nullptr, nullptr, nullptr, 0, &server),
              SASL_OK);
    const char* list = nullptr;
    std::string names;
    if (sasl_listmech(client, nullptr, "", " ", "", &list, nullptr, nullptr) == SASL_OK) {
      names = list;
    }
    sasl_dispose(&client);
    sasl_dispose(&server);
    sasl_done();
    return names;
  }

  // How much is left after all cycles, of what was not there after the first ones.
  static State left_by(const std::string& folder) {
    State first{};
    for (int i = 0; i < kNumCycles; ++i) {
      if (i == kNumFirst) first = State::now();
      cycle(folder);
    }
    const State last = State::now();
    return {last.blocks - first.blocks, last.octets - first.octets,
            last.descriptors - first.descriptors};
  }

 private:
  static int on_path(void* context, const char** path) {
    *path = static_cast<const char*>(context);
    return SASL_OK;
  }
  static int on_log(void*, int, const char*) { return SASL_OK; }
};

TEST_F(StartEndTest, TheModuleLeavesNothing) {
  SPEC("L41");
  const std::string module = std::getenv("GSSLOOP_PLUGIN_DIR");
  ASSERT_NE(cycle(module).find("GS2-KRB5"), std::string::npos);
  const State without = left_by("/nonexistent");
  const State with = left_by(module);
  RecordProperty("blocks", static_cast<int>(with.blocks));
  RecordProperty("octets", static_cast<int>(with.octets));
  EXPECT_EQ(with.blocks, without.blocks);
  EXPECT_EQ(with.descriptors, without.descriptors);
  // Less than one octet for each cycle.
  EXPECT_LT(with.octets, without.octets + kNumCycles);
  std::printf("left by libsasl: %ld blocks, %ld octets; with the module: %ld blocks, %ld octets\n",
              without.blocks, without.octets, with.blocks, with.octets);
}

}  // namespace
}  // namespace gssloop::testing
