# shellcheck shell=bash disable=SC2119,SC2120,SC2154  # the parts of ./run share variables
# SPDX-License-Identifier: BSD-2-Clause
#
# The Debian packages that each command of ./run needs, and their installation.

readonly build_packages=(g++ make autoconf automake libtool pkgconf libkrb5-dev libsasl2-dev
  libtomlplusplus-dev libcli11-dev nlohmann-json3-dev)
readonly kdc_packages=(krb5-kdc krb5-admin-server krb5-user)
readonly docs_packages=(doxygen python3)
readonly test_packages=(libgtest-dev libgmock-dev python3 valgrind)
readonly check_packages=("${test_packages[@]}" krb5-pkinit openssl mandoc doxygen sasl2-bin
  libsasl2-modules libsasl2-modules-gssapi-mit gsasl libgsasl-dev
  # Peers of the interoperation tests: an IMAP server, Java's SASL, Python's GSS-API, and Heimdal
  # for the package below.
  dovecot-imapd dovecot-gssapi default-jdk-headless python3-gssapi libgssapi3-heimdal
  # Samba's reader of PAC buffers, which a test compares with this project's.
  python3-samba
  # pivot_root, after Debian 13.
  util-linux-extra)
# The servers that people run, and their clients. None of them is ever started as a service.
readonly servers_packages=(libsasl2-modules libsasl2-modules-gssapi-mit sasl2-bin krb5-pkinit
  openssl python3 cyrus-clients cyrus-common gssproxy kcat ldap-utils libldap-common
  libvirt-clients libvirt-daemon memcached postfix slapd subversion uidmap)
readonly bench_packages=(libsasl2-modules-gssapi-mit libbenchmark-dev)
readonly package_packages=(build-essential debhelper dpkg-dev lintian)
readonly format_packages=(clang-format clang-tidy)
# For --on SUITE.
readonly suite_packages=(arch-test mmdebstrap uidmap util-linux util-linux-extra)
# Packages that cannot be installed beside others that are needed, or that the machine may have: the
# tests find them unpacked, each in $unpacked/NAME. Cyrus SASL's module on Heimdal conflicts with
# the one on MIT, Cyrus' imapd with every other IMAP server. libvirt-daemon-system starts libvirtd;
# the tests read the configuration that Debian 12 has in it.
readonly unpacked=.cache

readonly package_sets='build, demo, test, check, check-servers, docs, package, bench, format, suite'

# packages_of SET prints one package in each line. It fails if there is no such set.
packages_of() {
  case $1 in
    build) printf '%s\n' "${build_packages[@]}" ;;
    demo) printf '%s\n' "${build_packages[@]}" "${kdc_packages[@]}" ;;
    test) printf '%s\n' "${build_packages[@]}" "${kdc_packages[@]}" "${test_packages[@]}" ;;
    check) printf '%s\n' "${build_packages[@]}" "${kdc_packages[@]}" "${check_packages[@]}" ;;
    check-servers)
      printf '%s\n' "${build_packages[@]}" "${kdc_packages[@]}" "${servers_packages[@]}" \
        "${package_packages[@]}"
      ;;
    docs) printf '%s\n' "${build_packages[@]}" "${docs_packages[@]}" ;;
    bench) printf '%s\n' "${build_packages[@]}" "${kdc_packages[@]}" "${bench_packages[@]}" ;;
    package) printf '%s\n' "${build_packages[@]}" "${package_packages[@]}" ;;
    format) printf '%s\n' "${format_packages[@]}" ;;
    suite) printf '%s\n' "${suite_packages[@]}" ;;
    *) return 1 ;;
  esac
}

# packages_of_test FILE prints the packages that one test needs, according to its folder.
packages_of_test() {
  packages_of test
  case $1 in
    tests/servers/* | tests/packages/*) packages_of check-servers ;;
    tests/interop/*) packages_of check ;;
    tests/live/* | tests/kdc/*) printf '%s\n' krb5-pkinit libsasl2-modules-gssapi-mit ;;
    tests/install/*) printf '%s\n' sasl2-bin libsasl2-modules-gssapi-mit ;;
    tests/tools/*) printf '%s\n' libsasl2-modules libsasl2-modules-gssapi-mit mandoc ;;
    tests/docs/*) echo mandoc ;;
    tests/check_docs*) echo doxygen ;;
  esac
}

# missing_packages PACKAGE... prints those that are not installed, one in each line. A package may
# have another name in another suite, and provide this one.
missing_packages() {
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}, ${Provides}\n' |
    sed -nE '/^installed /{s///; s/ ?\([^)]*\)//g; s/, */\n/g; p}')
  comm -23 <(printf '%s\n' "$@" | sort -u) <(sort -u <<<"$installed")
}

