# SPDX-License-Identifier: BSD-2-Clause
# GSSLOOP_KRB5: is there an MIT krb5 whose acceptor reports whether it verified channel bindings?
AC_DEFUN([GSSLOOP_KRB5], [
  PKG_CHECK_MODULES([KRB5], [mit-krb5-gssapi >= 1.19 mit-krb5 >= 1.19], [], [
    AC_MSG_ERROR([MIT krb5 1.19 or later was not found (Debian: libkrb5-dev).

Older releases and other implementations cannot tell an acceptor whether the initiator's channel
bindings were verified (GSS_C_CHANNEL_BOUND_FLAG, since 1.19). Without that flag, any user with a
ticket can forge the GS2 header and log in as any other user, so gssloop does not build there.
$KRB5_PKG_ERRORS])])
  gssloop_save_CPPFLAGS=$CPPFLAGS
  CPPFLAGS="$CPPFLAGS $KRB5_CFLAGS"
  AC_CACHE_CHECK([for GSS_C_CHANNEL_BOUND_FLAG], [gssloop_cv_channel_bound], [
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[
      #include <gssapi/gssapi.h>
      #include <gssapi/gssapi_ext.h>]], [[return GSS_C_CHANNEL_BOUND_FLAG == 0;]])],
      [gssloop_cv_channel_bound=yes], [gssloop_cv_channel_bound=no])])
  CPPFLAGS=$gssloop_save_CPPFLAGS
  AS_IF([test "x$gssloop_cv_channel_bound" = xno],
    [AC_MSG_ERROR([the GSS-API headers lack GSS_C_CHANNEL_BOUND_FLAG: MIT krb5 1.19 or later is needed])])
])
