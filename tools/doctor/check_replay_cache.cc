// SPDX-License-Identifier: BSD-2-Clause
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "tools/doctor/checks.h"
#include "tools/doctor/format.h"

namespace gssloop::tools {
namespace {

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

// ReplayCache is the replay cache that libkrb5 (1.18 and later) uses. It looks in this order.
struct ReplayCache {
  std::string name;    // "dfl:", "none:", "file2:PATH"
  std::string origin;  // the setting that names it
};

ReplayCache chosen() {
  if (const std::string name = environment("KRB5RCACHENAME"); !name.empty()) {
    return {name, "KRB5RCACHENAME"};
  }
  const auto configuration = krb_configuration();
  if (configuration && !configuration->rcache_name.empty()) {
    return {configuration->rcache_name, "default_rcache_name in krb5.conf"};
  }
  if (const std::string type = environment("KRB5RCACHETYPE"); !type.empty()) {
    return {type + ":", "KRB5RCACHETYPE"};
  }
  return {"dfl:", "the default"};
}

// The file of "dfl:" has the user's number in its name. It is in the first of these folders that is
// set.
ReplayCache located(const ReplayCache& cache) {
  if (cache.name.starts_with("file2:")) return {cache.name.substr(6), cache.origin};
  std::string folder = "/var/tmp", origin = cache.origin;
  for (const char* variable : {"KRB5RCACHEDIR", "TMPDIR"}) {
    if (const std::string value = environment(variable); !value.empty()) {
      folder = value;
      origin = variable;
      break;
    }
  }
  return {folder + "/krb5_" + std::to_string(geteuid()) + ".rcache2", origin};
}

// why_unusable is empty for a file that libkrb5 can use or create.
std::string why_unusable(const std::string& file) {
  struct stat found;
  if (lstat(file.c_str(), &found) == 0) {
    if (!S_ISREG(found.st_mode)) return "it is not a regular file";
    if (found.st_uid != geteuid()) return "it belongs to user " + std::to_string(found.st_uid);
    return access(file.c_str(), R_OK | W_OK) == 0 ? "" : errno_text(errno);
  }
  const int error = errno;
  const std::string folder = std::filesystem::path(file).parent_path();
  if (error == ENOENT && access(folder.c_str(), F_OK) != 0) {
    return "the folder " + folder + " does not exist";
  }
  if (error != ENOENT) return errno_text(error);
  return access(folder.c_str(), W_OK | X_OK) == 0
             ? ""
             : "in the folder " + folder + ": " + errno_text(errno);
}

}  // namespace

Findings check_replay_cache(const Examination&) {
  Report report("replay-cache");
  const ReplayCache cache = chosen();
  if (cache.name.starts_with("none:")) {
    report.note("there is no replay cache (" + cache.origin + ")",
                "an attacker on the network can send a client's token a second time and log in; "
                "only channel bindings (-PLUS over TLS) and security layers prevent this",
                "remove " + cache.origin + ", unless replays cannot harm the service");
    return report.take();
  }
  if (!cache.name.starts_with("dfl:") && !cache.name.starts_with("file2:")) {
    report.problem("the replay cache \"" + cache.name + "\" (" + cache.origin +
                       ") has a type that Kerberos does not know",
                   "the server refuses every login", "use dfl:, or file2:/path/of/a/file");
    return report.take();
  }
  const ReplayCache file = located(cache);
  if (const std::string why = why_unusable(file.name); !why.empty()) {
    report.problem("the replay cache " + file.name + " (" + file.origin + ") cannot be used by " +
                       this_user() + ": " + why,
                   "the server refuses every login, because it could not detect a replay",
                   "let the server's user write there, or set KRB5RCACHEDIR to a folder that this "
                   "user can write to");
  } else {
    report.good("the replay cache " + file.name + " can be used");
  }
  return report.take();
}

}  // namespace gssloop::tools
