// SPDX-License-Identifier: BSD-2-Clause
#include "tools/doctor/option_check.h"

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#include "gssloop/gss/mechanisms.h"
#include "gssloop/gss/sasl_mechanism.h"
#include "plugin/sasl/options.h"
#include "tools/doctor/format.h"
#include "tools/doctor/sasl_callbacks.h"

namespace gssloop::tools {
namespace {

Result<plugin::Options, Error> read_alone(const std::map<std::string, std::string>& option,
                                          const std::vector<std::string>& sasl_names) {
  sasl_utils_t utils{};
  utils.getopt = answer_option;
  utils.getopt_context = as_context(option);
  return plugin::Options::read(plugin::SaslUtils(&utils), sasl_names);
}

}  // namespace

Result<plugin::AuditOptions, Error> read_audit_options(
    const std::map<std::string, std::string>& options) {
  sasl_utils_t utils{};
  utils.getopt = answer_option;
  utils.getopt_context = as_context(options);
  return plugin::AuditOptions::read(plugin::SaslUtils(&utils));
}

OptionCheck check_options(const std::map<std::string, std::string>& options) {
  OptionCheck result;
  // Without the list, a name of a mechanism cannot be judged. The check "krb5.conf" says why.
  const auto registry = gss::MechanismRegistry::indicate();
  if (!registry) return result;
  const auto sasl_names = gss::sasl_names(*registry);
  result.known_mechanisms = joined(sasl_names, " ");
  for (const auto& [name, value] : options) {
    const auto read = read_alone({{name, value}}, sasl_names);
    if (!read) {
      result.wrong.push_back({name, read.error().message});
    } else if (read->mechanisms) {
      for (const std::string& listed : *read->mechanisms) {
        if (!gss::lists(sasl_names, listed)) result.unknown_mechanisms.push_back(listed);
      }
    }
  }
  return result;
}

}  // namespace gssloop::tools
