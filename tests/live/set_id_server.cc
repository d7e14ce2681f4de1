// SPDX-License-Identifier: BSD-2-Clause
// A server that its caller may start with other rights than the caller's. It says what it took from
// the caller's environment. See kUsage.
#include <sys/auxv.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/support/arguments.h"
#include "tests/support/sasl_app.h"

namespace gssloop::testing {
namespace {

constexpr char kUsage[] =
    R"(Usage: set_id_server [OPTION...] MESSAGE

Prints whether the kernel says that the process has other rights than its caller, as whom the file
MESSAGE, the first message of a client, logs in with GS2-KRB5, and which files that the caller named
are in its memory.

)";

void print_if_mapped(const char* name) {
  std::ifstream file("/proc/self/maps");
  const std::string maps{std::istreambuf_iterator<char>(file), {}};
  std::printf("%s: %s\n", name, maps.find(name) != maps.npos ? "loaded" : "not loaded");
}

int serve(const std::string& modules, const std::string& path) {
  std::printf("other rights: %s\n", getauxval(AT_SECURE) != 0 ? "yes" : "no");
  std::ifstream file(path, std::ios::binary);
  const std::string message{std::istreambuf_iterator<char>(file), {}};
  {
    const SaslLibrary library(
        LibrarySetup{.client = std::nullopt, .modules = modules, .server_name = "set_id_server"});
    SaslServer server;
    const Turn turn = server.start("GS2-KRB5", message);
    std::printf("login: %s\n", turn.code == SASL_OK ? server.authid().c_str() : "refused");
    print_if_mapped("libgssloop_sasl");
    print_if_mapped("scripted_mech");
    std::fputs(server.log().text().c_str(), stderr);
  }
  return 0;
}

}  // namespace
}  // namespace gssloop::testing

int main(int argc, char** argv) {
  using namespace gssloop::testing;
  std::string modules, message;
  return run_program(
      argc, argv,
      {kUsage,
       {{"--modules DIR", &modules, "libsasl's modules; otherwise libsasl finds them"},
        {"MESSAGE", &message}},
       ""},
      [&] { return serve(modules, message); });
}
