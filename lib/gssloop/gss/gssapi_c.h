// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_GSS_GSSAPI_C_H_
#define GSSLOOP_GSS_GSSAPI_C_H_

// The only include of the GSS-API headers. MIT's gssapi.h closes its extern "C" before the RFC 5587
// and RFC 5801 prototypes, so a C++ program that includes it directly does not link. gssapi_alloc.h
// is never included: it is not valid C++.
extern "C" {
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
}

#endif  // GSSLOOP_GSS_GSSAPI_C_H_
