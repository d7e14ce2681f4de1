// SPDX-License-Identifier: BSD-2-Clause

// What lies behind the module's handles, and the frame that every exported function works in.

#ifndef GSSLOOP_TESTS_MECH_OBJECTS_H_
#define GSSLOOP_TESTS_MECH_OBJECTS_H_

#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gssloop/gss/gssapi_c.h"
#include "tests/mech/control.h"

// The module is built with hidden visibility; this is what the glue must find in it.
#define MECH_EXPORT extern "C" __attribute__((visibility("default")))

namespace gssloop::testing {

struct MechName {
  std::string text;
  gss_OID type = GSS_C_NO_OID;  // static
  std::vector<Attribute> attributes;
  Mech mech = Mech::kScripted;
};

struct MechCredential {
  std::optional<std::string> name;  // nullopt: the default name of the script
  gss_OID name_type = GSS_C_NO_OID;
  gss_cred_usage_t usage = GSS_C_BOTH;
};

struct MechContext {
  bool is_initiator = false;
  Mech mech = Mech::kScripted;
  std::size_t next_leg = 0;
  bool is_open = false;
  bool is_gone = false;  // by gss_process_context_token
  OM_uint32 flags = 0;
  std::optional<NameSpec> source;
  std::optional<NameSpec> target;
  std::uint32_t send_seq = 0;
  std::uint32_t receive_seq = 0;
  std::set<std::uint32_t> seen;
};

// Call holds the module's lock while an exported function runs, and writes its line in the log.
class Call {
 public:
  Call(const char* function, OM_uint32* minor);
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  Script& script() { return state_.script; }
  Record& record() { return state_.record; }
  ScriptedMechanism::State& state() { return state_; }
  const char* function() const { return function_; }

  // fact adds "key=value" to the line of this call.
  void fact(std::string_view key, std::string_view value);
  void fact(std::string_view key, unsigned value) { fact(key, std::to_string(value)); }

  // answer sets the minor status and returns the major.
  OM_uint32 answer(const Answer& scripted);
  OM_uint32 answer(OM_uint32 major, OM_uint32 minor = 0) { return answer(Answer{major, minor}); }

  // The object behind a handle, or null (counted as stale) if no such object is alive.
  MechContext* context(gss_ctx_id_t handle);
  MechName* name(gss_name_t handle);
  MechCredential* credential(gss_cred_id_t handle);

  unsigned serial(gss_ctx_id_t handle) const;
  unsigned serial(gss_cred_id_t handle) const;

  gss_ctx_id_t add(MechContext object);
  gss_name_t add(MechName object);
  gss_cred_id_t add(MechCredential object);

  void remove(gss_ctx_id_t* handle);
  void remove(gss_name_t* handle);
  void remove(gss_cred_id_t* handle);

 private:
  const char* function_;
  OM_uint32* minor_;
  ScriptedMechanism::State& state_;
  std::unique_lock<std::mutex> lock_;
  std::size_t line_ = 0;
};

// to_string copies what a descriptor holds; a NULL descriptor is empty.
std::string to_string(gss_const_buffer_t buffer);

InputToken to_input_token(gss_const_buffer_t buffer);

std::optional<Bindings> to_bindings(gss_channel_bindings_t bindings);

// fill gives `octets` away in a malloc'ed value; the value of an empty one is not NULL either, but
// static. Without a descriptor it does nothing.
void fill(gss_buffer_t buffer, std::string_view octets);

// static_oid returns an OID equal to `oid` that lives for ever: the constant of the GSS library, or
// a copy that is_own_oid knows again.
gss_OID static_oid(gss_const_OID oid);

bool is_own_oid(gss_const_OID oid);

bool is_error(OM_uint32 major);

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_MECH_OBJECTS_H_
