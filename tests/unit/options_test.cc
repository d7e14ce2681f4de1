// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/sasl/options.h"

#include <gtest/gtest.h>

#include <map>

#include "plugin/sasl/mechanism.h"
#include "plugin/sasl/sasl_utils.h"
#include "tests/support/spec.h"

namespace gssloop::plugin {
namespace {

using Values = std::map<std::string, std::string>;

int on_getopt(void* context, const char*, const char* option, const char** result, unsigned* len) {
  const auto* values = static_cast<const Values*>(context);
  const auto found = values->find(option);
  if (found == values->end()) return SASL_FAIL;
  *result = found->second.c_str();
  *len = static_cast<unsigned>(found->second.size());
  return SASL_OK;
}

Result<Options, Error> read(Values values) {
  sasl_utils_t utils{};
  utils.getopt = on_getopt;
  utils.getopt_context = &values;
  return Options::read(SaslUtils(&utils), {"GSSAPI", "GSS-SPNEGO", "GS2-KRB5", "EAP-AES128"});
}

// The mechanisms that may use a password, of all that `read` knows.
std::vector<std::string> password_mechanisms(const Options& options) {
  std::vector<std::string> names;
  for (const auto& [family, name] :
       {std::pair(Family::kGssapi, "GSSAPI"), std::pair(Family::kSpnego, "GSS-SPNEGO"),
        std::pair(Family::kGs2, "GS2-KRB5"), std::pair(Family::kGs2, "EAP-AES128")}) {
    if (options.allows_password({family, name, {}})) names.emplace_back(name);
  }
  return names;
}

TEST(Options, Defaults) {
  const auto options = read({});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->keytab, "");
  EXPECT_EQ(options->service_principal.kind, ServicePrincipal::Kind::kServiceAtHost);
  EXPECT_FALSE(options->mechanisms);
  EXPECT_TRUE(options->allow_unbound.empty());
  EXPECT_TRUE(options->sends_error_token);
  EXPECT_FALSE(options->is_anonymous);
  EXPECT_FALSE(options->is_verbose);
  EXPECT_TRUE(options->binds_channels);
  EXPECT_FALSE(options->ad_compat);
  EXPECT_FALSE(options->ccache_store);
  EXPECT_EQ(options->audit.to, AuditOptions::To::kNothing);
  EXPECT_FALSE(options->audit.is_required);
  EXPECT_TRUE(options->audit.values.empty());
  EXPECT_FALSE(options->audit.check());
  EXPECT_EQ(options->limits.max_legs, 32U);
  EXPECT_EQ(options->limits.max_token_len, 262144U);
}

TEST(Options, NothingReadsWithoutGetopt) {
  const sasl_utils_t utils{};
  EXPECT_TRUE(Options::read(SaslUtils(&utils), {}));
}

TEST(Options, Booleans) {
  for (const char* name : {"gssloop_error_token", "gssloop_anonymous", "gssloop_verbose_errors",
                           "gssloop_channel_binding", "ad_compat"}) {
    const auto value = [name](const Options& options) {
      const std::string option = name;
      if (option == "gssloop_error_token") return options.sends_error_token;
      if (option == "gssloop_channel_binding") return options.binds_channels;
      if (option == "ad_compat") return options.ad_compat;
      return option == "gssloop_anonymous" ? options.is_anonymous : options.is_verbose;
    };
    for (const char* yes : {"yes", "YES", "true", "on", "1"}) {
      EXPECT_TRUE(value(*read({{name, yes}}))) << name << yes;
    }
    for (const char* no : {"no", "No", "false", "off", "0"}) {
      EXPECT_FALSE(value(*read({{name, no}}))) << name << no;
    }
    for (const char* wrong : {"", "ye", "yess", "2", "yes ", "y\nes"}) {
      const auto refused = read({{name, wrong}});
      ASSERT_FALSE(refused) << name << wrong;
      EXPECT_NE(refused.error().message.find(name), std::string::npos);
      EXPECT_EQ(refused.error().message.find('\n'), std::string::npos);
    }
  }
}

TEST(Options, Audit) {
  using To = AuditOptions::To;
  const auto audit = [](Values values) { return read(std::move(values))->audit; };
  EXPECT_EQ(audit({{"gssloop_audit", "no"}}).to, To::kNothing);
  EXPECT_EQ(audit({{"gssloop_audit", "Syslog"}}).to, To::kSyslog);
  EXPECT_EQ(audit({{"gssloop_audit", "/var/log/trail"}}).to, To::kFile);
  EXPECT_EQ(audit({{"gssloop_audit", "/var/log/trail"}}).path, "/var/log/trail");
  for (const char* wrong : {"", "yes", "trail", "./trail", "syslog ", "SYSLOG:auth", "none"}) {
    const auto refused = read({{"gssloop_audit", wrong}});
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().message,
              "option gssloop_audit is \"" + std::string(wrong) +
                  "\", but must be no, syslog, or the path of a file, which begins with /");
  }
  EXPECT_FALSE(read({{"gssloop_audit_required", "always"}}));
  EXPECT_EQ(audit({{"gssloop_audit_values", " groups, assurance\tmail "}}).values,
            (std::vector<std::string>{"groups", "assurance", "mail"}));
  // Each is valid alone, but only a file says whether it took a line.
  for (const auto& [to, is_possible] :
       {std::pair("no", false), std::pair("syslog", false), std::pair("/trail", true)}) {
    const auto options = audit({{"gssloop_audit", to}, {"gssloop_audit_required", "yes"}});
    EXPECT_TRUE(options.is_required);
    EXPECT_EQ(!options.check(), is_possible) << to;
  }
}

