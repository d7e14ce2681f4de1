// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_TOOLS_DOCTOR_FIXTURE_H_
#define GSSLOOP_TESTS_TOOLS_DOCTOR_FIXTURE_H_

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/kdc/process.h"
#include "tests/kdc/realm.h"
#include "tools/doctor/doctor.h"

namespace gssloop::testing {

using tools::DoctorOptions;
using tools::Finding;
using Kind = tools::Finding::Kind;

// DoctorTest has a realm without faults: alice has a ticket, imap/localhost a key, and
// libsasl finds the module of the build tree. Each test breaks one thing.
class DoctorTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // use_realm makes another realm. SetUp makes one with the default options.
  Realm& realm() { return *realm_; }
  void use_realm(RealmOptions options);

  // set changes the environment until the end of the test; "" removes the variable.
  void set(const std::string& name, const std::string& value);

  // use_configuration makes `text` the content of krb5.conf.
  void use_configuration(const std::string& text);
  std::string configuration() const { return read_file(realm_->krb5_conf()); }
  // replaced returns `text` with every `from` replaced. There must be one at least.
  static std::string replaced(std::string text, const std::string& from, const std::string& to);

  // get_service_ticket puts alice's ticket for imap/localhost into the ticket cache.
  void get_service_ticket();
  // module_folder makes a folder with links to the module and to stock modules (libplain.so).
  std::string module_folder(const std::vector<std::string>& stock);
  // app writes a SASL configuration and returns the application's name.
  std::string app(const std::string& text);

  static DoctorOptions options() { return {.service = "imap", .host = "localhost"}; }

  // The names of the checks with findings of that kind.
  static std::set<std::string> checks(const std::vector<Finding>& findings, Kind kind);
  using Names = std::set<std::string>;

  // roots are the checks whose problems have no cause but their own, in the order of the findings.
  // causes are the others, each with the check that is its cause.
  static std::vector<std::string> roots(const std::vector<Finding>& findings);
  static std::map<std::string, std::string> causes(const std::vector<Finding>& findings);
  using Roots = std::vector<std::string>;
  using Causes = std::map<std::string, std::string>;

  // has says whether a check has this finding. `what` and `remedy` are parts of its texts. Every
  // note and problem must say why, and what to do.
  static ::testing::AssertionResult has(const std::vector<Finding>& findings, Kind kind,
                                        const std::string& check, const std::string& what,
                                        const std::string& remedy = {});

 private:
  std::optional<Realm> realm_;
  std::map<std::string, std::optional<std::string>> before_;
};

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_TOOLS_DOCTOR_FIXTURE_H_
