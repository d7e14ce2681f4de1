// SPDX-License-Identifier: BSD-2-Clause

// How a test program gets at the scripted mechanism.

#ifndef GSSLOOP_TESTS_MECH_LOADER_H_
#define GSSLOOP_TESTS_MECH_LOADER_H_

#include "tests/mech/control.h"

namespace gssloop::testing {

// scripted returns the control object of the module, which lives until the process ends.
//
// The first call configures the glue: it writes a mechanism configuration to a folder of its own
// (removed at exit) and sets GSS_MECH_CONFIG. The glue reads that variable at the first GSS call of
// the process, so the first call of scripted() must come before it, and before there are threads.
// The module is the absolute path in the environment variable GSSLOOP_SCRIPTED_MECH. Without it,
// or if anything else fails, the program ends with a message and status 99 (hard error).
ScriptedMechanism& scripted();

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_MECH_LOADER_H_
