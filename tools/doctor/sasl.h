// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_DOCTOR_SASL_H_
#define GSSLOOP_TOOLS_DOCTOR_SASL_H_

#include <map>
#include <string>
#include <vector>

namespace gssloop::tools {

// What libsasl does on this machine. Only sasl.cc and sasl_login.cc call its functions, and in
// child processes, since they load every file of a folder.

// The environment variables that name the folders of modules, and of applications' configurations.
// libsasl 2.1 reads SASL_PATH and SASL_CONF_PATH, its development branch SASL_PLUGINDIR and
// SASL_CONFDIR, and each ignores those of the other. These are the variables of the libsasl whose
// headers this was built with.
extern const char* const kModulesVariable;
extern const char* const kConfigurationsVariable;

// SaslQuestion is what a program tells libsasl. An empty text means libsasl's default.
struct SaslQuestion {
  std::string app;
  std::string service;
  std::string host;
  std::string path;    // kModulesVariable
  std::string keytab;  // KRB5_KTNAME
  bool is_server = true;
  bool is_client = true;
  // What the application answers when libsasl asks for an option. libsasl looks for others in the
  // configuration of `app`.
  std::map<std::string, std::string> options = {};
};

// ModuleMechanism is a mechanism of a module that libsasl loaded.
struct ModuleMechanism {
  std::string name;
  std::string module;  // as libsasl calls it: "gssloop_sasl" for libgssloop_sasl.so
};

// SaslSurvey is libsasl's answer.
struct SaslSurvey {
  // In libsasl's order. It reads the first configuration file that exists.
  std::vector<std::string> config_files;
  std::vector<std::string> module_files;
  // libsasl uses the first mechanism of a name, unless it declines (see `log`).
  std::vector<ModuleMechanism> server_mechanisms;
  std::vector<ModuleMechanism> client_mechanisms;
  std::vector<std::string> offered;  // that a server of the service offers to clients
  std::vector<std::string> log;
  std::string failure;  // a message; empty if libsasl answered
};

SaslSurvey survey_sasl(const SaslQuestion& question);

// ModuleTrial is the result of loading a file as libsasl does (dlopen, RTLD_NOW), and of adding its
// mechanisms to a client.
struct ModuleTrial {
  bool is_loaded = false;
  bool is_crash = false;  // the process that loaded it crashed
  std::string error;      // why it is not loaded: dlopen's text, or how that process ended
  bool has_server_entry = false;
  bool has_client_entry = false;
  // The module returned SASL_BADVERS: it was built for another libsasl than this one.
  bool refuses_libsasl = false;
};

ModuleTrial try_module(const std::string& path);

// module_folders lists where libsasl looks for modules: `path`, else kModulesVariable, else the
// folder "sasl2" beside the library (libsasl does not tell the folder that was compiled in).
std::vector<std::string> module_folders(const std::string& path);

// default_module_folder is that folder beside the library; empty if the library cannot be found.
std::string default_module_folder();

// libsasl_version is the version of the library: "2.1.28".
std::string libsasl_version();

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_DOCTOR_SASL_H_
