// SPDX-License-Identifier: BSD-2-Clause
//
// The headers that most tests include, which g++ reads from precompiled.h.gch if it is there: make
// build-tests makes it first. A fifth of a test's compilation is GoogleTest's header. Each program
// with GoogleTest includes this on the command line, and its sources include what they need all the
// same.

#ifndef GSSLOOP_TESTS_SUPPORT_PRECOMPILED_H_
#define GSSLOOP_TESTS_SUPPORT_PRECOMPILED_H_

// The flags are those of C sources, too.
#ifdef __cplusplus

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#endif  // __cplusplus

#endif  // GSSLOOP_TESTS_SUPPORT_PRECOMPILED_H_
