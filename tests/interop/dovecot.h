// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_INTEROP_DOVECOT_H_
#define GSSLOOP_TESTS_INTEROP_DOVECOT_H_

#include <sys/types.h>

#include <memory>
#include <string>

#include "tests/support/child.h"

namespace gssloop::testing {

// Runs Debian's Dovecot as an IMAP server, as this user, with all its files in a folder of the
// lab's realm, on a free port of loopback. It offers only GSSAPI and keeps mail for each user.
// Dovecot refuses to let root speak to clients or own mail: if this user is root, it uses the
// user nobody for both.
class Dovecot {
 public:
  // missing says why it cannot run on this machine; "" if it can.
  static std::string missing();

  // Throws RealmError, with what Dovecot said, if it does not start.
  Dovecot();
  ~Dovecot();
  Dovecot(const Dovecot&) = delete;
  Dovecot& operator=(const Dovecot&) = delete;

  int port() const { return port_; }
  // What it has logged so far.
  std::string log() const;

 private:
  void give_mail_to_nobody();
  bool is_2_3() const;
  std::string configuration() const;
  std::string settings_of_2_3() const;
  std::string settings_of_2_4() const;
  bool start();

  const std::string dir_;
  const bool is_root_;
  uid_t mail_uid_;
  gid_t mail_gid_;
  int port_ = 0;
  std::unique_ptr<Child> process_;
};

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_INTEROP_DOVECOT_H_
