// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_BENCH_SETTING_H_
#define GSSLOOP_BENCH_SETTING_H_

#include <string>
#include <vector>

#include "tests/kdc/realm.h"

namespace gssloop::bench {

// The kinds of replay cache: a file, which Kerberos has by default, or none.
enum class ReplayCache { kFile, kNone };
const char* to_string(ReplayCache kind);

// Setting is where a benchmark logs in: a KDC of its own, imap/localhost in the default keytab, and
// a ticket of alice with two indicators and a PAC. Everything throws std::runtime_error.
class Setting {
 public:
  // The environment of this process is then that of the realm.
  Setting();

  const testing::Realm& realm() const { return realm_; }
  // module_folder has this module; stock_folder has Cyrus SASL's Kerberos modules alone, and is ""
  // if they are not on this machine. The environment names both, see kEnvironmentNotes.
  static std::string module_folder();
  std::string stock_folder() const;

  // environment is that of a process with the modules of a folder. `conf_folder`: where its server
  // finds its SASL options; empty: no options.
  std::vector<std::string> environment(const std::string& modules, ReplayCache cache,
                                       const std::string& conf_folder = {}) const;
  // use_module gives this process the environment of this module, without a replay cache.
  void use_module() const;

 private:
  testing::Realm realm_;
};

// kEnvironmentNotes tells a user what a benchmark finds in its environment.
inline constexpr char kEnvironmentNotes[] = R"(
Environment: GSSLOOP_PLUGIN_DIR, GSSLOOP_STOCK_PLUGIN_DIR name the folders of the two modules.
)";

}  // namespace gssloop::bench

#endif  // GSSLOOP_BENCH_SETTING_H_
