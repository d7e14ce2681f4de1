// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/base/flags.h"

namespace gssloop {
namespace {

constexpr struct {
  Flag flag;
  const char* name;
} kNames[] = {
    {Flag::kDeleg, "deleg"},
    {Flag::kMutual, "mutual"},
    {Flag::kReplay, "replay"},
    {Flag::kSequence, "sequence"},
    {Flag::kConf, "conf"},
    {Flag::kInteg, "integ"},
    {Flag::kAnon, "anon"},
    {Flag::kProtReady, "prot-ready"},
    {Flag::kTrans, "trans"},
    {Flag::kChannelBound, "channel-bound"},
    {Flag::kDelegPolicy, "deleg-policy"},
};

}  // namespace

std::string to_string(Flags flags) {
  std::string text;
  for (const auto& [flag, name] : kNames) {
    if (!flags.has(flag)) continue;
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text.empty() ? "none" : text;
}

}  // namespace gssloop
