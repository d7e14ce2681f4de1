#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The module as a packager looks at it: it exports the two entry points and nothing else, stays
# loaded (-z nodelete), and needs no library except Kerberos, libsasl and the C++ runtime.

set -u
module=${GSSLOOP_PLUGIN_DIR:-plugin/.libs}/libgssloop_sasl.so
num_failed=0

# same WHAT ACTUAL EXPECTED
same() {
  [[ $2 == "$3" ]] && return
  printf '%s:\n%s\nexpected:\n%s\n' "$1" "$2" "$3"
  num_failed=$((num_failed + 1))
}

same 'exported symbols' \
  "$(nm -D --defined-only "$module" | awk '{print $3}' | sort)" \
  "$(printf '%s\n' sasl_client_plug_init sasl_server_plug_init)"
same 'NODELETE flag' "$(readelf -d "$module" | grep -c NODELETE)" 1
same 'libraries beside the expected ones' \
  "$(readelf -d "$module" | sed -nE 's/.*NEEDED.*\[(.*)\]/\1/p' |
    grep -vE '^(libgssapi_krb5|libkrb5|libk5crypto|libcom_err|libsasl2|libstdc\+\+|libgcc_s|libm|libc|libasan|libubsan|ld-linux.*)\.so')" \
  ''

((num_failed == 0)) || exit 1
