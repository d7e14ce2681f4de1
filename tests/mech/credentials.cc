// SPDX-License-Identifier: BSD-2-Clause

// Credentials. The glue builds gss_add_cred and its kin from the acquiring calls.

#include <utility>

#include "tests/mech/objects.h"

namespace gssloop::testing {
namespace {

struct Request {
  gss_name_t name = GSS_C_NO_NAME;
  OM_uint32 time_req = 0;
  gss_OID_set mechs = GSS_C_NO_OID_SET;
  gss_cred_usage_t usage = GSS_C_BOTH;
  std::optional<std::string> password;
  gss_const_key_value_set_t store = GSS_C_NO_CRED_STORE;
};

struct Outputs {
  gss_cred_id_t* credential;
  gss_OID_set* actual_mechs;
  OM_uint32* time_rec;
};

AcquireCall describe(Call& call, const Request& request) {
  AcquireCall given;
  given.function = call.function();
  given.usage = request.usage;
  given.time_req = request.time_req;
  given.password = request.password;
  const gss_OID_set mechs = request.mechs;
  for (std::size_t i = 0; mechs != GSS_C_NO_OID_SET && i < mechs->count; ++i) {
    given.mechs.push_back(octets(&mechs->elements[i]));
  }
  for (OM_uint32 i = 0; request.store != GSS_C_NO_CRED_STORE && i < request.store->count; ++i) {
    const gss_key_value_element_desc& element = request.store->elements[i];
    given.store.emplace_back(element.key, element.value);
  }
  return given;
}

OM_uint32 copy_mechs(gss_OID_set mechs, gss_OID_set* out) {
  OM_uint32 ignored = 0;
  OM_uint32 major = gss_create_empty_oid_set(&ignored, out);
  for (std::size_t i = 0; mechs != GSS_C_NO_OID_SET && i < mechs->count; ++i) {
    if (major == GSS_S_COMPLETE) major = gss_add_oid_set_member(&ignored, &mechs->elements[i], out);
  }
  return major;
}

OM_uint32 acquire(Call& call, const Request& request, const Outputs& out) {
  AcquireCall given = describe(call, request);
  const CredentialScript& scripted = call.script().credentials;
  const Answer& without_password =
      request.usage == GSS_C_ACCEPT ? scripted.acquire_accept : scripted.acquire_initiate;
  const Answer& answer = request.password
                             ? scripted.acquire_with_password.value_or(without_password)
                             : without_password;
  MechCredential credential;
  credential.usage = request.usage;
  if (request.name != GSS_C_NO_NAME) {
    const MechName* const name = call.name(request.name);
    if (name == nullptr) return call.answer(GSS_S_BAD_NAME);
    credential.name = given.name = name->text;
    credential.name_type = name->type;
  }
  if (!is_error(answer.major)) {
    *out.credential = call.add(std::move(credential));
    given.credential = call.serial(*out.credential);
    if (out.actual_mechs != nullptr) copy_mechs(request.mechs, out.actual_mechs);
    if (out.time_rec != nullptr) *out.time_rec = scripted.lifetime;
  }
  call.record().acquires.push_back(std::move(given));
  return call.answer(answer);
}

// Fills what the caller asked for; `handle` GSS_C_NO_CREDENTIAL is the default credential.
OM_uint32 inquire(Call& call, gss_cred_id_t handle, gss_name_t* name, gss_cred_usage_t* usage) {
  const CredentialScript& scripted = call.script().credentials;
  if (is_error(scripted.inquire.major)) return call.answer(scripted.inquire);
  MechCredential credential;
  if (handle != GSS_C_NO_CREDENTIAL) {
    const MechCredential* const found = call.credential(handle);
    if (found == nullptr) return call.answer(GSS_S_DEFECTIVE_CREDENTIAL);
    credential = *found;
  }
  if (usage != nullptr) *usage = credential.usage;
  if (name != nullptr) {
    const bool is_acceptor = credential.usage == GSS_C_ACCEPT;
    NameSpec spec = is_acceptor ? scripted.acceptor : scripted.initiator;
    if (credential.name) spec = {*credential.name, credential.name_type};
    *name = call.add(MechName{spec.text, spec.type, {}, Mech::kScripted});
  }
  return call.answer(scripted.inquire);
}

}  // namespace
}  // namespace gssloop::testing

