# SPDX-License-Identifier: BSD-2-Clause
# Completion of gssloop for bash.
# What there is to complete comes from --help, so that no list here can fall behind.

# The options of --help's text: every --word that stands where an option is defined. CLI11 2.5 and
# later write blanks before it, and titles in capitals.
_gssloop_options() {
  sed -nE 's/^  (-[A-Za-z],)? {0,8}(--[a-z][a-z-]*).*/\2/p'
}

# The subcommands: the first word of each line below "Subcommands:".
_gssloop_subcommands() {
  sed -nE '/^(Subcommands|SUBCOMMANDS):/,/^$/s/^  ([a-z][a-z-]*) .*/\1/p'
}

_gssloop() {
  local program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]}
  local before=${COMP_WORDS[COMP_CWORD-1]} subcommands subcommand=() i
  subcommands=$("$program" --help 2>/dev/null | _gssloop_subcommands)
  # A subcommand may have subcommands of its own.
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ " ${subcommands//$'\n'/ } " == *" ${COMP_WORDS[i]} "* ]]; then
      subcommand+=("${COMP_WORDS[i]}")
      subcommands=$("$program" "${subcommand[@]}" --help 2>/dev/null | _gssloop_subcommands)
    fi
  done
  COMPREPLY=()
  case $before in
    --color)
      mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$word")
      return
      ;;
    -m | --mechanism)
      mapfile -t COMPREPLY < <(compgen -W 'krb5 spnego iakerb' -- "$word")
      return
      ;;
    -o | --output | -s | --send | -k | --keytab | -c | --ccache | --policy | --conf)
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      return
      ;;
  esac
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W \
      "$({
        "$program" --help
        "$program" "${subcommand[@]}" --help
      } 2>/dev/null | _gssloop_options | sort -u)" -- "$word")
  elif [[ -n $subcommands ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$subcommands" -- "$word")
  fi
}

complete -o bashdefault -F _gssloop gssloop
