// SPDX-License-Identifier: BSD-2-Clause
#include "tools/doctor/sasl.h"

#include <dlfcn.h>
#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "tools/doctor/child.h"
#include "tools/doctor/sasl_callbacks.h"
#include "tools/json.h"
#include "tools/kerberos/kerberos.h"

namespace gssloop::tools {

// Only libsasl 2.1 has functions for MD5 in its table for modules, and thus includes their header.
#ifdef HMAC_MD5_H
const char* const kModulesVariable = "SASL_PATH";
const char* const kConfigurationsVariable = "SASL_CONF_PATH";
#else
const char* const kModulesVariable = "SASL_PLUGINDIR";
const char* const kConfigurationsVariable = "SASL_CONFDIR";
#endif

namespace {

// Loading modules is fast; a server's mechanisms may read keytabs and configuration over a network.
constexpr std::chrono::seconds kDeadline{20};

// The child processes return their results as JSON.

Json to_json(const std::vector<ModuleMechanism>& mechanisms) {
  Json list = Json::array();
  for (const ModuleMechanism& mechanism : mechanisms) {
    list.push_back({{"name", mechanism.name}, {"module", mechanism.module}});
  }
  return list;
}

std::vector<ModuleMechanism> mechanisms_from(const Json& json) {
  std::vector<ModuleMechanism> mechanisms;
  for (const Json& listed : json.elements()) {
    mechanisms.push_back({listed.at("name").text(), listed.at("module").text()});
  }
  return mechanisms;
}

Json to_json(const SaslSurvey& survey) {
  return {{"config_files", survey.config_files},
          {"module_files", survey.module_files},
          {"server_mechanisms", to_json(survey.server_mechanisms)},
          {"client_mechanisms", to_json(survey.client_mechanisms)},
          {"offered", survey.offered},
          {"log", survey.log},
          {"failure", survey.failure}};
}

SaslSurvey survey_from(const Json& json) {
  return {json.at("config_files").texts(),
          json.at("module_files").texts(),
          mechanisms_from(json.at("server_mechanisms")),
          mechanisms_from(json.at("client_mechanisms")),
          json.at("offered").texts(),
          json.at("log").texts(),
          json.at("failure").text()};
}

Json to_json(const ModuleTrial& trial) {
  return {{"is_loaded", trial.is_loaded},
          {"is_crash", trial.is_crash},
          {"error", trial.error},
          {"has_server_entry", trial.has_server_entry},
          {"has_client_entry", trial.has_client_entry},
          {"refuses_libsasl", trial.refuses_libsasl}};
}

ModuleTrial trial_from(const Json& json) {
  return {json.at("is_loaded").boolean(),
          json.at("is_crash").boolean(),
          json.at("error").text(),
          json.at("has_server_entry").boolean(),
          json.at("has_client_entry").boolean(),
          json.at("refuses_libsasl").boolean()};
}

void add_once(std::vector<std::string>* list, const char* text) {
  if (std::find(list->begin(), list->end(), text) == list->end()) list->emplace_back(text);
}

// libsasl calls this before it reads a file. So we learn where it looks.
int on_file(void* context, const char* file, sasl_verify_type_t type) {
  auto* survey = static_cast<SaslSurvey*>(context);
  if (type == SASL_VRFY_CONF) add_once(&survey->config_files, file);
  if (type == SASL_VRFY_PLUGIN) add_once(&survey->module_files, file);
  return SASL_OK;
}

int on_log(void* context, int level, const char* message) {
  if (level <= SASL_LOG_NOTE) add_once(&static_cast<SaslSurvey*>(context)->log, message);
  return SASL_OK;
}

template <class Mechanism>
void on_mechanism(Mechanism* mechanism, sasl_info_callback_stage_t stage, void* list) {
  if (stage != SASL_INFO_LIST_MECH) return;
  static_cast<std::vector<ModuleMechanism>*>(list)->push_back(
      {mechanism->plug->mech_name, mechanism->plugname != nullptr ? mechanism->plugname : ""});
}

std::string failure_of(const char* call, int code) {
  return std::string(call) + ": " + sasl_errstring(code, nullptr, nullptr);
}

std::string ask_as_server(const SaslQuestion& question, const sasl_callback_t* callbacks,
                          SaslSurvey* survey) {
  // Without a name libsasl reads no configuration file. It does not accept an empty name.
  const char* app = question.app.empty() ? nullptr : question.app.c_str();
  if (const int code = sasl_server_init(callbacks, app); code != SASL_OK) {
    return failure_of("sasl_server_init", code);
  }
  sasl_server_plugin_info(nullptr, &on_mechanism<server_sasl_mechanism_t>,
                          &survey->server_mechanisms);
  sasl_conn_t* conn = nullptr;
  const char* host = question.host.empty() ? nullptr : question.host.c_str();
  const int code =
      sasl_server_new(question.service.c_str(), host, nullptr, nullptr, nullptr, nullptr, 0, &conn);
  if (code != SASL_OK) return failure_of("sasl_server_new", code);
  const char* names = nullptr;
  if (sasl_listmech(conn, nullptr, "", " ", "", &names, nullptr, nullptr) == SASL_OK) {
    std::istringstream words(names);
    for (std::string name; words >> name;) survey->offered.push_back(name);
  }
  return {};
}

std::string ask_as_client(const sasl_callback_t* callbacks, SaslSurvey* survey) {
  if (const int code = sasl_client_init(callbacks); code != SASL_OK) {
    return failure_of("sasl_client_init", code);
  }
  sasl_client_plugin_info(nullptr, &on_mechanism<client_sasl_mechanism_t>,
                          &survey->client_mechanisms);
  return {};
}

// Runs in the child. It frees nothing, since the child ends.
SaslSurvey ask_sasl(const SaslQuestion& question) {
  if (!question.path.empty()) setenv(kModulesVariable, question.path.c_str(), 1);
  if (!question.keytab.empty()) setenv("KRB5_KTNAME", question.keytab.c_str(), 1);
  const TicketShield shield;
  SaslSurvey survey;
  const sasl_callback_t callbacks[] = {
      {SASL_CB_VERIFYFILE, as_callback(&on_file), &survey},
      {SASL_CB_LOG, as_callback(&on_log), &survey},
      {SASL_CB_GETOPT, as_callback(&answer_option), as_context(question.options)},
      {SASL_CB_LIST_END, nullptr, nullptr},
  };
  if (question.is_server) survey.failure = ask_as_server(question, callbacks, &survey);
  if (question.is_client && survey.failure.empty()) {
    survey.failure = ask_as_client(callbacks, &survey);
  }
  return survey;
}

// libsasl itself must load no module before the one that is tried.
int on_path(void*, const char** path) {
  *path = "";
  return SASL_OK;
}

bool refuses_libsasl(void* entry) {
  const sasl_callback_t callbacks[] = {
      {SASL_CB_GETPATH, as_callback(&on_path), nullptr},
      {SASL_CB_LIST_END, nullptr, nullptr},
  };
  if (sasl_client_init(callbacks) != SASL_OK) return false;
  const auto init = reinterpret_cast<sasl_client_plug_init_t*>(entry);
  return sasl_client_add_plugin("gssloop doctor", init) == SASL_BADVERS;
}

// Runs in the child. It frees nothing, since the child ends.
ModuleTrial load(const std::string& path) {
  ModuleTrial trial;
  void* const module = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  trial.is_loaded = module != nullptr;
  if (!trial.is_loaded) {
    const char* error = dlerror();
    trial.error = error != nullptr ? error : "dlopen gave no reason";
    return trial;
  }
  trial.has_server_entry = dlsym(module, "sasl_server_plug_init") != nullptr;
  void* const client_entry = dlsym(module, "sasl_client_plug_init");
  trial.has_client_entry = client_entry != nullptr;
  trial.refuses_libsasl = client_entry != nullptr && refuses_libsasl(client_entry);
  return trial;
}

}  // namespace

int answer_option(void* context, const char*, const char* option, const char** result,
                  unsigned* len) {
  const auto& options = *static_cast<const std::map<std::string, std::string>*>(context);
  const auto found = options.find(option);
  if (found == options.end()) return SASL_FAIL;
  *result = found->second.c_str();
  if (len != nullptr) *len = static_cast<unsigned>(found->second.size());
  return SASL_OK;
}

SaslSurvey survey_sasl(const SaslQuestion& question) {
  const ChildOutcome outcome =
      run_in_child(kDeadline, [&] { return to_json(ask_sasl(question)).dump(); });
  if (auto survey = read_json(outcome.output, survey_from); survey && outcome.is_done()) {
    return *std::move(survey);
  }
  SaslSurvey survey;
  survey.failure = outcome.is_done() ? "the answer is damaged" : outcome.text();
  return survey;
}

ModuleTrial try_module(const std::string& path) {
  const ChildOutcome outcome = run_in_child(kDeadline, [&] { return to_json(load(path)).dump(); });
  if (auto trial = read_json(outcome.output, trial_from); trial && outcome.is_done()) {
    return *std::move(trial);
  }
  ModuleTrial trial;
  trial.is_crash = true;
  trial.error = "while loading, " + outcome.text();
  return trial;
}

std::vector<std::string> module_folders(const std::string& path) {
  const char* const environment = std::getenv(kModulesVariable);
  std::vector<std::string> folders;
  std::istringstream list(!path.empty() ? path : environment != nullptr ? environment : "");
  for (std::string folder; std::getline(list, folder, ':');) {
    if (!folder.empty()) folders.push_back(folder);
  }
  if (!folders.empty()) return folders;
  if (std::string folder = default_module_folder(); !folder.empty()) {
    folders.push_back(std::move(folder));
  }
  return folders;
}

std::string default_module_folder() {
  Dl_info library;
  std::error_code error;
  if (dladdr(reinterpret_cast<void*>(&sasl_version_info), &library) == 0) return {};
  const auto file = std::filesystem::canonical(library.dli_fname, error);
  return error ? std::string() : (file.parent_path() / "sasl2").string();
}

std::string libsasl_version() {
  int major = 0, minor = 0, step = 0;
  sasl_version_info(nullptr, nullptr, &major, &minor, &step, nullptr);
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(step);
}

}  // namespace gssloop::tools