using namespace gssloop::testing;  // NOLINT: the exported functions have no namespace

MECH_EXPORT OM_uint32 gss_acquire_cred(OM_uint32* minor, gss_name_t name, OM_uint32 time_req,
                                       gss_OID_set mechs, gss_cred_usage_t usage,
                                       gss_cred_id_t* credential, gss_OID_set* actual_mechs,
                                       OM_uint32* time_rec) {
  Call call("gss_acquire_cred", minor);
  return acquire(call, {name, time_req, mechs, usage, std::nullopt, GSS_C_NO_CRED_STORE},
                 {credential, actual_mechs, time_rec});
}

MECH_EXPORT OM_uint32 gss_acquire_cred_from(OM_uint32* minor, gss_name_t name, OM_uint32 time_req,
                                            gss_OID_set mechs, gss_cred_usage_t usage,
                                            gss_const_key_value_set_t store,
                                            gss_cred_id_t* credential, gss_OID_set* actual_mechs,
                                            OM_uint32* time_rec) {
  Call call("gss_acquire_cred_from", minor);
  return acquire(call, {name, time_req, mechs, usage, std::nullopt, store},
                 {credential, actual_mechs, time_rec});
}

// The glue looks for this name in a module; no public header declares it.
MECH_EXPORT OM_uint32 gssspi_acquire_cred_with_password(
    OM_uint32* minor, const gss_name_t name, const gss_buffer_t password, OM_uint32 time_req,
    const gss_OID_set mechs, gss_cred_usage_t usage, gss_cred_id_t* credential,
    gss_OID_set* actual_mechs, OM_uint32* time_rec) {
  Call call("gss_acquire_cred_with_password", minor);
  return acquire(call, {name, time_req, mechs, usage, to_string(password), GSS_C_NO_CRED_STORE},
                 {credential, actual_mechs, time_rec});
}

MECH_EXPORT OM_uint32 gss_release_cred(OM_uint32* minor, gss_cred_id_t* credential) {
  Call call("gss_release_cred", minor);
  if (*credential != GSS_C_NO_CREDENTIAL) call.remove(credential);
  return call.answer(GSS_S_COMPLETE);
}

MECH_EXPORT OM_uint32 gss_inquire_cred(OM_uint32* minor, gss_cred_id_t credential, gss_name_t* name,
                                       OM_uint32* lifetime, gss_cred_usage_t* usage,
                                       gss_OID_set* mechs) {
  Call call("gss_inquire_cred", minor);
  if (lifetime != nullptr) *lifetime = call.script().credentials.lifetime;
  gss_OID_set_desc own{1, oid(Mech::kScripted)};
  if (mechs != nullptr) copy_mechs(&own, mechs);
  return inquire(call, credential, name, usage);
}

MECH_EXPORT OM_uint32 gss_inquire_cred_by_mech(OM_uint32* minor, gss_cred_id_t credential,
                                               gss_OID /*mech_type*/, gss_name_t* name,
                                               OM_uint32* initiator_lifetime,
                                               OM_uint32* acceptor_lifetime,
                                               gss_cred_usage_t* usage) {
  Call call("gss_inquire_cred_by_mech", minor);
  const OM_uint32 lifetime = call.script().credentials.lifetime;
  if (initiator_lifetime != nullptr) *initiator_lifetime = lifetime;
  if (acceptor_lifetime != nullptr) *acceptor_lifetime = lifetime;
  return inquire(call, credential, name, usage);
}

