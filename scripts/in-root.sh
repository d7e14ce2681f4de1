#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Usage: scripts/in-root.sh COMMAND [ARGUMENT...]
#
# Runs ./run COMMAND in the root of a Debian suite, which scripts/enter-root.sh has entered: as root
# it installs the packages, and does the rest as a user without rights, who owns these sources.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/unprivileged.sh
source scripts/unprivileged.sh

readonly user=gssloop
case $1 in
  test) ./run deps "${@:1:2}" ;;
  shell) ./run deps check ;;
  *)
    ./run deps "$1"
    [[ " $* " != *" --servers "* ]] || ./run deps check-servers
    ;;
esac
make_user "$user"
give_subordinate_ids "$user"
chown -R "$user:" .
mkdir -p /tmp/home
chown "$user:" /tmp/home
exec_as_user "$user" /tmp/home /tmp ./run "$@"
