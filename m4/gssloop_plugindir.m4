# SPDX-License-Identifier: BSD-2-Clause
# GSSLOOP_SASL_PLUGINDIR: in which folder does libsasl look for modules? libsasl2.pc does not say so,
# but everywhere it is the folder sasl2 beside libsasl. The compiler knows Debian's folder as well.
AC_DEFUN([GSSLOOP_SASL_PLUGINDIR], [
  AC_CACHE_CHECK([where libsasl looks for modules], [gssloop_cv_sasl_plugindir], [
    gssloop_cv_sasl_plugindir=unknown
    for gssloop_folder in "`$PKG_CONFIG --variable=libdir libsasl2 2>/dev/null`/sasl2" \
      "/usr/lib/`$CC -print-multiarch 2>/dev/null`/sasl2"; do
      AS_IF([test -d "$gssloop_folder"],
        [gssloop_cv_sasl_plugindir=$gssloop_folder; break])
    done
  ])
])

# GSSLOOP_PLUGINDIR: into which folder does the SASL module go? By default into that of libsasl, because
# libsasl looks nowhere else; also if the other files go to /usr/local. But if the user gives a prefix
# or a libdir, nothing is installed outside of it.
AC_DEFUN([GSSLOOP_PLUGINDIR], [
  AC_REQUIRE([GSSLOOP_SASL_PLUGINDIR])
  AC_ARG_WITH([plugindir],
    [AS_HELP_STRING([--with-plugindir=DIR],
      [where the SASL module goes @<:@the folder in which libsasl looks;
       LIBDIR/sasl2 if --prefix or --libdir name another place@:>@])],
    [plugindir=$withval], [
      plugindir=$gssloop_cv_sasl_plugindir
      for gssloop_given in "$prefix" "$exec_prefix"; do
        AS_CASE([$gssloop_given/$plugindir],
          [NONE/*|"$ac_default_prefix"/*], [],
          ["$gssloop_given/$gssloop_given"/*], [],
          [plugindir='${libdir}/sasl2'])
      done
      AS_IF([test "x$plugindir" = xunknown || test "x$libdir" != 'x${exec_prefix}/lib'],
        [plugindir='${libdir}/sasl2'])])
  AS_CASE([$plugindir],
    [yes|no], [AC_MSG_ERROR([--with-plugindir needs a folder])])
  AC_SUBST([plugindir])
])
