# SPDX-License-Identifier: BSD-2-Clause
# GSSLOOP_HAVE_HEADER(HEADER, IF-FOUND, IF-NOT-FOUND): is there this header? The check does
# not compile it: to compile a header that contains a whole library takes seconds, and shows no more.
AC_DEFUN([GSSLOOP_HAVE_HEADER], [
  AS_VAR_PUSHDEF([result], [gssloop_cv_header_$1])
  AC_CACHE_CHECK([for $1], [result], [
    AC_PREPROC_IFELSE([AC_LANG_SOURCE([[#if !__has_include(<$1>)
#error missing
#endif]])], [AS_VAR_SET([result], [yes])], [AS_VAR_SET([result], [no])])])
  AS_VAR_IF([result], [yes], [$2], [$3])
  AS_VAR_POPDEF([result])
])
