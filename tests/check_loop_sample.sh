#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The draft's sample program, corrected, with a live KDC: it logs in; an anonymous request, which
# MIT does not grant, sends nothing and fails; a service without a key fails.

set -u
build=${GSSLOOP_BUILDDIR:-.}
sample=$build/examples/loop_sample
with_kdc=$build/tests/kdc/with_kdc
num_failed=0

# expect STATUS WHAT ARGS...: runs the sample under a KDC.
expect() {
  local expected=$1 what=$2
  shift 2
  local output status
  output=$("$with_kdc" --service host/localhost -- "$sample" "$@" 2>&1)
  status=$?
  if ((status != expected)); then
    echo "$what: exit status $status, expected $expected:"
    echo "$output"
    num_failed=$((num_failed + 1))
  fi
}

expect 0 'a login' host@localhost
expect 1 'an anonymous request' --anonymous host@localhost
expect 1 'a service without a key' nosuch@localhost

((num_failed == 0)) || exit 1
echo "SPEC L12 L44"
