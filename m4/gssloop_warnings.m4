# SPDX-License-Identifier: BSD-2-Clause
# GSSLOOP_WARNINGS: which warnings does this build ask for, and are they errors?
AC_DEFUN([GSSLOOP_WARNINGS], [
  AC_ARG_ENABLE([werror],
    [AS_HELP_STRING([--enable-werror], [treat compiler warnings as errors (for developers)])],
    [], [enable_werror=no])
  GSSLOOP_WARN_CXXFLAGS="-Wall -Wextra -Wconversion -Wshadow -Wformat=2 -Wnon-virtual-dtor"
  GSSLOOP_WARN_CFLAGS="-std=c99 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes"
  AS_IF([test "x$enable_werror" = xyes], [
    GSSLOOP_WARN_CXXFLAGS="$GSSLOOP_WARN_CXXFLAGS -Werror"
    GSSLOOP_WARN_CFLAGS="$GSSLOOP_WARN_CFLAGS -Werror"])
  AC_SUBST([GSSLOOP_WARN_CXXFLAGS])
  AC_SUBST([GSSLOOP_WARN_CFLAGS])
])
