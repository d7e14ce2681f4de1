// SPDX-License-Identifier: BSD-2-Clause
#include "bench/variants.h"

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "bench/sasl_calls.h"

namespace gssloop::bench {

const char kVariantNotes[] =
    R"(  raw               GSS-API calls alone, no SASL. Client: gss_acquire_cred of the default
                    credential, gss_import_name, gss_init_sec_context twice. Server:
                    gss_accept_sec_context with a credential held from the start,
                    gss_display_name. Verified: mutual authentication, channel bindings ("n,,").
  raw-layer         the same, with the flags for a layer of confidentiality, and the two messages
                    of RFC 4752 that agree on it: gss_wrap and gss_unwrap once on each side
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
  ...-policy        the same, under the policy of gssloop-policy
  nothing           libsasl with a mechanism that does nothing; with raw, it is the floor

The variants server-... are the server's part alone: the clients' first messages are made before the
clock starts. With GS2 it is the whole login; with GSSAPI it ends when the context is established.
server-raw shares one credential among all threads, server-raw-each gives each thread its own, and
server-raw-kept also keeps libkrb5's copy of krb5.conf, which this module does with its credentials.
server-raw-attributes also reads all six attributes of the user with gss_inquire_name and
gss_get_name_attribute; the application of server-gssloop-attributes requests them as properties.

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

auto raw_server(RawServerSettings settings) {
  return [settings] { return raw_servers(settings); };
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

// Where a server finds its SASL options.
std::string conf_folder(const Setting& setting, const Variant& variant) {
  if (!variant.has_policy) return "";
  const fs::path folder = setting.realm().path("policy");
  if (fs::exists(folder)) return folder;  // a policy that is written again is read again
  fs::create_directories(folder);
  std::ofstream(folder / "policy.toml") << kPolicy;
  std::ofstream(folder / (std::string(kServerName) + ".conf"))
      << "gssloop_policy: " << (folder / "policy.toml").string() << "\n";
  return folder;
}

}  // namespace

const std::vector<Variant>& variants() {
  static const std::vector<Variant> all = {
      {"raw", false, raw_logins, "raw", "cyrus"},
      {"raw-layer", false, raw_layer_logins, "raw-layer", "cyrus-gssapi"},
      {"gssloop", false, sasl({"GS2-KRB5", "", {}}), "raw", "cyrus"},
      {"gssloop-authname", false, sasl({"GS2-KRB5", "alice", {}}), "raw", "cyrus"},
      {"gssloop-property", false, sasl({"GS2-KRB5", "", {"*auth-indicators"}}), "raw", "cyrus"},
      {"gssloop-policy", false, sasl({"GS2-KRB5", "", {}}), "raw", "cyrus", true},
      {"cyrus", true, sasl({"GS2-KRB5", "alice", {}}), "raw", "cyrus"},
      {"gssloop-gssapi", false, sasl({"GSSAPI", "", {}}), "raw-layer", "cyrus-gssapi"},
      {"cyrus-gssapi", true, sasl({"GSSAPI", "", {}}), "raw-layer", "cyrus-gssapi"},
      {"gssloop-gssapi-policy", false, sasl({"GSSAPI", "", {}}), "raw-layer", "cyrus-gssapi", true},
      {"gssloop-spnego", false, sasl({"GSS-SPNEGO", "", {}}), "raw", "cyrus-spnego"},
      {"gssloop-spnego-policy", false, sasl({"GSS-SPNEGO", "", {}}), "raw", "cyrus-spnego", true},
      {"cyrus-spnego", true, sasl({"GSS-SPNEGO", "", {}}), "raw", "cyrus-spnego"},
      {"nothing", false, sasl({kNothing, "", {}}), "raw", "cyrus"},
      {"server-raw", false, raw_server({}), "server-raw", "server-cyrus"},
      {"server-raw-each", false, raw_server({.has_credential_each = true}), "server-raw",
       "server-cyrus"},
      {"server-raw-kept", false, raw_server({.has_credential_each = true, .keeps_krb5_conf = true}),
       "server-raw", "server-cyrus"},
      {"server-gssloop", false, server({"GS2-KRB5", "", {}}), "server-raw", "server-cyrus"},
      {"server-cyrus", true, server({"GS2-KRB5", "alice", {}}), "server-raw", "server-cyrus"},
      {"server-gssloop-gssapi", false, server({"GSSAPI", "", {}}), "server-raw",
       "server-cyrus-gssapi"},
      {"server-cyrus-gssapi", true, server({"GSSAPI", "", {}}), "server-raw",
       "server-cyrus-gssapi"},
      {"server-raw-attributes", false, raw_server({.reads_attributes = true}), "server-raw",
       "server-cyrus"},
      {"server-gssloop-attributes", false, server({"GS2-KRB5", "", attribute_properties()}),
       "server-raw", "server-cyrus"},
      {"server-nothing", false, server({kNothing, "", {}}), "server-raw", "server-cyrus"},
  };
  return all;
}

const Variant& find_variant(const std::string& name) {
  for (const Variant& variant : variants()) {
    if (name == variant.name) return variant;
  }
  throw std::runtime_error("there is no variant " + name);
}

std::unique_ptr<Worker> start_worker(const Setting& setting, const Variant& variant,
                                     ReplayCache cache) {
  const std::string modules = variant.is_stock ? setting.stock_folder() : Setting::module_folder();
  if (modules.empty()) return nullptr;
  auto worker = std::make_unique<Worker>(
      variant.name, setting.environment(modules, cache, conf_folder(setting, variant)));
  constexpr unsigned kNumWarmUp = 50;  // gets the service ticket, too
  worker->run(kNumWarmUp, 1);
  return worker;
}

int serve_variant(const std::string& name) {
  serve_measurements(find_variant(name).logins().get());
  return 0;
}

}  // namespace gssloop::bench
