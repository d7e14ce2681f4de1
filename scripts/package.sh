# shellcheck shell=bash disable=SC2119,SC2120,SC2154  # the parts of ./run share variables
# SPDX-License-Identifier: BSD-2-Clause
#
# The Debian packages: ./run package.

cmd_package() {
  (($# <= 1)) || refuse "$2" "the name of one folder, or nothing"
  [[ ${1:-} != -* ]] || refuse "$1" "the name of one folder, or nothing"
  local target=${1:-$PWD/dist${suite:+/$suite}}
  # ./run has changed its folder.
  [[ $target == /* ]] || target=$OLDPWD/$target
  [[ ! -e $target || -d $target ]] || die 2 "$target exists, and is not a folder"
  on_suite_into "$target"
  prepare package
  command -v dpkg-buildpackage >/dev/null || die 1 "dpkg-buildpackage is missing: is this Debian?"
  make_scratch
  # If a signal ends the tools, their files are removed with the folder.
  mkdir "$scratch/tmp" "$scratch/packages"
  export TMPDIR=$scratch/tmp
  make_tarball "$scratch/packages"
  build_packages_in "$scratch/packages"
  mkdir -p "$target"
  # Nothing may take an old package for a new one.
  find "$target" -maxdepth 1 -type f \( -name 'gssloop*_*' -o -name 'libgssloop*_*' \
    -o -name 'libsasl2-modules-gssloop*_*' \) -delete
  find "$scratch/packages" -maxdepth 1 -type f -exec cp -t "$target" {} +
  say "in $target:"
  (cd "$target" && printf '%s\n' *.deb)
  examine_packages "$scratch/packages"
}

# Debian's orig.tar.gz is the tarball of `make dist`. The packages are built from its content, so
# a file that it lacks is noticed. Times and owners do not depend on this machine.
make_tarball() {
  local version date
  configure_as_it_is || die 1 "configure failed; its output is above"
  version=$(dpkg-parsechangelog -S Version | sed 's/-[^-]*$//')
  date=$(dpkg-parsechangelog -S Timestamp)
  TAR_OPTIONS="--owner=0 --group=0 --numeric-owner --sort=name --mtime=@$date --mode=go=rX" \
    quietly make -s --no-print-directory dist-gzip || die 1 "make dist failed; its output is above"
  mv "gssloop-$version.tar.gz" "$1/gssloop_$version.orig.tar.gz" ||
    die 1 "debian/changelog has the version $version, but configure.ac has another one"
  tar -x -f "$1/gssloop_$version.orig.tar.gz" -C "$1"
}

# Environment: keeps DEB_BUILD_OPTIONS, and adds the options here.
build_packages_in() {
  say "building the packages (some minutes; $(num_jobs) compilers at a time)"
  (cd "$1"/gssloop-*/ && quietly env -u MAKEFLAGS -u MAKELEVEL \
    DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS:-} nocheck parallel=$(num_jobs)" \
    DEB_BUILD_PROFILES=nocheck dpkg-buildpackage --no-sign) ||
    die 1 "dpkg-buildpackage failed; its output is above"
}

# Newer versions of lintian find more, so hints below a warning do not count.
examine_packages() {
  say "lintian"
  lintian --cfg tests/packages/lintian.cfg --fail-on error,warning "$1"/*.changes </dev/null ||
    die 1 "lintian found errors or warnings in the packages, which are kept; its output is above"
}
