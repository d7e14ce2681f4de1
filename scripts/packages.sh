# shellcheck shell=bash disable=SC2119,SC2120,SC2154  # the parts of ./run share variables
# SPDX-License-Identifier: BSD-2-Clause
#
# The Debian packages that each command of ./run needs, and their installation.

readonly build_packages=(g++ make autoconf automake libtool pkgconf libkrb5-dev libsasl2-dev
  libtomlplusplus-dev libcli11-dev nlohmann-json3-dev)
readonly kdc_packages=(krb5-kdc krb5-admin-server krb5-user)
readonly docs_packages=(doxygen python3)
readonly test_packages=(libgtest-dev libgmock-dev python3 valgrind)
readonly check_packages=("${test_packages[@]}" krb5-pkinit openssl mandoc doxygen sasl2-bin zsh
  libsasl2-modules libsasl2-modules-gssapi-mit gsasl libgsasl-dev
  # Peers of the interoperation tests: Java's SASL, Python's GSS-API, and Heimdal for a package
  # below.
  default-jdk-headless python3-gssapi libgssapi3-heimdal
  # Samba's reader of PAC buffers, which a test compares with this project's.
  python3-samba
  # The checker of the models in tests/model.
  spin
  # What makes system calls of the command fail.
  strace
  # pivot_root, after Debian 13.
  util-linux-extra)
# The servers that people run, and their clients. None of them is ever started as a service.
readonly servers_packages=(libsasl2-modules libsasl2-modules-gssapi-mit sasl2-bin krb5-pkinit
  openssl python3 cyrus-clients cyrus-common gssproxy kcat ldap-utils libldap-common
  libvirt-clients libvirt-daemon memcached postfix slapd subversion uidmap)
# The sources of attributes of ./run check-federation, and the servers and clients that decide by them.
# python3-markdown is for Debian 13's samba-tool.
readonly federation_packages=(libsasl2-modules libsasl2-modules-gssapi-mit sasl2-bin krb5-otp
  krb5-pkinit openssl python3 python3-markdown ldap-utils slapd cyrus-clients cyrus-common postfix
  uidmap)
# Of these, what the page of ./run demo-federation is about.
readonly demo_federation_packages=(krb5-pkinit openssl python3 python3-markdown uidmap)
readonly bench_packages=(libsasl2-modules-gssapi-mit libbenchmark-dev)
readonly profile_packages=(linux-perf)
readonly package_packages=(build-essential debhelper dpkg-dev lintian)
readonly format_packages=(clang-format clang-tidy)
# For .ci/run.
readonly clang_packages=(clang)
# libFuzzer is part of clang; llvm has the tools that read its measurement of coverage.
readonly fuzz_packages=(clang llvm)
# For --on SUITE.
readonly suite_packages=(arch-test mmdebstrap uidmap util-linux util-linux-extra)
# Packages that another server of the machine may exclude, or that exclude one above: they are never
# installed. The tests find them unpacked, each in $unpacked/NAME, with
# tests/support/with_unpacked.sh.
readonly check_unpacked=(dovecot-imapd dovecot-gssapi libsasl2-modules-gssapi-heimdal logrotate
  moonshot-gss-eap)
readonly servers_unpacked=(cyrus-imapd)
readonly demo_federation_unpacked=(freeradius moonshot-gss-eap samba-ad-dc)
readonly federation_unpacked=(cyrus-imapd freeradius gss-ntlmssp heimdal-kdc moonshot-gss-eap
  samba-ad-dc sssd-kcm)
# Unpacked without what they depend on, which others of these have.
readonly demo_federation_alone=(samba-ad-provision)
readonly federation_alone=(krb5-kdc-ldap "${demo_federation_alone[@]}")
# Of these the tests read the configuration only: libvirt-daemon-system would start libvirtd, and the
# others are unpacked if their configuration was changed on this machine.
readonly servers_configuration=(libvirt-daemon-system)
readonly servers_changed=(cyrus-common libldap-common slapd)
# These are unpacked only where apt would have to remove a package of the machine to install them.
# All tests then run where they seem to be installed.
readonly stand_in_packages=(krb5-admin-server krb5-kdc krb5-user libsasl2-modules-gssapi-mit)
# The same, but only the test with the package sees it.
readonly excluded_packages=("${stand_in_packages[@]}" postfix)
readonly unpacked=.cache

