// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_SUPPORT_SASL_LIBRARY_H_
#define GSSLOOP_TESTS_SUPPORT_SASL_LIBRARY_H_

#include <sasl/sasl.h>

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace gssloop::testing {

// SASL configuration options by name. Names that are not there are not set.
using SaslOptions = std::map<std::string, std::string>;

struct LogLine {
  int level = SASL_LOG_NONE;
  std::string text;
};

// SaslLog keeps what libsasl and its modules log, at every level but SASL_LOG_PASS. Any thread.
class SaslLog {
 public:
  std::vector<LogLine> lines() const;
  // text is all lines, each ended by a line feed.
  std::string text() const;
  bool has(std::string_view needle, int level = SASL_LOG_NONE) const;
  void clear();

  // For callbacks: `context` is the SaslLog.
  static int on_log(void* context, int level, const char* message);

 private:
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

// set_sasl_mutexes gives libsasl mutexes: its own do nothing. Before it is initialised.
void set_sasl_mutexes();

// SaslLibrary is libsasl between init and done, client and server, with the modules of the folder
// that the environment variable GSSLOOP_PLUGIN_DIR names and no configuration file. One at a time.
// The options are those of the whole process: a module sees them when it is loaded.
class SaslLibrary {
 public:
  explicit SaslLibrary(SaslOptions server = {}, SaslOptions client = {});
  ~SaslLibrary();
  SaslLibrary(const SaslLibrary&) = delete;
  SaslLibrary& operator=(const SaslLibrary&) = delete;

  const SaslLog& log() const { return log_; }

 private:
  SaslLog log_;
  SaslOptions server_, client_;
  std::vector<sasl_callback_t> server_callbacks_, client_callbacks_;
};

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_SUPPORT_SASL_LIBRARY_H_
