# SPDX-License-Identifier: BSD-2-Clause
# GSSLOOP_VERSION_SCRIPT: does the linker take a version script and -z nodelete?
AC_DEFUN([GSSLOOP_VERSION_SCRIPT], [
  AC_CACHE_CHECK([whether the linker takes --version-script and -z nodelete],
    [gssloop_cv_version_script], [
    printf '{ global: gssloop_probe; local: *; };\n' > conftest.map
    gssloop_save_LDFLAGS=$LDFLAGS
    LDFLAGS="$LDFLAGS -shared -fPIC -Wl,--version-script=conftest.map -Wl,-z,nodelete"
    AC_LINK_IFELSE([AC_LANG_SOURCE([[extern "C" int gssloop_probe() { return 0; }]])],
      [gssloop_cv_version_script=yes], [gssloop_cv_version_script=no])
    LDFLAGS=$gssloop_save_LDFLAGS
    rm -f conftest.map
  ])
  AS_IF([test "x$gssloop_cv_version_script" = xno],
    [AC_MSG_ERROR([the linker must take --version-script and -z nodelete (GNU ld, gold or lld do)])])
])
