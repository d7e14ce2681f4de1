# shellcheck shell=bash disable=SC2119,SC2120,SC2154  # the parts of ./run share variables
# SPDX-License-Identifier: BSD-2-Clause
#
# Configures and builds; and the commands that do little more.

# The flags of --debug. A tree is for debugging if configure got exactly these.
readonly debug_flags=('CFLAGS=-O0 -g' 'CXXFLAGS=-O0 -g')

num_jobs() { printf '%s' "${JOBS:-$(nproc)}"; }

# True if autoreconf must make configure: it is missing, or older than one of its sources.
configure_is_stale() {
  [[ -x configure && -f Makefile.in ]] || return 0
  [[ -n $(find configure.ac Makefile.am m4 lib plugin tests examples bench fuzz man docs tools \
    debian \( -name '*.am' -o -name '*.m4' -o -name configure.ac \) -newer Makefile.in \
    ! -name 'libtool.m4' ! -name 'lt*.m4' -print -quit 2>/dev/null) ]]
}

is_configured() { [[ -x config.status && -f Makefile ]]; }
is_configured_with() { ./config.status --config 2>/dev/null | grep -qF -e "$1"; }
is_for_debugging() { is_configured && is_configured_with "'${debug_flags[1]}'"; }

# make does not know the flags of an object: if the flags change, all objects must be removed.
start_over() {
  say "$1: starting over"
  quietly make clean || true
  rm -f config.status
}

# Brings Makefile up to date; the arguments are configure's, in addition to the user's. `|| return`
# here and below: callers test the status, and bash then ignores errexit inside.
configure_tree() {
  local flags=() runner=quietly
  [[ ${summary:-hidden} == hidden ]] || runner=
  read -r -a flags <<<"${CONFIGURE_FLAGS:-}"
  flags+=("$@")
  if configure_is_stale; then
    say "autoreconf -fi"
    quietly autoreconf -fi || return
    rm -f config.status
  fi
  if ! is_configured; then
    say "./configure ${flags[*]}"
    # The faster shell also runs libtool, for each file that is compiled.
    CONFIG_SHELL=/bin/sh $runner /bin/sh ./configure --quiet ${flags[@]+"${flags[@]}"} \
      </dev/null >&2
  fi
}

leave_debugging() { ! is_for_debugging || start_over "configured for debugging"; }

# configure_as_it_is ARGUMENT...: the arguments are only for a tree that is not configured. A
# configured tree keeps its flags, and make itself runs configure again if that is necessary.
configure_as_it_is() {
  is_configured || configure_tree "$@"
}

# make_variable NAME prints the value that a variable has in Makefile.
make_variable() {
  make -s --no-print-directory --eval="print-variable: ; @: \$(info \$($1))" print-variable
}

build() {
  leave_debugging
  summary=shown configure_tree || return
  say "make"
  make -j"$(num_jobs)"
}

cmd_build() {
  case $*/$# in
    /0) on_suite && prepare build && build ;;
    --debug/1) on_suite --debug && prepare build && build_for_debugging ;;
    *)
      [[ $1 != --debug ]] || shift
      refuse "$1" "--debug or nothing (configure's arguments come from CONFIGURE_FLAGS)"
      ;;
  esac
  say "the module is $PWD/plugin/.libs/libgssloop_sasl.so"
  say "as root, make install puts it into $(make_variable plugindir)"
}

build_for_debugging() {
  if is_configured && ! is_for_debugging; then
    start_over "not configured for debugging"
  fi
  summary=shown configure_tree "${debug_flags[@]}" || return
  say "make"
  make -j"$(num_jobs)"
}

# build_targets TARGET...: makes them, and shows the progress and the compiler's warnings.
build_targets() {
  local total
  total=$(make -n --no-print-directory "$@" 2>/dev/null | grep -cE '^echo "  (CC|CXX) ') || true
  make --no-print-directory -j"$(num_jobs)" V=0 "$@" 2>&1 </dev/null | show_progress "$total"
}

cmd_demo() {
  case $*/$# in
    /0 | --verbose/1) ;;
    *)
      [[ $1 != --verbose ]] || shift
      refuse "$1" "--verbose or nothing"
      ;;
  esac
  on_suite "$@"
  prepare demo
  configure_as_it_is || die 1 "configure failed; its output is above"
  build_targets demo-programs || die 1 "the build failed; its output is above"
  remove_scratch
  exec "${with_stand_ins[@]}" examples/demo/run-demo.sh "$@"
}

cmd_demo_federation() {
  (($# == 0)) || refuse "$1" "no arguments"
  on_suite
  prepare demo-federation
  configure_as_it_is || die 1 "configure failed; its output is above"
  build_targets demo-federation-programs || die 1 "the build failed; its output is above"
  set_test_environment
  remove_scratch
  exec "${with_stand_ins[@]}" /usr/bin/python3 -B tests/federation/demo.py
}

cmd_docs() {
  (($# == 0)) || refuse "$1" "no arguments"
  prepare docs
  configure_as_it_is || die 1 "configure failed; its output is above"
  make -s --no-print-directory docs || die 1 "make docs failed; its output is above"
  say "the reference is in $PWD/docs/reference/html/index.html"
}

cmd_format() {
  local mode=(-i) files=()
  case $*/$# in
    /0) ;;
    --check/1) mode=(--dry-run --Werror) ;;
    *)
      [[ $1 != --check ]] || shift
      refuse "$1" "--check or nothing"
      ;;
  esac
  prepare format
  local folders=() folder
  for folder in lib plugin tests examples bench fuzz tools; do
    [[ ! -d $folder ]] || folders+=("$folder")
  done
  mapfile -d '' -t files < <(find "${folders[@]}" \( -name '*.cc' -o -name '*.h' -o -name '*.c' \) \
    -print0)
  ((${#files[@]})) || die 1 "no sources found in $PWD"
  say "clang-format ${mode[0]} (${#files[@]} files)"
  clang-format "${mode[@]}" --style=file "${files[@]}" ||
    die 1 "clang-format found the lines above; ./run format corrects them"
}

cmd_clean() {
  (($# == 0)) || refuse "$1" "no arguments"
  if [[ -f Makefile ]]; then
    make -s distclean >/dev/null 2>&1 ||
      say "make distclean failed; in a clone, git clean -dXf removes the remaining files"
  fi
  remove_roots
  rm -rf "$unpacked"
  # The files that remain from a half-configured tree, or from one of another version.
  rm -rf autom4te.cache build-aux config.h config.h.in config.h.in~ config.log config.status \
    configure configure~ configure.lineno aclocal.m4 libtool Makefile Makefile.in stamp-h1 \
    lib/gssloop.pc lib/gssloop-cxx.pc docs/reference dist \
    m4/libtool.m4 m4/lt~obsolete.m4 m4/ltoptions.m4 m4/ltsugar.m4 m4/ltversion.m4 \
    gssloop-*.tar.gz tests/report/xml test-suite.log
  find . -path ./.git -prune -o -type d \
    \( -name .libs -o -name .deps -o -name __pycache__ \) -exec rm -rf {} +
  find . -path ./.git -prune -o -type f \( -name '*.o' -o -name '*.lo' -o -name '*.la' \
    -o -name '*.trs' -o -name '*.log' -o -name '.dirstamp' \) -exec rm -f {} +
}
