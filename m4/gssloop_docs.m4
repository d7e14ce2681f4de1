# SPDX-License-Identifier: BSD-2-Clause
# GSSLOOP_DOCS: which program makes the reference of the library?
AC_DEFUN([GSSLOOP_DOCS], [
  AC_ARG_VAR([DOXYGEN], [makes the reference of the library (make docs)])
  AC_CHECK_PROG([DOXYGEN], [doxygen], [doxygen])
  dnl Set although it is missing, so that the error of make names it.
  AS_IF([test "x$DOXYGEN" = x],
    [DOXYGEN=doxygen gssloop_have_doxygen=no], [gssloop_have_doxygen=yes])
])
