// SPDX-License-Identifier: BSD-2-Clause

// Script: what the scripted GSS mechanism does. A default Script is a well-behaved mechanism with
// one leg each way: the initiator sends "hello" and completes, the acceptor sends nothing and
// completes. A test changes the fields it is about.
//
// One script serves all mechanisms of mechanisms.h and all contexts. Each context counts its legs
// by itself, so several logins at once each play the script from its beginning.

#ifndef GSSLOOP_TESTS_MECH_SCRIPT_H_
#define GSSLOOP_TESTS_MECH_SCRIPT_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gssloop/gss/gssapi_c.h"
#include "tests/mech/mechanisms.h"

namespace gssloop::testing {

// The scripted status of a call.
struct Answer {
  OM_uint32 major = GSS_S_COMPLETE;
  OM_uint32 minor = 0;
};

// What the acceptor grants when its leg does not say (an initiator is granted what it asked for).
inline constexpr OM_uint32 kDefaultAcceptorFlags = GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG |
                                                   GSS_C_SEQUENCE_FLAG | GSS_C_CONF_FLAG |
                                                   GSS_C_INTEG_FLAG;

// One call of gss_init_sec_context or gss_accept_sec_context.
struct Leg {
  // Returned as it is. The glue keeps a context only after exactly COMPLETE or CONTINUE_NEEDED.
  OM_uint32 major = GSS_S_COMPLETE;
  OM_uint32 minor = 0;

  // nullopt: {0, NULL}. "": length 0, but the value is not NULL. The first token of an initiator
  // gets its framing (or "NTLMSSP\0") put before it, unless `raw`; nullopt stays without.
  std::optional<std::string> token;
  bool raw = false;

  // ret_flags is what is returned; nullopt: the default, on COMPLETE with PROT_READY and TRANS,
  // and for an acceptor with CHANNEL_BOUND if its bindings equal those last seen by an initiator.
  // Then flags_added and flags_cleared apply, whichever it was.
  std::optional<OM_uint32> ret_flags;
  OM_uint32 flags_added = 0;
  OM_uint32 flags_cleared = 0;

  // A payload (without framing) that must have come in, or the leg is DEFECTIVE_TOKEN.
  std::optional<std::string> expected_input;

