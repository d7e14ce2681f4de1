// SPDX-License-Identifier: BSD-2-Clause
#include "bench/variants.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "bench/sasl_calls.h"
#include "tests/kdc/process.h"

namespace gssloop::bench {

const char kVariantNotes[] =
    R"(  raw               GSS-API calls alone, no SASL. Client: gss_acquire_cred of the default
                    credential, gss_import_name, gss_init_sec_context twice. Server:
                    gss_accept_sec_context with a credential held from the start,
                    gss_display_name. Verified: mutual authentication, channel bindings ("n,,").
  gssloop           this module, libsasl, GS2-KRB5, the default credential
  gssloop-authname  the same, the ticket chosen by the AUTHNAME callback
  gssloop-property  the server application requests *auth-indicators as well
  gssloop-policy    the same as gssloop, under a policy with a require over auth-indicators, a deny
                    over the PAC's client-info, and both published
  cyrus             Cyrus SASL's gs2 module; it cannot do without the AUTHNAME callback
  gssloop-gssapi    this module, GSSAPI with a layer of confidentiality
  cyrus-gssapi      Cyrus SASL's gssapiv2 module, the same
  gssloop-spnego    this module, GSS-SPNEGO with a layer of confidentiality
  cyrus-spnego      Cyrus SASL's gssapiv2 module, the same
  nothing           libsasl with a mechanism that does nothing; with raw, it is the floor

The variants server-... are the server's part alone: the clients' first messages are made before the
clock starts. With GS2 it is the whole login; with GSSAPI it ends when the context is established.
server-raw shares one credential among all threads, server-raw-each gives each thread its own.

All SASL servers have a user database that has each user: Cyrus SASL's module refuses others.
)";

namespace {

namespace fs = std::filesystem;

auto sasl(SaslSettings settings) {
  return [settings] { return sasl_logins(settings); };
}
auto server(SaslSettings settings) {
  return [settings] { return sasl_servers(settings); };
}

constexpr char kPolicy[] = R"([attributes.assurance]
from = [{ mechanism = "krb5", name = "auth-indicators" }]
[attributes.client]
from = [{ mechanism = "krb5", name = "urn:mspac:client-info", form = "pac-client-info" }]
[services.imap]
require = ["assurance=second-factor", "exists client"]
deny = ["client~\"*Z mallory\""]
publish = "all"
)";

std::string variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): there is no other thread
  return value == nullptr ? "" : value;
}

testing::RealmOptions realm_options() {
  testing::RealmOptions options;
  options.services = {"imap/localhost"};
  return options;
}

}  // namespace

const std::vector<Variant>& variants() {
  static const std::vector<Variant> all = {
      {"raw", false, raw_logins, "raw", "cyrus"},
      {"gssloop", false, sasl({"GS2-KRB5", "", false}), "raw", "cyrus"},
      {"gssloop-authname", false, sasl({"GS2-KRB5", "alice", false}), "raw", "cyrus"},
      {"gssloop-property", false, sasl({"GS2-KRB5", "", true}), "raw", "cyrus"},
      {"gssloop-policy", false, sasl({"GS2-KRB5", "", false}), "raw", "cyrus", true},
      {"cyrus", true, sasl({"GS2-KRB5", "alice", false}), "raw", "cyrus"},
      {"gssloop-gssapi", false, sasl({"GSSAPI", "", false}), "raw", "cyrus-gssapi"},
      {"cyrus-gssapi", true, sasl({"GSSAPI", "", false}), "raw", "cyrus-gssapi"},
      {"gssloop-spnego", false, sasl({"GSS-SPNEGO", "", false}), "raw", "cyrus-spnego"},
      {"cyrus-spnego", true, sasl({"GSS-SPNEGO", "", false}), "raw", "cyrus-spnego"},
      {"nothing", false, sasl({kNothing, "", false}), "raw", "cyrus"},
      {"server-raw", false, [] { return raw_servers(false); }, "server-raw", "server-cyrus"},
      {"server-raw-each", false, [] { return raw_servers(true); }, "server-raw", "server-cyrus"},
      {"server-gssloop", false, server({"GS2-KRB5", "", false}), "server-raw", "server-cyrus"},
      {"server-cyrus", true, server({"GS2-KRB5", "alice", false}), "server-raw", "server-cyrus"},
      {"server-gssloop-gssapi", false, server({"GSSAPI", "", false}), "server-raw",
       "server-cyrus-gssapi"},
      {"server-cyrus-gssapi", true, server({"GSSAPI", "", false}), "server-raw",
       "server-cyrus-gssapi"},
      {"server-nothing", false, server({kNothing, "", false}), "server-raw", "server-cyrus"},
  };
  return all;
}

const Variant& find_variant(const std::string& name) {
  for (const Variant& variant : variants()) {
    if (name == variant.name) return variant;
  }
  throw std::runtime_error("there is no variant " + name);
}

int serve_variant(const std::string& name) {
  serve_measurements(find_variant(name).logins().get());
  return 0;
}

const char* to_string(ReplayCache kind) { return kind == ReplayCache::kFile ? "file" : "none"; }

Setting::Setting() : realm_(realm_options()) {
  realm_.apply_to_this_process();
  realm_.add_user("alice", "password");
  realm_.kinit("alice", "password");
}

std::unique_ptr<Worker> Setting::start(const Variant& variant, ReplayCache cache) const {
  const std::string modules = variant.is_stock ? stock_folder() : variable("GSSLOOP_PLUGIN_DIR");
  if (modules.empty()) return nullptr;
  const std::string rcache =
      cache == ReplayCache::kNone ? "none:" : "file2:" + realm_.path("rcache");
  auto worker = std::make_unique<Worker>(
      variant.name,
      testing::environment_with({"SASL_PATH=" + modules, "SASL_CONF_PATH=" + conf_folder(variant),
                                 "KRB5RCACHENAME=" + rcache}));
  constexpr unsigned kNumWarmUp = 50;  // gets the service ticket, too
  worker->run(kNumWarmUp, 1);
  return worker;
}

// A folder with the stock Kerberos modules alone; "" if they are not on this machine.
std::string Setting::stock_folder() const {
  const fs::path folder = realm_.path("stock");
  for (const char* name : {"libgs2.so", "libgssapiv2.so"}) {
    const fs::path module = fs::path(variable("GSSLOOP_STOCK_PLUGIN_DIR")) / name;
    if (!fs::exists(module)) return "";
    if (fs::exists(folder / name)) continue;
    fs::create_directories(folder);
    fs::create_symlink(fs::canonical(module), folder / name);
  }
  return folder;
}

// Where a server finds its SASL options.
std::string Setting::conf_folder(const Variant& variant) const {
  if (!variant.has_policy) return realm_.dir();
  const fs::path folder = realm_.path("policy");
  if (fs::exists(folder)) return folder;  // a policy that is written again is read again
  fs::create_directories(folder);
  std::ofstream(folder / "policy.toml") << kPolicy;
  std::ofstream(folder / (std::string(kServerName) + ".conf"))
      << "gssloop_policy: " << (folder / "policy.toml").string() << "\n";
  return folder;
}

}  // namespace gssloop::bench
