// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/server/acceptor_credentials.h"

#include "gssloop/gss/credentials.h"
#include "gssloop/gss/kerberos.h"
#include "gssloop/gss/names.h"

namespace gssloop::plugin {
namespace {

using Kind = ServicePrincipal::Kind;

// More than the combinations of service, host and mechanism of any server. An application that
// makes up host names must not make the process grow.
constexpr std::size_t kMaxHeld = 64;

// Only Kerberos has keys in a keytab, also if SPNEGO negotiates it.
bool uses_keytab(const gss::Oid& mech) { return mech.is_kerberos() || mech == gss::Oid::spnego(); }

gss::Result<gss::Name> acceptor_name(const AcceptorKey& key) {
  switch (key.principal.kind) {
    case Kind::kServiceAtHost:
      return gss::import_name(key.service + "@" + key.host, gss::NameForm::kHostbasedService);
    case Kind::kAnyHost:
      return gss::import_name(key.service, gss::NameForm::kHostbasedService);
    case Kind::kAnyService:
      return gss::Name();
    case Kind::kNamed:
      break;
  }
  const bool is_principal = key.principal.name.find('/') != std::string::npos;
  return gss::import_name(key.principal.name, is_principal ? gss::NameForm::kKerberosPrincipal
                                                           : gss::NameForm::kHostbasedService);
}

gss::Result<gss::Credential> acquire(gss_name_t name, const AcceptorKey& key) {
  const std::string keytab = uses_keytab(key.mech) ? key.keytab : std::string();
  if (key.mech != gss::Oid::spnego()) return gss::acquire_acceptor(name, key.mech, keytab);
  // SPNEGO must negotiate Kerberos. Without a key for Kerberos the module does not offer
  // GSS-SPNEGO, even if this machine has other credentials (R11).
  if (auto kerberos = gss::acquire_acceptor(name, gss::Oid::krb5(), keytab); !kerberos) {
    return kerberos;
  }
  auto credential = gss::acquire_acceptor(name, key.mech, keytab);
  if (!credential) return credential;
  const gss::Status restricted = gss::restrict_negotiation(&*credential, gss::Oid::krb5());
  if (!restricted.is_complete()) return restricted;
  return credential;
}

}  // namespace

std::string AcceptorKey::text() const {
  std::string who;
  switch (principal.kind) {
    case Kind::kServiceAtHost:
      who = service + "@" + host;
      break;
    case Kind::kAnyHost:
      who = service + " at any host";
      break;
    case Kind::kAnyService:
      who = "any service";
      break;
    case Kind::kNamed:
      who = principal.name;
      break;
  }
  return who + (keytab.empty() ? " with the default keytab" : " with keytab " + keytab);
}

AcceptorCredentials::AcceptorCredentials() : snapshot_(std::make_shared<const Snapshot>()) {}

AcceptorCredentials::Origin AcceptorCredentials::Origin::of(const AcceptorKey& key) {
  Origin origin;
  origin.environment = gss::acceptor_environment();
  if (!uses_keytab(key.mech)) return origin;
  origin.keytab = gss::keytab_path(key.keytab.empty() ? gss::default_keytab_name() : key.keytab);
  if (!origin.keytab.empty()) origin.stamp = FileStamp::of(origin.keytab);
  return origin;
}

bool AcceptorCredentials::Origin::is_current() const {
  return environment == gss::acceptor_environment() &&
         (keytab.empty() || FileStamp::of(keytab) == stamp);
}

gss::Result<std::shared_ptr<const AcceptorCredential>> AcceptorCredentials::get(
    const AcceptorKey& key) {
  const auto snapshot = snapshot_.load();
  if (const auto held = snapshot->find(key);
      held != snapshot->end() && held->second.origin.is_current()) {
    return held->second.credential;
  }
  // The stamp is taken before the keytab is read: a change in between is seen the next time.
  Origin origin = Origin::of(key);
  auto name = acceptor_name(key);
  if (!name) return std::move(name).error();
  auto credential = acquire(name->get(), key);
  if (!credential) return std::move(credential).error();
  auto shared = std::make_shared<const AcceptorCredential>(
      AcceptorCredential{*std::move(credential), *std::move(name)});
  keep(key, {std::move(origin), shared});
  return shared;
}

void AcceptorCredentials::keep(const AcceptorKey& key, Held held) {
  auto before = snapshot_.load();
  std::shared_ptr<const Snapshot> after;
  do {
    auto changed = std::make_shared<Snapshot>();
    if (before->size() < kMaxHeld) *changed = *before;
    changed->insert_or_assign(key, held);
    after = std::move(changed);
  } while (!snapshot_.replace(&before, std::move(after)));
}

}  // namespace gssloop::plugin
