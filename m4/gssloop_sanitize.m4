# SPDX-License-Identifier: BSD-2-Clause
# GSSLOOP_SANITIZE: build everything under AddressSanitizer and UBSan?
AC_DEFUN([GSSLOOP_SANITIZE], [
  AC_ARG_ENABLE([sanitizers],
    [AS_HELP_STRING([--enable-sanitizers], [build with AddressSanitizer and UndefinedBehaviorSanitizer])],
    [], [enable_sanitizers=no])
  GSSLOOP_SANITIZE_FLAGS=
  AS_IF([test "x$enable_sanitizers" = xyes],
    [GSSLOOP_SANITIZE_FLAGS="-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer"])
  AC_SUBST([GSSLOOP_SANITIZE_FLAGS])
  AM_CONDITIONAL([SANITIZED], [test "x$enable_sanitizers" = xyes])
])
