#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Usage: tests/support/with_unpacked.sh FOLDER NAME... -- COMMAND [ARGUMENT...]
#
# Runs COMMAND where the files below /usr of the packages that are unpacked in FOLDER/NAME seem to be
# installed. Only COMMAND and what it starts sees them, in a mount namespace of its own; it has the
# user and the rights of the caller. The exit status is COMMAND's, or 77, with the reason, where this
# system does not let the user make the namespace.

set -euo pipefail

folder=$1
shift
lower=
while [[ $1 != -- ]]; do
  [[ ! -d $folder/$1/usr ]] || lower+=$1/usr:
  shift
done
shift

unshare=(unshare --mount --propagation private) drop=()
if ((EUID != 0)); then
  # The new namespace's only user is this one, who has all rights there until the files are shown.
  unshare+=(--user --map-current-user --keep-caps)
  drop=(setpriv --inh-caps=-all --ambient-caps=-all)
fi

# The names of packages have no character that means something to the mount option; FOLDER may.
# shellcheck disable=SC2016  # expanded inside
inside='cd "$1" && mount -t overlay overlay -o "lowerdir=$2/usr" /usr && cd "$3" && shift 3 && exec "$@"'
arguments=(sh -c "$inside" sh "$folder" "$lower" "$PWD")
problem=$("${unshare[@]}" "${arguments[@]}" true 2>&1) || {
  printf 'no namespace in which %s seems to be installed: %s\n' "$folder" "$problem" >&2
  exit 77
}
exec "${unshare[@]}" "${arguments[@]}" ${drop[@]+"${drop[@]}"} "$@"
