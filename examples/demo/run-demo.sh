#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Shows the module at work: a client logs in to a server over Kerberos, once plainly and once bound
# to its channel, and a forged login is refused. Exit status: 0 if all three went so, 1 if not, 2 if
# something that it needs is missing. The KDC is a private one and gone afterwards.

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

if [[ ${1:-} != --with-kdc ]]; then
  with_kdc=$build/tests/kdc/with_kdc
  [[ -x $with_kdc ]] || with_kdc=$here/../../tests/kdc/with_kdc
  if [[ ! -x $with_kdc ]]; then
    echo "run-demo.sh: $build/tests/kdc/with_kdc is missing; 'make demo-programs' builds it" >&2
    exit 2
  fi
  cd "$build"
  exec "$with_kdc" --service imap/localhost --user alice --password 'correct horse' -- \
    "$here/run-demo.sh" --with-kdc
fi

# From here on a KDC runs, and the environment names its files.
# libsasl 2.1 reads SASL_PATH and SASL_CONF_PATH, its development branch the other two.
export SASL_PATH=${GSSLOOP_PLUGIN_DIR:-$build/plugin/.libs}
export SASL_CONF_PATH=$GSSLOOP_DIR/demo-sasl
export SASL_PLUGINDIR=$SASL_PATH SASL_CONFDIR=$SASL_CONF_PATH
mkdir -p "$SASL_CONF_PATH"
readonly binding=tls-exporter=taken-from-the-TLS-connection
port_file=$GSSLOOP_DIR/demo-port
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
  rm -f "$port_file"
  "$build/examples/demo/server" --once --port-file "$port_file" "$@" &
  server_pid=$!
  local i
  for ((i = 0; i < 100; ++i)); do
    [[ ! -s $port_file ]] || return 0
    kill -0 "$server_pid" 2>/dev/null || break
    sleep 0.1
  done
  echo "run-demo.sh: the server did not start; its messages are above" >&2
  exit 1
}

# expect SERVER_STATUS PEER ARGUMENT...: runs the peer, which must end with 0, against the server.
expect() {
  local wanted=$1 peer=$2 peer_status=0 server_status=0
  shift 2
  "$build/examples/demo/$peer" localhost "$(<"$port_file")" "$@" || peer_status=$?
  # A peer that never connected leaves the server waiting.
  ((peer_status != 2)) || kill "$server_pid" 2>/dev/null || true
  wait "$server_pid" || server_status=$?
  server_pid=
  if ((peer_status == 0 && server_status == wanted)); then
    echo "=> as expected"
  else
    echo "=> NOT as expected ($peer ended with $peer_status, server with $server_status)"
    ((++num_unexpected))
  fi
}

heading "1. A login with GS2-KRB5" \
  "The channel is not bound. The server's application asks for three properties of the peer."
start_server
expect 0 client --mechanism GS2-KRB5

heading "2. A login with GS2-KRB5-PLUS" \
  "Both sides know the same TLS channel, and the mechanism proves it."
start_server --cbinding "$binding"
expect 0 client --mechanism GS2-KRB5-PLUS --cbinding "$binding"

heading "3. A forged login" \
  "An attacker has a genuine token of alice, made without channel bindings, and puts a forged" \
  "GS2 header in front of it. This server lets alice act as any user, so only the module can" \
  "refuse the login. It must refuse."
error_log=$GSSLOOP_DIR/demo-errors
start_server --cbinding "$binding" --allow-any-authzid --error-log "$error_log"
expect 1 forger
# Refused, and for this reason: anything else that fails refuses as well.
if ! grep -q 'the header before the token is forged' "$error_log"; then
  echo "=> NOT as expected: the server's log does not name the forged header"
  ((++num_unexpected))
fi

if ((num_unexpected > 0)); then
  printf '\n%s\n' "$num_unexpected of the 3 did not end as expected."
  exit 1
fi
printf '\n%s\n' \
  "Two logins and one refusal, as expected. The KDC is stopped, and its files are removed."
