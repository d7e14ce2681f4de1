# SPDX-License-Identifier: BSD-2-Clause
# GSSLOOP_OPTIMIZATION: how much does the compiler optimize, if the user's CXXFLAGS do not say it?
# Tests run for a shorter time than it takes to compile them with -O2, which _FORTIFY_SOURCE needs.
AC_DEFUN([GSSLOOP_OPTIMIZATION], [
  AC_BEFORE([$0], [AC_PROG_CXX])
  GSSLOOP_OPT_CXXFLAGS=
  GSSLOOP_TEST_OPT_CXXFLAGS=
  AS_VAR_SET_IF([CXXFLAGS], [], [
    # Not Autoconf's -g -O2, which would come last in each command and win.
    CXXFLAGS=
    GSSLOOP_OPT_CXXFLAGS="-O2 -g"
    # Line numbers are enough for a test, and a sixth of its compilation faster than all of -g.
    GSSLOOP_TEST_OPT_CXXFLAGS="-O0 -g1 -U_FORTIFY_SOURCE"])
  AC_SUBST([GSSLOOP_OPT_CXXFLAGS])
  AC_SUBST([GSSLOOP_TEST_OPT_CXXFLAGS])
])
