// SPDX-License-Identifier: BSD-2-Clause
#include "tests/tools/doctor_fixture.h"

#include <cstdlib>

namespace gssloop::testing {
namespace {

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

void DoctorTest::SetUp() {
  if (const std::string missing = Realm::missing(); !missing.empty()) GTEST_SKIP() << missing;
  ASSERT_NE(environment("GSSLOOP_PLUGIN_DIR"), "") << "make check sets it";
  RealmOptions options;
  options.services = {"imap/localhost"};
  use_realm(options);
}

void DoctorTest::TearDown() {
  for (const auto& [name, value] : before_) {
    value ? setenv(name.c_str(), value->c_str(), 1) : unsetenv(name.c_str());
  }
}

void DoctorTest::use_realm(RealmOptions options) {
  realm_.emplace(std::move(options));
  for (const std::string& variable : realm_->environment()) {
    const std::size_t equals = variable.find('=');
    set(variable.substr(0, equals), variable.substr(equals + 1));
  }
  // The settings of the machine and its user must not matter.
  for (const char* name : {"KRB5RCACHEDIR", "KRB5RCACHETYPE", "COLUMNS"}) set(name, "");
  set("SASL_PATH", environment("GSSLOOP_PLUGIN_DIR"));
  set("SASL_CONF_PATH", realm_->dir());
  realm_->add_user("alice", "password");
  realm_->kinit("alice", "password");
}

void DoctorTest::set(const std::string& name, const std::string& value) {
  if (const std::string other = name_in_branch(name); !other.empty()) set(other, value);
  const char* const present = std::getenv(name.c_str());
  before_.emplace(name, present != nullptr ? std::optional<std::string>(present) : std::nullopt);
  value.empty() ? unsetenv(name.c_str()) : setenv(name.c_str(), value.c_str(), 1);
}

// Each time another file: libkrb5 caches a file for a second.
void DoctorTest::use_configuration(const std::string& text) {
  std::string file;
  for (int number = 0; file.empty() || std::filesystem::exists(file); ++number) {
    file = realm_->path("krb5-" + std::to_string(number) + ".conf");
  }
  write_file(file, text);
  set("KRB5_CONFIG", file);
}

void DoctorTest::get_service_ticket() {
  checked_run({find_program("kvno"), "imap/localhost"}, environment_with({}));
}

std::string DoctorTest::replaced(std::string text, const std::string& from, const std::string& to) {
  std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from << " is not in " << text;
  for (; at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::string DoctorTest::module_folder(const std::vector<std::string>& stock) {
  const std::string folder = realm_->path("modules");
  std::filesystem::create_directory(folder);
  const std::string module = "/libgssloop_sasl.so";
  std::filesystem::create_symlink(environment("GSSLOOP_PLUGIN_DIR") + module, folder + module);
  for (const std::string& name : stock) {
    const std::string file = environment("GSSLOOP_STOCK_PLUGIN_DIR") + "/" + name;
    if (!std::filesystem::exists(file)) return {};
    std::filesystem::create_symlink(file, folder + "/" + name);
  }
  return folder;
}

std::string DoctorTest::app(const std::string& text) {
  write_file(realm_->path("tested.conf"), text);
  return "tested";
}

DoctorTest::Names DoctorTest::checks(const std::vector<Finding>& findings, Kind kind) {
  Names names;
  for (const Finding& finding : findings) {
    if (finding.kind == kind) names.insert(finding.check);
  }
  return names;
}

std::vector<std::string> DoctorTest::roots(const std::vector<Finding>& findings) {
  Roots names;
  for (const Finding& finding : findings) {
    if (finding.kind != Kind::kProblem || !finding.cause.empty()) continue;
    if (names.empty() || names.back() != finding.check) names.push_back(finding.check);
  }
  return names;
}

std::map<std::string, std::string> DoctorTest::causes(const std::vector<Finding>& findings) {
  Causes causes;
  for (const Finding& finding : findings) {
    if (!finding.cause.empty()) causes.emplace(finding.check, finding.cause);
  }
  return causes;
}

::testing::AssertionResult DoctorTest::has(const std::vector<Finding>& findings, Kind kind,
                                           const std::string& check, const std::string& what,
                                           const std::string& remedy) {
  std::string all;
  for (const Finding& finding : findings) {
    all += std::string(tools::to_string(finding.kind)) + " " + finding.check + ": " + finding.what +
           "\n  why: " + finding.why + "\n  do: " + finding.remedy + "\n";
    const bool is_meant = finding.kind == kind && finding.check == check &&
                          finding.what.find(what) != std::string::npos &&
                          finding.remedy.find(remedy) != std::string::npos;
    const bool is_whole =
        finding.kind == Kind::kGood || (!finding.why.empty() && !finding.remedy.empty());
    if (is_meant && is_whole) return ::testing::AssertionSuccess();
  }
  return ::testing::AssertionFailure() << "no such finding:\n" << all;
}

}  // namespace gssloop::testing
