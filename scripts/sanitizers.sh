# shellcheck shell=bash disable=SC2119,SC2120,SC2154  # the parts of ./run share variables
# SPDX-License-Identifier: BSD-2-Clause
#
# The tests with tools that watch the memory and the threads: ./run check-tsan, check-asan and
# check-valgrind.

cmd_check_tsan() {
  (($# == 0)) || refuse "$1" "no arguments"
  prepare check-tsan
  enter_copy tsan
  check_with_sanitizers thread -O1 build-thread-tests print-thread-tests
}

cmd_check_asan() {
  (($# == 0)) || refuse "$1" "no arguments"
  prepare check-asan
  enter_copy asan
  # All tests: most of the time is compilation.
  check_with_sanitizers address -O0 build-tests print-tests
}

# enter_copy NAME makes the folder of a copy of the sources the current one. Each build has its own,
# so none has to start over.
enter_copy() {
  local copy=$PWD/$unpacked/builds/$1
  say "copying the sources into $copy"
  update_copy "$copy"
  # No command there takes the files of the clone around it for its own.
  export GIT_CEILING_DIRECTORIES=${copy%/*}
  cd "$copy" || exit
  [[ -e $unpacked ]] || ln -s ../.. "$unpacked"
  find_stand_ins
}

# check_with_sanitizers KIND OPTIMIZATION BUILD-TARGET LIST-TARGET
check_with_sanitizers() {
  # With -g1, a report names lines and not only functions.
  local tests flags=("CFLAGS=$2 -g1" "CXXFLAGS=$2 -g1")
  if is_configured && ! is_configured_with "--enable-sanitizers=$1 "; then
    start_over "configured with other flags"
  fi
  (summary=shown configure_tree --enable-werror "--enable-sanitizers=$1" "${flags[@]}") ||
    build_failed configure
  build_tests "$3"
  tests=$(list_tests "$4") || build_failed "listing the tests"
  # Where the kernel places memory at very random addresses, ThreadSanitizer finds no room for its
  # own.
  ! setarch --addr-no-randomize true 2>/dev/null ||
    with_stand_ins=(setarch --addr-no-randomize ${with_stand_ins[@]+"${with_stand_ins[@]}"})
  run_tests "$tests"
  # shellcheck disable=SC2086  # one word a test
  report -- $tests
}

readonly memcheck=(./libtool --mode=execute valgrind --quiet --error-exitcode=99 --num-callers=30
  --leak-check=full --errors-for-leak-kinds=definite --show-leak-kinds=definite
  --child-silent-after-fork=yes --suppressions=tests/valgrind.supp)

cmd_check_valgrind() {
  (($# == 0)) || refuse "$1" "no arguments"
  prepare check-valgrind
  configure_for_tests
  build_tests build-memcheck-tests
  local tests
  tests=$(list_tests print-memcheck-tests) || build_failed "listing the tests"
  # A program may be a script of libtool's.
  run_tests "$tests" LOG_COMPILER="${memcheck[*]}"
  # shellcheck disable=SC2086  # one word a test
  report -- $tests
}