readonly package_sets='build, demo, demo-federation, test, check, check-servers, check-federation,
check-tsan, check-asan, check-valgrind, mutate, docs, package, bench, profile, format, fuzz, suite,
clang'

# packages_of SET prints one package in each line. It fails if there is no such set.
packages_of() {
  case $1 in
    build) printf '%s\n' "${build_packages[@]}" ;;
    demo) printf '%s\n' "${build_packages[@]}" "${kdc_packages[@]}" ;;
    demo-federation)
      printf '%s\n' "${build_packages[@]}" "${kdc_packages[@]}" "${demo_federation_packages[@]}"
      ;;
    test) printf '%s\n' "${build_packages[@]}" "${kdc_packages[@]}" "${test_packages[@]}" ;;
    check | check-tsan | check-asan | check-valgrind)
      printf '%s\n' "${build_packages[@]}" "${kdc_packages[@]}" "${check_packages[@]}"
      ;;
    mutate) packages_of test && printf '%s\n' krb5-pkinit libsasl2-modules-gssapi-mit ;;
    check-servers)
      printf '%s\n' "${build_packages[@]}" "${kdc_packages[@]}" "${servers_packages[@]}" \
        "${package_packages[@]}"
      ;;
    check-federation)
      printf '%s\n' "${build_packages[@]}" "${kdc_packages[@]}" "${federation_packages[@]}"
      ;;
    docs) printf '%s\n' "${build_packages[@]}" "${docs_packages[@]}" ;;
    profile) printf '%s\n' "${build_packages[@]}" "${kdc_packages[@]}" "${profile_packages[@]}" ;;
    bench) printf '%s\n' "${build_packages[@]}" "${kdc_packages[@]}" "${bench_packages[@]}" ;;
    package) printf '%s\n' "${build_packages[@]}" "${package_packages[@]}" ;;
    format) printf '%s\n' "${format_packages[@]}" ;;
    fuzz) printf '%s\n' "${build_packages[@]}" "${test_packages[@]}" "${fuzz_packages[@]}" ;;
    suite) printf '%s\n' "${suite_packages[@]}" ;;
    clang) printf '%s\n' "${build_packages[@]}" "${test_packages[@]}" "${clang_packages[@]}" ;;
    *) return 1 ;;
  esac
}

# packages_of_test FILE prints the packages that one test needs, according to its folder.
packages_of_test() {
  packages_of test
  case $1 in
    tests/servers/* | tests/packages/*) packages_of check-servers ;;
    tests/federation/*) packages_of check-federation ;;
    tests/interop/*) packages_of check ;;
    tests/live/* | tests/kdc/*) printf '%s\n' krb5-pkinit libsasl2-modules-gssapi-mit ;;
    tests/install/*) printf '%s\n' sasl2-bin libsasl2-modules-gssapi-mit ;;
    tests/tools/*) printf '%s\n' libsasl2-modules libsasl2-modules-gssapi-mit mandoc zsh ;;
    tests/docs/*) echo mandoc ;;
    tests/model/*) echo spin ;;
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

# missing_here PACKAGE... prints those that are neither installed nor unpacked instead.
missing_here() {
  local package
  missing_packages "$@" | while IFS= read -r package; do
    [[ " ${excluded_packages[*]} " == *" $package "* && -d $unpacked/$package ]] ||
      printf '%s\n' "$package"
  done
}

# What apt-get is called with. No command here may ask a question, because there may be no user to
# answer it. No command removes a package.
apt_options=(-q -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 --no-install-recommends)

# excluded PACKAGE prints why apt cannot install it beside the packages of this machine, or nothing
# if it can. A package that apt does not know is not excluded.
excluded() {
  local said removed status=0
  said=$(LC_ALL=C apt-get -s "${apt_options[@]}" install "$1" 2>&1) || status=$?
  removed=$(sed -n 's/^Remv \([^ ]*\).*/\1/p' <<<"$said" | comma_separated)
  if [[ -n $removed ]]; then
    printf 'apt would remove %s' "$removed"
  elif ((status)) && ! grep -qE 'Unable to locate|no installation candidate' <<<"$said"; then
    printf 'apt cannot install it beside the packages of this machine'
  fi
}

