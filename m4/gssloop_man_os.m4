# SPDX-License-Identifier: BSD-2-Clause
# GSSLOOP_MAN_OS: which system do the installed manual pages name?
AC_DEFUN([GSSLOOP_MAN_OS], [
  AC_ARG_VAR([MAN_OS], [name of the system in manual pages, by default that of this one])
  AS_IF([test "x$MAN_OS" = x],
    [MAN_OS=`(. /etc/os-release && AS_ECHO(["$NAME"])) 2>/dev/null || uname -s`])
])
