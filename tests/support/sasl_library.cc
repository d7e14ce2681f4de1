// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/sasl_library.h"

#include <cstdio>
#include <cstdlib>

namespace gssloop::testing {
namespace {

const char* plugin_dir() {
  const char* const dir = std::getenv("GSSLOOP_PLUGIN_DIR");
  if (dir != nullptr && *dir == '/') return dir;
  std::fprintf(stderr, "GSSLOOP_PLUGIN_DIR must be the absolute path of the module's folder\n");
  std::exit(99);  // Automake: hard error
}

int on_path(void*, const char** path) {
  *path = plugin_dir();
  return SASL_OK;
}

// A folder without any NAME.conf: a test must not read the machine's configuration.
int on_configuration_path(void*, char** path) {
  static std::string folder = plugin_dir();
  *path = folder.data();
  return SASL_OK;
}

void* new_mutex() { return new std::mutex; }
int lock_mutex(void* mutex) {
  static_cast<std::mutex*>(mutex)->lock();
  return 0;
}
int unlock_mutex(void* mutex) {
  static_cast<std::mutex*>(mutex)->unlock();
  return 0;
}
void free_mutex(void* mutex) { delete static_cast<std::mutex*>(mutex); }

std::vector<sasl_callback_t> callbacks(SaslLog* log, SaslOptions* options) {
  return {
      {SASL_CB_GETPATH, as_callback(&on_path), nullptr},
      {SASL_CB_GETCONFPATH, as_callback(&on_configuration_path), nullptr},
      {SASL_CB_LOG, as_callback(&SaslLog::on_log), log},
      {SASL_CB_GETOPT, as_callback(&on_option), options},
      {SASL_CB_LIST_END, nullptr, nullptr},
  };
}

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
  const std::lock_guard lock(log->mutex_);
  log->lines_.push_back({level, message != nullptr ? message : ""});
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

void set_sasl_mutexes() { sasl_set_mutex(new_mutex, lock_mutex, unlock_mutex, free_mutex); }

SaslLibrary::SaslLibrary(SaslOptions server, SaslOptions client)
    : server_(std::move(server)),
      client_(std::move(client)),
      server_callbacks_(callbacks(&log_, &server_)),
      client_callbacks_(callbacks(&log_, &client_)) {
  set_sasl_mutexes();
  check(sasl_client_init(client_callbacks_.data()), "sasl_client_init");
  check(sasl_server_init(server_callbacks_.data(), "gssloop-test"), "sasl_server_init");
}

SaslLibrary::~SaslLibrary() { sasl_done(); }

}  // namespace gssloop::testing
