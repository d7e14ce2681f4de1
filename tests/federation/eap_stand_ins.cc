// SPDX-License-Identifier: BSD-2-Clause
//
// A module for LD_PRELOAD: what Moonshot's EAP mechanism uses, and a test cannot have.
//
// - libmoonshot asks the user's desktop for an identity. Here there is none, so that the
//   application's name and password count.
// - libmoonshot asks the desktop whether the certificate of a RADIUS server is the right one. Here
// it
//   is, if its SHA-256 is the one in GSSLOOP_EAP_CERTIFICATE.
// - libradsec reads /etc/radsec.conf. Here it reads the file that GSSLOOP_RADSEC_CONF names.

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

std::string hex(const unsigned char* octets, int len) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (int i = 0; i < len; ++i) {
    text += kDigits[octets[i] >> 4];
    text += kDigits[octets[i] & 0xF];
  }
  return text;
}

// As in libmoonshot.h.
struct MoonshotError {
  int code;
  char* message;
};
constexpr int kNoIdentitySelected = 2;

MoonshotError* no_identity() {
  static char message[] = "no desktop";
  static MoonshotError error{kNoIdentitySelected, message};
  return &error;
}

}  // namespace

extern "C" {

int moonshot_get_identity(const char*, const char*, const char*, char**, char**, char**, char**,
                          char**, char**, MoonshotError** error);
int moonshot_get_identity(const char*, const char*, const char*, char**, char**, char**, char**,
                          char**, char**, MoonshotError** error) {
  *error = no_identity();
  return 0;
}

int moonshot_get_default_identity(char**, char**, char**, char**, char**, char**,
                                  MoonshotError** error);
int moonshot_get_default_identity(char**, char**, char**, char**, char**, char**,
                                  MoonshotError** error) {
  *error = no_identity();
  return 0;
}

void moonshot_error_free(MoonshotError* error);
void moonshot_error_free(MoonshotError*) {}

int moonshot_confirm_ca_certificate(const char* user, const char* realm, const unsigned char* hash,
                                    int hash_len, MoonshotError** error);
int moonshot_confirm_ca_certificate(const char*, const char*, const unsigned char* hash,
                                    int hash_len, MoonshotError** error) {
  *error = nullptr;
  const char* expected = std::getenv("GSSLOOP_EAP_CERTIFICATE");
  return expected != nullptr && hex(hash, hash_len) == expected ? 1 : 0;
}

std::FILE* fopen(const char* path, const char* mode) {
  using Function = std::FILE* (*)(const char*, const char*);
  static const auto original = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "fopen"));
  const char* ours = std::getenv("GSSLOOP_RADSEC_CONF");
  const bool is_replaced = ours != nullptr && std::strcmp(path, "/etc/radsec.conf") == 0;
  return original(is_replaced ? ours : path, mode);
}

}  // extern "C"
