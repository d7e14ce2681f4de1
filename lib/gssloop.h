// SPDX-License-Identifier: BSD-2-Clause
//
// The negotiation loop of RFC 7546 for C (C99 and later) and for languages that can call C:
// initiator and acceptor, per-message protection, the peer's name attributes (RFC 6680), and a
// blocking driver over file descriptors. This file is the stable ABI of libgssloop. The C++ headers
// in gssloop/ are compatible in source only. Section numbers refer to RFC 7546, unless another RFC
// is named.
//
// These rules apply to all functions:
//
// - Handles. Types without a definition here are handles. The caller owns what a function returns
//   through its last parameters except `error`, and releases it with the gssloop_..._free of its
//   type. Each of these takes the handle's address, frees the object and writes NULL. Freeing NULL
//   does nothing. Other results are borrowed, and are valid as long as the handle that they came
//   from. A function overwrites an output variable, and does not free its old value.
// - Failures. Functions that can fail return an enum gssloop_status. If `error` is not NULL,
//   GSSLOOP_FAILED and the other failures store an error object in it. Outputs are then NULL or
//   empty.
// - NULL for a required handle, output or text is GSSLOOP_INVALID, and never a crash. A pointer to
//   bytes may be NULL if their length is 0. The comments of functions that cannot fail say what
//   they return for NULL.
// - Texts are UTF-8 or ASCII and end with a NUL. Lengths count bytes.
// - Threads. Any thread may use any handle, but only one thread at a time. Several threads may read
//   one handle at the same time with functions that take a const pointer. Handles share no state,
//   except a credential, which many negotiations may use at the same time. Threads must not be
//   cancelled inside a call.
// - No C++ exception leaves the library. If memory runs out, a function returns GSSLOOP_NO_MEMORY.
//   If that happens in a call of a negotiation, the negotiation is over.
#ifndef GSSLOOP_GSSLOOP_H_
#define GSSLOOP_GSSLOOP_H_

#include <stddef.h>
#include <stdint.h>

// GSSLOOP_API_LEVEL increases by one with each release that adds functions to this file. Functions
// that were added after level 1 say so.
#define GSSLOOP_API_LEVEL 1

#if defined(__GNUC__)
// GSSLOOP_CHECKED makes the compiler warn if a result is not used.
#define GSSLOOP_CHECKED __attribute__((warn_unused_result))
#else
#define GSSLOOP_CHECKED
#endif

