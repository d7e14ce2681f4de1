// SPDX-License-Identifier: BSD-2-Clause

// gssloop.h in C99: that it can be included first, and what its functions do with NULL. Compiled as
// C, called by c_test.cc.

#include "tests/spec/c_header.h"

#include <gssloop.h>

static int num_failed;
static int first_failed_line;

static void expect(int is_true, int line) {
  if (is_true) return;
  if (num_failed++ == 0) first_failed_line = line;
}

#define EXPECT(condition) expect((condition) ? 1 : 0, __LINE__)

// An answer of GSSLOOP_INVALID, with an error that says so.
static void expect_invalid(int status, gssloop_error** error, int line) {
  expect(status == GSSLOOP_INVALID, line);
  expect(gssloop_error_fault(*error) == GSSLOOP_FAULT_LOCAL_MISUSE, line);
  expect(gssloop_error_text(*error)[0] != '\0', line);
  gssloop_error_free(error);
}

#define EXPECT_INVALID(call) expect_invalid((call), &error, __LINE__)

static void call_with_null_handles(void) {
  gssloop_error* error = NULL;
  gssloop_step* step = NULL;
  gssloop_context* context = NULL;
  gssloop_attributes* attributes = NULL;
  gssloop_buffer buffer;
  char* name = NULL;
  int is_anonymous = 0;
  uint32_t limit = 1;

  EXPECT(gssloop_options_request(NULL, 0) == GSSLOOP_INVALID);
  EXPECT(gssloop_options_set_mech(NULL, "1.2.3") == GSSLOOP_INVALID);
  EXPECT(gssloop_options_set_lifetime(NULL, 1) == GSSLOOP_INVALID);
  EXPECT(gssloop_options_set_credential(NULL, NULL) == GSSLOOP_INVALID);
  EXPECT(gssloop_options_set_channel_bindings(NULL, "", 0) == GSSLOOP_INVALID);
  EXPECT(gssloop_options_set_limits(NULL, 1, 1) == GSSLOOP_INVALID);
  EXPECT(gssloop_negotiation_start(NULL, &step) == GSSLOOP_INVALID);
  EXPECT(gssloop_negotiation_on_token(NULL, "", 0, &step) == GSSLOOP_INVALID);
  EXPECT(gssloop_negotiation_give_up(NULL, GSSLOOP_EVENT_CANCELLED, NULL, &step) ==
         GSSLOOP_INVALID);
  EXPECT(gssloop_step_take_context(NULL, &context) == GSSLOOP_INVALID);
  EXPECT_INVALID(gssloop_context_peer_name(NULL, &name, &is_anonymous, &error));
  EXPECT(is_anonymous == 1);
  EXPECT_INVALID(gssloop_context_on_token(NULL, "", 0, &error));
  EXPECT_INVALID(gssloop_context_attributes(NULL, &attributes, &error));
  EXPECT_INVALID(gssloop_wrap(NULL, GSSLOOP_INTEGRITY, "", 0, &buffer, &error));
  EXPECT(buffer.data == NULL && buffer.len == 0);
  EXPECT_INVALID(gssloop_unwrap(NULL, GSSLOOP_INTEGRITY, "", 0, &buffer, &error));
  EXPECT_INVALID(gssloop_wrap_size_limit(NULL, GSSLOOP_INTEGRITY, 100, &limit, &error));
  EXPECT(limit == 0);
  EXPECT_INVALID(gssloop_get_mic(NULL, "", 0, &buffer, &error));
  EXPECT_INVALID(gssloop_verify_mic(NULL, "", 0, "", 0, &error));
  EXPECT_INVALID(gssloop_negotiation_run_fd(NULL, 0, 1, 1, &context, &error));
  EXPECT_INVALID(gssloop_send_fd(NULL, GSSLOOP_INTEGRITY, "", 0, 1, 1, &error));
  EXPECT_INVALID(gssloop_receive_fd(NULL, GSSLOOP_INTEGRITY, 1, 0, 1, &buffer, &error));
}