  // The mechanism deletes its context in this call, as GSS mechanisms may on failure.
  bool drop_context = false;
};

inline Leg complete() { return Leg{}; }

inline Leg complete(std::string token) {
  Leg leg;
  leg.token = std::move(token);
  return leg;
}

inline Leg go_on(std::string token) {
  Leg leg = complete(std::move(token));
  leg.major = GSS_S_CONTINUE_NEEDED;
  return leg;
}

// `error_token` nullopt: nothing to send.
inline Leg fail(OM_uint32 major, OM_uint32 minor = 0,
                std::optional<std::string> error_token = std::nullopt) {
  Leg leg;
  leg.major = major;
  leg.minor = minor;
  leg.token = std::move(error_token);
  return leg;
}

struct NameSpec {
  std::string text;
  gss_OID type = GSS_C_NT_USER_NAME;  // any static OID, as GSS_C_NT_ANONYMOUS
};

// One value of a name attribute, that is: one call of gss_get_name_attribute.
struct AttributeValue {
  std::string value;
  std::string display;
  bool authenticated = true;
  bool complete = true;
  // The cursor handed out with this value; nullopt: 1, 2, ... and 0 with the last. Cursors of one
  // attribute must differ. 0 ends the attribute though more values be scripted.
  std::optional<int> more;
  Answer get;
};

struct Attribute {
  std::string name;  // octets: may hold NUL and what is not UTF-8
  std::vector<AttributeValue> values;
  Answer get;            // an error refuses the attribute whole, though it be listed
  bool listed = true;    // false: get works, gss_inquire_name is silent
  bool endless = false;  // the last value is given again and again, with ever new cursors
  Answer set;            // COMPLETE: the value is appended, as not authenticated
  Answer remove;         // COMPLETE: the attribute goes
};

struct NameScript {
  Answer import;   // gss_import_name; the glue calls it whenever a name is first used
  Answer display;  // gss_display_name; an error makes the glue fail gss_accept_sec_context
  Answer inquire;  // gss_inquire_name
  bool is_mn = true;
  bool null_set = false;   // a NULL set in spite of attributes
  bool empty_set = false;  // no attributes: an empty set instead of NULL (krb5 gives NULL)
  Answer set_unknown;      // gss_set_name_attribute of a name that is not in the list
  Answer remove_unknown = {GSS_S_UNAVAILABLE, 0};
  Answer export_composite;
  std::optional<std::string> composite_token;   // nullopt: one that round-trips, 04 02 ...
  Answer display_ext = {GSS_S_UNAVAILABLE, 0};  // COMPLETE: gives display_ext_text
  std::string display_ext_text;
  std::optional<std::string> localname;  // nullopt: gss_localname is UNAVAILABLE
};

// gss_inquire_context and its kin.
struct InquiryScript {
  Answer answer;
  std::optional<OM_uint32> flags;  // nullopt: what the last leg returned
  std::optional<NameSpec> source;  // nullopt: as the exchange had it
  std::optional<NameSpec> target;
  gss_OID mech_type = GSS_C_NO_OID;  // GSS_C_NO_OID: the context's own
  OM_uint32 lifetime = 36000;
  // GSS_C_SEC_CONTEXT_SASL_SSF, each element a buffer of the answer; nullopt: UNAVAILABLE.
  std::optional<std::vector<std::string>> sasl_ssf;
  Answer sasl_ssf_answer;
};

struct ProcessTokenScript {
  Answer answer;
  OM_uint32 flags_lost = 0;   // what gss_inquire_context no longer says afterwards
  bool context_gone = false;  // gss_inquire_context says NO_CONTEXT afterwards
};

// The per-message calls work by themselves (see per_message.cc for the tokens): they detect
// changed, replayed and reordered tokens. A major given here replaces theirs; an error among them
// suppresses the output, supplementary bits do not.
struct PerMessageScript {
  std::optional<OM_uint32> wrap;
  std::optional<OM_uint32> unwrap;
  std::optional<OM_uint32> get_mic;
  std::optional<OM_uint32> verify_mic;
  std::optional<OM_uint32> wrap_size_limit;
  OM_uint32 minor = 0;
  std::optional<int> wrap_conf_state;  // what the caller is told, not what was done
  std::optional<int> unwrap_conf_state;
  std::optional<OM_uint32> max_input_size;  // what gss_wrap_size_limit says
  // gss_wrap_iov and gss_wrap_iov_length; without, both are UNAVAILABLE. The token is the same.
  bool has_iov = false;
  std::optional<OM_uint32> wrap_iov;
  std::optional<OM_uint32> wrap_iov_length;
  bool shortens_iov = false;  // gss_wrap_iov uses less of the padding than was announced
  OM_uint32 padding = 0;      // octets added to each wrap token, as a mechanism of large overhead
};

// Exporting and importing, setting options and storing work by themselves, as acquiring does; an
// error among the answers suppresses what they do.
struct CredentialScript {
  Answer acquire_initiate;  // also holds for GSS_C_BOTH
  Answer acquire_accept;
  // With a password; no value: as without one.
  std::optional<Answer> acquire_with_password;
  Answer inquire;
  Answer export_token;
  Answer import_token;
  Answer set_option;  // of any name; the record's log says which
  Answer store;
  NameSpec initiator = {"initiator@EXAMPLE.COM", GSS_C_NT_USER_NAME};
  NameSpec acceptor = {"imap@host.example.com", GSS_C_NT_HOSTBASED_SERVICE};
  OM_uint32 lifetime = 36000;
  // On the acceptor's COMPLETE, with GSS_C_DELEG_FLAG added to the flags.
  std::optional<NameSpec> delegated;
};

struct SaslNames {
  Answer answer;  // UNAVAILABLE makes the glue invent the hashed name of RFC 5801 itself
  std::string sasl_name;
  std::string mech_name;
  std::string description;
};

using MechAttributes = std::vector<gss_const_OID>;  // static OIDs, GSS_C_MA_*

inline MechAttributes default_mech_attributes(Mech mech) {
  MechAttributes result = {GSS_C_MA_AUTH_INIT,  GSS_C_MA_AUTH_TARG,      GSS_C_MA_CBINDINGS,
                           GSS_C_MA_INTEG_PROT, GSS_C_MA_CONF_PROT,      GSS_C_MA_MIC,
                           GSS_C_MA_WRAP,       GSS_C_MA_REPLAY_DET,     GSS_C_MA_OOS_DET,
                           GSS_C_MA_PROT_READY, GSS_C_MA_AUTH_INIT_ANON, GSS_C_MA_DELEG_CRED};
  result.push_back(mech == Mech::kNegotiating ? GSS_C_MA_MECH_NEGO : GSS_C_MA_MECH_CONCRETE);
  if (mech != Mech::kUnframed) result.push_back(GSS_C_MA_ITOK_FRAMED);
  return result;
}

// What a mechanism says of itself. Libraries tend to ask once per process.
struct MechFacts {
  Answer attributes_answer;
  MechAttributes attributes;
  SaslNames names;
};

inline std::array<MechFacts, kNumMechs> default_mech_facts() {
  std::array<MechFacts, kNumMechs> facts;
  for (Mech mech : kMechs) facts[index(mech)].attributes = default_mech_attributes(mech);
  facts[index(Mech::kScripted)].names = {{}, "GS2-SCRIPTED", "scripted", "Does what a test says"};
  facts[index(Mech::kNoSaslName)].names = {{GSS_S_FAILURE, 0}, "", "nameless", ""};
  facts[index(Mech::kNegotiating)].names = {{}, "GS2-NEGOTIATING", "negotiating", ""};
  facts[index(Mech::kUnframed)].names = {{}, "GS2-UNFRAMED", "unframed", "No framing"};
  return facts;
}

struct Script {
  std::vector<Leg> initiator = {complete("hello")};  // past the end: FAILURE, and Record::overruns
  std::vector<Leg> acceptor = {complete()};
  OM_uint32 lifetime = 36000;  // time_rec of both

  std::optional<NameSpec> source = NameSpec{"alice@EXAMPLE.COM", GSS_C_NT_USER_NAME};
  std::vector<Attribute> attributes;   // of the source name that the acceptor gives
  gss_OID actual_mech = GSS_C_NO_OID;  // GSS_C_NO_OID: the mechanism of the context

  NameScript names;
  InquiryScript inquiry;
  ProcessTokenScript process_token;
  PerMessageScript per_message;
  CredentialScript credentials;
  std::array<MechFacts, kNumMechs> mechs = default_mech_facts();
  // The messages of a minor status, in the order gss_display_status gives them.
  std::map<OM_uint32, std::vector<std::string>> minor_texts;

  MechFacts& mech(Mech which) { return mechs[index(which)]; }
};

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_MECH_SCRIPT_H_
