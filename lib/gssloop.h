// SPDX-License-Identifier: BSD-2-Clause
//
// The negotiation loop of RFC 7546 for C (C99 and later) and for all that can call C: initiator and
// acceptor, per-message protection, the peer's name attributes (RFC 6680), and a blocking driver
// over file descriptors. It is the stable ABI of libgssloop; the C++ headers below gssloop/ are
// compatible in source only. Sections are those of RFC 7546, unless another RFC is named.
//
// What holds for all functions:
//
// - Handles. Types without a definition here are handles. What a function hands out through its
//   last parameters but `error` belongs to the caller, who gives it back with the
//   gssloop_..._free of its type. Each of these takes the handle's address, frees what is there and
//   writes NULL: to free twice, or nothing, does nothing. Other results are borrowed, and last as
//   long as the handle they came from. What is handed out replaces the variable's value and does
//   not free it.
// - Failures. Functions that can fail return an enum gssloop_status. GSSLOOP_FAILED comes with an
//   error object where `error` is not NULL, as do the other failures. Outputs are NULL or empty
//   then.
// - NULL for a handle, an output or a text that must be there is GSSLOOP_INVALID, never a crash.
//   Octets may be NULL where their length is 0. Functions that cannot fail answer NULL as they say.
// - Texts are UTF-8 or ASCII and end with a NUL. Lengths count octets.
// - Threads. Any thread may use any handle, one thread at a time; several may read one handle
//   through functions that take a const pointer. No state is shared between handles, but for a
//   credential, which many negotiations may use at once. Threads must not be cancelled inside a
//   call.
// - No C++ exception leaves the library. When memory runs out the answer is GSSLOOP_NO_MEMORY; a
//   negotiation during whose call that happened is over.
#ifndef GSSLOOP_GSSLOOP_H_
#define GSSLOOP_GSSLOOP_H_

#include <stddef.h>
#include <stdint.h>

// GSSLOOP_API_LEVEL grows by one with each release that adds functions to this file. Functions that
// came later than level 1 say so.
#define GSSLOOP_API_LEVEL 1

#if defined(__GNUC__)
// GSSLOOP_CHECKED has the compiler warn where a result is not looked at.
#define GSSLOOP_CHECKED __attribute__((warn_unused_result))
#else
#define GSSLOOP_CHECKED
#endif

