// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_KDC_REALM_H_
#define GSSLOOP_TESTS_KDC_REALM_H_

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/kdc/realm_error.h"

namespace gssloop::testing {

class Guardian;

struct RealmOptions {
  std::string name = "EXAMPLE.TEST";  // a reserved top-level domain (RFC 2606)
  // Realms that the same KDC serves, each with keys for cross-realm tickets both ways. Principals
  // of theirs are written with their realm: add_user("bob@OTHER.TEST", "password").
  std::vector<std::string> foreign_realms = {};
  // Services made at the start, their keys written to the default keytab.
  std::vector<std::string> services = {};
  // Values of auth-indicators after a password login of a user with requires_preauth.
  std::vector<std::string> spake_indicators = {"spake", "second-factor"};
  // As krb5.conf(5) names them. Without a group the KDC does not offer SPAKE.
  std::string spake_groups = "edwards25519";
  bool disable_pac = false;
  // PKINIT with a certificate made now (0.2 s); anonymous implies it.
  bool pkinit = false;
  bool anonymous = false;
  std::vector<std::string> pkinit_indicators = {"pkinit"};
  // Names as in kdc.conf(5); empty is the library's default.
  std::vector<std::string> encryption_types = {};
  // Lines for the realm's section of kdc.conf, for [libdefaults], and for krb5.conf's end.
  std::vector<std::string> kdc_settings = {};
  std::vector<std::string> libdefaults = {};
  std::vector<std::string> krb5_conf_lines = {};
  // Hosts of the first realm beside localhost, this machine and those that `services` names.
  std::vector<std::string> hosts = {};
};

// What kinit asks for. Only `user` is needed; a name without realm is of the first realm.
struct TicketRequest {
  std::string user;
  std::string password = {};
  // As KRB5CCNAME, empty is the realm's default. The folder of a "DIR:folder" is made, and
  // each user gets a cache of their own in it, the last one being the primary.
  std::string ccache = {};
  std::chrono::seconds lifetime{0};      // 0: the KDC's default
  std::optional<bool> request_pac = {};  // false is kinit --no-request-pac
  bool anonymous = false;                // kinit -n; `user` and `password` are ignored
  bool forwardable = false;
  std::string pkinit_identity = {};  // "FILE:cert,key", see Realm::issue_certificate
  std::string armor_ccache = {};     // kinit -T
};

// Realm is a KDC of this test's own: on a free port of 127.0.0.1, in a fresh folder, without
// /etc, without a privilege, and gone when the object goes or the process ends in any way.
//
// Several may run in parallel, in one process or many. Every method throws RealmError, with the
// output of the program that failed. An object is used by one thread at a time.
class Realm {
 public:
  // missing says which program a realm would lack, or "" if none: the reason of a skipped test.
  static std::string missing();

  explicit Realm(RealmOptions options = {});
  ~Realm();
  Realm(const Realm&) = delete;
  Realm& operator=(const Realm&) = delete;

  const std::string& name() const { return options_.name; }
  const std::string& dir() const { return dir_; }
  std::string path(const std::string& file) const { return dir_ + "/" + file; }
  int port() const { return port_; }
  pid_t kdc_pid() const;

  // environment lists "NAME=value": KRB5_CONFIG, KRB5_KDC_PROFILE, KRB5_KTNAME, KRB5_CLIENT_KTNAME,
  // KRB5CCNAME and KRB5RCACHENAME. Nothing of them points outside dir().
  std::vector<std::string> environment() const;

  // apply_to_this_process puts environment() into this process's environment. It is not undone.
  void apply_to_this_process() const;

  void add_user(const std::string& user, const std::string& password, bool requires_preauth = true);

  // add_service makes a service with a random key and adds the key to the default keytab.
  void add_service(const std::string& service);

  // write_keytab adds the current keys of the principals to the keytab at `file`.
  void write_keytab(const std::string& file, const std::vector<std::string>& principals);

  // rekey gives a principal a new key and leaves the keytabs alone: the wrong key version.
  void rekey(const std::string& principal);

  // modify is `modprinc args... principal`: {"+no_auth_data_required"}, {"-expire", "yesterday"}.
  void modify(const std::string& principal, const std::vector<std::string>& args);

  void remove_principal(const std::string& principal);

  // kadmin runs one kadmin.local command on the database of `realm` and returns its output.
  std::string kadmin(const std::string& realm, const std::vector<std::string>& command);

  // kinit gets an initial ticket, by libkrb5 in this process: 2 ms a password.
  void kinit(const TicketRequest& request) const;
  void kinit(const std::string& user, const std::string& password,
             const std::string& ccache = {}) const {
    kinit(TicketRequest{.user = user, .password = password, .ccache = ccache});
  }

  // copy_with_clock_offset copies a ccache so that its user thinks that the KDC's clock, and so
  // the acceptor's, is `offset` ahead. `to` is a FILE: cache; other kinds lack the field.
  // `from` must hold the service ticket already: the KDC would refuse such a clock too.
  void copy_with_clock_offset(const std::string& from, const std::string& to,
                              std::chrono::seconds offset) const;

  // issue_certificate returns the PKINIT identity "FILE:cert,key" of a new certificate for `user`.
  std::string issue_certificate(const std::string& user);

  // stop_kdc ends the KDC: from here on no process answers at port().
  void stop_kdc();

  std::string default_ccache() const { return "FILE:" + path("ccache"); }
  std::string default_keytab() const { return "FILE:" + path("keytab"); }
  std::string krb5_conf() const { return path("krb5.conf"); }

  // kdc_log returns what the KDC and kadmin.local logged so far.
  std::string kdc_log() const;

  // qualified returns `principal` with the first realm if it names none.
  std::string qualified(const std::string& principal) const;

 private:
  void create_databases();
  void create_principals();
  void make_kdc_certificate();

  RealmOptions options_;
  std::string dir_;
  int port_ = 0;
  std::vector<std::string> env_;  // for the programs of the set-up
  std::unique_ptr<Guardian> guardian_;
};

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_KDC_REALM_H_
