#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# make docs makes the reference of the library, the reference contains all that is installed, and a
# function without a comment is an error.

set -u
build=$(cd "${GSSLOOP_BUILDDIR:-.}" && pwd) || exit 99
unset MAKEFLAGS MFLAGS MAKELEVEL  # of the make that runs this test

doxygen=$(sed -n 's/^DOXYGEN = //p' "$build/Makefile")
if ! command -v "$doxygen" >/dev/null; then
  echo "doxygen is not installed"
  exit 77
fi

num_failed=0
scratch=$(mktemp -d) || exit 99
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

complain() {
  printf '%s\n' "$@"
  num_failed=$((num_failed + 1))
}

# docs FOLDER [VARIABLE=VALUE]: makes the reference, with its errors in FOLDER.log.
docs() {
  make -s -C "$build" docs docs_output="$scratch/$1" "${@:2}" >"$scratch/$1.log" 2>&1
}

docs whole || complain 'make docs failed:' "$(head -n 20 "$scratch/whole.log")"
for word in gssloop_negotiation_run_fd GSSLOOP_FAULT_ANONYMITY_LOST EstablishedContext FdTransport \
  get_all; do
  grep -rqw "$word" "$scratch/whole/html" || complain "the reference does not have $word"
done

# One header for each error that make docs must find.
bare() {
  cat >"$scratch/$1.h"
  docs "$1" docs_headers="$scratch/$1.h" && complain "make docs lets $1 through"
  grep -q "$2.*is not documented" "$scratch/$1.log" ||
    complain "make docs does not name $2:" "$(cat "$scratch/$1.log")"
}
bare function 'nameless' <<'END'
// SPDX-License-Identifier: BSD-2-Clause
namespace gssloop::gss {

// named has a comment, which does not hold for the other one.
int named(int number);
int nameless(int number);

}  // namespace gssloop::gss
END
bare member 'plain' <<'END'
// SPDX-License-Identifier: BSD-2-Clause
namespace gssloop::gss {

// Thing is a type with a comment.
struct Thing {
  int number;  // with a comment
  int plain;
};

}  // namespace gssloop::gss
END

((num_failed == 0)) || exit 1
