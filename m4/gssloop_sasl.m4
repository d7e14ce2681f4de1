# SPDX-License-Identifier: BSD-2-Clause
# GSSLOOP_SASL: where is Cyrus SASL, and does its plugin interface have what GS2 needs?
AC_DEFUN([GSSLOOP_SASL], [
  PKG_CHECK_MODULES([SASL], [libsasl2 >= 2.1.26], [], [
    AC_MSG_ERROR([Cyrus SASL 2.1.26 or later was not found (Debian: libsasl2-dev). $SASL_PKG_ERRORS])])
  gssloop_save_CPPFLAGS=$CPPFLAGS
  CPPFLAGS="$CPPFLAGS $SASL_CFLAGS"
  # In releases after 2.1.28, and in Debian's: the log level of the client's application.
  AC_CHECK_MEMBER([sasl_client_params_t.log_level],
    [AC_DEFINE([HAVE_STRUCT_SASL_CLIENT_PARAMS_LOG_LEVEL], [1],
      [Define to 1 if sasl_client_params_t has a member log_level.])], [],
    [[#include <sasl/sasl.h>
      #include <sasl/saslplug.h>]])
  CPPFLAGS=$gssloop_save_CPPFLAGS
])
