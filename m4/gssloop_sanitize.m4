# SPDX-License-Identifier: BSD-2-Clause
# GSSLOOP_SANITIZE: build everything under AddressSanitizer and UBSan, or under ThreadSanitizer? Or
# for libFuzzer?
AC_DEFUN([GSSLOOP_SANITIZE], [
  AC_ARG_ENABLE([sanitizers],
    [AS_HELP_STRING([--enable-sanitizers@<:@=KIND@:>@],
      [build with sanitizers; KIND: address (the default) for AddressSanitizer and
       UndefinedBehaviorSanitizer, thread for ThreadSanitizer, fuzzer for the program
       fuzz/fuzzer, with clang, and address, coverage for clang's measurement of coverage])],
    [], [enable_sanitizers=no])
  GSSLOOP_SANITIZE_FLAGS=
  AS_CASE([$enable_sanitizers],
    [no], [],
    [yes|address], [
      enable_sanitizers=address
      GSSLOOP_SANITIZE_FLAGS="-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer"],
    [thread], [GSSLOOP_SANITIZE_FLAGS="-fsanitize=thread -fno-omit-frame-pointer"],
    [fuzzer], [
      # libFuzzer looks at all counters after each execution: only those of this project's code.
      GSSLOOP_SANITIZE_FLAGS="-fsanitize=fuzzer-no-link,address,undefined -fsanitize-coverage-ignorelist=\$(top_srcdir)/fuzz/foreign.txt -fno-sanitize-recover=undefined -fno-omit-frame-pointer"],
    [coverage], [
      GSSLOOP_SANITIZE_FLAGS="-fprofile-instr-generate -fcoverage-mapping"
      # clang puts its library behind the C library, whose atexit it calls.
      LDFLAGS="$LDFLAGS -Wl,-u,atexit"],
    [AC_MSG_ERROR([--enable-sanitizers takes address, thread, fuzzer or coverage,
      not '$enable_sanitizers'])])
  AC_SUBST([GSSLOOP_SANITIZE_FLAGS])
])
