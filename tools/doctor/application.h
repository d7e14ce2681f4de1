// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_DOCTOR_APPLICATION_H_
#define GSSLOOP_TOOLS_DOCTOR_APPLICATION_H_

#include <map>
#include <string>
#include <vector>

#include "tools/doctor/doctor.h"
#include "tools/doctor/sasl_configuration.h"

namespace gssloop::tools {

// Application is the server program, and its options for SASL.
struct Application {
  std::string file;     // that has the options; empty: there is none
  std::string failure;  // why the file cannot be used, although the server would read it as well
  // Why an option that is not in `options` is not known, as a clause; empty: it is not set.
  std::string unknown;
  SaslConfiguration options;
  bool is_own_file = false;  // libsasl does not read the file: the application answers for it
  bool is_cyrus_imapd = false;

  // text_of says the option's value, that it is not set, or why that is not known.
  std::string text_of(const std::string& option) const;
};

// with_known_files completes `options` for an application whose file the doctor knows: Cyrus IMAP
// ("cyrus-imapd").
DoctorOptions with_known_files(DoctorOptions options);

// read_application reads the file that `options` name or else the first one of `config_files`,
// which are those of libsasl, that exists.
Application read_application(const DoctorOptions& options,
                             const std::vector<std::string>& config_files);

// answers_of are the options that the trial's server answers itself: those of a file that libsasl
// does not read, and what the command line says instead.
std::map<std::string, std::string> answers_of(const DoctorOptions& options,
                                              const Application& application);

// again_as_server is the command line that examines the same as the server's user.
std::string again_as_server(const DoctorOptions& options);

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_DOCTOR_APPLICATION_H_
