// SPDX-License-Identifier: BSD-2-Clause
//
// Usage: audit_writer PATH PROCESSES LINES
//
// Processes that write an audit trail, each so many lines, as those of a server do. The authid of
// each line is "PROCESS.LINE".

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "plugin/audit/file.h"
#include "plugin/audit/record.h"

namespace {

int write_lines(const std::string& path, int process, int num_lines) {
  namespace audit = gssloop::plugin::audit;
  for (int i = 0; i < num_lines; ++i) {
    const audit::Record record = {.outcome = audit::Record::Outcome::kAdmitted,
                                  .service = "imap",
                                  .authid = std::to_string(process) + "." + std::to_string(i)};
    const auto error = audit::append_line(
        path, audit::to_line(record, std::chrono::system_clock::now(), getpid()));
    if (error) {
      std::fprintf(stderr, "%s %s\n", path.c_str(), error->message.c_str());
      return 1;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const int num_processes = std::atoi(argv[2]), num_lines = std::atoi(argv[3]);
  for (int process = 0; process < num_processes; ++process) {
    if (fork() == 0) _exit(write_lines(argv[1], process, num_lines));
  }
  int result = 0, status = 0;
  while (wait(&status) > 0) result |= status != 0 ? 1 : 0;
  return result;
}
