# SPDX-License-Identifier: BSD-2-Clause
# Completion of gssloop for bash. The one for zsh, _gssloop, does the same.
# What there is to complete comes from the program, so that no list here can fall behind.

# The options of --help's text, one in each line: letter, name and what its value is called. They
# stand where an option is defined. CLI11 2.5 and later write blanks before the name, and titles in
# capitals.
_gssloop_options() {
  sed -nE 's/^  (-[A-Za-z])?,? {0,8}(--[a-z][a-z-]*)( [A-Z][A-Z,.:]*)?.*/\1 \2\3/p'
}

# The subcommands: the first word of each line below "Subcommands:".
_gssloop_subcommands() {
  sed -nE '/^(Subcommands|SUBCOMMANDS):/,/^$/s/^  ([a-z][a-z-]*) .*/\1/p'
}

# The names of flags: the program lists them where it does not know one, and does nothing else.
_gssloop_flags() {
  "$1" initiate --flags '?' host 1 service 2>&1 | sed -nE 's/^.*known flags: (.*)/\1/p' | tr -d ,
}

# The services: those of the policy that the line names, those with a key here, and frequent ones.
_gssloop_services() {
  local i
  for ((i = 1; i + 1 < ${#COMP_WORDS[@]}; i++)); do
    [[ ${COMP_WORDS[i]} != --policy && ${COMP_WORDS[i]} != -p ]] ||
      sed -nE 's/^\[services\.([A-Za-z0-9_-]+).*/\1/p' "${COMP_WORDS[i+1]}" 2>/dev/null
  done
  klist -k 2>/dev/null | sed -nE 's,^ *[0-9]+ ([^/@ ]+)/.*,\1,p'
  printf '%s\n' host HTTP imap ldap smtp
}

# The applications that have a configuration where libsasl looks for one.
_gssloop_apps() {
  local folder file
  tr : '\n' <<<"${SASL_CONF_PATH:-/etc/sasl2:/etc/sasl:/usr/lib/sasl2}" |
    while IFS= read -r folder; do
      for file in "$folder"/*.conf; do
        [[ ! -e $file ]] || basename "$file" .conf
      done
    done
}

# _gssloop_value OPTION VALUE WORD: completes the value of an option.
_gssloop_value() {
  local program=${COMP_WORDS[0]} first=''
  case $1/$2 in
    --color/*) mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$3") ;;
    --mechanism/SASL) mapfile -t COMPREPLY < <(compgen -W 'GS2-KRB5 GSSAPI GSS-SPNEGO' -- "$3") ;;
    --count-by/*)
      mapfile -t COMPREPLY < <(compgen -W 'authid authzid error host mechanism peer principal realm
        result rule service' -- "$3")
      ;;
    --mechanism/*) mapfile -t COMPREPLY < <(compgen -W 'krb5 spnego iakerb' -- "$3") ;;
    --flags/* | --require/*)
      [[ $3 != *,* ]] || first=${3%,*},
      mapfile -t COMPREPLY < <(compgen -P "$first" -W "$(_gssloop_flags "$program")" -- "${3##*,}")
      ;;
    --service/*) mapfile -t COMPREPLY < <(compgen -W "$(_gssloop_services | sort -u)" -- "$3") ;;
    --app/*) mapfile -t COMPREPLY < <(compgen -W "$(_gssloop_apps | sort -u)" -- "$3") ;;
    */FILE | --keytab/* | --ccache/*) mapfile -t COMPREPLY < <(compgen -f -- "$3") ;;
    */DIR*) mapfile -t COMPREPLY < <(compgen -d -- "$3") ;;
  esac
}

_gssloop() {
  local program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]}
  local before=${COMP_WORDS[COMP_CWORD-1]} subcommands subcommand=() options letter name value i
  # bash makes three words of --option=value.
  if [[ $word == = ]]; then
    word=
  elif [[ $before == = ]]; then
    before=${COMP_WORDS[COMP_CWORD-2]}
  fi
  subcommands=$("$program" --help 2>/dev/null | _gssloop_subcommands)
  # A subcommand may have subcommands of its own.
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ " ${subcommands//$'\n'/ } " == *" ${COMP_WORDS[i]} "* ]]; then
      subcommand+=("${COMP_WORDS[i]}")
      subcommands=$("$program" "${subcommand[@]}" --help 2>/dev/null | _gssloop_subcommands)
    fi
  done
  options=$({
    "$program" --help
    "$program" "${subcommand[@]}" --help
  } 2>/dev/null | _gssloop_options | sort -u)
  COMPREPLY=()
  while IFS=' ' read -r letter name value; do
    # Without a letter, the name is the first word.
    [[ $letter == -? ]] || value=$name name=$letter letter=
    if [[ -n $value && $before == -* && ($before == "$name" || $before == "$letter") ]]; then
      _gssloop_value "$name" "$value" "$word"
      return
    fi
  done <<<"$options"
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(grep -oE -e '--[a-z-]+' <<<"$options")" -- "$word")
  elif [[ -n $subcommands ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$subcommands" -- "$word")
  fi
}

complete -o bashdefault -F _gssloop gssloop
