#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Usage: unshare --mount --pid --fork ... scripts/enter-root.sh ROOT COMMAND [ARGUMENT...]
#
# Makes the folder ROOT the root of this mount namespace, and runs COMMAND in it as process 1 of this
# PID namespace: the kernel ends all processes that COMMAND leaves, and the mounts end with the
# namespace. This is not chroot(1), because the kernel refuses user namespaces to processes whose
# root is not the root of their mount namespace, and some tests need user namespaces.

set -euo pipefail

# The caller's folders may not exist in the root.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
unset TMPDIR
umask 022

root=$1
shift
if (($$ != 1)); then
  printf '%s: not in a PID namespace of its own; see its first lines\n' "${0##*/}" >&2
  exit 2
fi

# pivot_root(2) wants a mount.
mount --bind "$root" "$root"
cd "$root"
mkdir -p proc sys dev run tmp
mount -t proc -o nosuid,nodev,noexec proc proc
mount --rbind /sys sys
mount -t tmpfs -o mode=755,nosuid dev dev
for device in null zero full random urandom tty; do
  : >"dev/$device"
  mount --bind "/dev/$device" "dev/$device"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts dev/pts
mount -t tmpfs -o mode=1777,nosuid,nodev shm dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/0 dev/stdin
ln -s /proc/self/fd/1 dev/stdout
ln -s /proc/self/fd/2 dev/stderr
mount -t tmpfs -o mode=755,nosuid,nodev run run
find tmp -mindepth 1 -delete
# The network is the machine's, so its names are, too.
cat /etc/resolv.conf >etc/resolv.conf
cat /etc/hosts >etc/hosts

# Afterwards the old root is mounted on top of the new one.
pivot_root . .
umount -l .
cd /

status=0
"$@" || status=$?
exit "$status"
