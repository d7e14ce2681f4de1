// SPDX-License-Identifier: BSD-2-Clause
#include "bench/setting.h"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "tests/kdc/process.h"

namespace gssloop::bench {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): there is no other thread
  return value == nullptr ? "" : value;
}

testing::RealmOptions realm_options() {
  testing::RealmOptions options;
  options.services = {"imap/localhost"};
  return options;
}

}  // namespace

const char* to_string(ReplayCache kind) { return kind == ReplayCache::kFile ? "file" : "none"; }

Setting::Setting() : realm_(realm_options()) {
  realm_.apply_to_this_process();
  realm_.add_user("alice", "password");
  realm_.kinit("alice", "password");
}

std::string Setting::module_folder() {
  std::string folder = variable("GSSLOOP_PLUGIN_DIR");
  if (folder.empty()) throw std::runtime_error("GSSLOOP_PLUGIN_DIR must name the module's folder");
  return folder;
}

std::string Setting::stock_folder() const {
  const fs::path folder = realm_.path("stock");
  for (const char* name : {"libgs2.so", "libgssapiv2.so"}) {
    const fs::path module = fs::path(variable("GSSLOOP_STOCK_PLUGIN_DIR")) / name;
    if (!fs::exists(module)) return "";
    if (fs::exists(folder / name)) continue;
    fs::create_directories(folder);
    fs::create_symlink(fs::canonical(module), folder / name);
  }
  return folder;
}

std::vector<std::string> Setting::environment(const std::string& modules, ReplayCache cache,
                                              const std::string& conf_folder) const {
  return testing::environment_with(
      {"SASL_PATH=" + modules,
       "SASL_CONF_PATH=" + (conf_folder.empty() ? realm_.dir() : conf_folder),
       "KRB5RCACHENAME=" +
           (cache == ReplayCache::kNone ? "none:" : "file2:" + realm_.path("rcache"))});
}

void Setting::use_module() const {
  for (const std::string& entry : environment(module_folder(), ReplayCache::kNone)) {
    const std::size_t equals = entry.find('=');
    // NOLINTNEXTLINE(concurrency-mt-unsafe): there is no other thread
    setenv(entry.substr(0, equals).c_str(), entry.c_str() + equals + 1, 1);
  }
}

}  // namespace gssloop::bench
