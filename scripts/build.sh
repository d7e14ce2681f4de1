# shellcheck shell=bash disable=SC2119,SC2120,SC2154  # the parts of ./run share variables
# SPDX-License-Identifier: BSD-2-Clause
#
# Configuring and building, and the commands that do little more.

num_jobs() { printf '%s' "${JOBS:-$(nproc)}"; }

# True if configure has to be made again: it is missing, or older than something it is made from.
configure_is_stale() {
  [[ -x configure && -f Makefile.in ]] || return 0
  [[ -n $(find configure.ac Makefile.am m4 lib plugin tests examples bench fuzz man docs tools \
    debian \( -name '*.am' -o -name '*.m4' -o -name configure.ac \) -newer Makefile.in \
    ! -name 'libtool.m4' ! -name 'lt*.m4' -print -quit 2>/dev/null) ]]
}

is_configured_with() { ./config.status --config 2>/dev/null | grep -q -e "$1"; }

# Brings Makefile up to date; the arguments are configure's, in addition to the user's. `|| return`
# here and below: callers test the status, and bash then ignores errexit inside.
configure_tree() {
  local flags=()
  read -r -a flags <<<"${CONFIGURE_FLAGS:-}"
  flags+=("$@")
  if configure_is_stale; then
    say "autoreconf -fi"
    autoreconf -fi || return
    rm -f config.status
  fi
  if [[ ! -x config.status || ! -f Makefile ]]; then
    say "./configure ${flags[*]}"
    ./configure ${flags[@]+"${flags[@]}"}
  fi
}

build() {
  configure_tree || return
  say "make"
  make -j"$(num_jobs)"
}

cmd_build() {
  (($# == 0)) || die 2 "build takes no arguments; give configure's in CONFIGURE_FLAGS"
  build
  say "the module is in $root/plugin/.libs"
}

cmd_demo() {
  (($# == 0)) || die 2 "demo takes no arguments"
  # Only the demo's own output is for the eye; of the build, what goes wrong.
  say "building (the first time takes some minutes)"
  local log
  log=$(mktemp)
  if ! { build && make -j"$(num_jobs)" demo-programs; } >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    die 1 "the build failed; its output is above"
  fi
  rm -f "$log"
  exec examples/demo/run-demo.sh
}

cmd_docs() {
  (($# == 0)) || die 2 "docs takes no arguments"
  configure_tree
  make -s --no-print-directory docs || die 1 "the reference could not be made; see above"
  say "the reference is in $root/docs/reference/html/index.html"
}

cmd_bench() {
  build
  say "measuring logins"
  make -s --no-print-directory bench BENCH_ARGS="$*"
  (($# == 0)) || return 0
  say "measuring security layers"
  make -s --no-print-directory layer-bench
}

cmd_format() {
  local mode=(-i) files=()
  case $*/$# in
    /0) ;;
    --check/1) mode=(--dry-run --Werror) ;;
    *) die 2 "format takes --check or nothing, not '$*'" ;;
  esac
  local folders=() folder
  for folder in lib plugin tests examples bench fuzz tools; do
    [[ ! -d $folder ]] || folders+=("$folder")
  done
  mapfile -d '' -t files < <(find "${folders[@]}" \( -name '*.cc' -o -name '*.h' -o -name '*.c' \) \
    -print0)
  ((${#files[@]})) || die 1 "no sources found in $root"
  say "clang-format ${mode[0]} (${#files[@]} files)"
  clang-format "${mode[@]}" --style=file "${files[@]}" ||
    die 1 "clang-format found the above; ./run format puts it right"
}

cmd_clean() {
  (($# == 0)) || die 2 "clean takes no arguments"
  if [[ -f Makefile ]]; then
    make -s distclean >/dev/null 2>&1 ||
      say "make distclean failed; in a clone, git clean -dXf removes what may be left"
  fi
  rm -rf "$unpacked"
  # What a half-configured tree, or one of another version, leaves behind.
  rm -rf autom4te.cache build-aux config.h config.h.in config.h.in~ config.log config.status \
    configure configure~ aclocal.m4 libtool Makefile Makefile.in stamp-h1 \
    lib/gssloop.pc lib/gssloop-cxx.pc docs/reference dist \
    m4/libtool.m4 m4/lt~obsolete.m4 m4/ltoptions.m4 m4/ltsugar.m4 m4/ltversion.m4 \
    gssloop-*.tar.gz tests/report/xml test-suite.log
  find . -path ./.git -prune -o -type d \
    \( -name .libs -o -name .deps -o -name __pycache__ \) -exec rm -rf {} +
  find . -path ./.git -prune -o -type f \( -name '*.o' -o -name '*.lo' -o -name '*.la' \
    -o -name '*.trs' -o -name '*.log' -o -name '.dirstamp' \) -exec rm -f {} +
}
