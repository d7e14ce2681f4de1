# SPDX-License-Identifier: BSD-2-Clause
# GSSLOOP_CXX20: does the compiler speak C++20, and with which switch?
AC_DEFUN([GSSLOOP_CXX20], [
  AC_CACHE_CHECK([for the switch that selects C++20], [gssloop_cv_cxx20], [
    gssloop_cv_cxx20=no
    gssloop_save_CXXFLAGS=$CXXFLAGS
    for gssloop_switch in -std=c++20 -std=c++2a; do
      CXXFLAGS="$gssloop_save_CXXFLAGS $gssloop_switch"
      AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[
        #include <concepts>
        #include <span>
        template <std::integral T> T twice(T x) { return x + x; }
        ]], [[int a[2] = {1, 2}; return twice(std::span<int>(a).back()) - 4;]])],
        [gssloop_cv_cxx20=$gssloop_switch])
      AS_IF([test "x$gssloop_cv_cxx20" != xno], [break])
    done
    CXXFLAGS=$gssloop_save_CXXFLAGS
  ])
  AS_IF([test "x$gssloop_cv_cxx20" = xno],
    [AC_MSG_ERROR([gssloop needs a C++20 compiler with concepts and <span>: g++ 12 or clang 14, or later])])
  GSSLOOP_CXXFLAGS=$gssloop_cv_cxx20
  AC_SUBST([GSSLOOP_CXXFLAGS])
])
