# shellcheck shell=bash disable=SC2119,SC2120,SC2154  # the parts of ./run share variables
# SPDX-License-Identifier: BSD-2-Clause
#
# One test, or a shell, with the environment of the tests: ./run test and ./run shell.

# Each test has a line in the makefile fragment of its folder: "# TEST %D%/FILE: what it tests".
# test_lines prints each as FILE, NAME and what it tests, with tabs between. NAME is the file
# without tests/, extension and "_test"; of FOLDER/FOLDER_test, it is FOLDER.
test_lines() {
  find tests bench fuzz examples plugin lib tools -name '*.am' | while IFS= read -r fragment; do
    sed -nE "s,^# TEST %D%/([^: ]+): (.+),${fragment%/*}/\1	\2,p" "$fragment"
  done | while IFS=$'\t' read -r file text; do
    printf '%s\t%s\t%s\n' "$file" "$(test_name "$file")" "$text"
  done | sort -t $'\t' -k 2
}

test_name() {
  local name=${1#tests/}
  name=${name%.*}
  name=${name%_test} name=${name%_tests}
  [[ ${name%/*} != "${name##*/}" ]] || name=${name##*/}
  printf '%s' "$name"
}

print_tests() {
  test_lines | while IFS=$'\t' read -r file name text; do
    printf '%-28s  %s\n' "$name" "$text"
  done
}

# find_test NAME prints its file. NAME may also be the file, or the end of one name.
find_test() {
  local lines found
  lines=$(test_lines)
  found=$(awk -F'\t' -v name="$1" '$2 == name || $1 == name { print $1 }' <<<"$lines")
  [[ -n $found ]] || found=$(awk -F'\t' -v name="$1" '
    { end = $2; sub(".*/", "", end); base = $1; sub(".*/", "", base) }
    end == name || base == name { print $1 }' <<<"$lines")
  [[ -n $found && $found != *$'\n'* ]] || no_such_test "$1" "$lines" "$found"
  printf '%s' "$found"
}

# no_such_test NAME LINES FOUND: FOUND is nothing, or the files of several tests.
no_such_test() {
  local names problem="there is no test '$1'"
  names=$(cut -f2 <<<"$2")
  if [[ -n $3 ]]; then
    problem="'$1' is the end of several names"
    names=$(grep -F -e "$1" <<<"$names")
  elif grep -qF -e "$1" <<<"$names"; then
    names=$(grep -F -e "$1" <<<"$names")
  fi
  die 2 "$problem; test takes one of these names: $(comma_separated <<<"$names")"
}

# The environment of AM_TESTS_ENVIRONMENT (Makefile.am), for the commands that follow.
set_test_environment() {
  local environment
  environment=$(make_variable AM_TESTS_ENVIRONMENT) ||
    die 1 "make could not print the environment of the tests; its output is above"
  eval "$environment"
}

# build_test FILE: a script has a target that builds what it needs.
build_test() {
  local target=$1
  [[ $1 != *.py && $1 != *.sh ]] || target=needs-$1
  configure_as_it_is "${debug_flags[@]}" || die 1 "configure failed; its output is above"
  # In a tree that was configured without GoogleTest there is no rule for the programs.
  if ! make -n "$target" >/dev/null 2>&1; then
    say "make has no rule for $1 yet: configuring again, with the same arguments"
    { quietly ./config.status --recheck && quietly ./config.status; } ||
      die 1 "configure failed; its output is above"
  fi
  build_targets "$target" || die 1 "the build failed; its output is above"
}

cmd_test() {
  (($#)) || { print_tests; return; }
  (($# <= 2)) || refuse "$3" "the name of a test and a filter"
  local file status=0
  file=$(find_test "$1")
  [[ $file != *.sh || $# == 1 ]] || refuse "$2" "no filter with $1, which is a script"
  on_suite "$@"
  prepare_test "$file"
  build_test "$file"
  set_test_environment
  say "$file${2:+, only $2}"
  case $file in
    *.sh) "${with_stand_ins[@]}" "./$file" || status=$? ;;
    *.py) run_python_test "$file" "${@:2}" || status=$? ;;
    *) run_program "$file" "${@:2}" || status=$? ;;
  esac
  ((status != 77)) || say "the test was skipped; the reason is above"
  exit "$status"
}

# run_program FILE [FILTER]
run_program() {
  (($# == 2)) || { "${with_stand_ins[@]}" "./$1"; return; }
  local filter=$2
  [[ $filter == *[*?:]* || $filter == -* ]] || filter="*$filter*"
  # GoogleTest reports success if no test matches.
  "./$1" --gtest_list_tests --gtest_filter="$filter" 2>/dev/null | grep -q '^  ' ||
    die 1 "no test of $1 matches $filter; ./$1 --gtest_list_tests lists them"
  "${with_stand_ins[@]}" "./$1" --gtest_filter="$filter"
}

# run_python_test FILE [FILTER]. So is unittest, which then says that it ran none.
run_python_test() {
  (($# == 2)) || { "${with_stand_ins[@]}" /usr/bin/python3 -B "$1"; return; }
  local status=0
  make_scratch
  "${with_stand_ins[@]}" /usr/bin/python3 -B "$1" -v -k "$2" \
    2> >(tee "$scratch/said" >&2) || status=$?
  wait "$!"
  ! grep -q '^Ran 0 tests' "$scratch/said" || die 1 "no test of $1 matches $2"
  return "$status"
}

cmd_shell() {
  [[ ${1:-} != -* ]] || refuse "$1" "a command and its arguments, or nothing"
  on_suite "$@"
  prepare demo
  configure_as_it_is "${debug_flags[@]}" || die 1 "configure failed; its output is above"
  build_targets plugin/libgssloop_sasl.la || die 1 "the build failed; its output is above"
  set_test_environment
  export SASL_PATH=$GSSLOOP_PLUGIN_DIR SASL_PLUGINDIR=$GSSLOOP_PLUGIN_DIR
  remove_scratch
  if (($# == 0)); then
    say "a shell with the environment of the tests; type exit to end it"
    exec "${with_stand_ins[@]}" "${SHELL:-/bin/bash}"
  fi
  # libtool names the programs themselves where its scripts are given.
  exec "${with_stand_ins[@]}" ./libtool --mode=execute "$@"
}