#ifdef __cplusplus
// GSSLOOP_NOEXCEPT tells C++ callers that no exception comes out.
#define GSSLOOP_NOEXCEPT noexcept
extern "C" {
#else
#define GSSLOOP_NOEXCEPT
#endif

// gssloop_version is the library's version, as in "0.1.0": of the library that was loaded, which
// may be newer than this header.
const char* gssloop_version(void) GSSLOOP_NOEXCEPT;

// ---- Statuses and errors ------------------------------------------------------------------------

// How a call ended. Numbers of all enums here stay what they are; later releases may add others.
enum gssloop_status {
  GSSLOOP_OK = 0,         // done
  GSSLOOP_FAILED = 1,     // the mechanism, the peer or the channel failed: the error says it
  GSSLOOP_INVALID = 2,    // the call makes no sense: NULL, a number out of range, out of turn
  GSSLOOP_NO_MEMORY = 3,  // memory ran out
};

// Who or what is to blame for a failure.
enum gssloop_fault {
  GSSLOOP_FAULT_NONE = 0,
  GSSLOOP_FAULT_LOCAL_MISUSE = 1,      // our program: a call out of turn, a name that is none
  GSSLOOP_FAULT_LOCAL_CREDENTIAL = 2,  // our credential, or what it takes to use it
  GSSLOOP_FAULT_PEER_PROTOCOL = 3,     // the peer, or who is in between: what came is not valid
  GSSLOOP_FAULT_PEER_REJECTED = 4,     // the peer, or its channel, failed, refused us or is gone
  GSSLOOP_FAULT_MECHANISM_DEFECT = 5,  // the mechanism did what RFC 2743 forbids
  GSSLOOP_FAULT_FLAGS_MISSING = 6,     // the context lacks flags that were required (section 3)
  GSSLOOP_FAULT_ANONYMITY_LOST = 7,    // asked for and not granted; nothing was sent (section 2.1)
  GSSLOOP_FAULT_TIMED_OUT = 8,         // no token or message came in time (sections 2.4 and 2.7)
  GSSLOOP_FAULT_CANCELLED = 9,         // our program gave up
  GSSLOOP_FAULT_NO_MEMORY = 10,        // memory ran out
  GSSLOOP_FAULT_LOCAL_CALL = 11,       // a call on an established context failed, on our side
};

// gssloop_error says why a call failed, or why there will be no context.
typedef struct gssloop_error gssloop_error;

// gssloop_error_fault is a number of enum gssloop_fault; GSSLOOP_FAULT_NONE for NULL.
int gssloop_error_fault(const gssloop_error* error) GSSLOOP_NOEXCEPT;
// gssloop_error_text is one sentence for a person and a log, without token, key or attribute value.
// It may name paths and principals: not for the peer. Never NULL; "no error" for NULL.
const char* gssloop_error_text(const gssloop_error* error) GSSLOOP_NOEXCEPT;
// gssloop_error_advice says what a person should look at, such as "there is no usable Kerberos
// ticket: get one with kinit, and look at KRB5CCNAME". Static, and never NULL: "" where the text says
// all there is to say, and for NULL.
const char* gssloop_error_advice(const gssloop_error* error) GSSLOOP_NOEXCEPT;
// gssloop_error_major and gssloop_error_minor are the statuses of the GSS-API call that failed (RFC
// 2744 section 3.9); 0 where none did, and for NULL.
uint32_t gssloop_error_major(const gssloop_error* error) GSSLOOP_NOEXCEPT;
uint32_t gssloop_error_minor(const gssloop_error* error) GSSLOOP_NOEXCEPT;
// gssloop_error_missing_flags are those that GSSLOOP_FAULT_FLAGS_MISSING is about; else 0.
uint32_t gssloop_error_missing_flags(const gssloop_error* error) GSSLOOP_NOEXCEPT;
// gssloop_error_free gives back an error.
void gssloop_error_free(gssloop_error** error) GSSLOOP_NOEXCEPT;

// gssloop_fault_text names a fault: "peer rejected". Static; "unknown fault" for other numbers.
const char* gssloop_fault_text(int fault) GSSLOOP_NOEXCEPT;

// ---- Flags, names, octets -----------------------------------------------------------------------

// Context flags, with the numbers of RFC 2744 section 5.19 and of MIT krb5.
enum gssloop_flag {
  GSSLOOP_FLAG_DELEG = 1,             // the initiator's credential is delegated
  GSSLOOP_FLAG_MUTUAL = 2,            // the acceptor is authenticated, too
  GSSLOOP_FLAG_REPLAY = 4,            // replayed messages are found
  GSSLOOP_FLAG_SEQUENCE = 8,          // reordered and lost messages are found
  GSSLOOP_FLAG_CONF = 16,             // messages can be encrypted
  GSSLOOP_FLAG_INTEG = 32,            // messages can be protected from change
  GSSLOOP_FLAG_ANON = 64,             // the initiator is anonymous
  GSSLOOP_FLAG_PROT_READY = 128,      // messages can be protected already; never asked for
  GSSLOOP_FLAG_TRANS = 256,           // the context could be moved to another process
  GSSLOOP_FLAG_CHANNEL_BOUND = 2048,  // acceptor: the initiator's channel bindings were verified
  GSSLOOP_FLAG_DELEG_POLICY = 32768,  // delegated where the realm's policy has it so
};

// What a name is written as.
enum gssloop_name_form {
  GSSLOOP_NAME_SERVICE = 1,   // "service@host" (RFC 2743 section 4.1)
  GSSLOOP_NAME_USER = 2,      // a user name as a person writes it (section 4.2 there)
  GSSLOOP_NAME_KERBEROS = 3,  // "primary/instance@REALM" (RFC 1964 section 2.1.1)
};

// gssloop_buffer is octets that the library allocated. `data` is not NULL after GSSLOOP_OK, be
// there no octet; behind the last octet stands a NUL that `len` does not count.
typedef struct gssloop_buffer {
  void* data;  // the octets
  size_t len;  // how many
} gssloop_buffer;

// gssloop_buffer_free overwrites the octets, gives them back and empties `buffer`.
void gssloop_buffer_free(gssloop_buffer* buffer) GSSLOOP_NOEXCEPT;

// gssloop_string_free gives back a text, and writes NULL.
void gssloop_string_free(char** text) GSSLOOP_NOEXCEPT;

// ---- Credentials --------------------------------------------------------------------------------

// gssloop_credential is what one side authenticates with. Handles that were made with it go on
// using it when it is freed.
typedef struct gssloop_credential gssloop_credential;

// gssloop_credential_initiate finds the credential that stands for `name`, written as `form` says
// (an enum gssloop_name_form). NULL for `name` is the default one, whatever `form`. For Kerberos,
// that is the ticket in the credentials cache (KRB5CCNAME). `mech` is a dotted OID, NULL the
// library's default. GSSLOOP_FAILED with GSSLOOP_FAULT_LOCAL_CREDENTIAL where there is none.
GSSLOOP_CHECKED int gssloop_credential_initiate(const char* name, int form, const char* mech,
                                                gssloop_credential** credential,
                                                gssloop_error** error) GSSLOOP_NOEXCEPT;

// gssloop_credential_accept gets the credential of a service: `service` is "service@host", NULL
// stands for every key of the keytab. `keytab` is a Kerberos keytab's name, NULL the default one.
// `mech` and failures as above.
GSSLOOP_CHECKED int gssloop_credential_accept(const char* service, const char* keytab,
                                              const char* mech, gssloop_credential** credential,
                                              gssloop_error** error) GSSLOOP_NOEXCEPT;

// gssloop_credential_free gives back a credential.
void gssloop_credential_free(gssloop_credential** credential) GSSLOOP_NOEXCEPT;

// ---- Options ------------------------------------------------------------------------------------

// gssloop_options is what a side asks for and insists on. Negotiations copy it when they are made.
// Setters fail with GSSLOOP_INVALID or GSSLOOP_NO_MEMORY and then change nothing.
typedef struct gssloop_options gssloop_options;

// gssloop_options_new makes options with the flags without which there is to be no context (section
// 3: each protocol has to name them): numbers of enum gssloop_flag, or 0. An initiator asks for
// them as well, as far as they can be asked for; on an initiator no context has
// GSSLOOP_FLAG_CHANNEL_BOUND.
GSSLOOP_CHECKED int gssloop_options_new(uint32_t required_flags,
                                        gssloop_options** options) GSSLOOP_NOEXCEPT;
// gssloop_options_free gives back options.
void gssloop_options_free(gssloop_options** options) GSSLOOP_NOEXCEPT;

// gssloop_options_request has an initiator ask for flags beside the required ones. Where
// GSSLOOP_FLAG_ANON is among them, nothing is ever sent unless it is granted (section 2.1).
GSSLOOP_CHECKED int gssloop_options_request(gssloop_options* options,
                                            uint32_t flags) GSSLOOP_NOEXCEPT;

// gssloop_options_set_mech chooses an initiator's mechanism, a dotted OID as
// "1.2.840.113554.1.2.2".
GSSLOOP_CHECKED int gssloop_options_set_mech(gssloop_options* options,
                                             const char* mech) GSSLOOP_NOEXCEPT;

// gssloop_options_set_lifetime has an initiator ask for a context of so many seconds; 0: the
// default.
GSSLOOP_CHECKED int gssloop_options_set_lifetime(gssloop_options* options,
                                                 uint32_t seconds) GSSLOOP_NOEXCEPT;

// gssloop_options_set_credential takes the place of the default credential; NULL goes back to it.
GSSLOOP_CHECKED int gssloop_options_set_credential(
    gssloop_options* options, const gssloop_credential* credential) GSSLOOP_NOEXCEPT;

// gssloop_options_set_channel_bindings ties the context to a channel by application data (RFC 2743
// section 1.1.6), which are copied. An acceptor that is not to let in those who bind nothing
// requires GSSLOOP_FLAG_CHANNEL_BOUND: the mechanism alone refuses bindings that differ, and no
// more.
GSSLOOP_CHECKED int gssloop_options_set_channel_bindings(gssloop_options* options, const void* data,
                                                         size_t len) GSSLOOP_NOEXCEPT;

// gssloop_options_set_limits bounds what a peer can make us do: the tokens of both directions (32
// without this call), and the octets of each (262144). Neither may be 0.
GSSLOOP_CHECKED int gssloop_options_set_limits(gssloop_options* options, uint32_t max_legs,
                                               size_t max_token_len) GSSLOOP_NOEXCEPT;

// ---- The loop -----------------------------------------------------------------------------------

// gssloop_negotiation is one side of one negotiation.
typedef struct gssloop_negotiation gssloop_negotiation;

// gssloop_step is what the loop wants done. It may hold a context that is to be destroyed, so it is
// freed after its actions were obeyed, and before the next one is asked for.
typedef struct gssloop_step gssloop_step;

// gssloop_context is an established context, whose flags were checked.
typedef struct gssloop_context gssloop_context;

// gssloop_initiator_new makes the side that begins (section 2.2). `target` is the acceptor's name,
// as `form` says. GSSLOOP_FAILED where it is not a name (GSSLOOP_FAULT_LOCAL_MISUSE).
GSSLOOP_CHECKED int gssloop_initiator_new(const char* target, int form,
                                          const gssloop_options* options,
                                          gssloop_negotiation** negotiation,
                                          gssloop_error** error) GSSLOOP_NOEXCEPT;

// gssloop_acceptor_new makes the side that answers (section 2.5). GSSLOOP_INVALID for options with
// a mechanism, a lifetime or requested flags, which an acceptor has no use for: its credential says
// which mechanisms it takes. Whoever wants one alone looks at gssloop_context_mech, too.
GSSLOOP_CHECKED int gssloop_acceptor_new(const gssloop_options* options,
                                         gssloop_negotiation** negotiation,
                                         gssloop_error** error) GSSLOOP_NOEXCEPT;

// gssloop_negotiation_free ends a negotiation without a word to the peer.
void gssloop_negotiation_free(gssloop_negotiation** negotiation) GSSLOOP_NOEXCEPT;

// gssloop_negotiation_start makes an initiator's first step; once. GSSLOOP_INVALID for an acceptor.
//
// GSSLOOP_OK of this and the next two functions means that there is a step, be it one that fails.
GSSLOOP_CHECKED int gssloop_negotiation_start(gssloop_negotiation* negotiation,
                                              gssloop_step** step) GSSLOOP_NOEXCEPT;

// gssloop_negotiation_on_token gives the peer's next token to the loop. It may be empty, but not an
// acceptor's first one. A token that nobody expects fails the negotiation (sections 2.4 and 2.7).
GSSLOOP_CHECKED int gssloop_negotiation_on_token(gssloop_negotiation* negotiation,
                                                 const void* token, size_t token_len,
                                                 gssloop_step** step) GSSLOOP_NOEXCEPT;

// What else can end a negotiation (sections 2.4 and 2.7). The loop has no clock and no channel.
enum gssloop_event {
  GSSLOOP_EVENT_DEADLINE = 1,  // no token came in time
  GSSLOOP_EVENT_PEER_DEFECT =
      2,  // what came from the peer is no token: its frame is malformed, say
  GSSLOOP_EVENT_PEER_FAILED = 3,  // the peer says that it failed, or is gone
  GSSLOOP_EVENT_CANCELLED = 4,    // our program gives up
};

// gssloop_negotiation_give_up tells the loop of an enum gssloop_event. `reason` is a clause for the
// error's text; NULL: a standing one.
GSSLOOP_CHECKED int gssloop_negotiation_give_up(gssloop_negotiation* negotiation, int event,
                                                const char* reason,
                                                gssloop_step** step) GSSLOOP_NOEXCEPT;

// What a step wants done, in this order. Exactly one of the last three is there.
enum gssloop_action {
  GSSLOOP_ACTION_SEND = 1,       // send gssloop_step_token, also when it is empty (section 2.2)
  GSSLOOP_ACTION_TELL_PEER = 2,  // tell the peer that we failed, where the channel has a way to
  GSSLOOP_ACTION_AWAIT = 4,      // a token is awaited
  GSSLOOP_ACTION_ESTABLISH = 8,  // gssloop_step_take_context hands over the context
  GSSLOOP_ACTION_FAIL = 16,      // gssloop_step_error says why
};

// gssloop_step_actions is a set of enum gssloop_action; GSSLOOP_ACTION_FAIL alone for NULL.
uint32_t gssloop_step_actions(const gssloop_step* step) GSSLOOP_NOEXCEPT;

// gssloop_step_token is what GSSLOOP_ACTION_SEND sends, and `*len` its length. Borrowed from the
// step. NULL and 0 where nothing is to be sent; NULL where `len` is. With GSSLOOP_ACTION_FAIL it is
// an error token.
const void* gssloop_step_token(const gssloop_step* step, size_t* len) GSSLOOP_NOEXCEPT;

// gssloop_step_error is borrowed from the step; NULL unless the step fails.
const gssloop_error* gssloop_step_error(const gssloop_step* step) GSSLOOP_NOEXCEPT;

// gssloop_step_take_context hands over the context of a step that establishes one, once: after its
// token was sent. GSSLOOP_INVALID otherwise.
GSSLOOP_CHECKED int gssloop_step_take_context(gssloop_step* step,
                                              gssloop_context** context) GSSLOOP_NOEXCEPT;

// gssloop_step_free gives back a step, and destroys a context that nobody took.
void gssloop_step_free(gssloop_step** step) GSSLOOP_NOEXCEPT;

// ---- An established context ---------------------------------------------------------------------

// gssloop_context_free destroys the context, without a deletion token (section 3.2).
void gssloop_context_free(gssloop_context** context) GSSLOOP_NOEXCEPT;

// gssloop_context_flags are all the flags of the context, those not required among them. 0 for
// NULL.
uint32_t gssloop_context_flags(const gssloop_context* context) GSSLOOP_NOEXCEPT;

// gssloop_context_mech is the mechanism's dotted OID, under SPNEGO that of the one it negotiated.
// Borrowed. Empty where the mechanism did not say, and for NULL.
const char* gssloop_context_mech(const gssloop_context* context) GSSLOOP_NOEXCEPT;

// gssloop_context_peer_name is the name that was authenticated: on an acceptor the initiator's, on
// an initiator the acceptor's (which says something only with GSSLOOP_FLAG_MUTUAL). `*is_anonymous`
// is 1 where it stands for nobody; it must be asked for. The context says who the peer is, not what
// it may do (section 3.1): compare the whole name, realm and all. Fails where it cannot be had, or
// holds a NUL, since a shorter name might be somebody else's.
GSSLOOP_CHECKED int gssloop_context_peer_name(const gssloop_context* context, char** name,
                                              int* is_anonymous,
                                              gssloop_error** error) GSSLOOP_NOEXCEPT;

// gssloop_context_on_token takes a context token that came after completion (section 3.2). On
// GSSLOOP_OK the context stays in use. After any other answer it is gone: all calls with it fail.
GSSLOOP_CHECKED int gssloop_context_on_token(gssloop_context* context, const void* token,
                                             size_t token_len,
                                             gssloop_error** error) GSSLOOP_NOEXCEPT;

// How a message is protected.
enum gssloop_protection {
  GSSLOOP_INTEGRITY = 1,        // readable, and protected from change
  GSSLOOP_CONFIDENTIALITY = 2,  // encrypted as well
};

// gssloop_wrap protects one message of at most 1 GiB (RFC 2743 section 2.3.3), as an enum
// gssloop_protection says. Fails, without output, where confidentiality was asked for and the
// mechanism did not encrypt (section 3.1).
GSSLOOP_CHECKED int gssloop_wrap(gssloop_context* context, int protection, const void* message,
                                 size_t message_len, gssloop_buffer* token,
                                 gssloop_error** error) GSSLOOP_NOEXCEPT;

// gssloop_unwrap checks and opens one message. A changed one fails, and where the context has
// GSSLOOP_FLAG_REPLAY or GSSLOOP_FLAG_SEQUENCE, also a replayed or reordered one; a message that
// was not encrypted fails where `expected` is GSSLOOP_CONFIDENTIALITY. GSSLOOP_FAULT_PEER_PROTOCOL
// then.
GSSLOOP_CHECKED int gssloop_unwrap(gssloop_context* context, int expected, const void* token,
                                   size_t token_len, gssloop_buffer* message,
                                   gssloop_error** error) GSSLOOP_NOEXCEPT;

// gssloop_wrap_size_limit is the largest message, in octets, whose token is at most
// `max_token_len`.
GSSLOOP_CHECKED int gssloop_wrap_size_limit(gssloop_context* context, int protection,
                                            uint32_t max_token_len, uint32_t* max_message_len,
                                            gssloop_error** error) GSSLOOP_NOEXCEPT;

// gssloop_get_mic makes an integrity token for a message that travels beside it (RFC 2743 section
// 2.3.1), gssloop_verify_mic checks one. Failures as above.
GSSLOOP_CHECKED int gssloop_get_mic(gssloop_context* context, const void* message,
                                    size_t message_len, gssloop_buffer* mic,
                                    gssloop_error** error) GSSLOOP_NOEXCEPT;
GSSLOOP_CHECKED int gssloop_verify_mic(gssloop_context* context, const void* message,
                                       size_t message_len, const void* mic, size_t mic_len,
                                       gssloop_error** error) GSSLOOP_NOEXCEPT;

// ---- Name attributes ----------------------------------------------------------------------------

// gssloop_attributes is all that could be learned of a name (RFC 6680).
typedef struct gssloop_attributes gssloop_attributes;

// gssloop_attribute is one of them, borrowed from the list.
typedef struct gssloop_attribute gssloop_attribute;

// Who stands behind an attribute's values (RFC 6680 section 9).
enum gssloop_attribute_kind {
  // The mechanism listed it, but its values could not be had or do not belong together. To a rule
  // that is unknown, which is not the same as absent.
  GSSLOOP_ATTRIBUTE_UNREADABLE = 0,
  // The mechanism vouches that a trusted third party said it.
  GSSLOOP_ATTRIBUTE_AUTHENTICATED = 1,
  // The peer said it of itself: MUST NOT be used where security is concerned.
  GSSLOOP_ATTRIBUTE_ASSERTED = 2,
};

// gssloop_context_attributes reads the initiator's attributes, on an acceptor; GSSLOOP_INVALID on
// an initiator. None is a list without elements. What they mean is for local policy to say (RFC
// 6680 section 3). At most 256 attributes, each of at most 1024 values and 4 MiB (1 MiB a value): a
// longer list fails, a larger attribute is unreadable.
GSSLOOP_CHECKED int gssloop_context_attributes(const gssloop_context* context,
                                               gssloop_attributes** attributes,
                                               gssloop_error** error) GSSLOOP_NOEXCEPT;
// gssloop_attributes_free gives back a list, and all that was borrowed from it.
void gssloop_attributes_free(gssloop_attributes** attributes) GSSLOOP_NOEXCEPT;

// gssloop_attributes_num is how many there are; 0 for NULL. gssloop_attributes_at is the one at
// `index`, in no order that means anything; NULL behind the last one.
size_t gssloop_attributes_num(const gssloop_attributes* attributes) GSSLOOP_NOEXCEPT;
const gssloop_attribute* gssloop_attributes_at(const gssloop_attributes* attributes,
                                               size_t index) GSSLOOP_NOEXCEPT;

// gssloop_attributes_find is the attribute of exactly this name; NULL where there is none.
const gssloop_attribute* gssloop_attributes_find(const gssloop_attributes* attributes,
                                                 const char* name) GSSLOOP_NOEXCEPT;

// gssloop_attribute_name is the attribute's name: `*len` octets of any value, and a NUL. NULL and 0
// for NULL; `len` may be NULL for names that hold no NUL, as all that gssloop_attributes_find
// finds.
const char* gssloop_attribute_name(const gssloop_attribute* attribute,
                                   size_t* len) GSSLOOP_NOEXCEPT;

// gssloop_attribute_kind_of is an enum gssloop_attribute_kind; unreadable for NULL.
int gssloop_attribute_kind_of(const gssloop_attribute* attribute) GSSLOOP_NOEXCEPT;

// gssloop_attribute_reason says of an unreadable attribute why it is one, for a log. Else empty.
const char* gssloop_attribute_reason(const gssloop_attribute* attribute) GSSLOOP_NOEXCEPT;

// gssloop_attribute_is_complete is 1 where these are claimed to be all values. Dangerous where
// several parties hold attributes of a name (RFC 6680 section 7.5). 0 for NULL.
int gssloop_attribute_is_complete(const gssloop_attribute* attribute) GSSLOOP_NOEXCEPT;

// gssloop_attribute_num_values is how many values an authenticated attribute has, in the
// mechanism's order; gssloop_attribute_value is the one at `index`, `*len` octets of any value, and
// a NUL that is not counted. NULL behind the last one, and where `len` is NULL. An attribute that
// is not authenticated has none here.
size_t gssloop_attribute_num_values(const gssloop_attribute* attribute) GSSLOOP_NOEXCEPT;
const void* gssloop_attribute_value(const gssloop_attribute* attribute, size_t index,
                                    size_t* len) GSSLOOP_NOEXCEPT;

// gssloop_attribute_num_asserted_values and gssloop_attribute_asserted_value are the same for an
// asserted attribute, for display alone. Functions apart, so that code which decides cannot take
// its values for authenticated ones by oversight.
size_t gssloop_attribute_num_asserted_values(const gssloop_attribute* attribute) GSSLOOP_NOEXCEPT;
const void* gssloop_attribute_asserted_value(const gssloop_attribute* attribute, size_t index,
                                             size_t* len) GSSLOOP_NOEXCEPT;

// ---- Over file descriptors ----------------------------------------------------------------------

// These functions block, in frames of one octet kind ('T' a token, 'F' a failure notice, 'D' data)
// and four octets length, as gssloop/io/frame.h has them. File descriptors are stream sockets or
// pipes, borrowed, and left as they are; a peer that closed raises no SIGPIPE. A timeout counts
// milliseconds and is that of the whole call; GSSLOOP_NO_TIMEOUT waits as long as it takes.
#define GSSLOOP_NO_TIMEOUT UINT32_MAX

// gssloop_negotiation_run_fd carries a new negotiation over a pair of file descriptors, which may
// be the same, to its end: `context`, or an error. The peer gets error tokens and notices of
// failure. The negotiation is used up. After a failure the descriptors are good for nothing but
// closing. What time is reasonable only the application knows. A call into the mechanism is not
// interrupted (a KDC may let an initiator wait).
GSSLOOP_CHECKED int gssloop_negotiation_run_fd(gssloop_negotiation* negotiation, int read_fd,
                                               int write_fd, uint32_t timeout_ms,
                                               gssloop_context** context,
                                               gssloop_error** error) GSSLOOP_NOEXCEPT;

// gssloop_send_fd wraps one message and sends it. After a failure a part of it may have left: send
// nothing more.
GSSLOOP_CHECKED int gssloop_send_fd(gssloop_context* context, int protection, const void* message,
                                    size_t message_len, int write_fd, uint32_t timeout_ms,
                                    gssloop_error** error) GSSLOOP_NOEXCEPT;

// gssloop_receive_fd receives one message and unwraps it, as gssloop_unwrap does with `expected`.
// `max_token_len` bounds its token, in octets. A peer that closed fails with
// GSSLOOP_FAULT_PEER_REJECTED: whoever cuts the connection can do that, so a protocol that has an
// end says so in a message. After a failure the place in the stream is lost: receive nothing more.
GSSLOOP_CHECKED int gssloop_receive_fd(gssloop_context* context, int expected, size_t max_token_len,
                                       int read_fd, uint32_t timeout_ms, gssloop_buffer* message,
                                       gssloop_error** error) GSSLOOP_NOEXCEPT;

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // GSSLOOP_GSSLOOP_H_
