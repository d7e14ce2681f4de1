# shellcheck shell=bash disable=SC2119,SC2120,SC2154  # the parts of ./run share variables
# SPDX-License-Identifier: BSD-2-Clause
#
# All tests, and the report of them: ./run check, ./run check-servers and ./run check-federation.

cmd_check() {
  local strict=() with_servers='' record='' options=("$@")
  [[ -z ${CI:-} ]] || strict=(--strict)
  while (($#)); do
    case $1 in
      --strict) strict=(--strict) ;;
      --servers) with_servers=yes ;;
      --record) record=yes ;;
      --krb5)
        (($# > 1)) || die 2 "check: --krb5 needs a value"
        [[ -z $suite ]] || die 2 "check takes either --krb5 or --on: a root has a krb5 of its own"
        shift
        use_krb5 "$1"
        ;;
      *) refuse "$1" "--strict, --servers, --record and --krb5 PREFIX" ;;
    esac
    shift
  done
  [[ -z $record ]] || on_suite_with_record "${options[@]}"
  on_suite ${options[@]+"${options[@]}"}
  prepare check
  [[ -z $with_servers ]] || prepare check-servers
  configure_for_tests
  build_tests build-tests
  [[ -z $with_servers ]] || build_tests build-server-tests
  check_one_krb5 || build_failed "the check for one copy of libkrb5"
  local tests
  tests=$(list_tests print-tests) || build_failed "listing the tests"
  if [[ -n $with_servers ]]; then
    tests+=$(list_tests print-server-tests) || build_failed "listing the tests"
  fi
  run_tests "$tests"
  local status=0
  make_scratch
  # shellcheck disable=SC2086  # one word a test
  report --requirements docs/requirements.tsv ${strict[@]+"${strict[@]}"} -- $tests |
    tee "$scratch/report" || status=$?
  [[ -z $record ]] || record_platform "$(tail -n 1 "$scratch/report")" "${options[@]}" >&2
  return "$status"
}

# The row of this platform in docs/platforms.tsv and README.md: --record.
readonly platform_row=tests/report/platform.row

# record_platform "N passed, N failed, N skipped" OPTION...
record_platform() {
  local numbers arguments=() option
  IFS=' ' read -r -a numbers <<<"${1//[^0-9 ]/}"
  shift
  for option in "$@"; do [[ $option == --record ]] || arguments+=("$option"); done
  say "recording the result in docs/platforms.tsv and README.md"
  /usr/bin/python3 tests/report/platforms.py record "${numbers[@]}" check \
    ${arguments[@]+"${arguments[@]}"} >"$platform_row"
}

# The root has a copy of the sources: its row is merged into these.
on_suite_with_record() {
  [[ -n $suite ]] || return 0
  local status=0
  run_on_suite "$@" || status=$?
  ((status == 77)) || in_root cat "/srv/gssloop/$platform_row" |
    /usr/bin/python3 tests/report/platforms.py merge >&2
  exit "$status"
}

cmd_check_servers() { check_folders server "tests/servers tests/packages" "$@"; }

cmd_check_federation() { check_folders federation tests/federation "$@"; }

# check_folders KIND FOLDERS [NAME...] runs the tests of the folders, whose targets of make are
# build-KIND-tests and print-KIND-tests, or those with these names.
check_folders() {
  local kind=$1 folders tests='' name test
  IFS=' ' read -r -a folders <<<"$2"
  shift 2
  for name in "$@"; do
    test=$(find "${folders[@]}" -name "${name}_test.py")
    [[ $name != */* && -n $test ]] ||
      refuse "$name" "these names: $(names_of_tests "${folders[@]}")"
    tests+=" $test"
  done
  on_suite "$@"
  prepare "$command"
  configure_for_tests
  (($#)) || tests=$(list_tests "print-$kind-tests") || build_failed "listing the tests"
  build_tests "build-$kind-tests"
  run_tests "$tests"
  # shellcheck disable=SC2086
  report -- $tests
}

# names_of_tests FOLDER...
names_of_tests() {
  find "$@" -name '*_test.py' -printf '%f\n' | sed 's/_test\.py$//' | sort | comma_separated
}

# An error before the tests counts as one failure, so that the last line never reports success.
build_failed() {
  printf '\nrun: %s failed; its messages are above\n' "$1"
  printf '0 passed, 1 failed, 0 skipped\n'
  exit 1
}

configure_for_tests() {
  # A tree without -Werror starts over: its earlier build ignored warnings.
  if is_configured && ! is_configured_with --enable-werror; then
    start_over "configured without --enable-werror"
  fi
  if is_configured && ! is_configured_for_krb5; then
    start_over "configured for another krb5"
  fi
  leave_debugging
  make_scratch  # the subshell would make its own, and not remove it
  (summary=shown configure_tree --enable-werror ${krb5_prefix:+"--with-krb5=$krb5_prefix"}) ||
    build_failed configure
}

build_tests() {
  say "building (make $1)"
  make -j"$(num_jobs)" "$1" || build_failed "the build"
}

list_tests() { make -s --no-print-directory "$1" | tr '\n' ' '; }

# run_tests TESTS [ARGUMENT...]: TESTS is one word a test; the arguments are make's.
run_tests() {
  local started=$SECONDS environment tests=$1
  shift
  # Nothing may take the results of an earlier run for results of this one.
  rm -rf tests/report/xml
  find tests examples lib plugin \( -name '*.trs' -o -name '*.log' \) -delete
  say "running the tests ($(wc -w <<<"$tests") programs); one line for each as it ends"
  # The report says more than the status of make: it also knows the tests inside the programs.
  # make expands $(basename $@): each test has a folder of its own, as programs may share a name.
  # VERBOSE: make prints the output of failed tests; CI removes their files afterwards.
  # shellcheck disable=SC2016
  environment='GTEST_OUTPUT=xml:$(abs_builddir)/tests/report/xml/$(basename $@)/;'
  environment+=' export GTEST_OUTPUT;'
  # All files that the tests need are built. Without the empty lists, make would build all other
  # tests.
  VERBOSE=1 "${with_stand_ins[@]}" make -k -j2 check-TESTS TESTS="$tests" check_PROGRAMS= \
    check_LTLIBRARIES= TESTS_ENVIRONMENT="$environment" "$@" </dev/null || true
  say "the tests took $((SECONDS - started)) s"
  printf '\n'
}

# The last arguments are the tests; its last line is the summary, its status this program's.
report() {
  /usr/bin/python3 tests/report/report.py --build . --xml tests/report/xml "$@"
}
