# SPDX-License-Identifier: BSD-2-Clause
# GSSLOOP_TESTS: is what the tests need on this machine?
AC_DEFUN([GSSLOOP_TESTS], [
  AC_REQUIRE([GSSLOOP_SASL_PLUGINDIR])
  PKG_CHECK_MODULES([GTEST], [gtest >= 1.10 gmock >= 1.10], [gssloop_have_gtest=yes], [gssloop_have_gtest=no])
  AM_CONDITIONAL([HAVE_GTEST], [test "x$gssloop_have_gtest" = xyes])
  AC_CACHE_CHECK([whether the compiler reads precompiled headers only if they fit], [gssloop_cv_precompile], [
    AC_LANG_PUSH([C++])
    AC_COMPILE_IFELSE([AC_LANG_SOURCE([[
      #if !defined(__GNUC__) || defined(__clang__)
      #error another compiler
      #endif
    ]])], [gssloop_cv_precompile=yes], [gssloop_cv_precompile=no])
    AC_LANG_POP])
  # With optimization, g++ 12 warns about the C++ library's own functions if their header was
  # precompiled.
  AS_CASE(["$GSSLOOP_TEST_OPT_CXXFLAGS $CXXFLAGS"], [*-O0*], [gssloop_precompile=$gssloop_cv_precompile],
    [gssloop_precompile=no])
  AM_CONDITIONAL([PRECOMPILE], [test "x$gssloop_have_gtest$gssloop_precompile$srcdir" = xyesyes.])
  PKG_CHECK_MODULES([GSASL], [libgsasl >= 1.8], [gssloop_have_gsasl=yes], [gssloop_have_gsasl=no])
  AM_CONDITIONAL([HAVE_GSASL], [test "x$gssloop_have_gsasl" = xyes])
  dnl Only `make layer-bench` needs it, and fails without it.
  PKG_CHECK_MODULES([BENCHMARK], [benchmark], [gssloop_have_benchmark=yes], [gssloop_have_benchmark=no])
  AC_ARG_VAR([STOCK_PLUGINDIR], [folder with Cyrus SASL's own modules, for interoperation tests and the benchmark])
  AS_IF([test "x$STOCK_PLUGINDIR" = x], [STOCK_PLUGINDIR=$gssloop_cv_sasl_plugindir])
])
