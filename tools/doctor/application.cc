// SPDX-License-Identifier: BSD-2-Clause
#include "tools/doctor/application.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "tools/doctor/format.h"

namespace gssloop::tools {
namespace {

constexpr const char* kCyrusImapd = "cyrus-imapd";
constexpr std::size_t kMaxFileLen = std::size_t{1} << 20;

// Content is a file's text, or the errno with which reading it failed.
struct Content {
  std::string text;
  int error = 0;
};

Content read_file(const std::string& path) {
  Content content;
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    content.error = errno;
    return content;
  }
  char octets[4096];
  for (;;) {
    const ssize_t num = read(fd, octets, sizeof octets);
    if (num < 0 && errno == EINTR) continue;
    if (num < 0) content.error = errno;
    if (num <= 0) break;
    content.text.append(octets, static_cast<std::size_t>(num));
    if (content.text.size() > kMaxFileLen) {
      content.error = EFBIG;
      break;
    }
  }
  close(fd);
  return content;
}

// Reads `application->file`.
void read_options(const SaslConfiguration::Format& format, Application* application) {
  const Content content = read_file(application->file);
  if (content.error != 0) {
    application->unknown =
        this_user() + " cannot read " + application->file + ": " + errno_text(content.error);
    return;
  }
  auto parsed = SaslConfiguration::parse(content.text, format);
  if (!parsed) {
    application->failure = parsed.error().message;
    application->unknown = application->file + " cannot be used";
    return;
  }
  application->options = *std::move(parsed);
  if (application->options.includes_files()) {
    application->unknown =
        application->file + " includes other files, which the doctor does not read";
  }
}

}  // namespace

std::string Application::text_of(const std::string& option) const {
  if (const std::string value = options.option(option); !value.empty()) {
    return option + " is \"" + value + "\" (" + file + ")";
  }
  if (!unknown.empty()) return option + " is not known (" + unknown + ")";
  return option + " is not set (" + file + ")";
}

DoctorOptions with_known_files(DoctorOptions options) {
  if (options.app != kCyrusImapd) return options;
  if (options.conf.empty()) options.conf = "/etc/imapd.conf";
  if (options.prefix.empty()) options.prefix = "sasl_";
  return options;
}

Application read_application(const DoctorOptions& options,
                             const std::vector<std::string>& config_files) {
  Application application;
  application.is_cyrus_imapd = options.app == kCyrusImapd;
  application.is_own_file = !options.conf.empty();
  if (application.is_own_file) {
    application.file = options.conf;
    read_options({options.prefix, options.service}, &application);
    return application;
  }
  if (options.app.empty()) {
    application.unknown = "no application is named: --app NAME, or --conf FILE";
    return application;
  }
  for (const std::string& file : config_files) {
    if (access(file.c_str(), F_OK) != 0 && errno == ENOENT) continue;
    application.file = file;
    read_options({}, &application);
    return application;
  }
  application.unknown = "libsasl finds no configuration of " + options.app + ", and " +
                        options.app + " may keep its options elsewhere";
  return application;
}

std::map<std::string, std::string> answers_of(const DoctorOptions& options,
                                              const Application& application) {
  std::map<std::string, std::string> answers;
  if (application.is_own_file) answers = application.options.options();
  if (!options.keytab.empty()) answers["keytab"] = options.keytab;
  if (!options.policy.empty()) answers["gssloop_policy"] = options.policy;
  return answers;
}

std::string again_as_server(const DoctorOptions& options) {
  std::string line = "sudo -u USER gssloop doctor";
  const auto add = [&line](const char* option, const std::string& value) {
    if (!value.empty()) line += std::string(" ") + option + " " + value;
  };
  if (!options.examines_client) line += " --server-only";
  add("--app", options.app);
  if (options.app != kCyrusImapd || options.conf != "/etc/imapd.conf") add("--conf", options.conf);
  if (options.app != kCyrusImapd) add("--prefix", options.prefix);
  add("--sasl-path", options.sasl_path);
  add("-k", options.keytab);
  add("--policy", options.policy);
  return line + " " + options.service + "@" + options.host;
}

}  // namespace gssloop::tools
