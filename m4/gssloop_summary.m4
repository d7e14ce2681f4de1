# SPDX-License-Identifier: BSD-2-Clause
# GSSLOOP_SUMMARY: what did configure decide?
AC_DEFUN([GSSLOOP_SUMMARY], [
  dnl plugindir may name libdir, that exec_prefix, and that prefix.
  gssloop_folder=$plugindir
  for gssloop_pass in 1 2 3 4; do
    eval "gssloop_folder=\"$gssloop_folder\""
  done
  AS_ECHO(["
gssloop $PACKAGE_VERSION
  compiler          $CXX $GSSLOOP_CXXFLAGS $GSSLOOP_OPT_CXXFLAGS $CXXFLAGS
  warnings          errors: $enable_werror
  sanitizers        $enable_sanitizers
  MIT krb5          `$PKG_CONFIG --modversion mit-krb5-gssapi`
  Cyrus SASL        `$PKG_CONFIG --modversion libsasl2`
  module goes to    $gssloop_folder
  command gssloop   $enable_tools
  GoogleTest        $gssloop_have_gtest
  Google Benchmark  $gssloop_have_benchmark
  GNU SASL (tests)  $gssloop_have_gsasl
  Doxygen           $gssloop_have_doxygen
"])
  AS_CASE([$gssloop_cv_sasl_plugindir],
    [unknown], [AC_MSG_WARN([configure did not find the folder in which libsasl looks for modules.
If it is not $gssloop_folder, name it with --with-plugindir])],
    ["$gssloop_folder"], [],
    [AC_MSG_WARN([libsasl does not look for modules in $gssloop_folder, but in
$gssloop_cv_sasl_plugindir. Install the module there (--with-plugindir), or set
SASL_PATH=$gssloop_folder (SASL_PLUGINDIR with libsasl's development branch) for each program that
uses it])])
])
