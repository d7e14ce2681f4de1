// SPDX-License-Identifier: BSD-2-Clause
// with_kdc runs a command inside a private Kerberos realm. See kHelp.
#include <getopt.h>
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

namespace gssloop::testing {
namespace {

constexpr int kExitSetUp = 125;
constexpr int kExitCannotRun = 126;
constexpr int kExitNotFound = 127;

constexpr char kHelp[] =
    R"(usage: with_kdc [options] -- COMMAND [ARGS...]

Starts a Kerberos realm of its own on a free loopback port, in a temporary folder, with one user,
one or more services and a ticket for the user; runs COMMAND in it; removes it all again.
Needs no privilege and touches nothing outside the folder.

  --realm NAME       the realm (EXAMPLE.TEST)
  --user NAME        the user (alice)
  --password TEXT    the user's password (password)
  --service NAME     a service whose key goes into the keytab; may be repeated
                     (imap/localhost and imap/ this machine's host name)
  --indicator TEXT   a value of auth-indicators; may be repeated (spake, second-factor)
  --foreign NAME     a second realm, trusted both ways, with the same user; may be repeated
  --no-ticket        do not get a ticket for the user
  --no-preauth       the user needs no pre-authentication: a PAC, but no indicators
  --no-pac           the KDC makes no PACs
  --pkinit           the KDC offers PKINIT
  --anonymous        ... and anonymous tickets (kinit -n)
  --help             this text

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
  bool wants_ticket = true;
  bool requires_preauth = true;
  std::vector<std::string> indicators;
  char** command = nullptr;
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

enum Option {
  kRealm = 1,
  kUser,
  kPassword,
  kService,
  kIndicator,
  kForeign,
  kNoTicket,
  kNoPreauth,
  kNoPac,
  kPkinit,
  kAnonymous,
  kShowHelp
};

constexpr option kOptions[] = {{"realm", required_argument, nullptr, kRealm},
                               {"user", required_argument, nullptr, kUser},
                               {"password", required_argument, nullptr, kPassword},
                               {"service", required_argument, nullptr, kService},
                               {"indicator", required_argument, nullptr, kIndicator},
                               {"foreign", required_argument, nullptr, kForeign},
                               {"no-ticket", no_argument, nullptr, kNoTicket},
                               {"no-preauth", no_argument, nullptr, kNoPreauth},
                               {"no-pac", no_argument, nullptr, kNoPac},
                               {"pkinit", no_argument, nullptr, kPkinit},
                               {"anonymous", no_argument, nullptr, kAnonymous},
                               {"help", no_argument, nullptr, kShowHelp},
                               {nullptr, 0, nullptr, 0}};

void take_option(int option, Settings* settings) {
  switch (option) {
    case kRealm:
      settings->realm.name = optarg;
      break;
    case kUser:
      settings->user = optarg;
      break;
    case kPassword:
      settings->password = optarg;
      break;
    case kService:
      settings->realm.services.emplace_back(optarg);
      break;
    case kIndicator:
      settings->indicators.emplace_back(optarg);
      break;
    case kForeign:
      settings->realm.foreign_realms.emplace_back(optarg);
      break;
    case kNoTicket:
      settings->wants_ticket = false;
      break;
    case kNoPreauth:
      settings->requires_preauth = false;
      break;
    case kNoPac:
      settings->realm.disable_pac = true;
      break;
    case kPkinit:
      settings->realm.pkinit = true;
      break;
    case kAnonymous:
      settings->realm.anonymous = true;
      break;
    case kShowHelp:
      std::fputs(kHelp, stdout);
      std::exit(0);
    default:
      std::fputs("with_kdc: --help lists the options\n", stderr);
      std::exit(kExitSetUp);
  }
}

Settings parse(int argc, char** argv) {
  Settings settings;
  // '+': the first word that is no option begins COMMAND, whose own options are not ours.
  for (int o = 0; (o = getopt_long(argc, argv, "+", kOptions, nullptr)) != -1;) {
    take_option(o, &settings);
  }
  if (optind >= argc) {
    std::fputs("with_kdc: no COMMAND given; --help tells how\n", stderr);
    std::exit(kExitSetUp);
  }
  settings.command = argv + optind;
  if (!settings.indicators.empty()) settings.realm.spake_indicators = settings.indicators;
  add_default_services(&settings.realm);
  return settings;
}

void populate(Realm* realm, const Settings& settings) {
  realm->add_user(settings.user, settings.password, settings.requires_preauth);
  for (const std::string& foreign : settings.realm.foreign_realms) {
    realm->add_user(settings.user + "@" + foreign, settings.password, settings.requires_preauth);
  }
  if (settings.wants_ticket) realm->kinit(settings.user, settings.password);
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
  // COMMAND without its realm makes no sense: it goes when with_kdc is killed.
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(kExitSetUp);
  realm.apply_to_this_process();
  setenv("GSSLOOP_REALM", realm.name().c_str(), 1);
  setenv("GSSLOOP_DIR", realm.dir().c_str(), 1);
  setenv("GSSLOOP_USER", settings.user.c_str(), 1);
  setenv("GSSLOOP_PASSWORD", settings.password.c_str(), 1);
  sigprocmask(SIG_SETMASK, &old_mask, nullptr);
  execvp(settings.command[0], settings.command);
  const int error = errno;
  std::fprintf(stderr, "with_kdc: cannot run %s: %s\n", settings.command[0], std::strerror(error));
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
