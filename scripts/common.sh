# shellcheck shell=bash disable=SC2119,SC2120,SC2154  # the parts of ./run share variables
# SPDX-License-Identifier: BSD-2-Clause
#
# Functions for all parts of ./run. ./run includes this first; the current folder is the folder of
# the sources.

say() { printf '==> %s\n' "$*" >&2; }
die() { printf 'run: %s\n' "$2" >&2; exit "$1"; }

# refuse ARGUMENT TAKEN: ends the program, for an argument that the command does not take.
refuse() { die 2 "$command does not take '$1'; it takes $2"; }

# comma_separated: writes the lines that it reads as "one, two".
comma_separated() { paste -sd, | sed 's/,/, /g'; }

# make_scratch sets `scratch` to a folder that is removed when the program ends, also by a signal.
scratch=
make_scratch() {
  [[ -z $scratch ]] || return 0
  # The name is set before the folder exists: a signal between the two does no harm.
  scratch=${TMPDIR:-/tmp}/gssloop-run.$$.$RANDOM
  mkdir -m 700 "$scratch" || die 1 "cannot make the folder $scratch"
}
remove_scratch() {
  [[ -z $scratch ]] || rm -rf "$scratch"
  scratch=
}
trap remove_scratch EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# quietly COMMAND...: shows the output of the command only if it fails.
quietly() {
  local status=0
  make_scratch
  "$@" >"$scratch/log" 2>&1 </dev/null || status=$?
  ((status == 0)) || cat "$scratch/log" >&2
  return "$status"
}

# update_copy FOLDER [COMMAND...] copies the sources there. What the last copy had and this one lacks
# is removed; what was built there remains. COMMAND is what enters the place that has the folder.
update_copy() {
  local folder=$1
  shift
  make_scratch
  mkdir "$scratch/copy"
  copy_sources "$scratch/copy"
  find "$scratch/copy" ! -type d -printf '%P\n' | sort >"$scratch/sources"
  # shellcheck disable=SC2016  # the inner shell has the folder
  tar -c -f - -C "$scratch/copy" . | "$@" sh -c '
    mkdir -p "$0" && cd "$0" && touch .sources && mv .sources .old &&
    tar -x -f - --no-same-owner' "$folder" || die 1 "the copy failed; its output is above"
  # shellcheck disable=SC2016
  "$@" sh -c '
    cd "$0" && cat >.sources && comm -23 .old .sources | tr "\n" "\0" | xargs -0r rm -f' \
    "$folder" <"$scratch/sources" || die 1 "the copy failed; its output is above"
  rm -rf "$scratch/copy"
}
