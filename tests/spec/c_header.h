// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_SPEC_C_HEADER_H_
#define GSSLOOP_TESTS_SPEC_C_HEADER_H_

#ifdef __cplusplus
extern "C" {
#endif

// The line of c_header.c with the first expectation that does not hold; 0 if all do.
int first_wrong_line_in_c(void);

#ifdef __cplusplus
}
#endif

#endif  // GSSLOOP_TESTS_SPEC_C_HEADER_H_
