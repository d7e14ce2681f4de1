# shellcheck shell=bash disable=SC2119,SC2120,SC2154  # the parts of ./run share variables
# SPDX-License-Identifier: BSD-2-Clause
#
# Another Debian suite: --on SUITE [--arch ARCH]. The command runs in a root of that suite, below
# .cache/roots, in mount and PID namespaces of its own, so that no process and no mount of it
# remains. If the user is not root, it is root of a user namespace, which has the user's subordinate
# IDs.

# Set by split_suite_options; empty: this machine's system.
suite=
arch=
# The other arguments.
arguments=()

split_suite_options() {
  while (($#)); do
    case $1 in
      --on | --arch) (($# > 1)) || die 2 "$command: $1 needs a value" ;;&
      --on) suite=$2 && shift ;;
      --arch) arch=$2 && shift ;;
      *) arguments+=("$1") ;;
    esac
    shift
  done
  [[ -z $suite || $suite =~ ^[a-z][a-z0-9-]*$ ]] ||
    refuse "$suite" "the name of a Debian suite after --on, for example trixie"
  [[ -z $arch || $arch =~ ^[a-z0-9]+$ ]] ||
    refuse "$arch" "the name of a Debian architecture after --arch, for example i386"
  [[ -n $suite || -z $arch ]] || die 2 "$command: --arch needs --on SUITE"
  [[ -z $suite ]] || case $command in
    build | demo | demo-federation | package | test | shell | check | check-servers | check-federation) ;;
    *) refuse --on "no suite" ;;
  esac
}

# on_suite ARGUMENT...: if the user named a suite, runs the command there with these arguments, and
# ends with its status.
on_suite() {
  [[ -n $suite ]] || return 0
  run_on_suite "$@" || exit
  exit 0
}

run_on_suite() {
  prepare_root
  remove_scratch
  in_root /srv/gssloop/scripts/in-root.sh "$command" "$@"
}

# on_suite_into FOLDER: the same for `package`, which then has its packages in FOLDER.
on_suite_into() {
  [[ -n $suite ]] || return 0
  run_on_suite || exit
  mkdir -p "$1"
  in_root tar -c -f - -C /srv/gssloop/dist . | tar -x -f - -C "$1" --no-same-owner || exit
  say "copied into $1"
  exit 0
}

# cannot REASON: no test ran, which is neither a success nor a failure.
cannot() {
  say "skipped: there is no root of Debian $suite ($arch): $1"
  [[ $command != check* ]] || printf '0 passed, 0 failed, 1 skipped\n'
  exit 77
}

# prepare_root makes the root if it is missing, waits until no other ./run uses it, and copies the
# sources into it. It sets `root`.
prepare_root() {
  prepare suite
  [[ -n $arch ]] || arch=$(dpkg --print-architecture)
  find_namespaces
  root=$PWD/$unpacked/roots/$suite-$arch
  mkdir -p "$unpacked/roots"
  exec {root_lock}>"$root.lock"
  if ! flock -n "$root_lock"; then
    say "another ./run uses the root of $suite ($arch); waiting for it"
    flock "$root_lock"
  fi
  [[ -d $root ]] || make_root
  say "copying the sources into the root of $suite ($arch)"
  update_copy /srv/gssloop in_root
}

# find_namespaces sets `namespaces`, the words before a command that shall be root of the root.
find_namespaces() {
  local problem
  namespaces=(setpriv --pdeathsig KILL
    unshare --mount --pid --ipc --fork --kill-child --propagation private)
  if ((EUID != 0)); then
    [[ $(grep -ls "^$(id -un):" /etc/subuid /etc/subgid | wc -l) == 2 ]] ||
      cannot "the user $(id -un) has no subordinate IDs (as root: usermod --add-subuids \
100000-165535 --add-subgids 100000-165535 $(id -un))"
    namespaces=(unshare --user --map-root-user --map-auto "${namespaces[@]}")
  fi
  problem=$("${namespaces[@]}" mount -t tmpfs none /mnt 2>&1) ||
    cannot "this system does not let ${namespaces[0]} make namespaces: $problem"
}

# mirror prints the address of the mirror from which apt has Debian's packages here.
mirror() {
  # shellcheck disable=SC2016  # apt replaces the variables
  apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' 'Created-By: Packages' |
    awk '$1 == "Debian" && $2 == "Debian" && !found { print $3; found = 1 }'
}

# mmdebstrap makes an archive, which only then becomes files of this user's namespace: the folders
# above the root may be closed to all other users.
make_root() {
  local from
  from=$(mirror)
  [[ -n $from ]] || cannot "apt knows no mirror of Debian (as root: apt-get update)"
  say "making the root of Debian $suite ($arch) from $from"
  make_scratch
  # mmdebstrap works with other IDs, which may have no access to this user's TMPDIR.
  # Unstable suites may be served after the date until which their lists are valid.
  TMPDIR=/tmp quietly mmdebstrap --variant=minbase --arch="$arch" --format=tar --skip=output/dev \
    --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Languages "none"' \
    --aptopt='APT::Install-Recommends "false"' "$suite" "$scratch/root.tar" "$from" ||
    cannot "mmdebstrap failed; its output is above"
  remove_root "$root.new"
  mkdir "$root.new"
  in_namespaces tar -x -p -f - -C "$root.new" --numeric-owner <"$scratch/root.tar" ||
    cannot "the root could not be unpacked; the output of tar is above"
  rm "$scratch/root.tar"
  mv "$root.new" "$root"
}

# remove_root FOLDER: most of its files belong to the user's subordinate IDs.
remove_root() {
  [[ -d $1 ]] || return 0
  in_namespaces rm -rf "$1"
}

# remove_roots: for clean.
remove_roots() {
  [[ -d $unpacked/roots ]] || return 0
  find_namespaces
  remove_root "$PWD/$unpacked/roots"
}

# in_namespaces COMMAND... runs it as root of new namespaces. In the background, so that a signal
# ends it at once; bash gives a background command no input, and lets it ignore SIGINT.
in_namespaces() {
  local status=0 personality=()
  [[ ${arch:-} != i386 ]] || personality=(setarch i686)
  env --default-signal=INT,QUIT ${personality[@]+"${personality[@]}"} "${namespaces[@]}" "$@" <&0 &
  inside=$!
  wait "$inside" || status=$?
  inside=
  return "$status"
}

# in_root COMMAND... runs it in the root.
in_root() { in_namespaces scripts/enter-root.sh "$root" "$@"; }

# The kernel ends all processes of the namespaces with process 1 of the PID namespace.
inside=
leave_root() { [[ -z $inside ]] || kill -KILL "$inside" 2>/dev/null || true; }
trap 'leave_root; remove_scratch' EXIT
