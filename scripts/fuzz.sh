# shellcheck shell=bash disable=SC2119,SC2120,SC2154  # the parts of ./run share variables
# SPDX-License-Identifier: BSD-2-Clause
#
# Fuzzing with libFuzzer: ./run fuzz.

readonly fuzz_folder=$unpacked/fuzz

fuzz_help() {
  cat <<'END'
Usage: ./run fuzz [SECONDS [TARGET]]   fuzz each target, or one, for so long (default: 60)
       ./run fuzz --coverage [TARGET]  what the inputs reach of the code that each target is for;
                                       with TARGET, also the lines that no input reaches
       ./run fuzz --list               the targets

The program is built with clang, libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer in a
copy of the sources. As many targets run at the same time as there are processors. New inputs go
to .cache/fuzz/TARGET, and the next run starts with them. An input that fails remains in
.cache/fuzz/failures. The exit status is 1 if there is one.
END
}

cmd_fuzz() {
  case $# in
    0) fuzz 60 "" ;;
    *)
      case $1/$# in
        --coverage/[12]) fuzz_coverage "${2:-}" ;;
        --list/1) fuzz_list ;;
        [1-9]*/[12])
          [[ $1 =~ ^[0-9]+$ ]] || refuse "$1" "a number of seconds"
          fuzz "$1" "${2:-}"
          ;;
        *) refuse "${!#}" "[SECONDS [TARGET]], --coverage [TARGET] or --list" ;;
      esac
      ;;
  esac
}

# build_for_fuzzing KIND PROGRAM builds it with clang in a copy of the sources.
build_for_fuzzing() {
  prepare fuzz
  enter_copy "$1"
  if is_configured && ! is_configured_with "--enable-sanitizers=$1"; then
    start_over "configured with other flags"
  fi
  configure_tree CC=clang CXX=clang++ "--enable-sanitizers=$1" 'CFLAGS=-O1 -g1' 'CXXFLAGS=-O1 -g1' ||
    build_failed configure
  build_targets "$2" tests/mech/scripted_mech.la || build_failed make
  export GSSLOOP_SCRIPTED_MECH=$PWD/tests/mech/.libs/scripted_mech.so
}

# fuzz_targets [TARGET] prints "NAME fast|slow FILE..." for each target, or for this one.
fuzz_targets() {
  local list
  list=$(env -u GSSLOOP_FUZZ_TARGET fuzz/fuzzer) || die 1 "fuzz/fuzzer does not start"
  [[ -z $1 ]] || list=$(grep "^$1 " <<<"$list") || die 2 "there is no fuzz target '$1'; see --list"
  printf '%s\n' "$list"
}

fuzz_list() {
  build_for_fuzzing fuzzer fuzz/fuzzer
  fuzz_targets "" | cut -d' ' -f1,2
}

# fuzz_one SECONDS TARGET writes "TARGET EXECUTIONS EDGES RESULT".
fuzz_one() {
  local new=$fuzz_folder/$2 failures=$fuzz_folder/failures log status=0
  mkdir -p "$new" "$failures"
  log=$fuzz_folder/$2.log
  GSSLOOP_FUZZ_TARGET=$2 LSAN_OPTIONS=suppressions=$PWD/tests/lsan.supp:print_suppressions=0 \
    fuzz/fuzzer "-max_total_time=$1" -entropic=0 -print_final_stats=1 -timeout=20 -rss_limit_mb=2048 \
    "-artifact_prefix=$failures/$2-" "$new" "fuzz/corpus/$2" >"$log" 2>&1 </dev/null || status=$?
  printf '%s %s %s %s\n' "$2" \
    "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | grep . || echo 0)" \
    "$(sed -n 's/^#[0-9].* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1 | grep . || echo 0)" \
    "$( ((status == 0)) && echo passed || echo failed)"
}

fuzz() {
  local seconds=$1 targets results failed=0
  build_for_fuzzing fuzzer fuzz/fuzzer
  targets=$(fuzz_targets "$2" | cut -d' ' -f1)
  say "fuzzing $(wc -l <<<"$targets") targets, $seconds s each, $(num_jobs) at a time"
  make_scratch
  results=$scratch/results
  export -f fuzz_one
  export fuzz_folder
  # shellcheck disable=SC2016  # the inner shell has the arguments
  xargs -P "$(num_jobs)" -n 1 bash -c 'fuzz_one "$0" "$1"' "$seconds" <<<"$targets" |
    tee "$results" | while read -r name executions _ result; do
    say "$name: $executions executions, $result"
  done
  printf '%-16s %12s %10s %8s  %s\n' target executions 'per s' edges result
  while read -r name executions edges result; do
    printf '%-16s %12d %10d %8d  %s\n' "$name" "$executions" $((executions / seconds)) "$edges" \
      "$result"
    [[ $result == passed ]] || failed=1
  done < <(sort "$results")
  ((failed == 0)) || {
    say "the inputs that failed are in $fuzz_folder/failures, the reports in $fuzz_folder/TARGET.log"
    say "to see one again: GSSLOOP_FUZZ_TARGET=TARGET $PWD/fuzz/fuzzer INPUT"
    exit 1
  }
}

# What the committed inputs, and those of earlier runs, reach of the code of each target.
fuzz_coverage() {
  local targets name files corpus profile one
  build_for_fuzzing coverage fuzz/fuzz_test
  targets=$(fuzz/fuzz_test --list) || die 1 "fuzz/fuzz_test does not start"
  [[ -z $1 ]] || targets=$(grep "^$1 " <<<"$targets") ||
    die 2 "there is no fuzz target '$1'; see --list"
  make_scratch
  printf '%-16s %8s %8s  %s\n' target lines reached file
  while read -r name _ files; do
    corpus=$scratch/$name
    profile=$scratch/$name.profile
    mkdir "$corpus"
    for one in "fuzz/corpus/$name" "$fuzz_folder/$name"; do
      [[ ! -d $one ]] || cp -r "$one" "$corpus/"
    done
    LLVM_PROFILE_FILE=$profile.raw fuzz/fuzz_test "$corpus" "$name" >"$scratch/log" 2>&1 ||
      die 1 "$name: an input fails: $(tail -n 1 "$scratch/log")"
    llvm-profdata merge -sparse "$profile.raw" -o "$profile"
    # shellcheck disable=SC2086  # one word a file
    llvm-cov export -summary-only -instr-profile "$profile" fuzz/fuzz_test $files |
      python3 -c '
import json, os, sys
for one in json.load(sys.stdin)["data"][0]["files"]:
    lines = one["summary"]["lines"]
    print(f"%-16s %8d %7.1f%%  %s" % (sys.argv[1], lines["count"], lines["percent"],
                                      os.path.relpath(one["filename"])))' "$name"
    # shellcheck disable=SC2086
    [[ -z $1 ]] || llvm-cov show -instr-profile "$profile" fuzz/fuzz_test $files |
      grep -E '^ *[0-9]+\| +0\|' || true
  done <<<"$targets"
}
