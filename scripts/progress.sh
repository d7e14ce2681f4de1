# shellcheck shell=bash disable=SC2119,SC2120,SC2154  # the parts of ./run share variables
# SPDX-License-Identifier: BSD-2-Clause
#
# The progress of a build: on a terminal it overwrites one line, elsewhere it prints a line at
# intervals.

readonly progress_interval=10  # seconds, elsewhere than on a terminal

# show_progress TOTAL: reads the output of `make V=0`, which names each file that it compiles. TOTAL
# is how many there are. All other output is passed on.
show_progress() {
  local total=$1 number=0 doing='' line='' part status shown_at=0 columns=80
  [[ ! -t 2 ]] || columns=$(stty size <&2 | cut -d' ' -f2)
  ((columns > 1)) || columns=80
  SECONDS=0
  while true; do
    status=0
    # At least once a second, to show the time. `line` keeps the part of a line that was read.
    IFS= read -r -t 1 part || status=$?
    line+=$part
    if ((status == 0)); then
      if [[ $line =~ ^\ \ (CC|CXX)\ +(.*) ]]; then
        ((++number))
        doing=$(source_of "${BASH_REMATCH[2]}")
      elif [[ $line =~ ^\ \ (CCLD|CXXLD)\ +(.*) ]]; then
        doing="linking ${BASH_REMATCH[2]}"
      elif [[ -n $line ]]; then
        hide_progress
        printf '%s\n' "$line" >&2
      fi
      line=
    elif ((status <= 128)); then
      break
    fi
    print_progress
  done
  hide_progress
  [[ -z $line ]] || printf '%s\n' "$line" >&2
  ((number == 0 || number < total)) || say "compiled $number files in $SECONDS s"
}

# source_of OBJECT: plugin/plugin_libplugin_la-offer.lo is made of plugin/offer.
source_of() {
  local name=${1##*/}
  name=${name%.*}
  printf '%s/%s' "${1%/*}" "${name##*-}"
}

# Both use the variables of show_progress.
print_progress() {
  ((number)) || return 0
  local text="==> compiling $number of $total, $SECONDS s: $doing"
  if [[ -t 2 ]]; then
    printf '\r\e[K%s' "${text:0:columns - 1}" >&2
  elif ((SECONDS - shown_at >= progress_interval)); then
    shown_at=$SECONDS
    printf '%s\n' "$text" >&2
  fi
}
hide_progress() { [[ ! -t 2 ]] || printf '\r\e[K' >&2; }
