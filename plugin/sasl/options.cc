// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/sasl/options.h"

#include <algorithm>
#include <charconv>

namespace gssloop::plugin {
namespace {

// Splits at white space and commas, as libsasl splits mech_list.
std::vector<std::string> words(std::string_view text) {
  static constexpr std::string_view kSpace = " \t\r\n,";
  std::vector<std::string> list;
  for (std::size_t at = text.find_first_not_of(kSpace); at != text.npos;) {
    const std::size_t end = std::min(text.find_first_of(kSpace, at), text.size());
    list.emplace_back(text.substr(at, end - at));
    at = text.find_first_not_of(kSpace, end);
  }
  return list;
}

// The same of names of mechanisms, each without its "-PLUS".
std::vector<std::string> mechanism_words(std::string_view text) {
  std::vector<std::string> names = words(text);
  for (std::string& name : names) name = std::string(gss::without_plus(name));
  return names;
}

// The values that a list of mechanisms accepts.
std::string none_or_some_of(const std::vector<std::string>& sasl_names) {
  std::string known;
  for (const std::string& name : sasl_names) known += (known.empty() ? "" : ", ") + name;
  return "none, or a list of some of " + known;
}

// Reader keeps the first error, so that each option is read in one line.
class Reader {
 public:
  explicit Reader(const SaslUtils& sasl) : sasl_(sasl) {}

  void boolean(OptionName name, bool* value) {
    const auto text = sasl_.option(name);
    if (!text) return;
    for (const char* yes : {"yes", "true", "on", "1"}) {
      if (equals_ignoring_case(*text, yes)) return void(*value = true);
    }
    for (const char* no : {"no", "false", "off", "0"}) {
      if (equals_ignoring_case(*text, no)) return void(*value = false);
    }
    complain(name, *text, "yes or no");
  }

  template <class Number>
  void number(OptionName name, Number* value, Number min, Number max) {
    const auto text = sasl_.option(name);
    if (!text) return;
    Number parsed{};
    const char* const end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, parsed);
    if (error != std::errc() || stop != end || parsed < min || parsed > max) {
      complain(name, *text, "a number from " + std::to_string(min) + " to " + std::to_string(max));
      return;
    }
    *value = parsed;
  }

  // Mechanisms whose acceptor cannot report whether it verified bindings. Kerberos' acceptor always
  // can: a server that ignored its report would accept forged GS2 headers (G10).
  void allow_unbound(std::vector<std::string>* value) {
    const auto text = sasl_.option("gssloop_allow_unbound");
    if (!text) return;
    *value = words(*text);
    for (const char* kerberos : {"GS2-KRB5", "GS2-IAKERB"}) {
      if (!gss::lists(*value, kerberos)) continue;
      complain("gssloop_allow_unbound", *text, "a list of mechanisms other than Kerberos' own");
    }
  }

  void password(std::optional<std::vector<std::string>>* value,
                const std::vector<std::string>& sasl_names) {
    const auto text = sasl_.option("gssloop_password");
    if (!text) return;
    if (const auto listed = words(*text);
        listed.size() == 1 && equals_ignoring_case(listed[0], "none")) {
      return void(value->emplace());
    }
    std::vector<std::string> names = mechanism_words(*text);
    const bool is_known = std::ranges::all_of(
        names, [&](const std::string& name) { return gss::lists(sasl_names, name); });
    if (is_known && !names.empty()) return void(*value = std::move(names));
    complain("gssloop_password", *text, none_or_some_of(sasl_names));
  }

  // One configuration may be used on machines with different mechanisms, so unknown names beside a
  // known one only offer less. A list without a known name offers nothing, and libsasl would report
  // that as an internal error.
  void mechanisms(std::optional<std::vector<std::string>>* value,
                  const std::vector<std::string>& sasl_names) {
    const auto text = sasl_.option("gssloop_mechanisms");
    if (!text) return;
    std::vector<std::string> names = words(*text);
    const bool is_none = names.size() == 1 && equals_ignoring_case(names[0], "none");
    const bool is_known = std::ranges::any_of(
        sasl_names, [&](const std::string& name) { return gss::lists(names, name); });
    if (names.empty() || is_none) return void(value->emplace());
    if (is_known) return void(*value = std::move(names));
    complain("gssloop_mechanisms", *text, none_or_some_of(sasl_names));
  }

