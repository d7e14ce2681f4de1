# SPDX-License-Identifier: BSD-2-Clause
# GSSLOOP_DOCS: who makes the reference of the library?
AC_DEFUN([GSSLOOP_DOCS], [
  AC_ARG_VAR([DOXYGEN], [makes the reference of the library (make docs)])
  AC_CHECK_PROG([DOXYGEN], [doxygen], [doxygen])
  dnl Named all the same, so that make says what is missing.
  AS_IF([test "x$DOXYGEN" = x],
    [DOXYGEN=doxygen gssloop_have_doxygen=no], [gssloop_have_doxygen=yes])
])
