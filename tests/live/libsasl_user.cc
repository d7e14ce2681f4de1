// SPDX-License-Identifier: BSD-2-Clause
// A program that is not linked with libsasl: it loads libsasl, begins, lists the mechanisms of the
// module, ends, and unloads it, again and again. The argument is the module's folder.
#include <dlfcn.h>
#include <sasl/sasl.h>

#include <cstdio>
#include <string>

namespace {

const char* module_folder;

int on_path(void*, const char** path) {
  *path = module_folder;
  return SASL_OK;
}

template <class Function>
Function find(void* library, const char* name) {
  return reinterpret_cast<Function>(dlsym(library, name));
}

// The mechanisms' names, or what failed.
std::string list_mechanisms(void* library) {
#define FIND(name) const auto name = find<decltype(&::name)>(library, #name)
  FIND(sasl_server_init);
  FIND(sasl_server_new);
  FIND(sasl_listmech);
  FIND(sasl_dispose);
  FIND(sasl_done);
#undef FIND
  const sasl_callback_t callbacks[] = {
      {SASL_CB_GETPATH, reinterpret_cast<int (*)()>(reinterpret_cast<void (*)()>(on_path)),
       nullptr},
      {SASL_CB_LIST_END, nullptr, nullptr}};
  if (sasl_server_init(callbacks, "libsasl_user") != SASL_OK) return "sasl_server_init";
  sasl_conn_t* connection = nullptr;
  const char* names = "sasl_server_new";
  if (sasl_server_new("imap", "localhost", nullptr, nullptr, nullptr, nullptr, 0, &connection) ==
      SASL_OK) {
    names = "sasl_listmech";
    sasl_listmech(connection, nullptr, "", " ", "", &names, nullptr, nullptr);
  }
  const std::string copy = names;
  sasl_dispose(&connection);
  sasl_done();
  return copy;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  module_folder = argv[1];
  std::string first;
  for (int i = 0; i < 20; ++i) {
    void* const library = dlopen("libsasl2.so.2", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      std::printf("%s\n", dlerror());
      return 1;
    }
    const std::string names = list_mechanisms(library);
    if (i == 0) first = names;
    if (names != first) {
      std::printf("%s, but at first %s\n", names.c_str(), first.c_str());
      return 1;
    }
    dlclose(library);
  }
  std::printf("%s\n", first.c_str());
  return 0;
}
