// SPDX-License-Identifier: BSD-2-Clause
#include "tests/kdc/realm.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "tests/kdc/guardian.h"
#include "tests/kdc/process.h"
#include "tests/kdc/realm_config.h"

namespace gssloop::testing {
namespace {

std::string make_dir() {
  const char* base = std::getenv("TMPDIR");
  if (base == nullptr || base[0] != '/') base = "/tmp";
  std::string dir = std::string(base) + "/gssloop-kdc-XXXXXX";
  if (mkdtemp(dir.data()) == nullptr) {
    throw RealmError("cannot make the folder " + dir + ": " + std::strerror(errno) +
                     "; TMPDIR names another place");
  }
  return dir;
}

std::string realm_of(const std::string& principal) {
  return principal.substr(principal.rfind('@') + 1);
}

bool someone_listens(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool answered = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return answered;
}

// The KDC serves the realms of its -r options, the first being its default.
GuardianPlan make_plan(const RealmOptions& options, const std::string& dir,
                       const std::vector<std::string>& env) {
  GuardianPlan plan{dir, {find_program("krb5kdc"), "-n", "-r", options.name}, env};
  for (const std::string& realm : options.foreign_realms) {
    plan.kdc_argv.insert(plan.kdc_argv.end(), {"-r", realm});
  }
  return plan;
}

}  // namespace

std::string Realm::missing() try {
  for (const char* program : {"krb5kdc", "kdb5_util", "kadmin.local"}) find_program(program);
  return "";
} catch (const RealmError& error) {
  return error.what();
}

Realm::Realm(RealmOptions options) : options_(std::move(options)) {
  options_.pkinit |= options_.anonymous;
  // Looked for first: without a KDC there is nothing to clean up.
  if (const std::string reason = missing(); !reason.empty()) throw RealmError(reason);
  dir_ = make_dir();
  env_ = environment_with(environment());
  // From here on the guardian owns the folder, also if something fails below or ends this process.
  guardian_ = std::make_unique<Guardian>(make_plan(options_, dir_, env_));
  PortReservation reservation;
  port_ = reservation.port();
  write_file(krb5_conf(), make_krb5_conf(options_, dir_, port_));
  write_file(path("kdc.conf"), make_kdc_conf(options_, dir_, port_));
  if (options_.pkinit) make_kdc_certificate();
  create_databases();
  create_principals();
  try {
    guardian_->start_kdc();
  } catch (const RealmError& error) {
    throw RealmError(std::string(error.what()) + "\nIts log:\n" + kdc_log());
  }
}

Realm::~Realm() = default;

pid_t Realm::kdc_pid() const { return guardian_->kdc_pid(); }

std::vector<std::string> Realm::environment() const {
  return {"KRB5_CONFIG=" + krb5_conf(), "KRB5_KDC_PROFILE=" + path("kdc.conf"),
          "KRB5_KTNAME=" + default_keytab(),
          // The library's default is a path below /etc.
          "KRB5_CLIENT_KTNAME=FILE:" + path("client.keytab"), "KRB5CCNAME=" + default_ccache(),
          // The default is /var/tmp/krb5_UID.rcache2, which all tests of a user would share.
          "KRB5RCACHENAME=file2:" + path("rcache")};
}

void Realm::apply_to_this_process() const {
  for (const std::string& entry : environment()) {
    const size_t equals = entry.find('=');
    setenv(entry.substr(0, equals).c_str(), entry.c_str() + equals + 1, 1);
  }
}

void Realm::create_databases() {
  for (size_t i = 0; i <= options_.foreign_realms.size(); ++i) {
    const std::string& realm = i == 0 ? options_.name : options_.foreign_realms[i - 1];
    checked_run({find_program("kdb5_util"), "create", "-s", "-P", "master", "-r", realm}, env_);
  }
}

void Realm::create_principals() {
  for (const std::string& service : options_.services) add_service(service);
  if (options_.anonymous) {
    kadmin(name(), {"addprinc", "-randkey", "WELLKNOWN/ANONYMOUS"});
  }
  // The same password on both sides makes the same key: that is all that trust is here.
  for (const std::string& foreign : options_.foreign_realms) {
    for (const std::string& tgs :
         {"krbtgt/" + foreign + "@" + name(), "krbtgt/" + name() + "@" + foreign}) {
      kadmin(name(), {"addprinc", "-pw", "trust", tgs});
      kadmin(foreign, {"addprinc", "-pw", "trust", tgs});
    }
  }
}

std::string Realm::kadmin(const std::string& realm, const std::vector<std::string>& command) {
  std::vector<std::string> argv = {find_program("kadmin.local"), "-r", realm};
  argv.insert(argv.end(), command.begin(), command.end());
  return checked_run(argv, env_);
}

std::string Realm::qualified(const std::string& principal) const {
  return principal.find('@') == std::string::npos ? principal + "@" + name() : principal;
}

void Realm::add_user(const std::string& user, const std::string& password, bool requires_preauth) {
  const std::string full = qualified(user);
  kadmin(realm_of(full), {"addprinc", "-pw", password,
                          requires_preauth ? "+requires_preauth" : "-requires_preauth", full});
}

void Realm::add_service(const std::string& service) {
  const std::string full = qualified(service);
  kadmin(realm_of(full), {"addprinc", "-randkey", full});
  write_keytab(default_keytab(), {full});
}

void Realm::write_keytab(const std::string& file, const std::vector<std::string>& principals) {
  for (const std::string& principal : principals) {
    const std::string full = qualified(principal);
    kadmin(realm_of(full), {"ktadd", "-q", "-norandkey", "-k", file, full});
  }
}

void Realm::rekey(const std::string& principal) {
  const std::string full = qualified(principal);
  kadmin(realm_of(full), {"cpw", "-randkey", full});
}

void Realm::modify(const std::string& principal, const std::vector<std::string>& args) {
  const std::string full = qualified(principal);
  std::vector<std::string> command = {"modprinc"};
  command.insert(command.end(), args.begin(), args.end());
  command.push_back(full);
  kadmin(realm_of(full), command);
}

void Realm::remove_principal(const std::string& principal) {
  const std::string full = qualified(principal);
  kadmin(realm_of(full), {"delprinc", "-force", full});
}

// One self-signed certificate is the KDC's and the authority that signs users': one key to make.
void Realm::make_kdc_certificate() {
  const std::string conf = path("kdc.cnf");
  write_file(conf, make_certificate_conf(name(), ""));
  checked_run(
      {find_program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
       "-config", conf, "-extensions", "kdc", "-keyout", path("kdc.key"), "-out", path("kdc.pem")},
      env_);
}

std::string Realm::issue_certificate(const std::string& user) {
  const std::string openssl = find_program("openssl");
  const std::string base = path("user-" + user);
  const std::string conf = base + ".cnf";
  write_file(conf, make_certificate_conf(name(), user));
  checked_run({openssl, "req", "-new", "-newkey", "rsa:2048", "-nodes", "-config", conf, "-keyout",
               base + ".key", "-out", base + ".csr"},
              env_);
  checked_run({openssl, "x509", "-req", "-in", base + ".csr", "-CA", path("kdc.pem"), "-CAkey",
               path("kdc.key"), "-CAcreateserial", "-days", "2", "-extfile", conf, "-extensions",
               "user", "-out", base + ".pem"},
              env_);
  return "FILE:" + base + ".pem," + base + ".key";
}

void Realm::stop_kdc() {
  if (kdc_pid() <= 0) return;
  // The guardian reaps it at the end, so the number stays its own until then.
  kill(kdc_pid(), SIGKILL);
  for (int i = 0; i < 1000 && someone_listens(port_); ++i) usleep(1000);
}

std::string Realm::kdc_log() const { return read_file(path("kdc.log")); }

}  // namespace gssloop::testing
