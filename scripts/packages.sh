# shellcheck shell=bash disable=SC2119,SC2120,SC2154  # the parts of ./run share variables
# SPDX-License-Identifier: BSD-2-Clause
#
# The Debian packages that each command of ./run needs, and their installation.

readonly build_packages=(g++ make autoconf automake libtool pkg-config libkrb5-dev libsasl2-dev
  libtomlplusplus-dev libcli11-dev nlohmann-json3-dev)
readonly kdc_packages=(krb5-kdc krb5-admin-server krb5-user)
readonly docs_packages=(doxygen python3)
readonly check_packages=(libgtest-dev libgmock-dev krb5-pkinit openssl mandoc doxygen sasl2-bin
  libsasl2-modules libsasl2-modules-gssapi-mit gsasl libgsasl-dev python3
  # Peers of the interoperation tests: an IMAP server, Java's SASL, Python's GSS-API, and Heimdal
  # for the package below.
  dovecot-imapd dovecot-gssapi default-jdk-headless python3-gssapi libgssapi3-heimdal
  # Samba's reader of PAC buffers, which ours is compared with.
  python3-samba)
# The servers that people run, and their clients. None of them is ever started as a service.
readonly servers_packages=(libsasl2-modules libsasl2-modules-gssapi-mit sasl2-bin krb5-pkinit
  openssl python3 cyrus-clients cyrus-common kcat ldap-utils libvirt-clients libvirt-daemon memcached
  postfix slapd subversion uidmap)
# Packages that cannot be installed beside others that are needed, or that the machine may have: the
# tests find them unpacked, each in $unpacked/NAME. Cyrus SASL's module on Heimdal conflicts with the
# one on MIT, Cyrus' imapd with every other IMAP server.
readonly unpacked=$root/.cache
readonly bench_packages=(libsasl2-modules-gssapi-mit libbenchmark-dev)
readonly package_packages=(debhelper dpkg-dev lintian)
readonly format_packages=(clang-format clang-tidy)

packages_of() {
  case $1 in
    build) printf '%s\n' "${build_packages[@]}" ;;
    demo) printf '%s\n' "${build_packages[@]}" "${kdc_packages[@]}" ;;
    check) printf '%s\n' "${build_packages[@]}" "${kdc_packages[@]}" "${check_packages[@]}" ;;
    check-servers)
      printf '%s\n' "${build_packages[@]}" "${kdc_packages[@]}" "${servers_packages[@]}" \
        "${package_packages[@]}"
      ;;
    docs) printf '%s\n' "${build_packages[@]}" "${docs_packages[@]}" ;;
    bench) printf '%s\n' "${build_packages[@]}" "${kdc_packages[@]}" "${bench_packages[@]}" ;;
    package) printf '%s\n' "${build_packages[@]}" "${package_packages[@]}" ;;
    format) printf '%s\n' "${format_packages[@]}" ;;
    *)
      die 2 "no packages are known for '$1'; deps takes build, demo, check, check-servers, docs,
package, bench, format"
      ;;
  esac
}

is_installed() {
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# Installs what COMMAND needs. Nothing here may ask a question: there may be nobody to answer it.
install_packages() {
  local wanted package missing=() as_root=()
  if ! command -v dpkg-query >/dev/null; then
    say "this is no Debian: install yourself what these packages hold:" \
      "$(packages_of "$1" | tr '\n' ' ')"
    return 0
  fi
  wanted=$(packages_of "$1")
  for package in $wanted; do
    is_installed "$package" || missing+=("$package")
  done
  ((${#missing[@]})) || return 0

  local manual="apt-get install --no-install-recommends ${missing[*]}"
  if ((EUID != 0)); then
    as_root=(sudo -n)
    if ! sudo -n true 2>/dev/null; then
      die 3 "'$1' needs Debian packages that are missing: ${missing[*]}
Install them as root with:
  $manual"
    fi
  fi
  say "installing ${missing[*]}"
  # RUNLEVEL and SYSTEMD_OFFLINE: the packages of the KDC would start it, and it has no realm.
  as_root+=(env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 APT_LISTCHANGES_FRONTEND=none
    RUNLEVEL=1 SYSTEMD_OFFLINE=1 apt-get -q -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300)
  "${as_root[@]}" update </dev/null >&2 ||
    say "apt-get update failed; going on with the package lists that are there"
  # --no-remove: a server of the same kind that this machine runs stays.
  "${as_root[@]}" install --no-install-recommends --no-remove "${missing[@]}" </dev/null >&2 ||
    die 3 "could not install ${missing[*]}; see the lines above. By hand, as root:
  $manual"
}

# Without them the tests with that peer are skipped, so a failure is only told.
unpack_packages() {
  local package download
  command -v dpkg-deb >/dev/null || return 0
  for package in "$@"; do
    [[ ! -d $unpacked/$package ]] || continue
    say "unpacking $package into $unpacked/$package"
    download=$(mktemp -d)
    if (cd "$download" && apt-get -q download "$package" </dev/null >&2) &&
      mkdir -p "$unpacked" && dpkg-deb -x "$download"/*.deb "$download/unpacked" &&
      cp -R "$download/unpacked" "$unpacked/$package"; then
      :
    else
      say "could not get $package; going on without"
    fi
    rm -rf "$download"
  done
}

# All that COMMAND needs.
prepare() {
  install_packages "$1"
  case $1 in
    check) unpack_packages libsasl2-modules-gssapi-heimdal ;;
    check-servers) unpack_packages cyrus-imapd ;;
  esac
}