TEST(Options, Numbers) {
  const struct {
    const char* name;
    const char* value;
    bool is_accepted;
  } rows[] = {
      {"gssloop_max_legs", "2", true},
      {"gssloop_max_legs", "1000", true},
      {"gssloop_max_legs", "1", false},
      {"gssloop_max_legs", "1001", false},
      {"gssloop_max_legs", "-3", false},
      {"gssloop_max_legs", "3x", false},
      {"gssloop_max_legs", "", false},
      {"gssloop_max_legs", " 3", false},
      {"gssloop_max_legs", "4294967298", false},
      {"gssloop_max_token", "1024", true},
      {"gssloop_max_token", "16777216", true},
      {"gssloop_max_token", "1023", false},
      {"gssloop_max_token", "16777217", false},
      {"gssloop_max_token", "64k", false},
      {"gssloop_max_token", "18446744073709551617", false},
  };
  for (const auto& row : rows) {
    const auto options = read({{row.name, row.value}});
    EXPECT_EQ(static_cast<bool>(options), row.is_accepted) << row.name << "=" << row.value;
    if (!options) {
      EXPECT_NE(options.error().message.find(row.name), std::string::npos);
      EXPECT_NE(options.error().message.find("must be"), std::string::npos);
    }
  }
  EXPECT_EQ(read({{"gssloop_max_legs", "7"}})->limits.max_legs, 7U);
  EXPECT_EQ(read({{"gssloop_max_token", "4096"}})->limits.max_token_len, 4096U);
}

TEST(Options, ServicePrincipal) {
  SPEC("R12");
  using Kind = ServicePrincipal::Kind;
  const struct {
    const char* value;
    Kind kind;
    const char* name;
  } rows[] = {
      {"", Kind::kServiceAtHost, ""},
      {"*", Kind::kAnyHost, ""},
      {"**", Kind::kAnyService, ""},
      {"imap/host@REALM", Kind::kNamed, "imap/host@REALM"},
      {"imap@host", Kind::kNamed, "imap@host"},
      {"***", Kind::kNamed, "***"},
  };
  for (const auto& row : rows) {
    const auto options = read({{"service_principal", row.value}});
    ASSERT_TRUE(options);
    EXPECT_EQ(options->service_principal.kind, row.kind) << row.value;
    EXPECT_EQ(options->service_principal.name, row.name);
  }
}