# The packages without which the command cannot work; set by prepare and prepare_test.
needed=()

# leave_out PACKAGE... sets `missing` to those of the packages that apt can install without removing
# one. It unpacks the others, or says that tests are skipped.
leave_out() {
  missing=("$@")
  ! LC_ALL=C apt-get -s "${apt_options[@]}" --no-remove install "$@" >/dev/null 2>&1 || return 0
  local package reason
  missing=()
  for package in "$@"; do
    reason=$(excluded "$package")
    if [[ -z $reason ]]; then
      missing+=("$package")
    elif [[ " ${excluded_packages[*]} " == *" $package "* ]]; then
      say "$package is not installed: $reason"
      unpack_packages "$package"
    elif [[ " ${needed[*]} " == *" $package "* ]]; then
      die 3 "'$command' needs $package, which cannot be installed: $reason. Use another machine, or
a root of Debian for this command alone: ./run COMMAND --on SUITE"
    else
      say "$package is not installed: $reason; the tests that need it are skipped"
    fi
  done
}

# install_packages PACKAGE... installs those that are missing.
install_packages() {
  local missing as_root=() can_install=yes
  if ! command -v dpkg-query >/dev/null; then
    say "this is not Debian: install what these packages contain: $*"
    return 0
  fi
  mapfile -t missing < <(missing_here "$@")
  ((${#missing[@]})) || return 0
  if ((EUID != 0)); then
    as_root=(sudo -n)
    sudo -n true 2>/dev/null || can_install=
  fi
  # RUNLEVEL and SYSTEMD_OFFLINE: the packages of the KDC would start it, and it has no realm.
  as_root+=(env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 APT_LISTCHANGES_FRONTEND=none
    RUNLEVEL=1 SYSTEMD_OFFLINE=1 apt-get "${apt_options[@]}")
  if [[ -n $can_install ]]; then
    say "reading Debian's lists of packages"
    quietly "${as_root[@]}" update || say "apt-get update failed; the present lists are used"
  fi
  leave_out "${missing[@]}"
  ((${#missing[@]})) || return 0
  local manual="apt-get install --no-install-recommends --no-remove ${missing[*]}"
  [[ -n $can_install ]] ||
    die 3 "'$command' needs Debian packages that are missing: ${missing[*]}
Install them as root with:
  $manual"
  local noun=packages
  ((${#missing[@]} > 1)) || noun=package
  say "installing ${#missing[@]} $noun: ${missing[*]}"
  quietly "${as_root[@]}" --no-remove install "${missing[@]}" ||
    die 3 "could not install ${missing[*]}; see the lines above. By hand, as root:
  $manual"
}

# unpack_packages PACKAGE...: without such a package the tests with it are skipped, so a failure is
# not an error. An installed one needs no second copy, except Cyrus SASL's module on Heimdal, which
# the tests take from its folder.
unpack_packages() {
  local package missing
  command -v dpkg-deb >/dev/null || return 0
  missing=$(missing_packages "$@")
  for package in "$@"; do
    grep -qxF -e "$package" <<<"$missing" || [[ $package == *-heimdal ]] || continue
    unpack_once "$package"
  done
}

unpack_once() {
  [[ ! -d $unpacked/$1 ]] || return 0
  say "unpacking $1 into $PWD/$unpacked/$1"
  quietly unpack_package "$@" || say "could not get $1; the tests that need it are skipped"
}

# unpack_servers unpacks what the tests of the servers need. The tests of the guides start from the
# configuration as Debian made it.
unpack_servers() {
  local package
  unpack_packages "${servers_unpacked[@]}"
  command -v dpkg-deb >/dev/null || return 0
  unpack_missing_alone "${servers_configuration[@]}"
  for package in "${servers_changed[@]}"; do
    [[ -z $(dpkg --verify "$package" 2>/dev/null) ]] || unpack_once "$package" alone
  done
}

unpack_federation() {
  unpack_packages "${federation_unpacked[@]}"
  command -v dpkg-deb >/dev/null || return 0
  unpack_missing_alone "${federation_alone[@]}"
}

unpack_demo_federation() {
  unpack_packages "${demo_federation_unpacked[@]}"
  command -v dpkg-deb >/dev/null || return 0
  unpack_missing_alone "${demo_federation_alone[@]}"
}

# Unpacks those that are not installed, without what they depend on.
unpack_missing_alone() {
  local package
  for package in $(missing_packages "$@"); do
    unpack_once "$package" alone
  done
}

# beside PACKAGE [NAME-...] prints what apt would install with it, in each line the name of a
# package, if it were free to remove packages, and had to remove NAME. This only asks apt.
beside() {
  local said
  said=$(LC_ALL=C apt-get -s "${apt_options[@]}" install "$@" 2>/dev/null) || return
  printf '%s\n' "$1"
  sed -n 's/^Inst \([^ ]*\) (.*/\1/p' <<<"$said"
}

# unpack_package PACKAGE [alone] unpacks it, and without `alone` also what it depends on and this
# machine lacks. The file `packages` beside the files lists all of them, as dpkg-query does. Of two
# Kerberos' packages that exclude each other, apt does not give up those that were asked for by name,
# unless it is told to.
# `&&` throughout: bash ignores errexit below a caller's `||`.
# shellcheck disable=SC2016  # the names are dpkg-deb's
unpack_package() {
  local download=$scratch/download names folder
  names=("$1")
  [[ ${2-} == alone ]] ||
    mapfile -t names < <({ beside "$1" || beside "$1" "${stand_in_packages[@]/%/-}" ||
      printf '%s\n' "$1"; } | sort -u)
  rm -rf "$download" && mkdir "$download" &&
    (cd "$download" && apt-get -q download "${names[@]}" &&
      for file in *.deb; do
        dpkg-deb -x "$file" unpacked &&
          dpkg-deb -W --showformat '${Package} installed ${Version}\n' "$file" >>packages || exit
      done &&
      mv packages unpacked &&
      # Where a package still has files in /lib, that is /usr/lib.
      for folder in bin lib sbin; do
        [[ ! -d unpacked/$folder ]] || { mkdir -p unpacked/usr/$folder &&
          cp -R unpacked/$folder/. unpacked/usr/$folder/; } || exit
      done) &&
    mkdir -p "$unpacked" && cp -R "$download/unpacked" "$unpacked/$1"
}

# find_stand_ins sets `with_stand_ins`, the words before a command that shall see the unpacked
# stand-ins as if they were installed.
with_stand_ins=()
find_stand_ins() {
  local package names=()
  for package in $(missing_packages "${stand_in_packages[@]}"); do
    [[ ! -d $unpacked/$package ]] || names+=("$package")
  done
  with_stand_ins=()
  ((${#names[@]})) || return 0
  with_stand_ins=(tests/support/with_unpacked.sh "$unpacked" "${names[@]}" --)
  "${with_stand_ins[@]}" true || {
    say "nothing sees ${names[*]}"
    with_stand_ins=()
  }
}

# prepare SET installs and unpacks all packages of a set.
prepare() {
  local packages
  mapfile -t packages < <(packages_of "$1")
  needed=("${packages[@]}")
  [[ $1 != check* ]] || needed=("${build_packages[@]}" "${test_packages[@]}")
  install_packages "${packages[@]}"
  case $1 in
    check-servers) unpack_servers ;;
    check-federation) unpack_federation ;;
    demo-federation) unpack_demo_federation ;;
    check*) unpack_packages "${check_unpacked[@]}" ;;
  esac
  find_stand_ins
}

# prepare_test FILE does the same for one test.
prepare_test() {
  local packages
  mapfile -t packages < <(packages_of_test "$1")
  needed=("${build_packages[@]}" "${test_packages[@]}")
  install_packages "${packages[@]}"
  case $1 in
    tests/interop/*) unpack_packages "${check_unpacked[@]}" ;;
    tests/servers/*) unpack_servers ;;
    tests/federation/*) unpack_federation ;;
  esac
  find_stand_ins
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
