#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The arrows of docs/architecture.md, checked: which folder includes which, and who calls whose API.
# SPEC N12: GSS headers come through gssloop/gss/gssapi_c.h only. SPEC N28: only tools and
# tests import composite names.

set -u
cd "${GSSLOOP_SRCDIR:-$(dirname "$0")/..}" || exit 99

num_breaches=0

# forbid WHAT PATTERN FILES...: complains about every line of FILES that matches, comments apart.
forbid() {
  local what=$1 pattern=$2
  shift 2
  local hits
  hits=$(grep -nE "$pattern" "$@" /dev/null | grep -vE '^[^:]+:[0-9]+: *//')
  [[ -z $hits ]] && return
  echo "$what:"
  echo "$hits"
  num_breaches=$((num_breaches + 1))
}

# files FOLDER...: the C++ files below them; there must be some.
files() {
  find "$@" -name '*.cc' -o -name '*.h' | sort
}

# may_include PATH ALLOWED...: our own headers that a folder (or a file) may include. ALLOWED is a
# folder, or a pattern of whole names.
may_include() {
  local folder=$1
  shift
  local allowed
  allowed=$(IFS='|'; echo "$*")
  local file
  for file in $(files "$folder"); do
    while read -r included; do
      [[ $included =~ ^($allowed)(/|$) ]] && continue
      echo "$file must not include $included"
      num_breaches=$((num_breaches + 1))
    done < <(sed -nE 's/^#include "([^"]+\/[^"]+)".*/\1/p' "$file")
  done
}

may_include lib/gssloop/base gssloop/base
may_include lib/gssloop/gss gssloop/base gssloop/gss
may_include lib/gssloop/loop gssloop/base gssloop/gss gssloop/loop
may_include lib/gssloop/io gssloop/base gssloop/gss gssloop/loop gssloop/io
may_include lib/gssloop/authz gssloop/base gssloop/authz
may_include lib/gssloop/capi gssloop/base gssloop/gss gssloop/loop gssloop/io gssloop/capi
# Within the plugin: entry -> mech -> exchange -> layer, server -> audit -> sasl.
plugin_library='gssloop/base gssloop/gss gssloop/loop gssloop/authz'
# shellcheck disable=SC2086  # a list of folders
{
  may_include plugin/sasl $plugin_library plugin/sasl
  may_include plugin/layer $plugin_library plugin/sasl plugin/layer
  may_include plugin/audit gssloop/base plugin/sasl plugin/audit
  may_include plugin/server $plugin_library plugin/sasl plugin/audit plugin/server
  may_include plugin/exchange $plugin_library plugin/sasl plugin/layer plugin/audit plugin/server \
    plugin/exchange
  may_include plugin/mech $plugin_library plugin/sasl plugin/layer plugin/server plugin/exchange \
    plugin/mech
  may_include plugin $plugin_library plugin
}
# The command: main.cc names the subcommands, which are in folders; shared code is at the top.
lib='gssloop/(base|gss|loop|io|authz)'
top='tools/[a-z0-9_]+[.]h'
# Of the module's code, only the list of its options and, for the doctor, what reads them and the
# file of the audit trail.
options='plugin/(sasl/(option_names|options|sasl_utils)|audit/file)[.]h'
may_include tools "$lib" tools "$options"
for file in tools/*.h tools/*.cc; do
  [[ $file == tools/main.cc ]] || may_include "$file" "$lib" "$top"
done
may_include tools/kerberos "$lib" tools/kerberos
may_include tools/trial "$lib" "$top" tools/trial
may_include tools/policy "$lib" "$top" tools/trial tools/kerberos tools/policy
may_include tools/audit "$lib" "$top" tools/trial tools/audit
may_include tools/doctor "$lib" "$top" tools/trial tools/policy tools/kerberos tools/doctor \
  "$options"

# Only these files of the tools ask Kerberos itself about a machine.
tools=$(files tools | grep -vE '^tools/kerberos/(kerberos|ccache|kdc_request)\.')
above_gss="$(files lib/gssloop/base lib/gssloop/loop lib/gssloop/io lib/gssloop/authz \
  lib/gssloop/capi plugin) $tools"
# shellcheck disable=SC2086  # a list of files
forbid 'gss_* and krb5_* are called in gssloop/gss (and a few files of tools) only' \
  '\b(gss|gssspi|krb5)_[a-z0-9_]+ *\(' $above_gss
# shellcheck disable=SC2046,SC2086
forbid 'the GSS-API headers come through gssloop/gss/gssapi_c.h' \
  '#include <(gssapi|krb5)' $(files lib plugin | grep -v '^lib/gssloop/gss/gssapi_c.h$') $tools
forbid 'the C header includes nothing but the numbers of C' \
  '#include <[^>]*>' <(grep -vE '<(stddef|stdint)\.h>' lib/gssloop.h)
forbid 'the C header knows no C++ type' '\b(std|gssloop)::' lib/gssloop.h
# shellcheck disable=SC2046,SC2086
forbid 'libsasl is known to plugin/ and the doctor only' '\bSASL_[A-Z]|<sasl/' \
  $(files lib) $(files tools | grep -vE '^tools/doctor/')
# shellcheck disable=SC2046,SC2086
forbid 'composite names are imported by tools and tests only' \
  'import_trusted_composite' $(files lib plugin | grep -v '^lib/gssloop/gss/names\.')
# shellcheck disable=SC2046,SC2086
# Exception: reading a report that is only shown, and decides no login.
forbid 'attribute values are made of what the mechanism returned, in gssloop/gss only' \
  'from_mechanism' $(files lib plugin tools |
    grep -vE '^(lib/gssloop/(gss/attributes.cc|base/attribute.h)|tools/trial/peer_report.cc)$')
# shellcheck disable=SC2046,SC2086
forbid 'only tools suppose attributes of a peer' '\bsuppose\(' \
  $(files lib plugin | grep -v '^lib/gssloop/authz/rule_context\.')
# shellcheck disable=SC2046,SC2086
forbid 'lib/ and plugin/ read the environment with secure_getenv only (set-user-ID programs)' \
  '\bgetenv *\(' $(files lib plugin)
# shellcheck disable=SC2046,SC2086
forbid 'SASL codes of failures are chosen in plugin/sasl/errors.cc only' \
  'return SASL_(FAIL|BAD[A-Z]+|NOAUTHZ|TOOWEAK|CONFIGERR)\b' \
  $(files plugin | grep -vE '^plugin/(sasl/errors|entry).cc$')

if ((num_breaches > 0)); then
  echo "$num_breaches breaches"
  exit 1
fi
echo "SPEC N12 N28"
echo "no breach"
