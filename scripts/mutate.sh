# shellcheck shell=bash disable=SC2119,SC2120,SC2154  # the parts of ./run share variables
# SPDX-License-Identifier: BSD-2-Clause
#
# Do the tests notice it if the sources are changed? ./run mutate.

cmd_mutate() {
  local options=("$@")
  while (($#)); do
    case $1 in
      --sample | --file | --place | --propose)
        (($# > 1)) || die 2 "mutate: $1 needs a value"
        [[ $1 != --sample || $2 =~ ^[0-9]+$ ]] || refuse "$2" "a number with --sample"
        shift
        ;;
      --list | --untried) ;;
      *)
        refuse "$1" "--sample N, --file FILE, --place ID, --untried, --list and --propose FILE"
        ;;
    esac
    shift
  done
  if [[ " ${options[*]} " == *" --list "* ]]; then
    mutate "${options[@]}"
    return
  fi
  prepare mutate
  configure_as_it_is "${debug_flags[@]}" || build_failed configure
  local programs
  mapfile -t programs < <(mutate --programs)
  # What the programs run has rules of its own, but the module is loaded by all of them.
  build_targets plugin/libgssloop_sasl.la "${programs[@]}" || build_failed "the build"
  set_test_environment
  mutate ${options[@]+"${options[@]}"}
}

mutate() { ${with_stand_ins[@]+"${with_stand_ins[@]}"} /usr/bin/python3 -B tests/mutate/mutate.py "$@"; }
