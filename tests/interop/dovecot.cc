// SPDX-License-Identifier: BSD-2-Clause
#include "tests/interop/dovecot.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <thread>

#include "tests/interop/login.h"
#include "tests/kdc/process.h"
#include "tests/support/socket.h"

namespace gssloop::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr char kDovecot[] = "/usr/sbin/dovecot";
constexpr const char* kFiles[] = {kDovecot, "/usr/lib/dovecot/imap-login",
                                  "/usr/lib/dovecot/modules/auth/libmech_gssapi.so"};
// `./run check` installs no IMAP server, because apt removes any other one of the machine for it:
// it unpacks these.
constexpr const char* kPackages[] = {"dovecot-imapd", "dovecot-gssapi"};
constexpr auto kTimeout = 20s;
constexpr int kMaxAttempts = 5;

std::string user_name() {
  const passwd* const user = getpwuid(geteuid());
  return user == nullptr ? "" : user->pw_name;
}

std::string group_name() {
  const group* const group = getgrgid(getegid());
  return group == nullptr ? "" : group->gr_name;
}

bool is_installed() {
  return std::ranges::all_of(kFiles, [](const char* file) { return fs::exists(file); });
}

bool is_unpacked(const std::string& file) {
  return std::ranges::any_of(kPackages, [&](const std::string& package) {
    return fs::exists(source_file(".cache/" + package + file));
  });
}

// The command, run where Dovecot is installed, or seems to be.
std::vector<std::string> beside_dovecot(const std::vector<std::string>& command) {
  if (is_installed()) return command;
  std::vector<std::string> argv = {source_file("tests/support/with_unpacked.sh"),
                                   source_file(".cache")};
  argv.insert(argv.end(), std::begin(kPackages), std::end(kPackages));
  argv.emplace_back("--");
  argv.insert(argv.end(), command.begin(), command.end());
  return argv;
}

}  // namespace

std::string Dovecot::missing() {
  for (const char* file : kFiles) {
    if (fs::exists(file) || is_unpacked(file)) continue;
    return std::string(file) + " is not there, and not unpacked: ./run check unpacks it";
  }
  const std::string output = Lab::get().next_file("beside-dovecot");
  Child tried(beside_dovecot({"/bin/true"}), Lab::get().environment({}), output);
  if (tried.wait(Child::Clock::now() + kTimeout) != 0) return read_file(output);
  if (user_name().empty() || group_name().empty()) {
    return "Dovecot runs only under a user and a group that have names";
  }
  return "";
}

Dovecot::Dovecot()
    : dir_(Lab::get().next_file("dovecot")),
      is_root_(geteuid() == 0),
      mail_uid_(geteuid()),
      mail_gid_(getegid()) {
  fs::create_directories(dir_ + "/mail");
  if (is_root_) give_mail_to_nobody();
  // Another process may take the port before Dovecot has it: then Dovecot ends at once.
  for (int i = 0; i < kMaxAttempts; ++i) {
    if (start()) return;
  }
  throw RealmError("Dovecot did not start:\n" + log());
}

// By a signal that lets it end its own children.
Dovecot::~Dovecot() { process_->stop(Child::Clock::now() + kTimeout); }

std::string Dovecot::log() const { return read_file(dir_ + "/log") + process_->output(); }

void Dovecot::give_mail_to_nobody() {
  const passwd* const nobody = getpwnam("nobody");
  if (nobody == nullptr) throw RealmError("there is no user nobody");
  mail_uid_ = nobody->pw_uid;
  mail_gid_ = nobody->pw_gid;
  // Only the way through: what the realm's folder holds has modes of its own.
  if (chmod(Lab::get().realm().dir().c_str(), 0711) != 0 ||
      chown((dir_ + "/mail").c_str(), mail_uid_, mail_gid_) != 0) {
    throw RealmError("cannot give " + dir_ + "/mail away");
  }
}

