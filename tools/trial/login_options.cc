// SPDX-License-Identifier: BSD-2-Clause
#include "tools/trial/login_options.h"

#include <algorithm>
#include <utility>

#include "gssloop/gss/mechanisms.h"
#include "gssloop/gss/names.h"
#include "tools/trial/files.h"

namespace gssloop::tools {
namespace {

constexpr Flag kNamedFlags[] = {
    Flag::kDeleg, Flag::kMutual, Flag::kReplay,       Flag::kConf,        Flag::kInteg,
    Flag::kAnon,  Flag::kTrans,  Flag::kChannelBound, Flag::kDelegPolicy, Flag::kSequence};
// The data of a channel binding is one or two hashes, with a prefix.
constexpr std::size_t kMaxBindingFileLen = 64 * 1024;

Result<Bytes, Error> octets_of_hex(std::string_view digits) {
  if (digits.size() % 2 != 0) return Error{"hex: must be followed by an even number of digits"};
  auto octets = from_hex(digits);
  if (octets) return *std::move(octets);
  return Error{"hex: must be followed by hexadecimal digits only"};
}

// One part of a channel binding: "hex:00ff", "file:PATH", "text:..." or text.
Result<Bytes, Error> binding_part(std::string_view part) {
  const auto rest_after = [&](std::string_view prefix) { return part.substr(prefix.size()); };
  if (part.starts_with("hex:")) return octets_of_hex(rest_after("hex:"));
  if (part.starts_with("file:")) {
    return read_small_file(std::string(rest_after("file:")), kMaxBindingFileLen);
  }
  return to_bytes(as_bytes(part.starts_with("text:") ? rest_after("text:") : part));
}

Result<gss::ChannelBindings, Error> parse_binding(const std::vector<std::string>& parts) {
  Bytes data;
  for (const std::string& part : parts) {
    const auto octets = binding_part(part);
    if (!octets) return octets.error();
    data.insert(data.end(), octets->begin(), octets->end());
  }
  return gss::ChannelBindings(std::move(data));
}

}  // namespace

void add_login_options(LoginOptions* options, std::vector<Option>* list) {
  list->insert(list->end(),
               {{"-m,--mechanism", "NAME", "krb5, spnego, iakerb, a SASL name or a dotted OID",
                 &options->mechanism},
                {"-r,--require", "FLAG,...",
                 "Flags that the login must have (the flags that data and binding need)",
                 &options->required},
                {"-b,--binding", "DATA",
                 "Channel binding data: text, hex:DIGITS or file:PATH; joined if several",
                 &options->binding},
                {"--integrity-only", "", "Protect data with integrity only, without encryption",
                 &options->is_integrity_only},
                {"-t,--timeout",
                 "SECONDS",
                 "Limit for the login, and for each message after it; 0: no limit (60)",
                 &options->timeout,
                 {.range = {{0, 86400}}}},
                {"--token-max",
                 "BYTES",
                 "The longest token to accept from the peer (262144)",
                 &options->limits.max_token_len,
                 {.range = {{1, 16 << 20}}}},
                {"--max-legs",
                 "N",
                 "The most tokens to exchange, in both directions together (32)",
                 &options->limits.max_legs,
                 {.range = {{1, 1000}}}}});
}

io::Deadline LoginTerms::deadline() const {
  return patience.count() == 0 ? io::kNoDeadline : io::Clock::now() + patience;
}

Result<Flags, Error> parse_flags(std::string_view names) {
  Flags flags, all;
  for (const Flag flag : kNamedFlags) all = all | flag;
  for (bool is_last = false; !is_last;) {
    const auto comma = names.find(',');
    const std::string_view name = names.substr(0, comma);
    is_last = comma == names.npos;
    if (!is_last) names.remove_prefix(comma + 1);
    const auto known = std::ranges::find_if(
        kNamedFlags, [&](Flag flag) { return name == to_string(Flags(flag)); });
    if (known != std::end(kNamedFlags)) {
      flags = flags | *known;
    } else if (name != "none") {
      return Error{"there is no flag '" + shown(name) + "'; known flags: none, " + to_string(all)};
    }
  }
  return flags;
}

Result<gss::Oid, Error> parse_mechanism(const std::string& text) {
  if (text == "krb5") return gss::Oid::krb5();
  if (text == "spnego") return gss::Oid::spnego();
  if (text == "iakerb") return gss::Oid::iakerb();
  if (const auto oid = gss::Oid::from_dotted(text)) return *oid;
  if (const auto registry = gss::MechanismRegistry::indicate()) {
    for (const gss::Mechanism& mechanism : registry->all()) {
      if (!text.empty() && (mechanism.sasl_name == text || mechanism.name == text)) {
        return mechanism.oid;
      }
    }
  }
  return Error{"there is no mechanism '" + shown(text) + "'; 'gssloop mechanisms' lists them"};
}

Result<LoginTerms, Error> terms_of(const LoginOptions& options) {
  LoginTerms terms;
  if (!options.mechanism.empty()) {
    auto mech = parse_mechanism(options.mechanism);
    if (!mech) return mech.error();
    terms.mech = *std::move(mech);
  }
  for (const auto& [names, into] :
       {std::pair(&options.flags, &terms.flags), std::pair(&options.required, &terms.required)}) {
    if (names->empty()) continue;
    const auto flags = parse_flags(*names);
    if (!flags) return flags.error();
    *into = *flags;
  }
  if (!options.binding.empty()) {
    auto bindings = parse_binding(options.binding);
    if (!bindings) return bindings.error();
    terms.bindings = *std::move(bindings);
  }
  if (options.is_integrity_only) terms.protection = gss::Protection::kIntegrity;
  terms.patience = std::chrono::seconds(options.timeout);
  return terms;
}

std::optional<Error> check_usage(const LoginOptions& options) {
  if (!options.mechanism.empty()) {
    if (const auto mech = parse_mechanism(options.mechanism); !mech) return mech.error();
  }
  for (const std::string* names : {&options.flags, &options.required}) {
    if (names->empty()) continue;
    if (const auto flags = parse_flags(*names); !flags) return flags.error();
  }
  for (const std::string& part : options.binding) {
    if (part.starts_with("file:")) continue;
    if (const auto octets = binding_part(part); !octets) return octets.error();
  }
  return std::nullopt;
}

Flags needed_for_data(const LoginTerms& terms) {
  const bool encrypts = terms.protection == gss::Protection::kConfidentiality;
  return encrypts ? Flag::kInteg | Flag::kConf : Flags(Flag::kInteg);
}

gss::Result<gss::Name> target_name(const std::string& service, const std::string& host) {
  if (service.find('/') != service.npos) {
    return gss::import_name(service, gss::NameForm::kKerberosPrincipal);
  }
  const bool has_host = service.find('@') != service.npos || host.empty();
  return gss::import_name(has_host ? service : service + "@" + host,
                          gss::NameForm::kHostbasedService);
}

}  // namespace gssloop::tools
