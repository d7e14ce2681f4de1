# SPDX-License-Identifier: BSD-2-Clause
# GSSLOOP_KRB5: is there an MIT krb5 whose acceptor reports whether it verified channel bindings?
AC_DEFUN([GSSLOOP_KRB5], [
  GSSLOOP_KRB5_PREFIX
  PKG_CHECK_MODULES([KRB5], [mit-krb5-gssapi >= 1.19 mit-krb5 >= 1.19], [], [
    AC_MSG_ERROR([MIT krb5 1.19 or later was not found (Debian: libkrb5-dev).

Older releases and other implementations cannot tell an acceptor whether the initiator's channel
bindings were verified (GSS_C_CHANNEL_BOUND_FLAG, since 1.19). Without that flag, any user with a
ticket can forge the GS2 header and log in as any other user, so gssloop does not build there.
$KRB5_PKG_ERRORS])])
  gssloop_save_CPPFLAGS=$CPPFLAGS
  CPPFLAGS="$CPPFLAGS $KRB5_CFLAGS"
  AC_CACHE_CHECK([for GSS_C_CHANNEL_BOUND_FLAG], [gssloop_cv_channel_bound], [
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[
      #include <gssapi/gssapi.h>
      #include <gssapi/gssapi_ext.h>]], [[return GSS_C_CHANNEL_BOUND_FLAG == 0;]])],
      [gssloop_cv_channel_bound=yes], [gssloop_cv_channel_bound=no])])
  CPPFLAGS=$gssloop_save_CPPFLAGS
  AS_IF([test "x$gssloop_cv_channel_bound" = xno],
    [AC_MSG_ERROR([the GSS-API headers lack GSS_C_CHANNEL_BOUND_FLAG: MIT krb5 1.19 or later is needed])])
])

# GSSLOOP_KRB5_PREFIX: is there an MIT krb5 that only this build uses? What is built finds its
# libraries by a run path. KRB5_TESTS_ENVIRONMENT is what the tests need in addition: its programs,
# and its libraries for programs that are linked with the system's. Both have the same names, so a
# process that loaded the system's libraries first would use them for the module as well.
AC_DEFUN([GSSLOOP_KRB5_PREFIX], [
  AC_ARG_WITH([krb5],
    [AS_HELP_STRING([--with-krb5=PREFIX], [use the MIT krb5 that is installed in PREFIX])],
    [], [with_krb5=no])
  KRB5_RPATH= KRB5_TESTS_ENVIRONMENT=
  AS_CASE([$with_krb5],
    [no], [],
    [/*], [
      gssloop_libdir=
      for gssloop_folder in "$with_krb5"/lib "$with_krb5"/lib64 "$with_krb5"/lib/*; do
        AS_IF([test -f "$gssloop_folder/pkgconfig/mit-krb5-gssapi.pc"],
          [gssloop_libdir=$gssloop_folder; break])
      done
      AS_IF([test "x$gssloop_libdir" = x],
        [AC_MSG_ERROR([--with-krb5: there is no mit-krb5-gssapi.pc below $with_krb5/lib])])
      PKG_CONFIG_PATH=$gssloop_libdir/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
      export PKG_CONFIG_PATH
      KRB5_RPATH="-Wl,-rpath,$gssloop_libdir"
      for gssloop_setting in "GSSLOOP_KRB5_FOLDER=$with_krb5" "PKG_CONFIG_PATH=$PKG_CONFIG_PATH" \
        "PATH=$with_krb5/bin:$with_krb5/sbin:\$\$PATH" \
        "LD_LIBRARY_PATH=$gssloop_libdir\$\${LD_LIBRARY_PATH:+:\$\$LD_LIBRARY_PATH}"; do
        AS_VAR_APPEND([KRB5_TESTS_ENVIRONMENT],
          [" $gssloop_setting; export ${gssloop_setting%%=*};"])
      done
    ],
    [AC_MSG_ERROR([--with-krb5 needs the absolute path of a folder, not '$with_krb5'])])
  AC_SUBST([KRB5_RPATH])
  AC_SUBST([KRB5_TESTS_ENVIRONMENT])
])
