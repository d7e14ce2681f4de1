// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_SUPPORT_SASL_LIBRARY_H_
#define GSSLOOP_TESTS_SUPPORT_SASL_LIBRARY_H_

#include <sasl/sasl.h>

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gssloop::testing {

// SASL configuration options by name. Names that are not there are not set. To find one allocates
// nothing.
using SaslOptions = std::map<std::string, std::string, std::less<>>;

struct LogLine {
  int level = SASL_LOG_NONE;
  std::string text;
};

struct LogSettings {
  int level = SASL_LOG_TRACE;  // the highest that is kept; SASL_LOG_PASS would log passwords
  std::function<void(const LogLine&)> listener = {};  // of each line, at once
};

// SaslLog keeps what libsasl and its modules log. Any thread.
class SaslLog {
 public:
  explicit SaslLog(LogSettings settings = {}) : settings_(std::move(settings)) {}

  std::vector<LogLine> lines() const;
  // text is all lines, each ended by a line feed.
  std::string text() const;
  bool has(std::string_view needle, int level = SASL_LOG_NONE) const;
  void clear();

  // For callbacks: `context` is the SaslLog.
  static int on_log(void* context, int level, const char* message);

 private:
  const LogSettings settings_;
  mutable std::mutex mutex_;
  std::vector<LogLine> lines_;
};

// on_option answers SASL_CB_GETOPT; `context` is a SaslOptions.
int on_option(void* context, const char* plugin, const char* option, const char** result,
              unsigned* len);

// as_callback makes libsasl's one function type of a callback.
template <class Function>
int (*as_callback(Function* function))() {
  return reinterpret_cast<int (*)()>(reinterpret_cast<void (*)()>(function));
}

struct LibrarySetup {
  // The options of the whole process: a module sees them when it is loaded. nullopt: this process
  // has no such side.
  std::optional<SaslOptions> server = SaslOptions{};
  std::optional<SaslOptions> client = SaslOptions{};
  // The folder of the modules, an absolute path; no configuration file is read. "": libsasl finds
  // both by itself, where SASL_PATH and SASL_CONF_PATH say.
  std::string modules = {};
  std::string server_name = "gssloop-test";  // of its configuration file
  LogSettings log = {};
};

// SaslLibrary is libsasl, with mutexes, between init and done. One at a time. Ends the program with
// 99, Automake's hard error, if libsasl cannot be initialised.
class SaslLibrary {
 public:
  explicit SaslLibrary(LibrarySetup setup);
  // Client and server, with the modules of the folder that GSSLOOP_PLUGIN_DIR names.
  explicit SaslLibrary(SaslOptions server = {}, SaslOptions client = {});
  ~SaslLibrary();
  SaslLibrary(const SaslLibrary&) = delete;
  SaslLibrary& operator=(const SaslLibrary&) = delete;

  const SaslLog& log() const { return log_; }

 private:
  std::vector<sasl_callback_t> callbacks(std::optional<SaslOptions>* options);

  LibrarySetup setup_;
  SaslLog log_;
  std::vector<sasl_callback_t> server_callbacks_, client_callbacks_;
};

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_SUPPORT_SASL_LIBRARY_H_
