// SPDX-License-Identifier: BSD-2-Clause

// Record: everything the scripted mechanism was given, in the order it was given.
//
// Contexts and credentials are told apart by serial numbers, since addresses are used again;
// 0 means GSS_C_NO_CONTEXT and GSS_C_NO_CREDENTIAL. The numbers are the module's own: the
// caller's handles are the glue's and differ.

#ifndef GSSLOOP_TESTS_MECH_RECORD_H_
#define GSSLOOP_TESTS_MECH_RECORD_H_

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gssloop/gss/gssapi_c.h"

namespace gssloop::testing {

// One call of any function, e.g. {"gss_wrap", "context=1"}.
struct LogEntry {
  std::string call;
  std::string facts;
};

struct Bindings {
  OM_uint32 initiator_addrtype = 0;
  std::string initiator_address;
  OM_uint32 acceptor_addrtype = 0;
  std::string acceptor_address;
  std::string application_data;

  bool operator==(const Bindings&) const = default;
};

// A token as it came in. kNoBuffer is a NULL descriptor (GSS_C_NO_BUFFER), kEmpty a descriptor
// whose length is 0, whatever its value.
struct InputToken {
  enum class Kind { kNoBuffer, kEmpty, kBytes };
  Kind kind = Kind::kNoBuffer;
  std::string bytes;

  bool operator==(const InputToken&) const = default;
};

struct InitCall {
  unsigned context_in = 0;
  unsigned context_out = 0;
  unsigned credential = 0;
  std::string target;
  std::string target_type;  // contents octets of the OID
  std::string mech_type;    // contents octets of the OID
  OM_uint32 req_flags = 0;
  OM_uint32 time_req = 0;
  std::optional<Bindings> bindings;
  InputToken input;
  OM_uint32 major = 0;
  std::optional<std::string> output;
  OM_uint32 ret_flags = 0;
};

struct AcceptCall {
  unsigned context_in = 0;
  unsigned context_out = 0;
  unsigned credential = 0;
  std::optional<Bindings> bindings;
  InputToken input;
  bool asked_source = false;  // the caller passed an address for src_name
  bool asked_delegated = false;
  OM_uint32 major = 0;
  std::optional<std::string> output;
  OM_uint32 ret_flags = 0;
};

struct DeleteCall {
  unsigned context = 0;
  bool had_buffer = false;  // draft 3.2, L38: output_token should be GSS_C_NO_BUFFER
};

struct InquireContextCall {
  unsigned context = 0;
  bool asked_source = false;
  bool asked_target = false;
};

struct GetAttributeCall {
  std::string name;
  int more_in = 0;
  int more_out = 0;
  OM_uint32 major = 0;
};

struct ChangeAttributeCall {
  bool is_set = false;  // else delete
  std::string name;
  std::string value;
  bool complete = false;
};

struct ProcessTokenCall {
  unsigned context = 0;
  InputToken input;
};

struct AcquireCall {
  std::string function;  // "gss_acquire_cred", "gss_acquire_cred_from", ...
  unsigned credential = 0;
  std::optional<std::string> name;  // nullopt: GSS_C_NO_NAME
  gss_cred_usage_t usage = GSS_C_BOTH;
  OM_uint32 time_req = 0;
  std::vector<std::string> mechs;  // contents octets of the OIDs
  std::optional<std::string> password;
  std::vector<std::pair<std::string, std::string>> store;
};

struct MessageCall {
  std::string function;  // "gss_wrap", "gss_unwrap", "gss_get_mic", "gss_verify_mic"
  unsigned context = 0;
  std::string input;  // message of wrap, get_mic and verify_mic, token of unwrap
  bool conf_req = false;
  bool conf_state = false;
  gss_qop_t qop_req = 0;
  OM_uint32 major = 0;
};

struct Record {
  std::vector<LogEntry> log;
  std::vector<InitCall> inits;
  std::vector<AcceptCall> accepts;
  std::vector<DeleteCall> deletes;
  std::vector<InquireContextCall> context_inquiries;
  std::vector<GetAttributeCall> attribute_gets;
  std::vector<ChangeAttributeCall> attribute_changes;
  std::vector<ProcessTokenCall> process_tokens;
  std::vector<AcquireCall> acquires;
  std::vector<MessageCall> messages;

  // Calls that no correct caller makes; a test demands zero.
  std::size_t overruns = 0;       // a leg past the script's end
  std::size_t stale_handles = 0;  // a handle that is not alive (or none, where one is needed)
  std::size_t bad_cursors = 0;    // gss_get_name_attribute with a `more` that was not handed out

  std::size_t count(std::string_view call) const {
    return static_cast<std::size_t>(std::count_if(
        log.begin(), log.end(), [call](const LogEntry& entry) { return entry.call == call; }));
  }

  // position returns where in the log `call` is first, or nullopt.
  std::optional<std::size_t> position(std::string_view call) const {
    for (std::size_t i = 0; i < log.size(); ++i) {
      if (log[i].call == call) return i;
    }
    return std::nullopt;
  }
};

// What was given out and not yet released.
struct Live {
  std::size_t contexts = 0;
  std::size_t names = 0;
  std::size_t credentials = 0;

  bool operator==(const Live&) const = default;
};

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_MECH_RECORD_H_
