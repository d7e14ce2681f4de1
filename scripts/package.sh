# shellcheck shell=bash disable=SC2119,SC2120,SC2154  # the parts of ./run share variables
# SPDX-License-Identifier: BSD-2-Clause
#
# The Debian packages: ./run package.

cmd_package() {
  (($# <= 1)) || die 2 "package takes the name of one folder, or nothing"
  command -v dpkg-buildpackage >/dev/null || die 1 "dpkg-buildpackage is not there: no Debian?"
  local target=${1:-$root/dist} scratch
  # This script went elsewhere at once.
  [[ $target == /* ]] || target=$OLDPWD/$target
  [[ ! -e $target || -d $target ]] || die 2 "$target is there, and is no folder"
  scratch=$(mktemp -d "${TMPDIR:-/tmp}/gssloop-package.XXXXXX")
  # shellcheck disable=SC2064  # the folder is known now, and not when the trap is
  trap "rm -rf '$scratch'" EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  make_tarball "$scratch"
  build_packages_in "$scratch"
  examine_packages "$scratch"
  mkdir -p "$target"
  # No old package may pass for a new one.
  find "$target" -maxdepth 1 -type f \( -name 'gssloop*_*' -o -name 'libgssloop*_*' \
    -o -name 'libsasl2-modules-gssloop*_*' \) -delete
  find "$scratch" -maxdepth 1 -type f ! -name '*.log' -exec cp -t "$target" {} +
  say "in $target:"
  (cd "$target" && printf '%s\n' *.deb)
}

# Debian's orig.tar.gz is the tarball of `make dist`. The packages are built from what is in it, so
# that a file which it lacks is noticed. Times and owners are not of this machine.
make_tarball() {
  local version date
  configure_tree >"$1/configure.log" 2>&1 ||
    { cat "$1/configure.log" >&2; die 1 "configure failed; its output is above"; }
  version=$(dpkg-parsechangelog -S Version | sed 's/-[^-]*$//')
  date=$(dpkg-parsechangelog -S Timestamp)
  TAR_OPTIONS="--owner=0 --group=0 --numeric-owner --sort=name --mtime=@$date --mode=go=rX" \
    make -s --no-print-directory dist-gzip >"$1/dist.log" 2>&1 ||
    { cat "$1/dist.log" >&2; die 1 "make dist failed; its output is above"; }
  mv "gssloop-$version.tar.gz" "$1/gssloop_$version.orig.tar.gz" ||
    die 1 "debian/changelog says version $version, and configure.ac another one"
  tar -x -f "$1/gssloop_$version.orig.tar.gz" -C "$1"
}

# Environment: DEB_BUILD_OPTIONS is kept, but for what is said here.
build_packages_in() {
  local log=$1/build.log
  say "building the packages (some minutes; $(num_jobs) compilers at a time)"
  (cd "$1"/gssloop-*/ && env -u MAKEFLAGS -u MAKELEVEL \
    DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS:-} nocheck parallel=$(num_jobs)" \
    DEB_BUILD_PROFILES=nocheck dpkg-buildpackage --no-sign </dev/null) >"$log" 2>&1 ||
    { cat "$log" >&2; die 1 "dpkg-buildpackage failed; its output is above"; }
}

examine_packages() {
  say "lintian"
  lintian --cfg tests/packages/lintian.cfg --fail-on error,warning,info,pedantic "$1"/*.changes \
    </dev/null || die 1 "lintian finds fault with the packages; see above"
}
