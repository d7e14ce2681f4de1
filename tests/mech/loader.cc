// SPDX-License-Identifier: BSD-2-Clause

#include "tests/mech/loader.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

// The glue itself loses its handle of each module it opens; everything else that leaks is ours.
// Weak, so that a test program may bring its own list.
extern "C" __attribute__((weak)) const char* __lsan_default_suppressions() {
  return "leak:krb5int_open_plugin\n";
}

namespace gssloop::testing {
namespace {

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "scripted mechanism: %s\n", what.c_str());
  std::exit(99);  // Automake: hard error
}

std::string& folder() {
  static auto* const path = new std::string;
  return *path;
}

pid_t owner = 0;

// A child that the test forked must not take its parent's configuration away.
void remove_folder() {
  if (getpid() != owner) return;
  unlink((folder() + "/mech").c_str());
  rmdir(folder().c_str());
}

std::string write_config(const std::string& module) {
  const char* const temp = getenv("TMPDIR");
  std::string path =
      std::string(temp != nullptr && *temp != '\0' ? temp : "/tmp") + "/gssloop-mech-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) die("cannot create " + path);
  folder() = path;
  owner = getpid();
  std::atexit(remove_folder);
  const std::string file = path + "/mech";
  std::ofstream config(file);
  for (Mech mech : kMechs) {
    config << "scripted" << index(mech) + 1 << ' ' << kDottedOids[index(mech)] << ' ' << module
           << '\n';
  }
  config.close();
  if (!config) die("cannot write " + file);
  return file;
}

ScriptedMechanism& load() {
  const char* const module = getenv("GSSLOOP_SCRIPTED_MECH");
  if (module == nullptr || module[0] != '/') {
    die("GSSLOOP_SCRIPTED_MECH must be the absolute path of scripted_mech.so");
  }
  if (setenv("GSS_MECH_CONFIG", write_config(module).c_str(), 1) != 0) die("cannot setenv");
  // The glue opens the same path and so gets the same instance.
  void* const library = dlopen(module, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) die(dlerror());
  void* const symbol = dlsym(library, GSSLOOP_SCRIPTED_MECH_SYMBOL);
  if (symbol == nullptr) die(dlerror());
  return *reinterpret_cast<decltype(&gssloop_scripted_mechanism)>(symbol)();
}

}  // namespace

ScriptedMechanism& scripted() {
  static ScriptedMechanism& mechanism = load();
  return mechanism;
}

}  // namespace gssloop::testing
