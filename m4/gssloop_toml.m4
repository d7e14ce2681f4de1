# SPDX-License-Identifier: BSD-2-Clause
# GSSLOOP_TOML: toml++, which policy files are read with. Only its headers: nothing is linked.
AC_DEFUN([GSSLOOP_TOML],
[GSSLOOP_HAVE_HEADER([toml++/toml.h], [],
   [AC_MSG_ERROR([toml++ is missing: its headers read the policy file (Debian: libtomlplusplus-dev)])])
])
