# shellcheck shell=bash disable=SC2119,SC2120,SC2154  # the parts of ./run share variables
# SPDX-License-Identifier: BSD-2-Clause
#
# The benchmarks: ./run bench.

# The login benchmark's options, one in each line: "--rounds N". Its table has them as
# {"--rounds N", ...}.
bench_options() {
  grep -oE '\{"--[a-z-]+( [A-Z]+)?"' bench/login_bench.cc | tr -d '{"'
  echo --help
}

bench_help() {
  printf 'Usage: ./run bench [OPTION...] | ./run bench --profile\n\nOptions of the login benchmark:\n'
  bench_options | sed 's/^/  /'
  printf '\n--profile draws docs/login-profile.svg, a flame graph of logins, with perf(1).\n'
}

# Refuses options that bench_options does not name.
check_bench_options() {
  local option known
  known=$(bench_options)
  while (($#)); do
    option=${1%%=*}
    grep -qE -e "^$option( |\$)" <<<"$known" || refuse "$1" "$(comma_separated <<<"$known")"
    # Its value may be the next word.
    if [[ $1 != *=* ]] && grep -qE -e "^$option [A-Z]" <<<"$known"; then
      (($# > 1)) || die 2 "bench: $option needs a value"
      shift
    fi
    shift
  done
}

# variable NAME prints the value of a variable of the makefile.
variable() { sed -n "s/^$1 = //p" Makefile; }

# print_results DATE FILE: the file's tables, with what they were measured on.
print_results() {
  local cpu
  cpu=$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)
  cat <<END
# Results of ./run bench

\`./run bench\` writes this file. Compare the ratios: each is the median of quotients of measurements
that were made one after the other. Times differ between machines, and from day to day.

- $1, $(git describe --always --dirty 2>/dev/null || echo "no clone")
- $(nproc) processors, ${cpu:-unknown}, Linux $(uname -r)
- $(. /etc/os-release && printf '%s' "$PRETTY_NAME"), $(variable CXX) \
  $(variable GSSLOOP_OPT_CXXFLAGS) $(variable CXXFLAGS)
- krb5 $(pkg-config --modversion krb5), libsasl $(pkg-config --modversion libsasl2)

\`\`\`
$(cat "$2")
\`\`\`
END
}

# The benchmarks after that of logins: "TARGET SUBJECT".
further_benchmarks=(
  "rule-bench rules"
  "start-bench the start of libsasl"
  "memory-bench memory"
  "layer-bench security layers"
)

# Draws where the time of a login goes. The names of libkrb5's inner functions need libkrb5-dbg.
draw_profile() {
  local graph=docs/login-profile.svg
  prepare profile
  build
  make -s --no-print-directory bench/login_bench tests/kdc/with_kdc ||
    die 1 "the benchmark cannot be built; the output is above"
  make_scratch
  say "recording the stacks of logins"
  tests/kdc/with_kdc -- env "SASL_PATH=$PWD/plugin/.libs" "SASL_CONF_PATH=$scratch" \
    "KRB5RCACHENAME=file2:$scratch/rcache" perf record --quiet --freq 1999 --event cpu-clock \
    --call-graph dwarf,16384 --output "$scratch/perf.data" \
    bench/login_bench --child gssloop <<<"10000 1" >"$scratch/times" ||
    die 1 "perf cannot record here; root can, and so can other users if the kernel's setting \
kernel.perf_event_paranoid is 1 or less"
  say "drawing $graph"
  perf script --no-inline --input "$scratch/perf.data" --fields ip,sym,dso 2>"$scratch/problems" |
    bench/flame_graph.py >"$scratch/graph.svg" ||
    die 1 "no graph: $(cat "$scratch/problems")"
  cp "$scratch/graph.svg" "$graph"
  say "wrote $graph"
}

cmd_bench() {
  if [[ ${1-} == --profile ]]; then
    (($# == 1)) || refuse "$2" "nothing after --profile"
    draw_profile
    return
  fi
  check_bench_options "$@"
  prepare bench
  build
  make -s --no-print-directory benchmarks ||
    die 1 "the benchmarks cannot be built; the output is above"
  say "measuring logins"
  make -s --no-print-directory bench BENCH_ARGS="$*" | tee "$scratch/results"
  # For programs, or a part of it: no file.
  (($# == 0)) || return 0
  local benchmark
  for benchmark in "${further_benchmarks[@]}"; do
    say "measuring ${benchmark#* }"
    make -s --no-print-directory "${benchmark%% *}" | tee -a "$scratch/results"
  done
  print_results "$(date +%Y-%m-%d)" "$scratch/results" >bench/RESULTS.md
  say "wrote bench/RESULTS.md"
}
