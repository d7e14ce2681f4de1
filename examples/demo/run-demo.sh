#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Usage: run-demo.sh [--verbose]
#
# Shows the module at work: a client logs in to a server over Kerberos, once plainly and once bound
# to its channel, and a forged login is refused. A table at the end says what the server learned;
# --verbose also prints what client and server said and logged. Exit status: 0 if all three went so,
# 1 if not, 2 if something that it needs is missing. The KDC is a private one and gone afterwards.

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# The build may be elsewhere (make check of a build in a folder of its own runs this there).
build=
for folder in "$PWD" "$here/../.."; do
  if [[ -x $folder/examples/demo/server ]]; then
    build=$(cd "$folder" && pwd)
    break
  fi
done
if [[ -z $build ]]; then
  echo "run-demo.sh: the demo is not built; './run demo' or 'make demo-programs' does that" >&2
  exit 2
fi

verbose=
if [[ ${1:-} == --verbose ]]; then
  verbose=--verbose
  shift
fi
if [[ ${1:-} != --with-kdc ]]; then
  (($# == 0)) || { echo "run-demo.sh: it takes --verbose or nothing, not '$1'" >&2; exit 2; }
  with_kdc=$build/tests/kdc/with_kdc
  [[ -x $with_kdc ]] || with_kdc=$here/../../tests/kdc/with_kdc
  if [[ ! -x $with_kdc ]]; then
    echo "run-demo.sh: $build/tests/kdc/with_kdc is missing; 'make demo-programs' builds it" >&2
    exit 2
  fi
  cd "$build"
  exec "$with_kdc" --service imap/localhost --user alice --password 'correct horse' -- \
    "$here/run-demo.sh" ${verbose:+"$verbose"} --with-kdc
fi

# From here on a KDC runs, and the environment names its files.
# libsasl 2.1 reads SASL_PATH and SASL_CONF_PATH, its development branch the other two.
export SASL_PATH=${GSSLOOP_PLUGIN_DIR:-$build/plugin/.libs}
export SASL_CONF_PATH=$GSSLOOP_DIR/demo-sasl
export SASL_PLUGINDIR=$SASL_PATH SASL_CONFDIR=$SASL_CONF_PATH
mkdir -p "$SASL_CONF_PATH"
readonly binding=tls-exporter=taken-from-the-TLS-connection
port_file=$GSSLOOP_DIR/demo-port
said=$GSSLOOP_DIR/demo-said
num_unexpected=0
server_pid=

stop_server() {
  [[ -n $server_pid ]] || return 0
  kill "$server_pid" 2>/dev/null || true
  wait "$server_pid" 2>/dev/null || true
  server_pid=
}
trap stop_server EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

bold=''
plain=''
if [[ -t 1 ]]; then
  bold=$'\e[1m' plain=$'\e[0m'
fi
heading() {
  printf '\n%s%s%s\n' "$bold" "$1" "$plain"
  shift
  printf '%s\n' "$@" ''
}

# Starts a server for one connection and waits until its port is known.
start_server() {
  rm -f "$port_file" "$said"
  "$build/examples/demo/server" --once --port-file "$port_file" "$@" >>"$said" 2>&1 &
  server_pid=$!
  local i
  for ((i = 0; i < 100; ++i)); do
    [[ ! -s $port_file ]] || return 0
    kill -0 "$server_pid" 2>/dev/null || break
    sleep 0.1
  done
  echo "run-demo.sh: the server did not start. It said:" >&2
  cat "$said" >&2
  exit 1
}

# wrong WHY: what did not happen as it should, and what was said.
wrong() {
  [[ -n $verbose ]] || cat "$said"
  echo "=> NOT as expected: $1"
  ((++num_unexpected))
}

# fact PATTERN: what the parentheses of the pattern match in the first line of what was said.
fact() { sed -nE "s/^$1\$/\\1/p" "$said" | head -n 1; }

# expect SERVER_STATUS PEER ARGUMENT...: runs the peer, which must end with 0, against the server.
expect() {
  local wanted=$1 peer=$2 peer_status=0 server_status=0
  shift 2
  "$build/examples/demo/$peer" localhost "$(<"$port_file")" "$@" >>"$said" 2>&1 || peer_status=$?
  # A peer that never connected leaves the server waiting.
  ((peer_status != 2)) || kill "$server_pid" 2>/dev/null || true
  wait "$server_pid" || server_status=$?
  server_pid=
  [[ -z $verbose ]] || cat "$said"
  if ((peer_status == 0 && server_status == wanted)); then
    echo "=> as expected"
  else
    wrong "$peer ended with $peer_status, server with $server_status"
  fi
}

heading "1. A login with GS2-KRB5" \
  "The channel is not bound. The server's application asks for properties of the user."
start_server
expect 0 client --mechanism GS2-KRB5
unbound=$(fact 'client    sends .*, header "[^"]*": not (bound) to a channel')

heading "2. A login with GS2-KRB5-PLUS" \
  "Both sides know the same TLS channel, and the mechanism proves it."
start_server --cbinding "$binding"
expect 0 client --mechanism GS2-KRB5-PLUS --cbinding "$binding"
channel=$(fact 'client    sends .*, header "p=([^,"]*),[^"]*": bound to the channel')
user=$(fact 'server    authid  ([^ ]+) .*')
mechanism=$(fact 'server  LOGGED IN with (.*)')
indicators=$(sed -nE '/^server      \*auth-indicators/,/^server      [^ ]/{
  s/^server      (\*auth-indicators)? +([^ ]+)$/\2/p}' "$said" | paste -sd, | sed 's/,/, /g')

heading "3. A forged login" \
  "An attacker has a genuine token of alice, made without channel bindings, and puts a forged" \
  "GS2 header in front of it. This server lets alice act as any user, so only the module can" \
  "refuse the login. It must refuse."
error_log=$GSSLOOP_DIR/demo-errors
start_server --cbinding "$binding" --allow-any-authzid --error-log "$error_log"
expect 1 forger
# Refused, and for this reason: anything else that fails refuses as well.
grep -q 'the header before the token is forged' "$error_log" ||
  wrong "the server's log does not name the forged header"
refusal=$(fact 'forger  (REFUSED).*')

if ((num_unexpected > 0)); then
  printf '\n%s\n' "$num_unexpected of the 3 did not end as expected."
  exit 1
fi
row() { printf '  %s%-23s%s%s\n' "$bold" "$1" "$plain" "$2"; }
heading "What the server learned"
row 'Who logged in?' "$user: a Kerberos ticket proves it, and no password was sent"
row 'How?' "by the SASL mechanism $mechanism"
row 'Bound to its channel?' "the first login: ${unbound:+no}; the second: yes, by $channel"
row 'Which attributes?' "auth-indicators: $indicators"
row '' "(how $user logged in to Kerberos; the KDC vouches for it)"
row 'And the forger?' "$refusal: the GS2 header in front of the token is forged"
printf '\n%s\n' \
  "Two logins and one refusal, as expected. The KDC is stopped, and its files are removed."
[[ -n $verbose ]] || echo "--verbose also prints what client and server say and log."