// It knows no such objects. The mechglue takes its own function for one that a mechanism lacks, if
// the program has replaced that function, as tests/fault does; it then reads this credential as its
// own.
MECH_EXPORT OM_uint32 gss_inquire_cred_by_oid(OM_uint32* minor, gss_cred_id_t /*credential*/,
                                              gss_OID /*object*/, gss_buffer_set_t* /*data*/) {
  Call call("gss_inquire_cred_by_oid", minor);
  return call.answer(GSS_S_UNAVAILABLE);
}

// A token is the usage as a digit, then the name, where there is one.
MECH_EXPORT OM_uint32 gss_export_cred(OM_uint32* minor, gss_cred_id_t credential,
                                      gss_buffer_t token) {
  Call call("gss_export_cred", minor);
  const Answer& answer = call.script().credentials.export_token;
  const MechCredential* const found = call.credential(credential);
  if (found == nullptr) return call.answer(GSS_S_DEFECTIVE_CREDENTIAL);
  if (!is_error(answer.major)) fill(token, std::to_string(found->usage) + found->name.value_or(""));
  return call.answer(answer);
}

MECH_EXPORT OM_uint32 gss_import_cred(OM_uint32* minor, gss_buffer_t token,
                                      gss_cred_id_t* credential) {
  Call call("gss_import_cred", minor);
  const Answer& answer = call.script().credentials.import_token;
  const std::string octets = to_string(token);
  if (octets.empty()) return call.answer(GSS_S_DEFECTIVE_TOKEN);
  if (is_error(answer.major)) return call.answer(answer);
  MechCredential imported;
  imported.usage = octets[0] - '0';
  if (octets.size() > 1) imported.name = octets.substr(1);
  imported.name_type = GSS_C_NT_USER_NAME;
  *credential = call.add(std::move(imported));
  return call.answer(answer);
}

// The name that the glue looks for, as above.
MECH_EXPORT OM_uint32 gssspi_set_cred_option(OM_uint32* minor, gss_cred_id_t* credential,
                                             const gss_OID option, const gss_buffer_t value) {
  Call call("gss_set_cred_option", minor);
  if (call.credential(*credential) == nullptr) return call.answer(GSS_S_DEFECTIVE_CREDENTIAL);
  call.fact("option", octets(option));
  call.fact("value", to_string(value));
  return call.answer(call.script().credentials.set_option);
}

MECH_EXPORT OM_uint32 gss_store_cred_into(OM_uint32* minor, gss_cred_id_t credential,
                                          gss_cred_usage_t usage, gss_OID /*mech*/,
                                          OM_uint32 overwrites, OM_uint32 becomes_default,
                                          gss_const_key_value_set_t store, gss_OID_set* stored,
                                          gss_cred_usage_t* usage_stored) {
  Call call("gss_store_cred_into", minor);
  if (call.credential(credential) == nullptr) return call.answer(GSS_S_DEFECTIVE_CREDENTIAL);
  call.fact("overwrites", overwrites);
  call.fact("becomes_default", becomes_default);
  for (OM_uint32 i = 0; store != GSS_C_NO_CRED_STORE && i < store->count; ++i) {
    call.fact(store->elements[i].key, store->elements[i].value);
  }
  gss_OID_set_desc own{1, oid(Mech::kScripted)};
  if (stored != nullptr) copy_mechs(&own, stored);
  if (usage_stored != nullptr) *usage_stored = usage;
  return call.answer(call.script().credentials.store);
}

// As a mechanism that negotiates others; this one takes every list for granted.
MECH_EXPORT OM_uint32 gss_set_neg_mechs(OM_uint32* minor, gss_cred_id_t credential,
                                        const gss_OID_set /*mechs*/) {
  Call call("gss_set_neg_mechs", minor);
  return call.answer(call.credential(credential) != nullptr ? GSS_S_COMPLETE
                                                            : GSS_S_DEFECTIVE_CREDENTIAL);
}
