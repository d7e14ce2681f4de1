// SPDX-License-Identifier: BSD-2-Clause
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "gssloop/base/bytes.h"
#include "tools/doctor/checks.h"
#include "tools/doctor/format.h"

namespace gssloop::tools {
namespace {

constexpr const char* kFile = "libgssloop_sasl.so";
constexpr const char* kModule = "gssloop_sasl";  // libsasl's name for it

std::vector<std::string> ours(const std::vector<ModuleMechanism>& mechanisms) {
  std::vector<std::string> names;
  for (const ModuleMechanism& mechanism : mechanisms) {
    if (mechanism.module == kModule) names.push_back(mechanism.name);
  }
  return names;
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::ranges::find(words, word) != words.end();
}

// The folders, each with its defect.
std::string described(const std::vector<std::string>& folders) {
  std::vector<std::string> texts;
  for (const std::string& folder : folders) {
    const char* flaw = access(folder.c_str(), F_OK) != 0          ? " (there is no such folder)"
                       : access(folder.c_str(), R_OK | X_OK) != 0 ? " (not readable)"
                                                                  : "";
    texts.push_back(folder + flaw);
  }
  return texts.empty() ? "an unknown folder" : joined(texts);
}

// A setting that names the wrong folder is the fault, not the module's place.
std::string remedy_of_missing(const Examination& exam, const std::vector<std::string>& folders) {
  const std::string usual = default_module_folder();
  const bool is_usual = access((usual + "/" + kFile).c_str(), F_OK) == 0;
  const std::string there = "libsasl then looks in " + usual +
                            (is_usual ? ", which has the module"
                                      : ", where `make install` or the package puts the module");
  if (!exam.options.sasl_path.empty()) return "leave --sasl-path out: " + there;
  if (const char* set = std::getenv(kModulesVariable); set != nullptr && *set != '\0') {
    return std::string("unset ") + kModulesVariable + ", also for the server: " + there;
  }
  const std::string folder = folders.empty() ? "libsasl's folder" : folders.front();
  return "install it there (configure --with-plugindir=" + folder +
         ", then make install), or set " + kModulesVariable + " to its folder";
}

void report_missing(const Examination& exam, Report* report) {
  const auto folders = module_folders(exam.options.sasl_path);
  report->problem(
      std::string(kFile) + " is not where libsasl looks for modules: " + described(folders),
      "without it there are no GS2 mechanisms, and GSSAPI and GSS-SPNEGO come from other modules, "
      "which ignore this module's rules",
      remedy_of_missing(exam, folders));
}

std::string remedy_of(const std::string& path, const std::string& dlopen_error) {
  const auto says = [&](const char* words) {
    return dlopen_error.find(words) != std::string::npos;
  };
  // In front of these words, the dynamic linker names the library that it looked for.
  if (says("cannot open shared object file")) {
    return "install the library that the message names (ldd " + path +
           " shows every library that the module needs)";
  }
  if (says("Permission denied")) return "make " + path + " readable: chmod a+r " + path;
  return "build " + path + " on this machine, for its libraries, and install it again";
}

// try_file reports the problem with one file, if there is one.
void try_file(const std::string& path, Report* report) {
  const ModuleTrial trial = try_module(path);
  if (!trial.is_loaded) {
    report->problem(path + " cannot be loaded: " + trial.error,
                    "libsasl skips a module that it cannot load, mostly without a message",
                    remedy_of(path, trial.error));
  } else if (!trial.has_server_entry || !trial.has_client_entry) {
    report->problem(path + " lacks an entry point (sasl_server_plug_init, sasl_client_plug_init)",
                    "it is a different file of that name, or was linked incorrectly",
                    "install " + path + " again");
  } else if (trial.refuses_libsasl) {
    report->problem(path + " cannot use this libsasl, whose version is " + libsasl_version(),
                    "it was built for a libsasl whose table of functions for modules is different. "
                    "Not every such libsasl has another version number. The module writes the "
                    "reason to syslog, facility auth",
                    "build gssloop with the headers of this libsasl, and install it again");
  }
}

// If libsasl crashed, one of the modules caused it.
void try_all(const Examination& exam, Report* report) {
  for (const std::string& folder : module_folders(exam.options.sasl_path)) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
      if (entry.path().extension() != ".so" || entry.path().filename() == kFile) continue;
      const ModuleTrial trial = try_module(entry.path());
      if (!trial.is_crash) continue;
      report->problem(entry.path().string() + " breaks the program that loads it: " + trial.error,
                      "libsasl loads every module of its folders",
                      "remove " + entry.path().string() + ", or install it again");
    }
  }
}

void report_lists(const Examination& exam, const std::string& path, Report* report) {
  const auto server = ours(exam.sasl.server_mechanisms);
  const auto client = ours(exam.sasl.client_mechanisms);
  const bool lacks_server = exam.options.examines_server && server.empty();
  const bool lacks_client = exam.options.examines_client && client.empty();
  if (lacks_server || lacks_client) {
    report->problem("libsasl loads " + path + ", but gets no mechanism from it" +
                        (exam.sasl.log.empty() ? "" : ": " + joined(exam.sasl.log, "; ")),
                    "no user can log in through this module",
                    equals_ignoring_case(exam.option("gssloop_mechanisms"), "none")
                        ? "remove gssloop_mechanisms: none from " + exam.application.file
                        : "check gssloop_mechanisms, and run `gssloop mechanisms`");
    return;
  }
  report->good(path + " is loaded: " + joined(exam.options.examines_server ? server : client));
}

