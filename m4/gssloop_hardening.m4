# SPDX-License-Identifier: BSD-2-Clause
# GSSLOOP_HARDENING: which protections against exploits do the compiler and the linker have? Packagers
# pass such flags themselves; a build without them is protected as well.
AC_DEFUN([GSSLOOP_HARDENING], [
  AC_REQUIRE([GSSLOOP_SANITIZE])
  GSSLOOP_HARDEN_CXXFLAGS=
  GSSLOOP_HARDEN_LDFLAGS=
  dnl -Werror: clang only warns of a flag that the processor does not have.
  gssloop_save_CXXFLAGS=$CXXFLAGS
  for gssloop_flag in -fstack-protector-strong -fstack-clash-protection -fcf-protection; do
    AS_VAR_PUSHDEF([result], [gssloop_cv_harden_$gssloop_flag])
    AC_CACHE_CHECK([whether the compiler takes $gssloop_flag], [result], [
      CXXFLAGS="$gssloop_save_CXXFLAGS -Werror $gssloop_flag"
      AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
        [AS_VAR_SET([result], [yes])], [AS_VAR_SET([result], [no])])])
    AS_VAR_IF([result], [yes], [AS_VAR_APPEND([GSSLOOP_HARDEN_CXXFLAGS], [" $gssloop_flag"])])
    AS_VAR_POPDEF([result])
  done
  dnl Needs optimization, does not work with AddressSanitizer, and the user may have chosen a level.
  AC_CACHE_CHECK([whether the C library takes _FORTIFY_SOURCE], [gssloop_cv_fortify], [
    CXXFLAGS="$GSSLOOP_OPT_CXXFLAGS $gssloop_save_CXXFLAGS -Werror -D_FORTIFY_SOURCE=2"
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include <cstring>
#ifndef __OPTIMIZE__
#error no optimization
#endif]], [])],
      [gssloop_cv_fortify=yes], [gssloop_cv_fortify=no])])
  CXXFLAGS=$gssloop_save_CXXFLAGS
  GSSLOOP_FORTIFY_CPPFLAGS=
  AS_IF([test "x$gssloop_cv_fortify/$enable_sanitizers" = xyes/no],
    [GSSLOOP_FORTIFY_CPPFLAGS=-D_FORTIFY_SOURCE=2])
  AC_CACHE_CHECK([whether the linker takes -z relro -z now], [gssloop_cv_bind_now], [
    gssloop_save_LDFLAGS=$LDFLAGS
    LDFLAGS="$LDFLAGS -Wl,-z,relro -Wl,-z,now"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [gssloop_cv_bind_now=yes], [gssloop_cv_bind_now=no])
    LDFLAGS=$gssloop_save_LDFLAGS
  ])
  AS_IF([test "x$gssloop_cv_bind_now" = xyes],
    [GSSLOOP_HARDEN_LDFLAGS="-Wl,-z,relro -Wl,-z,now"])
  AC_SUBST([GSSLOOP_HARDEN_CXXFLAGS])
  AC_SUBST([GSSLOOP_FORTIFY_CPPFLAGS])
  AC_SUBST([GSSLOOP_HARDEN_LDFLAGS])
])
