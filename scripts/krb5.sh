# shellcheck shell=bash disable=SC2154  # the parts of ./run share variables
# SPDX-License-Identifier: BSD-2-Clause
#
# A private installation of MIT krb5, for ./run check --krb5 PREFIX.

krb5_prefix=

# use_krb5 PREFIX sets krb5_prefix, or ends the program if that is no MIT krb5 with which the tests
# can run.
use_krb5() {
  local config=$1/bin/krb5-config program release
  [[ $1 =~ ^/[A-Za-z0-9._/+~-]*$ ]] ||
    die 2 "--krb5 takes the absolute path of a folder, of letters, digits and ._+~-, not '$1'"
  [[ -x $config ]] ||
    die 2 "--krb5: there is no $config; install MIT krb5 with ./configure --prefix=$1"
  release=$("$config" --version 2>/dev/null) || release=
  [[ $release =~ ^Kerberos\ 5\ release\ 1\.([0-9]+) ]] ||
    die 2 "--krb5: $config is not of MIT krb5: '$config --version' prints '$release'"
  ((BASH_REMATCH[1] >= 19)) ||
    die 2 "--krb5: gssloop needs MIT krb5 1.19 or later, and $1 has $release"
  for program in sbin/krb5kdc sbin/kdb5_util sbin/kadmin.local bin/kinit bin/kvno bin/klist \
    bin/ktutil; do
    [[ -x $1/$program ]] || die 2 "--krb5: there is no $1/$program, which the tests run"
  done
  krb5_prefix=${1%/}
}

# is_configured_for_krb5: true if the tree is configured with krb5_prefix, or with the system's krb5
# if that is empty. CONFIGURE_FLAGS may name a folder, too.
is_configured_for_krb5() {
  local configured
  # The words may be in quotes.
  configured=$(./config.status --config | grep -oE -e "--with-krb5=[^ ']*" | tail -n 1) || true
  [[ $configured == "${krb5_prefix:+--with-krb5=$krb5_prefix}" ]] ||
    [[ -z $krb5_prefix && ${CONFIGURE_FLAGS:-} == *--with-krb5=* ]]
}

# check_one_krb5: this module and Cyrus SASL's must get the libraries of krb5_prefix, because a test
# loads both into one process. Fails, and says which file gets others.
check_one_krb5() (
  [[ -n $krb5_prefix ]] || return 0
  local file status=0 others
  set_test_environment
  for file in "$GSSLOOP_PLUGIN_DIR"/*.so "${GSSLOOP_STOCK_PLUGIN_DIR:-/nonexistent}"/*.so; do
    [[ -e $file ]] || continue
    # Heimdal's libkrb5 has another version in its name, and a process of its own.
    others=$(ldd "$file" 2>&1 |
      grep -E 'lib(gssapi_krb5\.so\.2|krb5\.so\.3|k5crypto\.so\.3|krb5support\.so\.0) =>' |
      grep -vF -e " => $krb5_prefix/") || continue
    say "$file does not get its libraries from $krb5_prefix: $others"
    status=1
  done
  return "$status"
)