// report_rivals reports mechanisms of the same name in other modules. libsasl starts the first one
// of a name, and no other, even if the first one declines.
void report_rivals(const std::vector<ModuleMechanism>& all, const char* side, Report* report) {
  std::map<std::string, std::vector<std::string>> won, lost;  // names by the other module
  for (const std::string& name : ours(all)) {
    bool is_ours_first = false;
    for (const ModuleMechanism& mechanism : all) {
      if (mechanism.name != name) continue;
      if (mechanism.module == kModule) {
        is_ours_first = true;
      } else {
        (is_ours_first ? won : lost)[mechanism.module].push_back(name);
      }
    }
  }
  for (const auto& [module, names] : won) {
    report->good("the module " + module + " also has " + joined(names) + " (" + side +
                 "): this module's " + (names.size() == 1 ? "is" : "are") + " used");
  }
  for (const auto& [module, names] : lost) {
    report->note("a " + std::string(side) + " uses " + joined(names) + " of the module " + module +
                     " instead of this module's",
                 "this module's rules and checks do not apply to such a login",
                 "remove lib" + module + ".so from libsasl's folder, or leave " + joined(names) +
                     " out of gssloop_mechanisms if you want that module's");
  }
}

// The module logs "NAME is not offered: why".
std::string why_declined(const Examination& exam, const std::string& name) {
  const std::string beginning = name + " is not offered: ";
  for (const std::string& line : exam.sasl.log) {
    const std::size_t at = line.find(beginning);
    // "GSSAPI" must not find "OTHER-GSSAPI".
    if (at == 0 || (at != line.npos && line[at - 1] == ' ')) {
      return line.substr(at + beginning.size());
    }
  }
  return {};
}

void report_declined(const Examination& exam, const std::string& why,
                     const std::vector<std::string>& names, Report* report) {
  const bool is_listed = std::ranges::any_of(
      names, [&](const std::string& name) { return contains(exam.sasl.offered, name); });
  report->consequence(
      exam.cause_among({"krb5.conf", "host", "keytab"}),
      "a server of " + exam.options.service + "@" + exam.options.host + " does not offer " +
          joined(names) + ": " + why,
      is_listed ? "a server without a key for its service cannot accept tickets. Clients still see "
                  "the mechanism, because another module offers it, but their logins fail"
                : "a server without a key for its service cannot accept tickets",
      "let the server's user read a keytab that has the key");
}

void report_offer(const Examination& exam, Report* report) {
  std::vector<std::string> offered;
  std::map<std::string, std::vector<std::string>> declined;  // by reason: most have the same
  for (const std::string& name : ours(exam.sasl.server_mechanisms)) {
    const std::string why = why_declined(exam, name);
    if (!why.empty()) {
      declined[why].push_back(name);
    } else if (contains(exam.sasl.offered, name)) {
      offered.push_back(name);
    }
  }
  for (const auto& [why, names] : declined) report_declined(exam, why, names, report);
  const std::string server = "a server of " + exam.options.service + "@" + exam.options.host;
  if (!offered.empty()) {
    report->good(server + " offers " + joined(offered) +
                 " (`gssloop mechanisms` says why it does not offer others)");
  } else if (declined.empty()) {
    const std::string list = exam.option("mech_list");
    report->problem(server + " offers none of this module's mechanisms",
                    list.empty() ? "no user can log in through this module"
                                 : exam.application.text_of("mech_list"),
                    "name them in mech_list: " + joined(ours(exam.sasl.server_mechanisms), " "));
  }
}

}  // namespace

Findings check_module(const Examination& exam) {
  Report report("module");
  if (!exam.sasl.failure.empty()) {
    report.consequence(
        exam.cause_among({"application"}), "libsasl cannot be used: " + exam.sasl.failure,
        "every program that uses SASL has the same problem",
        "read the other findings of this check, and check the application's configuration");
  }
  // If libsasl crashed, it did not report the files that it found.
  std::vector<std::string> files = exam.sasl.module_files;
  if (files.empty()) {
    if (!exam.sasl.failure.empty()) try_all(exam, &report);
    for (const std::string& folder : module_folders(exam.options.sasl_path)) {
      const std::string file = folder + "/" + kFile;
      if (access(file.c_str(), F_OK) == 0) files.push_back(file);
    }
  }
  std::erase_if(files, [](const std::string& file) {
    return std::filesystem::path(file).filename() != kFile;
  });
  if (files.empty()) report_missing(exam, &report);
  for (const std::string& file : files) try_file(file, &report);
  if (!report.has_problem()) report_lists(exam, files.front(), &report);
  return report.take();
}

Findings check_mechanisms(const Examination& exam) {
  Report report("mechanisms");
  if (exam.has_problem("module")) return {};
  if (exam.options.examines_server) {
    report_offer(exam, &report);
    report_rivals(exam.sasl.server_mechanisms, "server", &report);
  }
  if (exam.options.examines_client) report_rivals(exam.sasl.client_mechanisms, "client", &report);
  return report.take();
}

}  // namespace gssloop::tools