static void call_without_outputs(void) {
  gssloop_error* error = NULL;
  gssloop_options* options = NULL;
  gssloop_negotiation* negotiation = NULL;
  EXPECT(gssloop_options_new(0, NULL) == GSSLOOP_INVALID);
  EXPECT(gssloop_options_new(0, &options) == GSSLOOP_OK);
  EXPECT_INVALID(gssloop_acceptor_new(options, NULL, &error));
  EXPECT_INVALID(gssloop_acceptor_new(NULL, &negotiation, &error));
  EXPECT_INVALID(gssloop_initiator_new(NULL, GSSLOOP_NAME_SERVICE, options, &negotiation, &error));
  EXPECT_INVALID(gssloop_initiator_new("a@b", GSSLOOP_NAME_SERVICE, NULL, &negotiation, &error));
  EXPECT_INVALID(gssloop_initiator_new("a@b", GSSLOOP_NAME_SERVICE, options, NULL, &error));
  EXPECT_INVALID(gssloop_initiator_new("a@b", 0, options, &negotiation, &error));
  EXPECT_INVALID(gssloop_credential_initiate(NULL, 0, NULL, NULL, &error));
  EXPECT_INVALID(gssloop_credential_accept(NULL, NULL, NULL, NULL, &error));
  // The error itself need not be wanted.
  EXPECT(gssloop_acceptor_new(NULL, NULL, NULL) == GSSLOOP_INVALID);
  EXPECT(gssloop_options_set_mech(options, NULL) == GSSLOOP_INVALID);
  EXPECT(gssloop_options_set_channel_bindings(options, NULL, 1) == GSSLOOP_INVALID);
  EXPECT(gssloop_acceptor_new(options, &negotiation, &error) == GSSLOOP_OK);
  EXPECT(gssloop_negotiation_on_token(negotiation, "", 0, NULL) == GSSLOOP_INVALID);
  EXPECT(gssloop_negotiation_give_up(negotiation, GSSLOOP_EVENT_CANCELLED, NULL, NULL) ==
         GSSLOOP_INVALID);
  EXPECT_INVALID(gssloop_negotiation_run_fd(negotiation, 0, 1, 1, NULL, &error));
  gssloop_negotiation_free(&negotiation);
  gssloop_options_free(&options);
}

static void ask_nothing(void) {
  size_t len = 1;
  EXPECT(gssloop_error_fault(NULL) == GSSLOOP_FAULT_NONE);
  EXPECT(gssloop_error_text(NULL)[0] != '\0');
  EXPECT(gssloop_error_advice(NULL)[0] == '\0');
  EXPECT(gssloop_error_major(NULL) == 0 && gssloop_error_minor(NULL) == 0);
  EXPECT(gssloop_error_missing_flags(NULL) == 0);
  EXPECT(gssloop_step_actions(NULL) == GSSLOOP_ACTION_FAIL);
  EXPECT(gssloop_step_token(NULL, &len) == NULL && len == 0);
  EXPECT(gssloop_step_token(NULL, NULL) == NULL);
  EXPECT(gssloop_step_error(NULL) == NULL);
  EXPECT(gssloop_context_flags(NULL) == 0);
  EXPECT(gssloop_context_mech(NULL)[0] == '\0');
  EXPECT(gssloop_attributes_num(NULL) == 0);
  EXPECT(gssloop_attributes_at(NULL, 0) == NULL);
  EXPECT(gssloop_attributes_find(NULL, "a") == NULL);
  EXPECT(gssloop_attribute_name(NULL, &len) == NULL && len == 0);
  EXPECT(gssloop_attribute_kind_of(NULL) == GSSLOOP_ATTRIBUTE_UNREADABLE);
  EXPECT(gssloop_attribute_reason(NULL)[0] == '\0');
  EXPECT(gssloop_attribute_is_complete(NULL) == 0);
  EXPECT(gssloop_attribute_num_values(NULL) == 0);
  EXPECT(gssloop_attribute_value(NULL, 0, &len) == NULL);
  EXPECT(gssloop_attribute_num_asserted_values(NULL) == 0);
  EXPECT(gssloop_attribute_asserted_value(NULL, 0, &len) == NULL);
}

static void free_nothing_twice(void) {
  gssloop_error* error = NULL;
  gssloop_options* options = NULL;
  gssloop_credential* credential = NULL;
  gssloop_negotiation* negotiation = NULL;
  gssloop_step* step = NULL;
  gssloop_context* context = NULL;
  gssloop_attributes* attributes = NULL;
  char* text = NULL;
  gssloop_buffer buffer = {NULL, 0};
  int i;
  for (i = 0; i < 2; ++i) {
    gssloop_error_free(i == 0 ? NULL : &error);
    gssloop_options_free(i == 0 ? NULL : &options);
    gssloop_credential_free(i == 0 ? NULL : &credential);
    gssloop_negotiation_free(i == 0 ? NULL : &negotiation);
    gssloop_step_free(i == 0 ? NULL : &step);
    gssloop_context_free(i == 0 ? NULL : &context);
    gssloop_attributes_free(i == 0 ? NULL : &attributes);
    gssloop_string_free(i == 0 ? NULL : &text);
    gssloop_buffer_free(i == 0 ? NULL : &buffer);
  }
  EXPECT(gssloop_options_new(0, &options) == GSSLOOP_OK);
  gssloop_options_free(&options);
  EXPECT(options == NULL);
  gssloop_options_free(&options);
}

int first_wrong_line_in_c(void) {
  num_failed = 0;
  first_failed_line = 0;
  call_with_null_handles();
  call_without_outputs();
  ask_nothing();
  free_nothing_twice();
  return first_failed_line;
}
