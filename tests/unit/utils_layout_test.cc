// SPDX-License-Identifier: BSD-2-Clause
// The module and libsasl with another layout of sasl_utils_t.
#include "plugin/sasl/utils_layout.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace {

// The lines to syslog: the module's, and those that libsasl writes while it has no connection.
std::vector<std::string> logged;

[[gnu::format(printf, 1, 0)]] void keep_line(const char* format, va_list arguments) {
  char line[2000];
  std::vsnprintf(line, sizeof(line), format, arguments);
  logged.emplace_back(line);
}

}  // namespace

// These two replace those of the C library in this program.
extern "C" [[gnu::format(printf, 2, 3)]] void syslog(int /*priority*/, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  keep_line(format, arguments);
  va_end(arguments);
}

extern "C" [[gnu::format(printf, 3, 4)]] void __syslog_chk(int /*priority*/, int /*flag*/,
                                                           const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  keep_line(format, arguments);
  va_end(arguments);
}

extern "C" sasl_client_plug_init_t sasl_client_plug_init;
extern "C" sasl_server_plug_init_t sasl_server_plug_init;

namespace gssloop::plugin {
namespace {

// The members of sasl_utils_t in front of the functions for MD5, these functions, and the members
// behind them.
struct Front {
  int version;
  sasl_conn_t* conn;
  sasl_rand_t* rpool;
  void* getopt_context;
  sasl_getopt_t* getopt;
  sasl_malloc_t* malloc;
  sasl_calloc_t* calloc;
  sasl_realloc_t* realloc;
  sasl_free_t* free;
  sasl_mutex_alloc_t* mutex_alloc;
  sasl_mutex_lock_t* mutex_lock;
  sasl_mutex_unlock_t* mutex_unlock;
  sasl_mutex_free_t* mutex_free;
};

struct Md5Functions {
  std::array<void (*)(), 8> functions;
};

struct Back {
  decltype(sasl_utils_t::mkchal) mkchal;
  decltype(sasl_utils_t::utf8verify) utf8verify;
  decltype(sasl_utils_t::rand) rand;
  decltype(sasl_utils_t::churn) churn;
  decltype(sasl_utils_t::checkpass) checkpass;
  decltype(sasl_utils_t::decode64) decode64;
  decltype(sasl_utils_t::encode64) encode64;
  decltype(sasl_utils_t::erasebuffer) erasebuffer;
  decltype(sasl_utils_t::getprop) getprop;
  decltype(sasl_utils_t::setprop) setprop;
  decltype(sasl_utils_t::getcallback) getcallback;
  decltype(sasl_utils_t::log) log;
  decltype(sasl_utils_t::seterror) seterror;
  decltype(sasl_utils_t::spare_fptr) spare_fptr;
  decltype(sasl_utils_t::prop_new) prop_new;
  decltype(sasl_utils_t::prop_dup) prop_dup;
  decltype(sasl_utils_t::prop_request) prop_request;
  decltype(sasl_utils_t::prop_get) prop_get;
  decltype(sasl_utils_t::prop_getnames) prop_getnames;
  decltype(sasl_utils_t::prop_clear) prop_clear;
  decltype(sasl_utils_t::prop_dispose) prop_dispose;
  decltype(sasl_utils_t::prop_format) prop_format;
  decltype(sasl_utils_t::prop_set) prop_set;
  decltype(sasl_utils_t::prop_setvals) prop_setvals;
  decltype(sasl_utils_t::prop_erase) prop_erase;
  decltype(sasl_utils_t::auxprop_store) auxprop_store;
  decltype(sasl_utils_t::spare_fptr1) spare_fptr1;
  decltype(sasl_utils_t::spare_fptr2) spare_fptr2;
};

struct TableOf2128 : Front, Md5Functions, Back {};  // libsasl 2.1.28
struct TableOfBranch : Front, Back {};              // libsasl's development branch

constexpr bool kIsBuiltFor2128 = sizeof(sasl_utils_t) == sizeof(TableOf2128);
static_assert(kIsBuiltFor2128 || sizeof(sasl_utils_t) == sizeof(TableOfBranch));
using OwnTable = std::conditional_t<kIsBuiltFor2128, TableOf2128, TableOfBranch>;
using OtherTable = std::conditional_t<kIsBuiltFor2128, TableOfBranch, TableOf2128>;

int no_modules(void*, const char** path) {
  *path = "/nonexistent";
  return SASL_OK;
}

void trap() {
  std::fprintf(stderr, "the module called a wrong function\n");
  std::abort();
}

// As if every option had this value, which no option takes: without the check of the layout, the
// module logs that, and calls the function that is where it expects utils->log.
int wrong_option(void*, const char*, const char*, const char** result, unsigned*) {
  *result = "wrong";
  return SASL_OK;
}

// In memory of its size: AddressSanitizer sees it if the module reads behind the table.
template <class Table>
std::unique_ptr<Table> table_of_traps() {
  auto table = std::make_unique<Table>();
  std::array<void (*)(), sizeof(Table) / sizeof(void (*)())> traps;
  traps.fill(&trap);
  std::memcpy(table.get(), traps.data(), sizeof(Table));
  table->conn = nullptr;
  table->getopt = &wrong_option;
  return table;
}

template <class Table>
std::unique_ptr<Table> table_of_libsasl() {
  auto table = table_of_traps<Table>();
  table->decode64 = &sasl_decode64;
  table->encode64 = &sasl_encode64;
  table->erasebuffer = &sasl_erasebuffer;
  table->getprop = &sasl_getprop;
  table->setprop = &sasl_setprop;
  table->seterror = &sasl_seterror;
  table->prop_new = &prop_new;
  table->prop_dup = &prop_dup;
  table->prop_request = &prop_request;
  table->prop_get = &prop_get;
  table->prop_getnames = &prop_getnames;
  table->prop_clear = &prop_clear;
  table->prop_dispose = &prop_dispose;
  table->prop_format = &prop_format;
  table->prop_set = &prop_set;
  table->prop_setvals = &prop_setvals;
  table->prop_erase = &prop_erase;
  table->auxprop_store = &sasl_auxprop_store;
  return table;
}

template <class Table, class Actual>
bool has_layout_of(const std::unique_ptr<Actual>& table) {
  return has_layout(*reinterpret_cast<const Table*>(table.get()));
}

// init calls both functions of the module, and expects the same code from both.
int init(const void* table, int max_client = SASL_CLIENT_PLUG_VERSION,
         int max_server = SASL_SERVER_PLUG_VERSION) {
  const auto* utils = static_cast<const sasl_utils_t*>(table);
  int version = -1, num_plugs = -1;
  sasl_client_plug_t* client = nullptr;
  const int code = sasl_client_plug_init(utils, max_client, &version, &client, &num_plugs);
  sasl_server_plug_t* server = nullptr;
  EXPECT_EQ(sasl_server_plug_init(utils, max_server, &version, &server, &num_plugs), code);
  EXPECT_EQ(version, -1);
  EXPECT_EQ(num_plugs, -1);
  return code;
}

class UtilsLayout : public ::testing::Test {
 protected:
  void SetUp() override { logged.clear(); }
};

TEST_F(UtilsLayout, IsKnownByTheFunctionsOfTheTable) {
  const auto table = table_of_libsasl<TableOf2128>();
  const auto branch_table = table_of_libsasl<TableOfBranch>();
  EXPECT_TRUE(has_layout_of<TableOf2128>(table));
  EXPECT_TRUE(has_layout_of<TableOfBranch>(branch_table));
  // A module that was built for the one, and is loaded by the other.
  EXPECT_FALSE(has_layout_of<TableOf2128>(branch_table));
  EXPECT_FALSE(has_layout_of<TableOfBranch>(table));
}

TEST_F(UtilsLayout, OfAnotherLibsaslIsRefusedWithOneLine) {
  const auto table = table_of_libsasl<OtherTable>();
  EXPECT_EQ(init(table.get()), SASL_BADVERS);
  ASSERT_EQ(logged.size(), 2U);  // one of the client, one of the server
  for (const std::string& line : logged) {
    EXPECT_NE(line.find("libsasl cannot use this module: "), line.npos) << line;
    EXPECT_NE(line.find("sasl_utils_t) is not the one of the headers"), line.npos) << line;
    EXPECT_NE(line.find("Build gssloop with the headers of the libsasl"), line.npos) << line;
  }
}

// A program with its own copy of libsasl. The module is linked with the library, so it cannot know
// which function a pointer of that copy is.
TEST_F(UtilsLayout, OfASecondLibsaslIsRefused) {
  const auto table = table_of_traps<OwnTable>();
  EXPECT_EQ(init(table.get()), SASL_BADVERS);
  EXPECT_EQ(logged.size(), 2U);
  EXPECT_EQ(init(nullptr), SASL_BADVERS);
}

TEST_F(UtilsLayout, OfAnOlderInterfaceIsRefused) {
  const auto table = table_of_libsasl<OwnTable>();
  EXPECT_EQ(init(table.get(), SASL_CLIENT_PLUG_VERSION - 1, SASL_SERVER_PLUG_VERSION - 1),
            SASL_BADVERS);
  ASSERT_EQ(logged.size(), 2U);
  EXPECT_NE(logged[0].find("takes only version 3"), std::string::npos) << logged[0];
}

TEST_F(UtilsLayout, OfTheInstalledLibsaslIsTheOneOfItsHeaders) {
  const sasl_callback_t callbacks[] = {
      {SASL_CB_GETPATH, reinterpret_cast<int (*)()>(reinterpret_cast<void (*)()>(&no_modules)),
       nullptr},
      {SASL_CB_LIST_END, nullptr, nullptr}};
  ASSERT_EQ(sasl_client_init(callbacks), SASL_OK);
  ASSERT_EQ(sasl_server_init(callbacks, nullptr), SASL_OK);
  EXPECT_EQ(sasl_client_add_plugin("gssloop", &sasl_client_plug_init), SASL_OK);
  EXPECT_EQ(sasl_server_add_plugin("gssloop", &sasl_server_plug_init), SASL_OK);
  for (const std::string& line : logged) {
    EXPECT_EQ(line.find("libsasl cannot use this module"), line.npos) << line;
  }
  sasl_done();
}

}  // namespace
}  // namespace gssloop::plugin
