# SPDX-License-Identifier: BSD-2-Clause
# GSSLOOP_SUMMARY: what did configure decide?
AC_DEFUN([GSSLOOP_SUMMARY], [
  AS_ECHO(["
gssloop $PACKAGE_VERSION
  compiler          $CXX $GSSLOOP_CXXFLAGS $CXXFLAGS
  warnings          errors: $enable_werror
  sanitizers        $enable_sanitizers
  MIT krb5          `$PKG_CONFIG --modversion mit-krb5-gssapi`
  Cyrus SASL        `$PKG_CONFIG --modversion libsasl2`
  module goes to    $plugindir
  command gssloop   $enable_tools
  GoogleTest        $gssloop_have_gtest
  Google Benchmark  $gssloop_have_benchmark
  GNU SASL (tests)  $gssloop_have_gsasl
  Doxygen           $gssloop_have_doxygen
"])
])
