// SPDX-License-Identifier: BSD-2-Clause
// with_kdc runs a command inside a private Kerberos realm. See kUsage.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "tests/kdc/realm.h"
#include "tests/support/arguments.h"

namespace gssloop::testing {
namespace {

constexpr int kExitSetUp = 125;
constexpr int kExitCannotRun = 126;
constexpr int kExitNotFound = 127;

constexpr char kUsage[] =
    R"(Usage: with_kdc [OPTION...] -- COMMAND [ARGUMENT...]

Starts a Kerberos realm of its own on a free loopback port, in a temporary folder, with one user,
one or more services and a ticket for the user. Runs COMMAND in it, and then removes the realm.
Needs no privilege and touches nothing outside the folder.

)";
constexpr char kNotes[] = R"(
COMMAND finds KRB5_CONFIG, KRB5_KDC_PROFILE, KRB5_KTNAME, KRB5_CLIENT_KTNAME, KRB5CCNAME and
KRB5RCACHENAME set, and GSSLOOP_REALM, GSSLOOP_DIR (the folder), GSSLOOP_USER, GSSLOOP_PASSWORD.

Exit status: that of COMMAND, 128 + n if signal n ended it; 125 if the realm could not be set
up or an option is wrong; 126 if COMMAND cannot be run; 127 if it is not found.
SIGINT, SIGTERM and SIGHUP are passed on to COMMAND.
)";

struct Settings {
  RealmOptions realm;
  std::string user = "alice";
  std::string password = "password";
  bool has_no_ticket = false;
  bool has_no_preauth = false;
  bool has_defaults = false;
  std::vector<std::string> indicators;
  std::vector<std::string> command;
};

std::string host_name() {
  char name[256] = "";
  gethostname(name, sizeof name - 1);
  return name;
}

void add_default_services(RealmOptions* realm) {
  if (!realm->services.empty()) return;
  realm->services = {"imap/localhost"};
  const std::string host = host_name();
  if (!host.empty() && host != "localhost") realm->services.push_back("imap/" + host);
}

Settings parse(int argc, char** argv) {
  Settings settings;
  RealmOptions& realm = settings.realm;
  parse_arguments(argc, argv,
                  {kUsage,
                   {{"--realm NAME", &realm.name, "the realm (EXAMPLE.TEST)"},
                    {"--user NAME", &settings.user, "the user (alice)"},
                    {"--password TEXT", &settings.password, "the user's password (password)"},
                    {"--service NAME", &realm.services,
                     "a service whose key goes into the keytab; may be repeated\n"
                     "(imap/localhost and imap/ this machine's host name)"},
                    {"--indicator TEXT", &settings.indicators,
                     "a value of auth-indicators; may be repeated (spake, second-factor)"},
                    {"--defaults", &settings.has_defaults,
                     "the KDC authenticates users as MIT's does if kdc.conf does not say how: no\n"
                     "SPAKE, no indicators"},
                    {"--foreign NAME", &realm.foreign_realms,
                     "a second realm, trusted both ways, with the same user; may be\nrepeated"},
                    {"--no-ticket", &settings.has_no_ticket, "do not get a ticket for the user"},
                    {"--no-preauth", &settings.has_no_preauth,
                     "the user needs no pre-authentication: a PAC, but no indicators"},
                    {"--no-pac", &realm.disable_pac, "the KDC makes no PACs"},
                    {"--pkinit", &realm.pkinit, "the KDC offers PKINIT"},
                    {"--anonymous", &realm.anonymous, "the KDC gives anonymous tickets (kinit -n)"},
                    {"COMMAND...", &settings.command}},
                   kNotes,
                   kExitSetUp});
  if (settings.has_defaults) {
    realm.spake_groups = "";
    realm.spake_indicators = {};
    realm.pkinit_indicators = {};
  }
  if (!settings.indicators.empty()) realm.spake_indicators = settings.indicators;
  add_default_services(&realm);
  return settings;
}

void populate(Realm* realm, const Settings& settings) {
  realm->add_user(settings.user, settings.password, !settings.has_no_preauth);
  for (const std::string& foreign : settings.realm.foreign_realms) {
    realm->add_user(settings.user + "@" + foreign, settings.password, !settings.has_no_preauth);
  }
  if (!settings.has_no_ticket) realm->kinit(settings.user, settings.password);
}

// The signals that main() waits for; they stay blocked except in COMMAND.
sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int s : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&set, s);
  return set;
}

[[noreturn]] void exec_command(const Realm& realm, const Settings& settings,
                               const sigset_t& old_mask, pid_t parent) {
  // COMMAND cannot run without its realm: it gets SIGTERM when with_kdc dies.
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(kExitSetUp);
  realm.apply_to_this_process();
  setenv("GSSLOOP_REALM", realm.name().c_str(), 1);
  setenv("GSSLOOP_DIR", realm.dir().c_str(), 1);
  setenv("GSSLOOP_USER", settings.user.c_str(), 1);
  setenv("GSSLOOP_PASSWORD", settings.password.c_str(), 1);
  sigprocmask(SIG_SETMASK, &old_mask, nullptr);
  std::vector<char*> words;
  for (const std::string& word : settings.command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  execvp(words[0], words.data());
  const int error = errno;
  std::fprintf(stderr, "with_kdc: cannot run %s: %s\n", words[0], std::strerror(error));
  _exit(error == ENOENT ? kExitNotFound : kExitCannotRun);
}

int wait_for(pid_t child, const sigset_t& signals) {
  for (;;) {
    siginfo_t info{};
    if (sigwaitinfo(&signals, &info) < 0) continue;
    if (info.si_signo != SIGCHLD) {
      // The terminal (si_code > 0) has sent its signal to COMMAND already.
      if (info.si_code <= 0) kill(child, info.si_signo);
      continue;
    }
    int status = 0;
    // Not waitpid(-1): the realm's guardian is a child too, and not ours to reap.
    if (waitpid(child, &status, WNOHANG) != child) continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
}

int run(const Settings& settings) {
  const sigset_t signals = handled_signals();
  sigset_t old_mask;
  sigprocmask(SIG_BLOCK, &signals, &old_mask);
  Realm realm(settings.realm);
  populate(&realm, settings);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) throw RealmError("fork: " + std::string(std::strerror(errno)));
  if (child == 0) exec_command(realm, settings, old_mask, parent);
  return wait_for(child, signals);
}

}  // namespace
}  // namespace gssloop::testing

int main(int argc, char** argv) {
  try {
    return gssloop::testing::run(gssloop::testing::parse(argc, argv));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "with_kdc: %s\n", error.what());
    return gssloop::testing::kExitSetUp;
  }
}
