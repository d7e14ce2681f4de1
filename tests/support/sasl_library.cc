// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/sasl_library.h"

#include <cstdio>
#include <cstdlib>
#include <new>

namespace gssloop::testing {
namespace {

const char* plugin_dir() {
  const char* const dir = std::getenv("GSSLOOP_PLUGIN_DIR");
  if (dir != nullptr && *dir == '/') return dir;
  std::fprintf(stderr, "GSSLOOP_PLUGIN_DIR must be the absolute path of the module's folder\n");
  std::exit(99);  // Automake: hard error
}

int on_path(void* context, const char** path) {
  *path = static_cast<const std::string*>(context)->c_str();
  return SASL_OK;
}

// A folder without any NAME.conf: a test must not read the machine's configuration.
int on_configuration_path(void* context, char** path) {
  *path = static_cast<std::string*>(context)->data();
  return SASL_OK;
}

// libsasl is C: no exception for it.
void* new_mutex() { return new (std::nothrow) std::mutex; }
int lock_mutex(void* mutex) {
  static_cast<std::mutex*>(mutex)->lock();
  return 0;
}
int unlock_mutex(void* mutex) {
  static_cast<std::mutex*>(mutex)->unlock();
  return 0;
}
void free_mutex(void* mutex) { delete static_cast<std::mutex*>(mutex); }

// libsasl's own mutexes do nothing.
void set_mutexes() { sasl_set_mutex(new_mutex, lock_mutex, unlock_mutex, free_mutex); }

void check(int code, const char* call) {
  if (code == SASL_OK) return;
  std::fprintf(stderr, "%s: %s\n", call, sasl_errstring(code, nullptr, nullptr));
  std::exit(99);
}

}  // namespace

std::vector<LogLine> SaslLog::lines() const {
  const std::lock_guard lock(mutex_);
  return lines_;
}

std::string SaslLog::text() const {
  std::string all;
  for (const LogLine& line : lines()) all += line.text + "\n";
  return all;
}

bool SaslLog::has(std::string_view needle, int level) const {
  for (const LogLine& line : lines()) {
    if (level != SASL_LOG_NONE && line.level != level) continue;
    if (line.text.find(needle) != std::string::npos) return true;
  }
  return false;
}

void SaslLog::clear() {
  const std::lock_guard lock(mutex_);
  lines_.clear();
}

int SaslLog::on_log(void* context, int level, const char* message) {
  auto* log = static_cast<SaslLog*>(context);
  if (level > log->settings_.level) return SASL_OK;
  const LogLine line{level, message != nullptr ? message : ""};
  const std::lock_guard lock(log->mutex_);
  if (log->settings_.listener) log->settings_.listener(line);
  log->lines_.push_back(line);
  return SASL_OK;
}

int on_option(void* context, const char*, const char* option, const char** result, unsigned* len) {
  const auto* options = static_cast<const SaslOptions*>(context);
  const auto found = options->find(option);
  if (found == options->end()) return SASL_FAIL;
  *result = found->second.c_str();
  if (len != nullptr) *len = static_cast<unsigned>(found->second.size());
  return SASL_OK;
}

SaslLibrary::SaslLibrary(SaslOptions server, SaslOptions client)
    : SaslLibrary(LibrarySetup{std::move(server), std::move(client), plugin_dir()}) {}

SaslLibrary::SaslLibrary(LibrarySetup setup)
    : setup_(std::move(setup)),
      log_(setup_.log),
      server_callbacks_(callbacks(&setup_.server)),
      client_callbacks_(callbacks(&setup_.client)) {
  set_mutexes();
  if (setup_.client) check(sasl_client_init(client_callbacks_.data()), "sasl_client_init");
  if (!setup_.server) return;
  check(sasl_server_init(server_callbacks_.data(), setup_.server_name.c_str()), "sasl_server_init");
}

std::vector<sasl_callback_t> SaslLibrary::callbacks(std::optional<SaslOptions>* options) {
  std::vector<sasl_callback_t> all = {{SASL_CB_LOG, as_callback(&SaslLog::on_log), &log_}};
  if (*options) all.push_back({SASL_CB_GETOPT, as_callback(&on_option), &**options});
  if (!setup_.modules.empty()) {
    all.push_back({SASL_CB_GETPATH, as_callback(&on_path), &setup_.modules});
    all.push_back({SASL_CB_GETCONFPATH, as_callback(&on_configuration_path), &setup_.modules});
  }
  all.push_back({SASL_CB_LIST_END, nullptr, nullptr});
  return all;
}

SaslLibrary::~SaslLibrary() { sasl_done(); }

}  // namespace gssloop::testing
