// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_DOCTOR_SASL_H_
#define GSSLOOP_TOOLS_DOCTOR_SASL_H_

#include <string>
#include <vector>

namespace gssloop::tools {

// What libsasl does on this machine. Its functions are called in this file alone, in child
// processes, since they load whatever lies in a folder.

// SaslQuestion is what a program tells libsasl. Empty texts: what libsasl takes then.
struct SaslQuestion {
  std::string app;
  std::string service;
  std::string host;
  std::string path;    // SASL_PATH
  std::string keytab;  // KRB5_KTNAME
  bool is_server = true;
  bool is_client = true;
};

// ModuleMechanism is a mechanism of a module that libsasl has loaded.
struct ModuleMechanism {
  std::string name;
  std::string module;  // by libsasl's name: "gssloop_sasl" of libgssloop_sasl.so
};

// SaslSurvey is libsasl's answer.
struct SaslSurvey {
  // In the order in which libsasl tries them. The first configuration file that exists is read.
  std::vector<std::string> config_files;
  std::vector<std::string> module_files;
  // Of two with one name, the first is used, unless it declines (`log`).
  std::vector<ModuleMechanism> server_mechanisms;
  std::vector<ModuleMechanism> client_mechanisms;
  std::vector<std::string> offered;  // what a server of the service offers to clients
  std::vector<std::string> log;
  std::string failure;  // a message; empty: libsasl could be asked
};

SaslSurvey survey_sasl(const SaslQuestion& question);

// ModuleTrial is what became of loading a file as libsasl does (dlopen, RTLD_NOW).
struct ModuleTrial {
  bool is_loaded = false;
  bool is_crash = false;  // the process that tried it did not live through it
  std::string error;      // why it is not loaded: dlopen's own words, or how that process ended
  bool has_server_entry = false;
  bool has_client_entry = false;
};

ModuleTrial try_module(const std::string& path);

// module_folders is where libsasl looks for modules: `path`, else SASL_PATH, else the folder that
// goes with the library's own (libsasl does not tell what was compiled in).
std::vector<std::string> module_folders(const std::string& path);

// SaslVersions are those of the library and of the headers this was compiled with ("2.1.28").
struct SaslVersions {
  std::string library;
  std::string headers;
  // The module goes by major and minor number: sasl_utils_t changed its shape between them.
  bool is_same_interface = false;
};
SaslVersions libsasl_versions();

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_DOCTOR_SASL_H_
