// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_PLUGIN_SASL_OPTION_NAMES_H_
#define GSSLOOP_PLUGIN_SASL_OPTION_NAMES_H_

#include <algorithm>
#include <string_view>

namespace gssloop::plugin {

// The names of the module's options. libsasl cannot list the options of an application, so the
// module does not see a misspelt one. `gssloop doctor` compares the application's file with these.
inline constexpr std::string_view kOptionNames[] = {"ad_compat",
                                                    "ccache_store",
                                                    "gssloop_allow_unbound",
                                                    "gssloop_anonymous",
                                                    "gssloop_audit",
                                                    "gssloop_audit_required",
                                                    "gssloop_audit_values",
                                                    "gssloop_channel_binding",
                                                    "gssloop_error_token",
                                                    "gssloop_max_legs",
                                                    "gssloop_max_token",
                                                    "gssloop_mechanisms",
                                                    "gssloop_password",
                                                    "gssloop_policy",
                                                    "gssloop_verbose_errors",
                                                    "keytab",
                                                    "service_principal"};

// libsasl's own options that the module reads as well.
inline constexpr std::string_view kLibsaslOptionNames[] = {"mech_list"};

// OptionName is one of either list. A literal that is on none does not compile.
class OptionName {
 public:
  consteval OptionName(const char* name) : name_(name) {
    const auto is_name = [name](std::string_view known) { return known == name; };
    if (std::ranges::none_of(kOptionNames, is_name) &&
        std::ranges::none_of(kLibsaslOptionNames, is_name)) {
      throw name;  // not a constant expression: an error of the compiler
    }
  }
  constexpr const char* text() const noexcept { return name_; }

 private:
  const char* name_;
};

}  // namespace gssloop::plugin

#endif  // GSSLOOP_PLUGIN_SASL_OPTION_NAMES_H_
