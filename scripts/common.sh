# shellcheck shell=bash disable=SC2119,SC2120,SC2154  # the parts of ./run share variables
# SPDX-License-Identifier: BSD-2-Clause
#
# What all parts of ./run use. The folder of the sources is the current one.

say() { printf '==> %s\n' "$*" >&2; }
die() { printf 'run: %s\n' "$2" >&2; exit "$1"; }
