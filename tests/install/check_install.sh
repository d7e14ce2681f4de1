#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Installs into a folder of its own, and uses what is there as a stranger would: each header alone,
# the examples by what pkg-config says and nothing else, the C and the C++ program against each
# other over Kerberos, the module in a login. Looks at the symbols and libraries of the shared
# library, and sees that `make uninstall` takes everything away again.
#
# Environment: GSSLOOP_BUILDDIR, GSSLOOP_SRCDIR, GSSLOOP_CC, GSSLOOP_CXX, GSSLOOP_SANITIZE_FLAGS.

set -u
build=$(cd "${GSSLOOP_BUILDDIR:-.}" && pwd) || exit 99
source=$(cd "${GSSLOOP_SRCDIR:-.}" && pwd) || exit 99
read -r -a cc <<<"${GSSLOOP_CC:-cc}"
read -r -a cxx <<<"${GSSLOOP_CXX:-c++}"
read -r -a sanitize <<<"${GSSLOOP_SANITIZE_FLAGS:-}"
# The make that runs this test has its own jobs and variables.
unset MAKEFLAGS MFLAGS MAKELEVEL GTEST_OUTPUT

# greet SERVER CLIENT: one exchange, within a KDC that runs already.
greet() {
  local port='' heard said
  coproc "$1" serve
  exec 3<&"${COPROC[0]}"
  read -r -t 20 -u 3 port
  heard=$("$2" ask host@localhost "$port" 2>&1)
  said=$(cat <&3)
  [[ $heard == 'hello, alice@EXAMPLE.TEST' && $said == *'greeted alice@EXAMPLE.TEST'* &&
    $said == *'attribute auth-indicators: 2 authenticated values'* ]] && return
  printf 'the client: %s\nthe server: %s\n' "$heard" "$said"
  return 1
}
if [[ ${1:-} == --greet ]]; then
  greet "$2" "$3"
  exit
fi

num_failed=0
scratch=$(mktemp -d) || exit 99
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
stage=$scratch/stage

complain() {
  printf '%s\n' "$@"
  num_failed=$((num_failed + 1))
}

# succeed WHAT COMMAND...: shows the output of a command that fails.
succeed() {
  local what=$1 output
  shift
  output=$("$@" 2>&1) && return
  complain "$what failed: $*" "$output"
  return 1
}

# same WHAT ACTUAL EXPECTED
same() {
  [[ $2 == "$3" ]] || complain "$1:" "$2" "expected:" "$3"
}

# ---- Installing ----------------------------------------------------------------------------------

succeed 'make install' make -s -C "$build" install DESTDIR="$stage" || exit 1

pc_folder=$(dirname "$(find "$stage" -name gssloop.pc)")
# What pkg-config says where a package was moved: its folders are below the stage, others' are not.
mkdir "$scratch/pkgconfig"
for pc in gssloop gssloop-cxx; do
  sed -E "s#^([a-z_]+)=/#\1=$stage/#" "$pc_folder/$pc.pc" >"$scratch/pkgconfig/$pc.pc" || exit 1
done
export PKG_CONFIG_PATH=$scratch/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
# flags PACKAGE OPTION...: sets `flags` to what pkg-config says.
flags() {
  local text
  text=$(pkg-config "${@:2}" "$1") || { complain "pkg-config ${*:2} $1 failed"; return 1; }
  read -r -a flags <<<"$text"
}
libdir=$(pkg-config --variable=libdir gssloop)
include=$(pkg-config --variable=includedir gssloop)
library=$libdir/libgssloop.so
export LD_LIBRARY_PATH=$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}

# ---- Headers -------------------------------------------------------------------------------------

compilers=("${cxx[*]}")
for other in g++ clang++; do
  [[ " ${cxx[*]} " == *" $other "* ]] || ! command -v "$other" >/dev/null || compilers+=("$other")
done
strict=(-Wall -Wextra -Wpedantic -Werror)