// Dovecot 2.4 has other names for some settings, and refuses the old ones.
bool Dovecot::is_2_3() const {
  const std::string file = dir_ + "/version";
  Child version(beside_dovecot({kDovecot, "--version"}), Lab::get().environment({}), file);
  version.wait(Child::Clock::now() + kTimeout);
  return read_file(file).starts_with("2.3.");
}

std::string Dovecot::configuration() const {
  const Realm& realm = Lab::get().realm();
  std::ostringstream out;
  out << (is_2_3() ? settings_of_2_3() : settings_of_2_4());
  out << "base_dir = " << dir_ << "/run\n"
      << "state_dir = " << dir_ << "/run\n"
      << "log_path = " << dir_ << "/log\n"
      << "protocols = imap\nlisten = 127.0.0.1\nssl = no\n"
      << "default_internal_user = " << user_name() << "\n"
      << "default_internal_group = " << group_name() << "\n"
      << "default_login_user = " << (is_root_ ? "nobody" : user_name()) << "\n"
      << "auth_mechanisms = gssapi\nauth_gssapi_hostname = localhost\n"
      << "auth_krb5_keytab = " << realm.path("keytab") << "\n"
      << "auth_realms = " << realm.name() << "\n"
      << "first_valid_uid = 1\nfirst_valid_gid = 1\n"
      // Only root can change the root, and only root must: its login processes run as the user
      // nobody, which cannot enter the realm's folder.
      << "service imap-login {\n  chroot = " << (is_root_ ? "login" : "") << "\n"
      << "  inet_listener imap {\n    port = " << port_ << "\n  }\n"
      << "  inet_listener imaps {\n    port = 0\n  }\n}\n"
      << "service anvil {\n  chroot =\n}\nservice stats {\n  chroot =\n}\n";
  return out.str();
}

std::string Dovecot::settings_of_2_3() const {
  std::ostringstream out;
  out << "mail_location = maildir:" << dir_ << "/mail/%u\n"
      << "auth_debug = yes\nauth_username_format = %n\n"
      << "import_environment = KRB5_CONFIG KRB5RCACHENAME KRB5_KTNAME\n"
      << "passdb {\n  driver = static\n  args = nopassword=y\n}\n"
      << "userdb {\n  driver = static\n  args = uid=" << mail_uid_ << " gid=" << mail_gid_
      << " home=" << dir_ << "/mail\n}\n";
  return out.str();
}

std::string Dovecot::settings_of_2_4() const {
  std::ostringstream out;
  out << "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n"
      << "mail_driver = maildir\nmail_path = " << dir_ << "/mail/%{user | username}\n"
      << "log_debug = category=auth\nauth_username_format = %{user | username}\n"
      << "import_environment {\n";
  for (const char* name : {"KRB5_CONFIG", "KRB5RCACHENAME", "KRB5_KTNAME"}) {
    out << "  " << name << " = %{env:" << name << "}\n";
  }
  out << "}\npassdb static {\n  fields {\n    nopassword = yes\n  }\n}\n"
      << "userdb static {\n  fields {\n    uid = " << mail_uid_ << "\n    gid = " << mail_gid_
      << "\n    home = " << dir_ << "/mail\n  }\n}\n";
  return out.str();
}

bool Dovecot::start() {
  port_ = static_cast<int>(listen_on_loopback().port);  // free again
  const std::string file = dir_ + "/dovecot.conf";
  write_file(file, configuration());
  process_ = std::make_unique<Child>(beside_dovecot({kDovecot, "-F", "-c", file}),
                                     Lab::get().environment({}), dir_ + "/output");
  const auto deadline = Child::Clock::now() + kTimeout;
  while (process_->is_running() && Child::Clock::now() < deadline) {
    // Written once the ports are open.
    if (read_file(dir_ + "/log").find("starting up") != std::string::npos) return true;
    std::this_thread::sleep_for(5ms);
  }
  return false;
}

}  // namespace gssloop::testing