  void ccache_store(std::optional<CcacheStore>* value) {
    const auto text = sasl_.option("ccache_store");
    if (!text) return;
    auto parsed = CcacheStore::parse(*text);
    if (parsed) return void(*value = *std::move(parsed));
    if (error_.empty()) error_ = "option ccache_store: " + parsed.error().message;
  }

  // A relative path would be another file if the server changed its working directory.
  void audit(AuditOptions* value) {
    const auto text = sasl_.option("gssloop_audit");
    if (!text) return;
    using To = AuditOptions::To;
    if (text->starts_with('/') && text->find('\0') == text->npos) {
      value->to = To::kFile;
      value->path = *text;
    } else if (equals_ignoring_case(*text, "syslog")) {
      value->to = To::kSyslog;
    } else if (!equals_ignoring_case(*text, "no")) {
      complain("gssloop_audit", *text, "no, syslog, or the path of a file, which begins with /");
    }
  }

  const std::string& error() const { return error_; }

 private:
  void complain(OptionName name, const std::string& text, const std::string& allowed) {
    if (!error_.empty()) return;
    error_ = std::string("option ") + name.text() + " is " + in_quotes(text) + ", but must be " +
             allowed;
  }

  const SaslUtils& sasl_;
  std::string error_;
};

}  // namespace

bool Options::allows_unbound(std::string_view sasl_name) const {
  return gss::lists(allow_unbound, sasl_name);
}

bool Options::allows_password(const gss::SaslMechanism& mechanism) const {
  return password_mechanisms ? gss::lists(*password_mechanisms, mechanism.sasl_name)
                             : mechanism.family == gss::SaslFamily::kGs2;
}

bool AcceptorOptions::is_told_to_offer(std::string_view sasl_name, const SaslUtils& sasl) const {
  if (!keytab.empty() || service_principal.kind != ServicePrincipal::Kind::kServiceAtHost) {
    return true;
  }
  return gss::lists(mechanism_words(sasl.option("mech_list").value_or("")), sasl_name);
}

AcceptorOptions AcceptorOptions::read(const SaslUtils& sasl) {
  AcceptorOptions options;
  options.keytab = sasl.option("keytab").value_or("");
  const std::string principal = sasl.option("service_principal").value_or("");
  using Kind = ServicePrincipal::Kind;
  if (principal == "*") {
    options.service_principal = {Kind::kAnyHost, ""};
  } else if (principal == "**") {
    options.service_principal = {Kind::kAnyService, ""};
  } else if (!principal.empty()) {
    options.service_principal = {Kind::kNamed, principal};
  }
  return options;
}

Result<Options, Error> Options::read(const SaslUtils& sasl,
                                     const std::vector<std::string>& sasl_names) {
  Options options;
  static_cast<AcceptorOptions&>(options) = AcceptorOptions::read(sasl);
  options.policy = sasl.option("gssloop_policy");
  Reader reader(sasl);
  reader.mechanisms(&options.mechanisms, sasl_names);
  reader.allow_unbound(&options.allow_unbound);
  reader.password(&options.password_mechanisms, sasl_names);
  reader.boolean("ad_compat", &options.ad_compat);
  reader.ccache_store(&options.ccache_store);
  reader.boolean("gssloop_channel_binding", &options.binds_channels);
  reader.boolean("gssloop_error_token", &options.sends_error_token);
  reader.boolean("gssloop_anonymous", &options.is_anonymous);
  reader.boolean("gssloop_verbose_errors", &options.is_verbose);
  reader.number("gssloop_max_legs", &options.limits.max_legs, 2U, 1000U);
  reader.number("gssloop_max_token", &options.limits.max_token_len, std::size_t{1024},
                std::size_t{16} << 20);
  if (!reader.error().empty()) return Error{reader.error()};
  auto audit = AuditOptions::read(sasl);
  if (!audit) return std::move(audit).error();
  options.audit = *std::move(audit);
  return options;
}

std::optional<Error> AuditOptions::check() const {
  if (!is_required || to == To::kFile) return std::nullopt;
  return Error{
      "option gssloop_audit_required is yes, but gssloop_audit is not the path of a file: only a "
      "file says whether it took a line"};
}

Result<AuditOptions, Error> AuditOptions::read(const SaslUtils& sasl) {
  AuditOptions options;
  Reader reader(sasl);
  reader.audit(&options);
  reader.boolean("gssloop_audit_required", &options.is_required);
  options.values = words(sasl.option("gssloop_audit_values").value_or(""));
  if (!reader.error().empty()) return Error{reader.error()};
  return options;
}

}  // namespace gssloop::plugin
