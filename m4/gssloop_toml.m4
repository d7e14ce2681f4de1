# SPDX-License-Identifier: BSD-2-Clause
# GSSLOOP_TOML: toml++, the parser of policy files. Only its headers are used: nothing is linked.
AC_DEFUN([GSSLOOP_TOML],
[GSSLOOP_HAVE_HEADER([toml++/toml.h], [],
   [AC_MSG_ERROR([toml++ is missing: its headers read the policy file (Debian: libtomlplusplus-dev)])])
])
