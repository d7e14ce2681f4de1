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

  GSSLOOP_COMPLETION([bash], [${datadir}/bash-completion/completions])
  GSSLOOP_COMPLETION([zsh], [${datadir}/zsh/site-functions])
])

# GSSLOOP_COMPLETION(SHELL, FOLDER): where does the completion for this shell go?
AC_DEFUN([GSSLOOP_COMPLETION], [
  AC_ARG_WITH([$1-completion-dir],
    [AS_HELP_STRING([--with-$1-completion-dir=DIR],
      [where the completion for $1 goes; no installs none]
      [@<:@]m4_bpatsubst([[$2]], [\${datadir}], [DATADIR])[@:>@])],
    [], [with_$1_completion_dir=yes])
  AS_CASE([$with_$1_completion_dir],
    [no], [$1completiondir=],
    [yes], [$1completiondir='$2'],
    [$1completiondir=$with_$1_completion_dir])
  AM_CONDITIONAL(m4_toupper([$1])[_COMPLETION], [test "x$$1completiondir" != x])
  AC_SUBST([$1completiondir])
])
