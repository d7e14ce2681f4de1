# SPDX-License-Identifier: BSD-2-Clause
# GSSLOOP_SANITIZE: build everything under AddressSanitizer and UBSan, or under ThreadSanitizer?
AC_DEFUN([GSSLOOP_SANITIZE], [
  AC_ARG_ENABLE([sanitizers],
    [AS_HELP_STRING([--enable-sanitizers@<:@=KIND@:>@],
      [build with sanitizers; KIND: address (the default) for AddressSanitizer and
       UndefinedBehaviorSanitizer, thread for ThreadSanitizer])],
    [], [enable_sanitizers=no])
  GSSLOOP_SANITIZE_FLAGS=
  AS_CASE([$enable_sanitizers],
    [no], [],
    [yes|address], [
      enable_sanitizers=address
      GSSLOOP_SANITIZE_FLAGS="-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer"],
    [thread], [GSSLOOP_SANITIZE_FLAGS="-fsanitize=thread -fno-omit-frame-pointer"],
    [AC_MSG_ERROR([--enable-sanitizers takes address or thread, not '$enable_sanitizers'])])
  AC_SUBST([GSSLOOP_SANITIZE_FLAGS])
])
