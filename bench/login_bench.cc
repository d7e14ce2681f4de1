// SPDX-License-Identifier: BSD-2-Clause
//
// What a login costs with this module, with bare GSS-API calls, and with Cyrus SASL's own
// module. See kNotes.

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

#include "bench/logins.h"
#include "bench/sasl_calls.h"
#include "bench/worker.h"
#include "tests/kdc/process.h"
#include "tests/kdc/realm.h"
#include "tests/support/arguments.h"

namespace gssloop::bench {
namespace {

namespace fs = std::filesystem;

constexpr char kUsage[] = "Usage: login_bench [OPTION...]\n";
constexpr char kNotes[] =
    R"(
Measures CPU time (user and system) per complete login of one user with a cached service ticket,
client and server in one process, a process per variant. A ratio is the median, over the rounds, of
two measurements of the same round, since machines change their speed meanwhile.

  raw               GSS-API calls alone, no SASL. Client: gss_acquire_cred of the default
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
Environment: GSSLOOP_PLUGIN_DIR, GSSLOOP_STOCK_PLUGIN_DIR name the folders of the two modules.
)";

struct Variant {
  const char* name;
  bool is_stock;
  std::function<std::unique_ptr<Logins>()> logins;
  const char* raw;     // the variant without SASL
  const char* beside;  // the variant with Cyrus SASL's module
  bool has_policy = false;