# Installs the packages that are missing. No command here may ask a question, because there may be
# no user to answer it.
install_packages() {
  local missing as_root=()
  if ! command -v dpkg-query >/dev/null; then
    say "this is not Debian: install what these packages contain: $*"
    return 0
  fi
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]})) || return 0

  local manual="apt-get install --no-install-recommends ${missing[*]}"
  if ((EUID != 0)); then
    as_root=(sudo -n)
    if ! sudo -n true 2>/dev/null; then
      die 3 "'$command' needs Debian packages that are missing: ${missing[*]}
Install them as root with:
  $manual"
    fi
  fi
  # RUNLEVEL and SYSTEMD_OFFLINE: the packages of the KDC would start it, and it has no realm.
  as_root+=(env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 APT_LISTCHANGES_FRONTEND=none
    RUNLEVEL=1 SYSTEMD_OFFLINE=1 apt-get -q -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300)
  say "reading Debian's lists of packages"
  quietly "${as_root[@]}" update || say "apt-get update failed; the present lists are used"
  local noun=packages
  ((${#missing[@]} > 1)) || noun=package
  say "installing ${#missing[@]} $noun: ${missing[*]}"
  # --no-remove: do not remove a server of the same kind that this machine runs.
  quietly "${as_root[@]}" install --no-install-recommends --no-remove "${missing[@]}" ||
    die 3 "could not install ${missing[*]}; see the lines above. By hand, as root:
  $manual"
}

# Without such a package the tests with that peer are skipped, so a failure is not an error.
unpack_packages() {
  local package
  command -v dpkg-deb >/dev/null || return 0
  for package in "$@"; do
    [[ ! -d $unpacked/$package ]] || continue
    say "unpacking $package into $PWD/$unpacked/$package"
    quietly unpack_package "$package" ||
      say "could not get $package; the tests that need it are skipped"
  done
}

# The tests of the guides start from the configuration of these packages as Debian made it. Where it
# was changed on this machine, they find it unpacked.
unpack_changed() {
  local package
  command -v dpkg >/dev/null || return 0
  for package in "$@"; do
    [[ -z $(dpkg --verify "$package" 2>/dev/null) ]] || unpack_packages "$package"
  done
}

# `&&` throughout: bash ignores errexit below a caller's `||`.
unpack_package() {
  local download=$scratch/download
  rm -rf "$download" && mkdir "$download" &&
    (cd "$download" && apt-get -q download "$1") &&
    mkdir -p "$unpacked" && dpkg-deb -x "$download"/*.deb "$download/unpacked" &&
    cp -R "$download/unpacked" "$unpacked/$1"
}

unpack_guides() {
  unpack_packages cyrus-imapd libvirt-daemon-system
  unpack_changed cyrus-common libldap-common slapd
}

# prepare SET installs and unpacks all packages of a set.
prepare() {
  local packages
  mapfile -t packages < <(packages_of "$1")
  install_packages "${packages[@]}"
  case $1 in
    check) unpack_packages libsasl2-modules-gssapi-heimdal ;;
    check-servers) unpack_guides ;;
  esac
}

# prepare_test FILE does the same for one test.
prepare_test() {
  local packages
  mapfile -t packages < <(packages_of_test "$1")
  install_packages "${packages[@]}"
  case $1 in
    tests/interop/*) unpack_packages libsasl2-modules-gssapi-heimdal ;;
    tests/servers/*) unpack_guides ;;
  esac
}

cmd_deps() {
  if (($# == 2)) && [[ $1 == test ]]; then
    local file
    file=$(find_test "$2")
    prepare_test "$file"
    return
  fi
  (($# <= 1)) || refuse "$2" "the name of one command: $package_sets"
  packages_of "${1:-check}" >/dev/null || refuse "$1" "the name of one command: $package_sets"
  prepare "${1:-check}"
}
