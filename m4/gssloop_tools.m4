# SPDX-License-Identifier: BSD-2-Clause
# GSSLOOP_TOOLS: is the command gssloop built, and are its libraries present?
AC_DEFUN([GSSLOOP_TOOLS], [
  AC_ARG_ENABLE([tools],
    [AS_HELP_STRING([--disable-tools], [do not build the command gssloop])],
    [], [enable_tools=yes])
  AS_IF([test "x$enable_tools" != xno], [
    gssloop_missing=
    GSSLOOP_HAVE_HEADER([CLI/CLI.hpp], [], [gssloop_missing="$gssloop_missing libcli11-dev"])
    GSSLOOP_HAVE_HEADER([nlohmann/json.hpp], [], [gssloop_missing="$gssloop_missing nlohmann-json3-dev"])
    AS_IF([test "x$gssloop_missing" != x],
      [AC_MSG_ERROR([the command gssloop needs CLI11 and nlohmann-json.
Debian packages that are missing:$gssloop_missing. To build without the command: --disable-tools])])])
  AM_CONDITIONAL([TOOLS], [test "x$enable_tools" != xno])

  AC_ARG_WITH([bash-completion-dir],
    [AS_HELP_STRING([--with-bash-completion-dir=DIR],
      [where the completion goes; no installs none @<:@DATADIR/bash-completion/completions@:>@])],
    [], [with_bash_completion_dir=yes])
  AS_CASE([$with_bash_completion_dir],
    [no], [bashcompletiondir=],
    [yes], [bashcompletiondir='${datadir}/bash-completion/completions'],
    [bashcompletiondir=$with_bash_completion_dir])
  AM_CONDITIONAL([COMPLETION], [test "x$bashcompletiondir" != x])
  AC_SUBST([bashcompletiondir])
])
