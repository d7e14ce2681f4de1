// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_SUPPORT_SPEC_H_
#define GSSLOOP_TESTS_SUPPORT_SPEC_H_

#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace gssloop::testing {

// record_spec notes in the test's XML which rows of docs/requirements.tsv it proves; the report
// prints the table from there. One property a row: a second of the same name would replace it.
inline void record_spec(const char* ids) {
  std::istringstream in(ids);
  for (std::string id; in >> id;) ::testing::Test::RecordProperty("spec_" + id, id);
}

}  // namespace gssloop::testing

// SPEC("G4 L5") at the start of a test ties it to those requirements.
#define SPEC(ids) ::gssloop::testing::record_spec(ids)

#endif  // GSSLOOP_TESTS_SUPPORT_SPEC_H_