  // The variant that shows what libsasl costs.
  const char* nothing() const { return raw == std::string("raw") ? "nothing" : "server-nothing"; }
};

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

const Variant kVariants[] = {
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
constexpr const char* kThreaded[] = {"raw",
                                     "gssloop",
                                     "cyrus",
                                     "gssloop-gssapi",
                                     "cyrus-gssapi",
                                     "server-raw",
                                     "server-raw-each",
                                     "server-gssloop",
                                     "server-cyrus",
                                     "server-gssloop-gssapi",
                                     "server-cyrus-gssapi"};
constexpr unsigned kNumThreads[] = {1, 2, 8};

struct Options {
  unsigned num_rounds = 40;
  unsigned num_logins = 100;
  std::vector<std::string> rcaches = {"file", "none"};
  bool is_json = false;
};

// ---- The parent

// Where a server finds its SASL options.
std::string conf_folder(const testing::Realm& realm, const Variant& variant) {
  if (!variant.has_policy) return realm.dir();
  const fs::path folder = realm.path("policy");
  fs::create_directories(folder);
  std::ofstream(folder / "policy.toml") << kPolicy;
  std::ofstream(folder / (std::string(kServerName) + ".conf"))
      << "gssloop_policy: " << (folder / "policy.toml").string() << "\n";
  return folder;
}

// What one replay cache gave: a number a round for each variant.
struct Series {
  std::string rcache;
  std::map<std::string, std::vector<double>> cpu_us;
  // Logins a second, with each number of threads.
  std::map<std::string, std::vector<double>> throughput[std::size(kNumThreads)];
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

// What two things cost together, in each round.
std::vector<double> sum(std::vector<double> a, const std::vector<double>& b) {
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) a[i] += b[i];
  return a;
}

double median_ratio(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) ratios.push_back(a[i] / b[i]);
  return ratios.empty() ? 0 : median(ratios);
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// A folder with the stock Kerberos modules alone; "" if they are not on this machine.
std::string stock_folder(const testing::Realm& realm) {
  const fs::path folder = realm.path("stock");
  for (const char* name : {"libgs2.so", "libgssapiv2.so"}) {
    const fs::path module = fs::path(variable("GSSLOOP_STOCK_PLUGIN_DIR")) / name;
    if (!fs::exists(module)) return "";
    if (fs::exists(folder / name)) continue;
    fs::create_directories(folder);
    fs::create_symlink(fs::canonical(module), folder / name);
  }
  return folder;
}

using Workers = std::map<std::string, std::unique_ptr<Worker>>;

Workers start_workers(const testing::Realm& realm, const std::string& rcache) {
  Workers workers;
  const std::string stock = stock_folder(realm);
  for (const Variant& variant : kVariants) {
    if (variant.is_stock && stock.empty()) continue;
    const std::string modules = variant.is_stock ? stock : variable("GSSLOOP_PLUGIN_DIR");
    const std::string cache = rcache == "none" ? "none:" : "file2:" + realm.path("rcache");
    workers[variant.name] = std::make_unique<Worker>(
        variant.name, testing::environment_with({"SASL_PATH=" + modules,
                                                 "SASL_CONF_PATH=" + conf_folder(realm, variant),
                                                 "KRB5RCACHENAME=" + cache}));
    constexpr unsigned kNumWarmUp = 50;  // gets the service ticket, too
    workers[variant.name]->run(kNumWarmUp, 1);
  }
  return workers;
}

void measure_threads(Workers* workers, unsigned num_logins, Series* series) {
  for (std::size_t i = 0; i < std::size(kNumThreads); ++i) {
    for (const char* name : kThreaded) {
      if (workers->count(name) == 0) continue;
      const Worker::Cost cost = workers->at(name)->run(num_logins, kNumThreads[i]);
      series->throughput[i][name].push_back(num_logins * kNumThreads[i] / cost.wall_s);
    }
  }
}

Series measure(const testing::Realm& realm, const std::string& rcache, const Options& options) {
  Series series;
  series.rcache = rcache;
  Workers workers = start_workers(realm, rcache);
  // In processes of their own: after its first thread a process stays slower (glibc).
  Workers threaded = start_workers(realm, rcache);
  std::vector<std::string> names;
  for (const auto& [name, worker] : workers) names.push_back(name);
  std::minstd_rand random(1);  // NOLINT: the same order in each run
  for (unsigned round = 0; round < options.num_rounds; ++round) {
    // In another order each round, so that none always runs with the caches that the same one left.
    std::shuffle(names.begin(), names.end(), random);
    for (const std::string& name : names) {
      const Worker::Cost cost = workers[name]->run(options.num_logins, 1);
      series.cpu_us[name].push_back(cost.cpu_s * 1e6 / options.num_logins);
    }
    measure_threads(&threaded, options.num_logins, &series);
    if (isatty(STDERR_FILENO) == 0) continue;
    std::fprintf(stderr, "\rreplay cache %s: round %u of %u ", rcache.c_str(), round + 1,
                 options.num_rounds);
  }
  if (isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "\r%*s\r", 60, "");
  return series;
}

void print_cpu(Series series) {
  std::printf("  %-22s %10s %8s %8s %8s %10s\n", "", "us/login", "x raw", "x floor", "x cyrus",
              "logins/s");
  for (const Variant& variant : kVariants) {
    const auto& values = series.cpu_us[variant.name];
    const auto& raw = series.cpu_us[variant.raw];
    const auto& stock = series.cpu_us[variant.beside];
    if (values.empty()) {
      std::printf("  %-22s (module not found)\n", variant.name);
      continue;
    }
    const auto floor = sum(raw, series.cpu_us[variant.nothing()]);
    std::printf("  %-22s %10.1f %8.2f %8.2f", variant.name, median(values),
                median_ratio(values, raw), median_ratio(values, floor));
    if (stock.empty()) {
      std::printf(" %8s", "-");
    } else {
      std::printf(" %8.2f", median_ratio(values, stock));
    }
    std::printf(" %10.0f\n", 1e6 / median(values));
  }
}

void print_throughput(Series series) {
  std::printf("  %-22s %10s %10s %10s %8s %8s\n", "", "1 thread", "2 threads", "8 threads", "2 : 1",
              "8 : 2");
  for (const char* name : kThreaded) {
    const auto& one = series.throughput[0][name];
    const auto& two = series.throughput[1][name];
    const auto& eight = series.throughput[2][name];
    if (one.empty()) continue;
    std::printf("  %-22s %10.0f %10.0f %10.0f %8.2f %8.2f\n", name, median(one), median(two),
                median(eight), median_ratio(two, one), median_ratio(eight, two));
  }
}

void print_tables(const Series& series, const Options& options) {
  std::printf("\nCPU time of a login, replay cache: %s; median of %u rounds of %u logins\n",
              series.rcache.c_str(), options.num_rounds, options.num_logins);
  print_cpu(series);
  std::printf("\nLogins a second by the clock on the wall (%u processors)\n",
              std::thread::hardware_concurrency());
  print_throughput(series);
}

void print_json(Series series, bool is_last) {
  std::printf("  {\"replay_cache\": \"%s\", \"variants\": {", series.rcache.c_str());
  const char* separator = "";
  for (const auto& [name, values] : series.cpu_us) {
    if (values.empty()) continue;
    std::printf("%s\n    \"%s\": {\"cpu_us\": %.2f, \"ratio_to_raw\": %.3f", separator,
                name.c_str(), median(values), median_ratio(values, series.cpu_us["raw"]));
    for (std::size_t i = 0; i < std::size(kNumThreads); ++i) {
      const auto found = series.throughput[i].find(name);
      if (found == series.throughput[i].end()) continue;
      std::printf(", \"logins_per_s_%u_thread%s\": %.0f", kNumThreads[i],
                  kNumThreads[i] == 1 ? "" : "s", median(found->second));
    }
    std::printf("}");
    separator = ",";
  }
  std::printf("}}%s\n", is_last ? "" : ",");
}

void run(const Options& options) {
  testing::RealmOptions realm_options;
  realm_options.services = {"imap/localhost"};
  testing::Realm realm(realm_options);
  realm.apply_to_this_process();
  realm.add_user("alice", "password");
  realm.kinit("alice", "password");
  if (options.is_json) std::printf("[\n");
  for (const std::string& rcache : options.rcaches) {
    const Series series = measure(realm, rcache, options);
    if (options.is_json) {
      print_json(series, rcache == options.rcaches.back());
    } else {
      print_tables(series, options);
    }
    std::fflush(stdout);
  }
  if (options.is_json) std::printf("]\n");
}

// ---- The command line

int run_as_child(const std::string& name) {
  for (const Variant& variant : kVariants) {
    if (name != variant.name) continue;
    serve_measurements(variant.logins().get());
    return 0;
  }
  throw std::runtime_error("there is no variant " + name);
}

int main_of(int argc, char** argv) {
  Options options;
  std::string rcache = "both";
  std::string child;
  testing::parse_arguments(
      argc, argv,
      {kUsage,
       {{"--rounds N", &options.num_rounds, "how often everything is measured, in turns (40)"},
        {"--logins N", &options.num_logins, "logins a measurement (100)"},
        {"--rcache KIND", &rcache,
         "replay cache: file (as Kerberos does by default), none, or both\n(both)"},
        {"--json", &options.is_json, "the results as JSON"},
        {"--child VARIANT", &child}},  // for Worker, and for profilers
       kNotes});
  if (!child.empty()) return run_as_child(child);
  if (rcache != "both") options.rcaches = {rcache};
  const bool is_cache = rcache == "both" || rcache == "file" || rcache == "none";
  if (!is_cache || options.num_rounds == 0 || options.num_logins == 0) {
    std::fprintf(stderr, "login_bench: there is no such number or cache; see login_bench --help\n");
    return 2;
  }
  run(options);
  return 0;
}

}  // namespace
}  // namespace gssloop::bench

int main(int argc, char** argv) {
  try {
    return gssloop::bench::main_of(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "login_bench: %s\n", error.what());
    return 1;
  }
}