#ifdef __cplusplus
// GSSLOOP_NOEXCEPT tells C++ callers that the function throws no exception.
#define GSSLOOP_NOEXCEPT noexcept
extern "C" {
#else
#define GSSLOOP_NOEXCEPT
#endif

// gssloop_version is the version of the loaded library, for example "0.1.0". It may be newer than
// this header.
const char* gssloop_version(void) GSSLOOP_NOEXCEPT;

// ---- Statuses and errors ------------------------------------------------------------------------

// The result of a call. The numbers of all enums here never change; later releases may add others.
enum gssloop_status {
  GSSLOOP_OK = 0,         // success
  GSSLOOP_FAILED = 1,     // the mechanism, the peer or the channel failed: see the error
  GSSLOOP_INVALID = 2,    // the call is wrong: NULL, a number out of range, the wrong time
  GSSLOOP_NO_MEMORY = 3,  // memory ran out
};

// Which side or part caused a failure.
enum gssloop_fault {
  GSSLOOP_FAULT_NONE = 0,
  GSSLOOP_FAULT_LOCAL_MISUSE = 1,      // our program: a call at the wrong time, an invalid name
  GSSLOOP_FAULT_LOCAL_CREDENTIAL = 2,  // our credential, or a resource that is needed to use it
  GSSLOOP_FAULT_PEER_PROTOCOL = 3,     // the peer, or an attacker in between: invalid data
  GSSLOOP_FAULT_PEER_REJECTED = 4,     // the peer or its channel failed, or the peer refused us
  GSSLOOP_FAULT_MECHANISM_DEFECT = 5,  // the mechanism violated RFC 2743
  GSSLOOP_FAULT_FLAGS_MISSING = 6,     // the context lacks required flags (section 3)
  GSSLOOP_FAULT_ANONYMITY_LOST = 7,    // requested, not granted; nothing was sent (section 2.1)
  GSSLOOP_FAULT_TIMED_OUT = 8,         // no token or message in time (sections 2.4 and 2.7)
  GSSLOOP_FAULT_CANCELLED = 9,         // our program cancelled
  GSSLOOP_FAULT_NO_MEMORY = 10,        // memory ran out
  GSSLOOP_FAULT_LOCAL_CALL = 11,       // a call on an established context failed on our side
};

// gssloop_error says why a call failed, or why a negotiation cannot establish a context.
typedef struct gssloop_error gssloop_error;

// gssloop_error_fault is a number of enum gssloop_fault; GSSLOOP_FAULT_NONE for NULL.
int gssloop_error_fault(const gssloop_error* error) GSSLOOP_NOEXCEPT;
// gssloop_error_text is one sentence for people and logs, without token, key or attribute value. It
// may contain paths and principals, so do not send it to the peer. Never NULL; "no error" for NULL.
const char* gssloop_error_text(const gssloop_error* error) GSSLOOP_NOEXCEPT;
// gssloop_error_advice says what a person should check or do, such as "there is no usable Kerberos
// ticket: run kinit, or set KRB5CCNAME to the right ticket cache". Static. Never NULL: "" for NULL,
// and if there is no advice beyond the text.
const char* gssloop_error_advice(const gssloop_error* error) GSSLOOP_NOEXCEPT;
// gssloop_error_major and gssloop_error_minor are the statuses of the GSS-API call that failed (RFC
// 2744 section 3.9); 0 if no such call failed, and for NULL.
uint32_t gssloop_error_major(const gssloop_error* error) GSSLOOP_NOEXCEPT;
uint32_t gssloop_error_minor(const gssloop_error* error) GSSLOOP_NOEXCEPT;
// gssloop_error_missing_flags are the missing flags of GSSLOOP_FAULT_FLAGS_MISSING; otherwise 0.
uint32_t gssloop_error_missing_flags(const gssloop_error* error) GSSLOOP_NOEXCEPT;
// gssloop_error_free frees an error.
void gssloop_error_free(gssloop_error** error) GSSLOOP_NOEXCEPT;

// gssloop_fault_text names a fault: "peer rejected". Static; "unknown fault" for other numbers.
const char* gssloop_fault_text(int fault) GSSLOOP_NOEXCEPT;

// ---- Flags, names, bytes ------------------------------------------------------------------------

// Context flags, with the numbers of RFC 2744 section 5.19 and of MIT krb5.
enum gssloop_flag {
  GSSLOOP_FLAG_DELEG = 1,             // the initiator's credential is delegated
  GSSLOOP_FLAG_MUTUAL = 2,            // the acceptor is authenticated, too
  GSSLOOP_FLAG_REPLAY = 4,            // replayed messages are detected
  GSSLOOP_FLAG_SEQUENCE = 8,          // reordered and lost messages are detected
  GSSLOOP_FLAG_CONF = 16,             // messages can be encrypted
  GSSLOOP_FLAG_INTEG = 32,            // messages can be protected against change
  GSSLOOP_FLAG_ANON = 64,             // the initiator is anonymous
  GSSLOOP_FLAG_PROT_READY = 128,      // messages can be protected already; never requested
  GSSLOOP_FLAG_TRANS = 256,           // the context can be transferred to another process
  GSSLOOP_FLAG_CHANNEL_BOUND = 2048,  // acceptor: the initiator's channel bindings were verified
  GSSLOOP_FLAG_DELEG_POLICY = 32768,  // delegated if the realm's policy allows it
};

// The form of a name.
enum gssloop_name_form {
  GSSLOOP_NAME_SERVICE = 1,   // "service@host" (RFC 2743 section 4.1)
  GSSLOOP_NAME_USER = 2,      // a user name as a user writes it (section 4.2 there)
  GSSLOOP_NAME_KERBEROS = 3,  // "primary/instance@REALM" (RFC 1964 section 2.1.1)
};

// gssloop_buffer contains bytes that the library allocated. After GSSLOOP_OK `data` is not NULL,
// even if `len` is 0. A NUL follows the last byte; `len` does not count it.
typedef struct gssloop_buffer {
  void* data;  // the bytes
  size_t len;  // how many
} gssloop_buffer;

// gssloop_buffer_free overwrites the bytes, frees them and empties `buffer`.
void gssloop_buffer_free(gssloop_buffer* buffer) GSSLOOP_NOEXCEPT;

// gssloop_string_free frees a text, and writes NULL.
void gssloop_string_free(char** text) GSSLOOP_NOEXCEPT;

// ---- Credentials --------------------------------------------------------------------------------

// gssloop_credential is the credential with which one side authenticates. Handles that were made
// with it continue to use it after it is freed.
typedef struct gssloop_credential gssloop_credential;

// gssloop_credential_initiate gets the credential for `name`, which has the form `form` (an enum
// gssloop_name_form). NULL for `name` is the default credential, for any `form`. For Kerberos it is
// the ticket in the credentials cache (KRB5CCNAME). `mech` is a dotted OID, or NULL for the
// library's default. If there is no credential, it fails with GSSLOOP_FAILED and
// GSSLOOP_FAULT_LOCAL_CREDENTIAL.
GSSLOOP_CHECKED int gssloop_credential_initiate(const char* name, int form, const char* mech,
                                                gssloop_credential** credential,
                                                gssloop_error** error) GSSLOOP_NOEXCEPT;

// gssloop_credential_accept gets the credential of a service. `service` is "service@host", or NULL
// for every key of the keytab. `keytab` is the name of a Kerberos keytab, or NULL for the default
// one. `mech` and failures as above.
GSSLOOP_CHECKED int gssloop_credential_accept(const char* service, const char* keytab,
                                              const char* mech, gssloop_credential** credential,
                                              gssloop_error** error) GSSLOOP_NOEXCEPT;

// gssloop_credential_free frees a credential.
void gssloop_credential_free(gssloop_credential** credential) GSSLOOP_NOEXCEPT;

// ---- Options ------------------------------------------------------------------------------------

// gssloop_options contains what a side requests and requires. Negotiations copy it when they are
// made. Setters fail with GSSLOOP_INVALID or GSSLOOP_NO_MEMORY and then change nothing.
typedef struct gssloop_options gssloop_options;

// gssloop_options_new makes options with the flags that a context must have: numbers of enum
// gssloop_flag, or 0 (section 3: each protocol must name them). An initiator also requests these
// flags, if they can be requested. On an initiator no context has GSSLOOP_FLAG_CHANNEL_BOUND.
GSSLOOP_CHECKED int gssloop_options_new(uint32_t required_flags,
                                        gssloop_options** options) GSSLOOP_NOEXCEPT;
// gssloop_options_free frees options.
void gssloop_options_free(gssloop_options** options) GSSLOOP_NOEXCEPT;

// gssloop_options_request makes an initiator request flags in addition to the required ones. If
// GSSLOOP_FLAG_ANON is one of them, the initiator sends nothing unless the mechanism grants it
// (section 2.1).
GSSLOOP_CHECKED int gssloop_options_request(gssloop_options* options,
                                            uint32_t flags) GSSLOOP_NOEXCEPT;

// gssloop_options_set_mech selects an initiator's mechanism by its dotted OID, for example
// "1.2.840.113554.1.2.2".
GSSLOOP_CHECKED int gssloop_options_set_mech(gssloop_options* options,
                                             const char* mech) GSSLOOP_NOEXCEPT;

// gssloop_options_set_lifetime makes an initiator request a context with a lifetime of `seconds`; 0
// is the default.
GSSLOOP_CHECKED int gssloop_options_set_lifetime(gssloop_options* options,
                                                 uint32_t seconds) GSSLOOP_NOEXCEPT;

// gssloop_options_set_credential replaces the default credential; NULL restores it.
GSSLOOP_CHECKED int gssloop_options_set_credential(
    gssloop_options* options, const gssloop_credential* credential) GSSLOOP_NOEXCEPT;

// gssloop_options_set_channel_bindings binds the context to a channel by application data (RFC 2743
// section 1.1.6), which are copied. The mechanism itself refuses only bindings that differ. An
// acceptor that must also refuse initiators without bindings requires GSSLOOP_FLAG_CHANNEL_BOUND.
GSSLOOP_CHECKED int gssloop_options_set_channel_bindings(gssloop_options* options, const void* data,
                                                         size_t len) GSSLOOP_NOEXCEPT;

// gssloop_options_set_limits limits what a peer can make us do: the number of tokens in both
// directions (default 32), and the bytes of each token (default 262144). Neither may be 0.
GSSLOOP_CHECKED int gssloop_options_set_limits(gssloop_options* options, uint32_t max_legs,
                                               size_t max_token_len) GSSLOOP_NOEXCEPT;

// ---- The loop -----------------------------------------------------------------------------------

// gssloop_negotiation is one side of one negotiation.
typedef struct gssloop_negotiation gssloop_negotiation;

// gssloop_step contains the actions that the loop requires. It may own a context that must be
// destroyed. So free it after its actions are done and before the next step.
typedef struct gssloop_step gssloop_step;

// gssloop_context is an established context, whose flags were checked.
typedef struct gssloop_context gssloop_context;

// gssloop_initiator_new makes the side that begins (section 2.2). `target` is the acceptor's name
// in the form `form`. If it is not a name, it fails with GSSLOOP_FAILED and
// GSSLOOP_FAULT_LOCAL_MISUSE.
GSSLOOP_CHECKED int gssloop_initiator_new(const char* target, int form,
                                          const gssloop_options* options,
                                          gssloop_negotiation** negotiation,
                                          gssloop_error** error) GSSLOOP_NOEXCEPT;

// gssloop_acceptor_new makes the side that answers (section 2.5). Options with a mechanism, a
// lifetime or requested flags are GSSLOOP_INVALID, because an acceptor cannot use them: its
// credential determines the mechanisms that it accepts. To accept only one mechanism, check
// gssloop_context_mech, too.
GSSLOOP_CHECKED int gssloop_acceptor_new(const gssloop_options* options,
                                         gssloop_negotiation** negotiation,
                                         gssloop_error** error) GSSLOOP_NOEXCEPT;

// gssloop_negotiation_free ends a negotiation without a message to the peer.
void gssloop_negotiation_free(gssloop_negotiation** negotiation) GSSLOOP_NOEXCEPT;

// gssloop_negotiation_start makes an initiator's first step; call it once. It is GSSLOOP_INVALID
// for an acceptor.
//
// GSSLOOP_OK from this and the next two functions means that there is a step. The step itself may
// be a failure.
GSSLOOP_CHECKED int gssloop_negotiation_start(gssloop_negotiation* negotiation,
                                              gssloop_step** step) GSSLOOP_NOEXCEPT;

// gssloop_negotiation_on_token gives the peer's next token to the loop. It may be empty, except an
// acceptor's first one. An unexpected token fails the negotiation (sections 2.4 and 2.7).
GSSLOOP_CHECKED int gssloop_negotiation_on_token(gssloop_negotiation* negotiation,
                                                 const void* token, size_t token_len,
                                                 gssloop_step** step) GSSLOOP_NOEXCEPT;

// Other events that end a negotiation (sections 2.4 and 2.7). The loop has no clock and no channel.
enum gssloop_event {
  GSSLOOP_EVENT_DEADLINE = 1,     // no token arrived in time
  GSSLOOP_EVENT_PEER_DEFECT = 2,  // the peer sent no token, but for example a malformed frame
  GSSLOOP_EVENT_PEER_FAILED = 3,  // the peer reported a failure, or closed the channel
  GSSLOOP_EVENT_CANCELLED = 4,    // our program cancels
};

// gssloop_negotiation_give_up reports an enum gssloop_event to the loop. `reason` is a clause for
// the error's text; NULL for the default one.
GSSLOOP_CHECKED int gssloop_negotiation_give_up(gssloop_negotiation* negotiation, int event,
                                                const char* reason,
                                                gssloop_step** step) GSSLOOP_NOEXCEPT;

// The actions that a step requires, in this order. Every step has exactly one of the last three.
enum gssloop_action {
  GSSLOOP_ACTION_SEND = 1,       // send gssloop_step_token, even if it is empty (section 2.2)
  GSSLOOP_ACTION_TELL_PEER = 2,  // tell the peer that we failed, if the protocol can do that
  GSSLOOP_ACTION_AWAIT = 4,      // wait for a token
  GSSLOOP_ACTION_ESTABLISH = 8,  // take the context with gssloop_step_take_context
  GSSLOOP_ACTION_FAIL = 16,      // the negotiation failed: gssloop_step_error says why
};

// gssloop_step_actions is a set of enum gssloop_action; GSSLOOP_ACTION_FAIL alone for NULL.
uint32_t gssloop_step_actions(const gssloop_step* step) GSSLOOP_NOEXCEPT;

// gssloop_step_token is the token to send for GSSLOOP_ACTION_SEND, and `*len` its length. Borrowed
// from the step. NULL and 0 if there is nothing to send; NULL if `len` is NULL. With
// GSSLOOP_ACTION_FAIL it is an error token.
const void* gssloop_step_token(const gssloop_step* step, size_t* len) GSSLOOP_NOEXCEPT;

// gssloop_step_error is borrowed from the step; NULL unless the step fails.
const gssloop_error* gssloop_step_error(const gssloop_step* step) GSSLOOP_NOEXCEPT;

// gssloop_step_take_context returns the context of a step that establishes one. Call it once, after
// the step's token was sent. GSSLOOP_INVALID otherwise.
GSSLOOP_CHECKED int gssloop_step_take_context(gssloop_step* step,
                                              gssloop_context** context) GSSLOOP_NOEXCEPT;

// gssloop_step_free frees a step, and destroys its context if it was not taken.
void gssloop_step_free(gssloop_step** step) GSSLOOP_NOEXCEPT;

// ---- An established context ---------------------------------------------------------------------

// gssloop_context_free destroys the context, without a deletion token (section 3.2).
void gssloop_context_free(gssloop_context** context) GSSLOOP_NOEXCEPT;

// gssloop_context_flags are all flags of the context, including flags that were not required. 0 for
// NULL.
uint32_t gssloop_context_flags(const gssloop_context* context) GSSLOOP_NOEXCEPT;

// gssloop_context_mech is the mechanism's dotted OID; under SPNEGO, that of the negotiated
// mechanism. Borrowed. Empty if the mechanism did not report it, and for NULL.
const char* gssloop_context_mech(const gssloop_context* context) GSSLOOP_NOEXCEPT;

// gssloop_context_peer_name is the authenticated name of the peer: on an acceptor the initiator's,
// on an initiator the acceptor's (which is authenticated only with GSSLOOP_FLAG_MUTUAL).
// `*is_anonymous` is 1 if the peer is anonymous; `is_anonymous` must not be NULL. The context says
// who the peer is, not what it may do (section 3.1): compare the whole name, including the realm.
// Fails if the name cannot be read, or contains a NUL, because a shorter name could be another
// peer's.
GSSLOOP_CHECKED int gssloop_context_peer_name(const gssloop_context* context, char** name,
                                              int* is_anonymous,
                                              gssloop_error** error) GSSLOOP_NOEXCEPT;

// gssloop_context_on_token processes a context token that arrived after completion (section 3.2).
// On GSSLOOP_OK the context is still valid. After any other result it is gone, and all calls with
// it fail.
GSSLOOP_CHECKED int gssloop_context_on_token(gssloop_context* context, const void* token,
                                             size_t token_len,
                                             gssloop_error** error) GSSLOOP_NOEXCEPT;

// How a message is protected.
enum gssloop_protection {
  GSSLOOP_INTEGRITY = 1,        // readable, and protected against change
  GSSLOOP_CONFIDENTIALITY = 2,  // also encrypted
};

// gssloop_wrap protects one message of at most 1 GiB (RFC 2743 section 2.3.3) with `protection`, an
// enum gssloop_protection. Fails, without output, if confidentiality was requested and the
// mechanism did not encrypt (section 3.1).
GSSLOOP_CHECKED int gssloop_wrap(gssloop_context* context, int protection, const void* message,
                                 size_t message_len, gssloop_buffer* token,
                                 gssloop_error** error) GSSLOOP_NOEXCEPT;

// gssloop_unwrap checks and opens one message. It fails for a changed message and, if the context
// has GSSLOOP_FLAG_REPLAY or GSSLOOP_FLAG_SEQUENCE, for a replayed or reordered one. It also fails
// for a message that was not encrypted, if `expected` is GSSLOOP_CONFIDENTIALITY. The fault is
// GSSLOOP_FAULT_PEER_PROTOCOL.
GSSLOOP_CHECKED int gssloop_unwrap(gssloop_context* context, int expected, const void* token,
                                   size_t token_len, gssloop_buffer* message,
                                   gssloop_error** error) GSSLOOP_NOEXCEPT;

// gssloop_wrap_size_limit is the length in bytes of the largest message whose token is not longer
// than `max_token_len`.
GSSLOOP_CHECKED int gssloop_wrap_size_limit(gssloop_context* context, int protection,
                                            uint32_t max_token_len, uint32_t* max_message_len,
                                            gssloop_error** error) GSSLOOP_NOEXCEPT;

// gssloop_get_mic makes an integrity token for a message that is sent separately (RFC 2743 section
// 2.3.1), gssloop_verify_mic checks one. Failures as above.
GSSLOOP_CHECKED int gssloop_get_mic(gssloop_context* context, const void* message,
                                    size_t message_len, gssloop_buffer* mic,
                                    gssloop_error** error) GSSLOOP_NOEXCEPT;
GSSLOOP_CHECKED int gssloop_verify_mic(gssloop_context* context, const void* message,
                                       size_t message_len, const void* mic, size_t mic_len,
                                       gssloop_error** error) GSSLOOP_NOEXCEPT;

// ---- Name attributes ----------------------------------------------------------------------------

// gssloop_attributes contains all attributes of a name that could be listed (RFC 6680).
typedef struct gssloop_attributes gssloop_attributes;

// gssloop_attribute is one of them, borrowed from the list.
typedef struct gssloop_attribute gssloop_attribute;

// Whether an attribute's values are authenticated (RFC 6680 section 9).
enum gssloop_attribute_kind {
  // The mechanism listed the attribute, but its values could not be read or are inconsistent. Rules
  // must treat it as unknown, which is different from absent.
  GSSLOOP_ATTRIBUTE_UNREADABLE = 0,
  // The mechanism says that a trusted third party authenticated the values.
  GSSLOOP_ATTRIBUTE_AUTHENTICATED = 1,
  // The peer asserted the values itself: MUST NOT be used for security decisions.
  GSSLOOP_ATTRIBUTE_ASSERTED = 2,
};

// gssloop_context_attributes reads the initiator's attributes on an acceptor; GSSLOOP_INVALID on an
// initiator. If there are none, the list is empty. Local policy determines their meaning (RFC 6680
// section 3). The limits are 256 attributes, 1024 values and 4 MiB for each attribute, and 1 MiB
// for each value. A longer list fails, and a larger attribute is unreadable. The mechanism lists
// its attributes twice, and the list has those of both answers: MIT krb5 can leave out an attribute
// without an error when memory is short. A buffer of a Kerberos ticket's PAC ("urn:mspac:...") is
// authenticated only if this function verified the PAC with the keys of the acceptor's keytab;
// otherwise it is unreadable.
GSSLOOP_CHECKED int gssloop_context_attributes(const gssloop_context* context,
                                               gssloop_attributes** attributes,
                                               gssloop_error** error) GSSLOOP_NOEXCEPT;
// gssloop_attributes_free frees a list, and everything that was borrowed from it.
void gssloop_attributes_free(gssloop_attributes** attributes) GSSLOOP_NOEXCEPT;

// gssloop_attributes_num is the number of attributes; 0 for NULL. gssloop_attributes_at is the one
// at `index`; the order has no meaning. NULL if `index` is too large.
size_t gssloop_attributes_num(const gssloop_attributes* attributes) GSSLOOP_NOEXCEPT;
const gssloop_attribute* gssloop_attributes_at(const gssloop_attributes* attributes,
                                               size_t index) GSSLOOP_NOEXCEPT;

// gssloop_attributes_find is the attribute with exactly this name; NULL if there is none.
const gssloop_attribute* gssloop_attributes_find(const gssloop_attributes* attributes,
                                                 const char* name) GSSLOOP_NOEXCEPT;

// gssloop_attribute_name is the attribute's name: `*len` arbitrary bytes, and a NUL. NULL and 0 for
// NULL. `len` may be NULL for names without a NUL, such as all those that gssloop_attributes_find
// finds.
const char* gssloop_attribute_name(const gssloop_attribute* attribute,
                                   size_t* len) GSSLOOP_NOEXCEPT;

// gssloop_attribute_kind_of is an enum gssloop_attribute_kind; unreadable for NULL.
int gssloop_attribute_kind_of(const gssloop_attribute* attribute) GSSLOOP_NOEXCEPT;

// gssloop_attribute_reason says, for a log, why an attribute is unreadable. Otherwise empty.
const char* gssloop_attribute_reason(const gssloop_attribute* attribute) GSSLOOP_NOEXCEPT;

// gssloop_attribute_is_complete is 1 if the mechanism says that these are all values. Do not depend
// on it if several parties have attributes of a name (RFC 6680 section 7.5). 0 for NULL.
int gssloop_attribute_is_complete(const gssloop_attribute* attribute) GSSLOOP_NOEXCEPT;

// gssloop_attribute_num_values is the number of values of an authenticated attribute, in the
// mechanism's order. gssloop_attribute_value is the value at `index`: `*len` arbitrary bytes, and a
// NUL that is not counted. It is NULL if `index` is too large, and if `len` is NULL. An attribute
// that is not authenticated has no values here.
size_t gssloop_attribute_num_values(const gssloop_attribute* attribute) GSSLOOP_NOEXCEPT;
const void* gssloop_attribute_value(const gssloop_attribute* attribute, size_t index,
                                    size_t* len) GSSLOOP_NOEXCEPT;

// gssloop_attribute_num_asserted_values and gssloop_attribute_asserted_value are the same for an
// asserted attribute. Use them for display only. They are separate functions so that code that
// decides about access cannot use asserted values as authenticated ones by mistake.
size_t gssloop_attribute_num_asserted_values(const gssloop_attribute* attribute) GSSLOOP_NOEXCEPT;
const void* gssloop_attribute_asserted_value(const gssloop_attribute* attribute, size_t index,
                                             size_t* len) GSSLOOP_NOEXCEPT;

// ---- Over file descriptors ----------------------------------------------------------------------

// These functions block. They send and receive frames of one octet for the kind ('T' a token, 'F' a
// failure notice, 'D' data) and four octets for the length, as gssloop/io/frame.h describes. File
// descriptors are stream sockets or pipes; they are borrowed, and their settings do not change. A
// peer that closed its end causes no SIGPIPE. A timeout is in milliseconds and applies to the whole
// call; GSSLOOP_NO_TIMEOUT waits without a limit.
#define GSSLOOP_NO_TIMEOUT UINT32_MAX

// gssloop_negotiation_run_fd runs a new negotiation over a pair of file descriptors, which may be
// the same, until its end: `context`, or an error. It sends error tokens and failure notices to the
// peer. The negotiation cannot be used again. After a failure the descriptors can only be closed.
// Only the application knows which timeout is reasonable. The timeout does not interrupt a call
// into the mechanism (a KDC may make an initiator wait).
GSSLOOP_CHECKED int gssloop_negotiation_run_fd(gssloop_negotiation* negotiation, int read_fd,
                                               int write_fd, uint32_t timeout_ms,
                                               gssloop_context** context,
                                               gssloop_error** error) GSSLOOP_NOEXCEPT;

// gssloop_send_fd wraps one message and sends it. After a failure, a part of the message may have
// been sent: send nothing more.
GSSLOOP_CHECKED int gssloop_send_fd(gssloop_context* context, int protection, const void* message,
                                    size_t message_len, int write_fd, uint32_t timeout_ms,
                                    gssloop_error** error) GSSLOOP_NOEXCEPT;

// gssloop_receive_fd receives one message and unwraps it, as gssloop_unwrap does with `expected`.
// `max_token_len` is the largest length of its token in bytes. If the peer closed the channel, the
// fault is GSSLOOP_FAULT_PEER_REJECTED. An attacker who cuts the connection can cause this, so a
// protocol must send a message that marks its end. After a failure the position in the stream is
// unknown: receive nothing more.
GSSLOOP_CHECKED int gssloop_receive_fd(gssloop_context* context, int expected, size_t max_token_len,
                                       int read_fd, uint32_t timeout_ms, gssloop_buffer* message,
                                       gssloop_error** error) GSSLOOP_NOEXCEPT;

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // GSSLOOP_GSSLOOP_H_
