// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_KDC_PROCESS_H_
#define GSSLOOP_TESTS_KDC_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/kdc/realm_error.h"

namespace gssloop::testing {

// find_program returns the absolute path of `name`, looked for in PATH and then in the sbin
// folders that an ordinary user's PATH lacks. Throws RealmError that names the program.
std::string find_program(const std::string& name);

// name_in_branch returns the name that a variable of libsasl has in libsasl's development branch:
// SASL_PLUGINDIR of SASL_PATH, SASL_CONFDIR of SASL_CONF_PATH; "" for all others. Tests set both.
std::string name_in_branch(std::string_view name);

// environment_with returns this process's environment ("NAME=value") with `overrides` put over it,
// and with the other name of each variable that has two.
std::vector<std::string> environment_with(const std::vector<std::string>& overrides);

struct ProgramResult {
  int exit_code = 0;   // 128 + n when signal n ended it
  std::string output;  // standard output and error together
};

// run_program runs argv[0] (a path) with the environment `env` and nothing to read, and waits.
ProgramResult run_program(const std::vector<std::string>& argv,
                          const std::vector<std::string>& env);

// checked_run is run_program, but throws a RealmError with the command and its output if it failed.
std::string checked_run(const std::vector<std::string>& argv, const std::vector<std::string>& env);

// read_file returns the whole file, or "" if it cannot be read.
std::string read_file(const std::string& path);

// write_file replaces the file. Throws RealmError.
void write_file(const std::string& path, std::string_view text);

// PortReservation keeps a loopback port, TCP and UDP, for a KDC that is about to bind it.
//
// krb5kdc binds with SO_REUSEPORT, so two KDCs of one user could share a port without noticing, and
// a port that was looked up and closed again could be taken meanwhile. The reservation is
// bound with SO_REUSEPORT too and stays until the KDC has the port: there is no gap. No process
// listens on it, and the kernel gives a taken port to no program that asks for port 0.
class PortReservation {
 public:
  PortReservation();
  ~PortReservation();
  PortReservation(const PortReservation&) = delete;
  PortReservation& operator=(const PortReservation&) = delete;

  int port() const { return port_; }

  // release gives the UDP port up (else datagrams would be shared out to us) and the TCP port.
  void release();

 private:
  bool try_reserve();

  int tcp_ = -1;
  int udp_ = -1;
  int port_ = 0;
};

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_KDC_PROCESS_H_
