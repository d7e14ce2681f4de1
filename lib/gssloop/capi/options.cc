// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/capi/capi.h"
#include "gssloop/gss/credentials.h"

namespace gssloop::capi {
namespace {

// parse_mech reads a dotted OID; NULL is the empty one, the library's default.
std::optional<gss::Oid> parse_mech(const char* mech) {
  if (mech == nullptr) return gss::Oid();
  return gss::Oid::from_dotted(mech);
}

int hand_out(gss::Result<gss::Credential> acquired, std::optional<std::string> keytab,
             gssloop_credential** credential, gssloop_error** error) {
  if (!acquired) return fail(error, GSSLOOP_FAULT_LOCAL_CREDENTIAL, acquired.error());
  auto made = std::make_unique<gssloop_credential>();
  made->shared =
      std::make_shared<const Acquired>(Acquired{*std::move(acquired), std::move(keytab)});
  *credential = made.release();
  return GSSLOOP_OK;
}

// import reads a name; an empty handle for NULL.
gss::Result<gss::Name> import(const char* name, gss::NameForm form) {
  if (name == nullptr) return gss::Name();
  return gss::import_name(name, form);
}

}  // namespace
}  // namespace gssloop::capi

using namespace gssloop;
using namespace gssloop::capi;

int gssloop_credential_initiate(const char* name, int form, const char* mech,
                                gssloop_credential** credential, gssloop_error** error) noexcept {
  reset(error);
  reset(credential);
  return guarded(error, [&] {
    const auto written_as = name == nullptr ? gss::NameForm::kUser : name_form(form);
    const auto oid = parse_mech(mech);
    if (credential == nullptr) return invalid(error, "credential is NULL");
    if (!written_as) return invalid(error, "unknown form of name");
    if (!oid) return invalid(error, "mechanism is not a dotted OID");
    const auto imported = import(name, *written_as);
    if (!imported) return fail(error, GSSLOOP_FAULT_LOCAL_MISUSE, imported.error());
    return hand_out(gss::acquire_initiator(imported->get(), *oid), std::nullopt, credential, error);
  });
}

int gssloop_credential_accept(const char* service, const char* keytab, const char* mech,
                              gssloop_credential** credential, gssloop_error** error) noexcept {
  reset(error);
  reset(credential);
  return guarded(error, [&] {
    const auto oid = parse_mech(mech);
    if (credential == nullptr) return invalid(error, "credential is NULL");
    if (!oid) return invalid(error, "mechanism is not a dotted OID");
    const auto imported = import(service, gss::NameForm::kHostbasedService);
    if (!imported) return fail(error, GSSLOOP_FAULT_LOCAL_MISUSE, imported.error());
    std::string from = keytab == nullptr ? "" : keytab;
    auto acquired = gss::acquire_acceptor(imported->get(), *oid, from);
    return hand_out(std::move(acquired), std::move(from), credential, error);
  });
}

void gssloop_credential_free(gssloop_credential** credential) noexcept {
  if (credential == nullptr) return;
  delete *credential;
  *credential = nullptr;
}

int gssloop_options_new(uint32_t required_flags, gssloop_options** options) noexcept {
  reset(options);
  return guarded(nullptr, [&]() -> int {
    if (options == nullptr) return GSSLOOP_INVALID;
    auto made = std::make_unique<gssloop_options>();
    made->required = Flags::from_bits(required_flags);
    *options = made.release();
    return GSSLOOP_OK;
  });
}

void gssloop_options_free(gssloop_options** options) noexcept {
  if (options == nullptr) return;
  delete *options;
  *options = nullptr;
}

int gssloop_options_request(gssloop_options* options, uint32_t flags) noexcept {
  if (options == nullptr) return GSSLOOP_INVALID;
  options->requested = options->requested | Flags::from_bits(flags);
  return GSSLOOP_OK;
}

int gssloop_options_set_mech(gssloop_options* options, const char* mech) noexcept {
  return guarded(nullptr, [&]() -> int {
    if (options == nullptr || mech == nullptr) return GSSLOOP_INVALID;
    auto oid = gss::Oid::from_dotted(mech);
    if (!oid) return GSSLOOP_INVALID;
    options->mech = *std::move(oid);
    return GSSLOOP_OK;
  });
}

int gssloop_options_set_lifetime(gssloop_options* options, uint32_t seconds) noexcept {
  if (options == nullptr) return GSSLOOP_INVALID;
  options->lifetime = seconds;
  return GSSLOOP_OK;
}

int gssloop_options_set_credential(gssloop_options* options,
                                   const gssloop_credential* credential) noexcept {
  if (options == nullptr) return GSSLOOP_INVALID;
  options->credential = credential == nullptr ? nullptr : credential->shared;
  return GSSLOOP_OK;
}

int gssloop_options_set_channel_bindings(gssloop_options* options, const void* data,
                                         size_t len) noexcept {
  return guarded(nullptr, [&]() -> int {
    if (options == nullptr || !is_view(data, len)) return GSSLOOP_INVALID;
    options->bindings = to_bytes(view(data, len));
    return GSSLOOP_OK;
  });
}

int gssloop_options_set_limits(gssloop_options* options, uint32_t max_legs,
                               size_t max_token_len) noexcept {
  if (options == nullptr || max_legs == 0 || max_token_len == 0) return GSSLOOP_INVALID;
  options->limits = {max_legs, max_token_len};
  return GSSLOOP_OK;
}
