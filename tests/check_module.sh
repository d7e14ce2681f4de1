#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The module as a packager looks at it: it exports the two entry points and nothing else, stays
# loaded (-z nodelete), needs no library except Kerberos, libsasl and the C++ runtime, and has the
# protections that configure found, as the libraries and the command have.

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

# The protections, in the files as they are.
built=${GSSLOOP_BUILDDIR:-.}
for file in "$module" "$built"/lib/.libs/libgssloop.so "$built"/tools/.libs/gssloop; do
  # Without a shared library to find, libtool makes the program itself.
  [[ -e $file ]] || file=${file/.libs\//}
  [[ -e $file ]] || continue  # --disable-tools
  name=${file##*/}
  [[ $(readelf -hW "$file") == *'Type: '*DYN* ]] || same "$name is position-independent" no yes
  [[ $GSSLOOP_HARDENING != *relro* ]] ||
    same "$name has RELRO" "$(readelf -lW "$file" | grep -c GNU_RELRO)" 1
  [[ $GSSLOOP_HARDENING != *now* ]] ||
    same "$name has BIND_NOW" "$(readelf -dW "$file" | grep -c 'FLAGS_1.*NOW')" 1
  [[ $GSSLOOP_HARDENING != *stack-protector* ]] ||
    same "$name has the stack protector" "$(nm -D "$file" | grep -c ' U __stack_chk_fail')" 1
  # With CET each function begins with the instruction that an indirect call must reach; without, the
  # compiler's own two functions do.
  [[ $GSSLOOP_HARDENING != *cf-protection* || $(uname -m) != x86_64 ]] ||
    same "$name has CET" "$(($(objdump -d --section=.text "$file" | grep -c endbr64) > 100))" 1
done
# Only the command calls functions that the C library has in a second form.
[[ $GSSLOOP_HARDENING != *FORTIFY* || ! -e $file ]] ||
  same 'gssloop has _FORTIFY_SOURCE' "$(nm -D "$file" | grep -q '_chk@' && echo yes)" yes

((num_failed == 0)) || exit 1
