// SPDX-License-Identifier: BSD-2-Clause
#include "fuzz/kerberos_pair.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "fuzz/targets.h"
#include "gssloop/gss/names.h"
#include "gssloop/loop/acceptor.h"
#include "gssloop/loop/initiator.h"
#include "tests/kdc/forge.h"
#include "tests/kdc/krb5_handles.h"

namespace gssloop::fuzz {
namespace {

constexpr char kKeytab[] = "MEMORY:fuzz";
constexpr char kCcache[] = "MEMORY:fuzz";
constexpr char kService[] = "imap/localhost@EXAMPLE.TEST";
constexpr std::string_view kConfiguration =
    "[libdefaults]\n default_realm = EXAMPLE.TEST\n dns_lookup_kdc = false\n"
    " dns_lookup_realm = false\n dns_canonicalize_hostname = false\n"
    "[domain_realm]\n localhost = EXAMPLE.TEST\n";

// The file of memory stays open: its name is that of its descriptor.
std::string configuration_file() {
  const int file = memfd_create("krb5.conf", 0);
  const auto num_written = write(file, kConfiguration.data(), kConfiguration.size());
  require(num_written == static_cast<ssize_t>(kConfiguration.size()), "a krb5.conf in memory");
  return "/proc/self/fd/" + std::to_string(file);
}

// A keytab of memory lives as long as there is a handle of it.
void make_key(const testing::Krb5Context& context, krb5_keytab* kept) {
  testing::Krb5Principal service(context);
  context.check(krb5_parse_name(context, kService, service.out()), kService);
  krb5_keytab_entry entry{};
  entry.principal = service.get();
  entry.vno = 1;
  context.check(krb5_c_make_random_key(context, ENCTYPE_AES256_CTS_HMAC_SHA1_96, &entry.key),
                "random key");
  context.check(krb5_kt_resolve(context, kKeytab, kept), kKeytab);
  context.check(krb5_kt_add_entry(context, *kept, &entry), kKeytab);
  krb5_free_keyblock_contents(context, &entry.key);
}

struct Side {
  Bytes token;  // to send
  bool has_token = false;
  std::optional<loop::EstablishedContext> context;

  void take(loop::Step step) {
    require(!step.is_failed(), "the login of the pair succeeds");
    has_token = step.row().has(loop::Action::kSendToken);
    token = to_bytes(step.token_to_send().value_or(ByteView()));
    if (step.is_established()) context = step.take_context();
  }
};

KerberosPair log_in() {
  auto target = gss::import_name("imap@localhost", gss::NameForm::kHostbasedService);
  require(static_cast<bool>(target), "the service has a name");
  gss::InitiatorInput input;
  input.target = *std::move(target);
  input.mech = gss::Oid::krb5();
  input.request = Flag::kMutual | Flag::kReplay | Flag::kSequence | Flag::kConf | Flag::kInteg;
  loop::Initiator initiator(std::move(input), {});
  loop::Acceptor acceptor({}, {});
  Side client, server;
  client.take(initiator.start());
  while (client.has_token) {
    server.take(acceptor.on_token(client.token));
    if (!server.has_token) break;
    client.take(initiator.on_token(server.token));
  }
  return {*std::move(client.context), *std::move(server.context)};
}

// The next two messages of this direction: the first may be out of order, the second must not.
bool synchronize(loop::EstablishedContext* sender, loop::EstablishedContext* receiver) {
  bool is_in_order = false;
  for (int i = 0; i < 2; ++i) {
    const auto token = sender->wrap(gss::Protection::kIntegrity, as_bytes("x"));
    require(static_cast<bool>(token), "a context wraps");
    is_in_order = static_cast<bool>(receiver->unwrap(gss::Protection::kIntegrity, token->view()));
  }
  return is_in_order;
}

}  // namespace

void prepare_kerberos() {
  const std::string configuration = configuration_file();
  setenv("KRB5_CONFIG", configuration.c_str(), 1);
  setenv("KRB5_KTNAME", kKeytab, 1);
  setenv("KRB5CCNAME", kCcache, 1);
  setenv("KRB5RCACHENAME", "none:", 1);
  try {
    static const testing::Krb5Context context(configuration);
    static krb5_keytab keytab = nullptr;
    make_key(context, &keytab);
    forge_ticket(testing::RealmFiles{configuration, kKeytab},
                 {.client = {.components = {"alice"}}, .end = std::chrono::hours(240)}, kCcache);
  } catch (const testing::RealmError& error) {
    std::fprintf(stderr, "no Kerberos for the fuzz targets: %s\n", error.what());
    std::exit(99);
  }
}

KerberosPair& kerberos_pair() {
  static std::optional<KerberosPair> pair;
  const auto is_in_order = [&] {
    return synchronize(&pair->initiator, &pair->acceptor) &&
           synchronize(&pair->acceptor, &pair->initiator);
  };
  if (pair && pair->initiator.is_usable() && pair->acceptor.is_usable() && is_in_order()) {
    return *pair;
  }
  pair.reset();
  pair.emplace(log_in());
  return *pair;
}

}  // namespace gssloop::fuzz