// A value that is no template of a ccache's name refuses logins, and says which option it is.
TEST(Options, CcacheStore) {
  for (const char* wrong : {"", "FILE:", "FILE:/tmp/%q", "FILE:/tmp/%", "FILE:/tmp/x"}) {
    const auto refused = read({{"ccache_store", wrong}});
    ASSERT_FALSE(refused) << wrong;
    EXPECT_NE(refused.error().message.find("ccache_store"), std::string::npos)
        << refused.error().message;
  }
}

TEST(Options, Lists) {
  SPEC("G10");
  const auto options = read(
      {{"gssloop_mechanisms", " GS2-KRB5  GS2-IAKERB "}, {"gssloop_allow_unbound", "gs2-x Y"}});
  ASSERT_TRUE(options);
  EXPECT_EQ(*options->mechanisms, (std::vector<std::string>{"GS2-KRB5", "GS2-IAKERB"}));
  EXPECT_TRUE(options->allows_unbound("GS2-X"));
  EXPECT_TRUE(options->allows_unbound("y"));
  // A prefix, or nothing at all, is not the name.
  EXPECT_FALSE(options->allows_unbound("GS2-XY"));
  EXPECT_FALSE(options->allows_unbound("GS2-"));
  EXPECT_FALSE(options->allows_unbound(""));
  EXPECT_TRUE(read({{"gssloop_mechanisms", ""}})->mechanisms->empty());
  EXPECT_EQ(*read({{"gssloop_mechanisms", "GSSAPI,GS2-KRB5, X"}})->mechanisms,
            (std::vector<std::string>{"GSSAPI", "GS2-KRB5", "X"}));
}

TEST(Options, Mechanisms) {
  for (const char* none : {"none", " NONE "}) {
    EXPECT_TRUE(read({{"gssloop_mechanisms", none}})->mechanisms->empty()) << none;
  }
  for (const char* wrong : {"PLAIN", "NOSUCH", "SPNEGO GS2-KBR5", "none none", "GS2-KRB5-PLUS"}) {
    const auto refused = read({{"gssloop_mechanisms", wrong}});
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(
        refused.error().message,
        "option gssloop_mechanisms is " + in_quotes(wrong) +
            ", but must be none, or a list of some of GSSAPI, GSS-SPNEGO, GS2-KRB5, EAP-AES128");
  }
}

TEST(Options, Password) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(password_mechanisms(*read({})), (Names{"GS2-KRB5", "EAP-AES128"}));
  const struct {
    const char* value;
    Names allowed;
  } rows[] = {
      {"none", {}},
      {" NONE ", {}},
      {"GS2-KRB5", {"GS2-KRB5"}},
      {"GSSAPI", {"GSSAPI"}},
      {"GSSAPI gs2-krb5", {"GSSAPI", "GS2-KRB5"}},
      {"GSS-SPNEGO,GSSAPI, EAP-AES128", {"GSSAPI", "GSS-SPNEGO", "EAP-AES128"}},
      {"GSSAPI-PLUS gs2-krb5-plus GS2-KRB5", {"GSSAPI", "GS2-KRB5"}},
  };
  for (const auto& row : rows) {
    const auto options = read({{"gssloop_password", row.value}});
    ASSERT_TRUE(options) << row.value;
    EXPECT_EQ(password_mechanisms(*options), row.allowed) << row.value;
  }
  for (const char* wrong : {"", " ", ",", "PLAIN", "GSSAPI GS2-KBR5", "GSSAPI none", "none none",
                            "GS2", "-PLUS", "GSSAPI-PLUS-PLUS", "GSSAPI;GS2-KRB5", "yes"}) {
    const auto refused = read({{"gssloop_password", wrong}});
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(
        refused.error().message,
        "option gssloop_password is " + in_quotes(wrong) +
            ", but must be none, or a list of some of GSSAPI, GSS-SPNEGO, GS2-KRB5, EAP-AES128");
  }
}

}  // namespace
}  // namespace gssloop::plugin