check_headers() {
  local header compiler flags one
  flags gssloop-cxx --cflags
  while read -r header; do
    for compiler in "${compilers[@]}"; do
      read -r -a one <<<"$compiler"
      succeed "$header alone" "${one[@]}" -std=c++20 "${strict[@]}" -fsyntax-only -x c++ \
        "${flags[@]}" -include "$header" /dev/null
    done
  done < <(cd "$include" && find gssloop gssloop.h -type f | sort)
  flags gssloop --cflags
  succeed 'gssloop.h in C' "${cc[@]}" -std=c99 "${strict[@]}" -fsyntax-only -x c "${flags[@]}" \
    -include gssloop.h /dev/null
  same 'headers of ours that the C header includes' "$(grep '#include "' "$include/gssloop.h")" ''
  same 'installed headers of the C layer' "$(find "$include" -path '*capi*')" ''
}
check_headers

# ---- The shared library --------------------------------------------------------------------------

needed() { readelf -d "$1" | sed -nE 's/.*NEEDED.*\[(.*)\]/\1/p'; }

check_library() {
  local symbols
  same 'SONAME' "$(readelf -d "$library" | sed -nE 's/.*SONAME.*\[(.*)\]/\1/p')" libgssloop.so.0
  symbols=$(nm -D --defined-only --with-symbol-versions "$library" | awk '$2 != "A" {print $3}')
  # C: the node GSSLOOP_0 holds the functions of the header, and they are nowhere else.
  same 'the functions of gssloop.h' \
    "$(sed -n 's/@@GSSLOOP_0$//p' <<<"$symbols" | sort)" \
    "$(sed 's#//.*##' "$include/gssloop.h" | grep -oE '\bgssloop_[a-z_]+\(' | tr -d '(' | sort -u)"
  # C++: names of ours alone, in a node of their own.
  same 'other symbols' "$(grep -v '@@GSSLOOP_0$' <<<"$symbols" | sed 's/@@GSSLOOP_CXX_0$//' |
    c++filt | grep -vE '^((vtable|typeinfo|typeinfo name) for )?gssloop::[^@]*$')" ''
  same 'what the C layer keeps to itself' "$(c++filt <<<"$symbols" | grep 'gssloop::capi')" ''
  ((${#sanitize[@]} == 0)) || return
  same 'libraries beside the expected ones' \
    "$(needed "$library" |
      grep -vE '^(libgssapi_krb5|libkrb5|libk5crypto|libstdc\+\+|libgcc_s|libm|libc|ld-linux.*)\.so')" ''
  same 'libraries that are not used' "$(ldd -u "$library" | grep -F /)" ''
  same 'undefined symbols' "$(ldd -r "$library" 2>&1 | grep -F undefined)" ''
}
check_library

# ---- Programs of others --------------------------------------------------------------------------

build_examples() {
  local flags program
  flags gssloop --cflags --libs
  succeed 'hello_c' "${cc[@]}" -std=c99 "${strict[@]}" ${sanitize[@]+"${sanitize[@]}"} \
    -o "$scratch/hello_c" "$source/examples/hello_c.c" "${flags[@]}" || return
  flags gssloop-cxx --cflags --libs
  for program in hello_cxx loop_sample policy_sample; do
    succeed "$program" "${cxx[@]}" -std=c++20 "${strict[@]}" ${sanitize[@]+"${sanitize[@]}"} \
      -o "$scratch/$program" "$source/examples/$program.cc" "${flags[@]}" || return
  done
  ((${#sanitize[@]} == 0)) || return 0
  same 'libraries of the program in C' "$(needed "$scratch/hello_c" | grep -v '^libc\.so')" \
    libgssloop.so.0
}

# check_policy_sample WITH_KDC: what the policy says is what happens.
check_policy_sample() {
  local policy=$scratch/policy.toml rule said
  for rule in spake nothing; do
    cat >"$policy" <<END
[attributes.assurance]
from = [{ mechanism = "krb5", name = "auth-indicators" }]
[services.host]
require = ["assurance=$rule"]
END
    said=$("$1" --service host/localhost -- "$scratch/policy_sample" "$policy" host@localhost 2>&1)
    case $rule in
      spake) same 'a policy that admits' "$said" 'admitted as alice@EXAMPLE.TEST' ;;
      nothing) same 'one that does not' "$said" "policy_sample: require at $policy:4:12 is false" ;;
    esac
  done
}

check_programs() {
  local with_kdc=$build/tests/kdc/with_kdc server client
  build_examples || return
  for server in hello_c hello_cxx; do
    for client in hello_c hello_cxx; do
      succeed "$client with $server" "$with_kdc" --service host/localhost -- \
        "$source/tests/install/check_install.sh" --greet "$scratch/$server" "$scratch/$client"
    done
  done
  succeed loop_sample "$with_kdc" --service host/localhost -- "$scratch/loop_sample" host@localhost
  check_policy_sample "$with_kdc"
}
check_programs

# ---- The module ----------------------------------------------------------------------------------

check_module() {
  local module
  module=$(find "$stage" -name libgssloop_sasl.so)
  [[ -n $module ]] || { complain 'the module is not installed'; return; }
  same 'libraries of ours that the module needs' "$(needed "$module" | grep gssloop)" ''
  # The demo's logins, by the installed module alone.
  (cd "$build" && GSSLOOP_PLUGIN_DIR=${module%/*} succeed 'the demo with the installed module' \
    "$source/examples/demo/run-demo.sh"; exit "$num_failed")
  (($? == num_failed)) || num_failed=$((num_failed + 1))
}
check_module

# ---- Documents and manual pages ------------------------------------------------------------------

make_variable() {
  make -s --no-print-directory -C "$build" --eval="print-variable: ; @: \$(info \$($1))" \
    print-variable
}

check_documents() {
  local doc file target
  doc=$stage$(make_variable docdir)
  same 'the installed documents' "$(cd "$doc" && find . -name '*.md' | sort)" \
    "$(cd "$source" && find ./README.md ./CHANGELOG.md ./SECURITY.md ./docs -name '*.md' \
      ! -path './docs/reference/*' | sort)"
  same 'the installed examples' "$(cd "$doc/examples" && find . -type f | sort)" \
    "$(cd "$source/examples" && find . -maxdepth 1 -name '*.[cht]*' ! -name '*.o' | sort)"
  # Links lead to installed files. Manual pages are installed elsewhere, and two documents are about
  # the sources.
  while IFS=: read -r file target; do
    [[ -e $doc/$(dirname "$file")/${target%%#*} ]] ||
      complain "$file refers to $target, which is not installed"
  done < <(cd "$doc" && grep -oE '\]\([^)# ]+' README.md docs/*.md | sed 's/:](/:/' |
    grep -vE ':(https?:|(\.\./)*(man|tests|fuzz)/|(\.\./)*CONTRIBUTING\.md)')
}
check_documents

check_pages() {
  local page text
  for page in man1/gssloop.1 man5/gssloop-policy.5 man7/gssloop-sasl.7; do
    text=$(<"$stage$(make_variable mandir)/$page") || { complain "$page is not installed"; continue; }
    [[ $text == *"$(make_variable sysconfdir)/gssloop/policy.toml"* ]] ||
      complain "$page does not name the policy's file"
    [[ $text != *SYSCONFDIR* ]] || complain "$page names SYSCONFDIR"
    same "the system in $page" "$(grep '^\.Os' <<<"$text")" ".Os $(make_variable MAN_OS)"
  done
}
check_pages

# ---- And away again ------------------------------------------------------------------------------

succeed 'make uninstall' make -s -C "$build" uninstall DESTDIR="$stage"
same 'what make uninstall leaves' "$(find "$stage" ! -type d)" ''

((num_failed == 0)) || exit 1
echo "SPEC L44"
