// SPDX-License-Identifier: BSD-2-Clause
#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/targets.h"
#include "plugin/sasl/ccache_store.h"
#include "plugin/sasl/option_names.h"
#include "plugin/sasl/options.h"
#include "plugin/sasl/sasl_utils.h"

namespace gssloop::fuzz {
namespace {

using Values = std::map<std::string, std::string>;

// As libsasl reads options: the values end at their first NUL.
int on_getopt(void* context, const char*, const char* option, const char** result, unsigned* len) {
  const auto* values = static_cast<const Values*>(context);
  const auto found = values->find(option);
  if (found == values->end()) return SASL_FAIL;
  *result = found->second.c_str();
  if (len != nullptr) *len = static_cast<unsigned>(found->second.size());
  return SASL_OK;
}

Values parse_values(ByteView input) {
  Values values;
  std::string_view text = as_text(input);
  while (!text.empty()) {
    std::string parts[2];
    for (std::string& part : parts) {
      const std::size_t end = std::min(text.find('\0'), text.size());
      part = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    values[parts[0]] = parts[1];
  }
  return values;
}

}  // namespace

void options(ByteView input) {
  static const std::vector<std::string> sasl_names = {"GSSAPI", "GSS-SPNEGO", "GS2-KRB5",
                                                      "EAP-AES128"};
  Values values = parse_values(input);
  sasl_utils_t utils{};
  utils.getopt = on_getopt;
  utils.getopt_context = &values;
  const auto read = plugin::Options::read(plugin::SaslUtils(&utils), sasl_names);
  if (!read) {
    const std::string& why = read.error().message;
    require(why.starts_with("option ") && !is_control, "an error begins with the option");
    const std::string name = why.substr(7, why.find_first_of(" :", 7) - 7);
    require(values.contains(name), "the option is one that was set");
    require(!has_control_characters(as_bytes(why)), "an error is one line");
    return;
  }
  require(read->limits.max_legs > 0 && read->limits.max_token_len > 0, "a limit is not 0");
  require(!read->allows_unbound("GS2-KRB5") && !read->allows_unbound("GS2-IAKERB"),
          "Kerberos is never unbound");
  for (const char* name : {"ad_compat", "gssloop_anonymous", "gssloop_verbose_errors"}) {
    const auto found = values.find(name);
    require(found == values.end() || !found->second.empty(), "an empty value is no answer");
  }
}

void ccache_store(ByteView input) {
  const std::string text = to_string(input);
  const auto store = plugin::CcacheStore::parse(text);
  if (!store) {
    require(store.error().message.starts_with("byte "), "an error says where");
    return;
  }
  // %u is the UID of an account: "root" has one, "alice" may have none.
  std::map<std::string, std::string> owners;
  for (const char* user : {"alice", "alice1", "1", "11", "root", "al%Uice", "x y"}) {
    auto name = store->expand(user);
    if (!name) continue;
    if (is_control) *name = "FILE:/tmp/krb5cc";
    require(owners.emplace(*name, user).second, "each user has a ccache of its own");
    require(name->size() < 4096, "a name is no longer than a path");
  }
  for (const char* user : {"", ".", "..", "../root", "a/b", "FILE:x", "a\nb"}) {
    const auto name = store->expand(user);
    require(!name || text.find("%U") == text.npos, "such a name is no part of a path");
  }
}

}  // namespace gssloop::fuzz
