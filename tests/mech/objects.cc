// SPDX-License-Identifier: BSD-2-Clause

#include "tests/mech/objects.h"

#include <cstdlib>
#include <cstring>
#include <map>
#include <new>
#include <utility>

namespace gssloop::testing {
namespace {

// Never destroyed: a program may release its last handle while static objects go.
ScriptedMechanism& mechanism() {
  static auto* const the_mechanism = new ScriptedMechanism;
  return *the_mechanism;
}

std::map<std::string, gss_OID_desc>& own_oids() {
  static auto* const oids = new std::map<std::string, gss_OID_desc>;
  return *oids;
}

template <typename Object>
Object* find(std::map<const void*, unsigned>& alive, Record& record, void* handle) {
  if (alive.count(handle) != 0) return static_cast<Object*>(handle);
  ++record.stale_handles;
  return nullptr;
}

unsigned find_serial(const std::map<const void*, unsigned>& alive, const void* handle) {
  const auto found = alive.find(handle);
  return found == alive.end() ? 0 : found->second;
}

template <typename Object>
Object* insert(std::map<const void*, unsigned>& alive, unsigned& last_serial, Object object) {
  auto* const created = new Object(std::move(object));
  alive[created] = ++last_serial;
  return created;
}

template <typename Object, typename Handle>
void erase(std::map<const void*, unsigned>& alive, Record& record, Handle* handle) {
  delete find<Object>(alive, record, *handle);
  alive.erase(*handle);
  *handle = nullptr;
}

}  // namespace

Call::Call(const char* function, OM_uint32* minor)
    : function_(function), minor_(minor), state_(mechanism().state()), lock_(mechanism().mutex()) {
  if (minor_ != nullptr) *minor_ = 0;
  line_ = record().log.size();
  record().log.push_back({function, ""});
}

void Call::fact(std::string_view key, std::string_view value) {
  std::string& facts = record().log[line_].facts;
  if (!facts.empty()) facts += ' ';
  facts.append(key).append("=").append(value);
}

OM_uint32 Call::answer(const Answer& scripted) {
  if (minor_ != nullptr) *minor_ = scripted.minor;
  if (scripted.major != GSS_S_COMPLETE) fact("major", scripted.major);
  return scripted.major;
}

MechContext* Call::context(gss_ctx_id_t handle) {
  fact("context", serial(handle));
  return find<MechContext>(state_.contexts, record(), handle);
}

MechName* Call::name(gss_name_t handle) { return find<MechName>(state_.names, record(), handle); }

MechCredential* Call::credential(gss_cred_id_t handle) {
  return find<MechCredential>(state_.credentials, record(), handle);
}

unsigned Call::serial(gss_ctx_id_t handle) const { return find_serial(state_.contexts, handle); }

unsigned Call::serial(gss_cred_id_t handle) const {
  return find_serial(state_.credentials, handle);
}

gss_ctx_id_t Call::add(MechContext object) {
  auto* const created = insert(state_.contexts, state_.last_serial, std::move(object));
  return reinterpret_cast<gss_ctx_id_t>(created);
}

gss_name_t Call::add(MechName object) {
  auto* const created = insert(state_.names, state_.last_serial, std::move(object));
  return reinterpret_cast<gss_name_t>(created);
}

gss_cred_id_t Call::add(MechCredential object) {
  auto* const created = insert(state_.credentials, state_.last_serial, std::move(object));
  return reinterpret_cast<gss_cred_id_t>(created);
}

void Call::remove(gss_ctx_id_t* handle) { erase<MechContext>(state_.contexts, record(), handle); }

void Call::remove(gss_name_t* handle) { erase<MechName>(state_.names, record(), handle); }

void Call::remove(gss_cred_id_t* handle) {
  erase<MechCredential>(state_.credentials, record(), handle);
}

std::string to_string(gss_const_buffer_t buffer) {
  if (buffer == GSS_C_NO_BUFFER || buffer->length == 0) return {};
  return {static_cast<const char*>(buffer->value), buffer->length};
}

InputToken to_input_token(gss_const_buffer_t buffer) {
  if (buffer == GSS_C_NO_BUFFER) return {InputToken::Kind::kNoBuffer, {}};
  if (buffer->length == 0) return {InputToken::Kind::kEmpty, {}};
  return {InputToken::Kind::kBytes, to_string(buffer)};
}

std::optional<Bindings> to_bindings(gss_channel_bindings_t bindings) {
  if (bindings == GSS_C_NO_CHANNEL_BINDINGS) return std::nullopt;
  return Bindings{bindings->initiator_addrtype, to_string(&bindings->initiator_address),
                  bindings->acceptor_addrtype, to_string(&bindings->acceptor_address),
                  to_string(&bindings->application_data)};
}

void fill(gss_buffer_t buffer, std::string_view octets) {
  if (buffer == GSS_C_NO_BUFFER) return;
  // MIT's gss_release_buffer frees nothing of length 0, so this value must not be allocated.
  static char nothing = '\0';
  buffer->length = octets.size();
  buffer->value = &nothing;
  if (octets.empty()) return;
  buffer->value = std::malloc(octets.size());
  if (buffer->value == nullptr) throw std::bad_alloc();
  std::memcpy(buffer->value, octets.data(), octets.size());
}

gss_OID static_oid(gss_const_OID oid) {
  if (oid == GSS_C_NO_OID) return GSS_C_NO_OID;
  // The glue frees what it does not know by address as a constant of its own.
  for (gss_OID constant : {GSS_C_NT_USER_NAME, GSS_C_NT_MACHINE_UID_NAME, GSS_C_NT_STRING_UID_NAME,
                           GSS_C_NT_HOSTBASED_SERVICE_X, GSS_C_NT_HOSTBASED_SERVICE,
                           GSS_C_NT_ANONYMOUS, GSS_C_NT_EXPORT_NAME, GSS_C_NT_COMPOSITE_EXPORT}) {
    if (octets(constant) == octets(oid)) return constant;
  }
  // Called under the module's lock. A map keeps the addresses of keys and values.
  gss_OID_desc& own = own_oids().try_emplace(octets(oid)).first->second;
  const std::string& key = own_oids().find(octets(oid))->first;
  own.length = static_cast<OM_uint32>(key.size());
  own.elements = const_cast<char*>(key.data());
  return &own;
}

bool is_own_oid(gss_const_OID oid) {
  const auto found = own_oids().find(octets(oid));
  return found != own_oids().end() && &found->second == oid;
}

bool is_error(OM_uint32 major) { return GSS_ERROR(major) != 0; }

}  // namespace gssloop::testing

MECH_EXPORT gssloop::testing::ScriptedMechanism* gssloop_scripted_mechanism() {
  return &gssloop::testing::mechanism();
}
