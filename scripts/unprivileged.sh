# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What root does before the tests can run as a user without rights; for .ci/run and for the roots of
# --on. Some tests show that a file cannot be read, and root can read every file.

# make_user NAME makes the system user, unless it exists.
make_user() {
  id -u "$1" >/dev/null 2>&1 && return
  printf '==> making the system user %s\n' "$1" >&2
  useradd --system --user-group --no-create-home --home-dir /nonexistent \
    --shell /usr/sbin/nologin "$1"
}

# Postfix runs as several users: its test needs a user namespace with all of them, and therefore
# ranges of subordinate IDs (subuid(5)), unless the user has some.
give_subordinate_ids() {
  ! grep -qs "^$1:" /etc/subuid || ! grep -qs "^$1:" /etc/subgid || return 0
  local first count=65536 ids
  # All IDs that this user namespace has. The first one has all IDs of 32 bits.
  ids=$(awk '{ count += $3 } END { print count }' /proc/self/uid_map)
  if ((ids > 200000)); then
    # Past all ranges that are in use.
    first=$(cat /etc/subuid /etc/subgid 2>/dev/null |
      awk -F: 'BEGIN { end = 100000 } $2 + $3 > end { end = $2 + $3 } END { print end }')
  else
    # Between Debian's system users and the user nobody (65534).
    first=20000 count=40000
  fi
  printf '==> giving %s the subordinate IDs from %s on\n' "$1" "$first" >&2
  usermod --add-subuids "$first-$((first + count - 1))" \
    --add-subgids "$first-$((first + count - 1))" "$1" ||
    printf '==> that failed: the test of Postfix will be skipped\n' >&2
}

# list_sources prints the sources in the current folder, each with a null byte. Without git, it
# prints the built files as well.
list_sources() {
  # The clone may belong to another user.
  local git=(git -c 'safe.directory=*')
  if "${git[@]}" rev-parse --git-dir >/dev/null 2>&1; then
    "${git[@]}" ls-files -z --cached --others --exclude-standard
  else
    find . \( -name .git -o -name .cache \) -prune -o ! -type d -print0
  fi | while IFS= read -r -d '' file; do
    # git also lists what was deleted and not yet committed.
    if [[ -e $file || -L $file ]]; then printf '%s\0' "$file"; fi
  done
}

# copy_sources FOLDER copies the sources of the current folder there, and no built files: they
# contain paths of this tree, and of the compiler that made them.
copy_sources() {
  list_sources | tar -c --null --no-recursion -T - -f - | tar -x -f - -C "$1" --no-same-owner
  [[ ! -f $1/config.status ]] || (cd "$1" && ./run clean)
}

# exec_as_user NAME HOME TMPDIR COMMAND...: becomes COMMAND, without any right, and with an
# environment that has nothing of root's but the settings of ./run.
exec_as_user() {
  local name=$1 home=$2 temporary=$3
  shift 3
  exec setpriv --reuid "$name" --regid "$(id -gn "$name")" --clear-groups --inh-caps=-all \
    env -i PATH=/usr/local/bin:/usr/bin:/bin HOME="$home" TMPDIR="$temporary" LANG=C.UTF-8 \
    ${TERM:+TERM="$TERM"} ${CI:+CI="$CI"} ${JOBS:+JOBS="$JOBS"} \
    ${CONFIGURE_FLAGS:+CONFIGURE_FLAGS="$CONFIGURE_FLAGS"} \
    ${DEB_BUILD_OPTIONS:+DEB_BUILD_OPTIONS="$DEB_BUILD_OPTIONS"} "$@"
}
