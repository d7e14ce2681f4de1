# SPDX-License-Identifier: BSD-2-Clause
# GSSLOOP_PLUGINDIR: into which folder does the SASL module go?
AC_DEFUN([GSSLOOP_PLUGINDIR], [
  AC_ARG_WITH([plugindir],
    [AS_HELP_STRING([--with-plugindir=DIR], [where libsasl looks for modules @<:@LIBDIR/sasl2@:>@])],
    [plugindir=$withval], [plugindir='${libdir}/sasl2'])
  AS_CASE([$plugindir],
    [yes|no], [AC_MSG_ERROR([--with-plugindir needs a folder])])
  AC_SUBST([plugindir])
])
