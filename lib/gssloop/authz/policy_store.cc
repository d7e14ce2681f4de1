// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/authz/policy_store.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "gssloop/authz/policy_disk.h"

namespace gssloop::authz {
namespace {

PolicyReading interpret(PolicyFiles&& disk, PolicyPath::Absence absence,
                        const std::vector<MechanismName>& mechanisms) {
  if (disk.missing && absence == PolicyPath::Absence::kIsNoPolicy) return {Policy(), {}};
  if (disk.diagnostics.empty()) return parse_policy(disk.files, mechanisms);
  return {std::nullopt, std::move(disk.diagnostics)};
}

// A file may change twice within one tick of the clock that stamps it: until its time is well in
// the past, an equal stamp does not prove that the file is unchanged. The correction of some errors
// changes no stamp, for example if it is about the directory of the file.
bool is_settled(const PolicyFiles& disk) {
  const std::int64_t now = std::chrono::duration_cast<std::chrono::nanoseconds>(
                               std::chrono::system_clock::now().time_since_epoch())
                               .count();
  constexpr std::int64_t kSecond = 1'000'000'000;
  const auto is_old = [&](const FileStamp& stamp) { return stamp.ctime_ns < now - kSecond; };
  if (disk.missing) return is_old(disk.missing->stamp);
  return disk.diagnostics.empty() && is_old(disk.root) && std::ranges::all_of(disk.stamps, is_old);
}

}  // namespace

PolicyPath PolicyPath::of(const std::optional<std::string>& named) {
  if (named) return {*named, Absence::kIsError};
  return {GSSLOOP_POLICY_PATH, Absence::kIsNoPolicy};
}

PolicyOnDisk read_policy(const PolicyPath& where, const std::vector<MechanismName>& mechanisms) {
  PolicyFiles disk = read_policy_files(where.path);
  const bool is_absent = disk.missing.has_value();
  return {interpret(std::move(disk), where.absence, mechanisms), is_absent};
}

// The result of the last reading.
struct PolicyStore::State {
  PolicyFiles disk;
  bool is_settled = false;
  std::shared_ptr<const PolicySnapshot> snapshot;

  // True if the stamps of the files, and of the path itself, are unchanged. The path of no policy
  // has none but the one of the directory in which it is missing.
  bool has_same_stamps(const FileStamp& root) const {
    if (disk.missing) return root == disk.missing->stamp;
    if (root != disk.root) return false;
    for (std::size_t i = 0; i < disk.files.size(); ++i) {
      if (FileStamp::of(disk.files[i].file) != disk.stamps[i]) return false;
    }
    return true;
  }
  bool shows_the_same(const PolicyFiles& other) const {
    const auto same_text = [](const PolicyText& a, const PolicyText& b) {
      return a.file == b.file && a.text == b.text;
    };
    const auto same_diagnostic = [](const Diagnostic& a, const Diagnostic& b) {
      return a.text() == b.text();
    };
    return disk.missing.has_value() == other.missing.has_value() &&
           std::ranges::equal(disk.files, other.files, same_text) &&
           std::ranges::equal(disk.diagnostics, other.diagnostics, same_diagnostic);
  }
};

PolicyStore::PolicyStore(PolicyPath where, std::vector<MechanismName> mechanisms)
    : where_(std::move(where)), mechanisms_(std::move(mechanisms)), state_(read(nullptr)) {}

PolicyStore::~PolicyStore() = default;

std::shared_ptr<const PolicyStore::State> PolicyStore::read(const State* before) const {
  auto state = std::make_shared<State>();
  state->disk = read_policy_files(where_.path);
  state->is_settled = is_settled(state->disk);
  if (before != nullptr && before->shows_the_same(state->disk)) {
    state->snapshot = before->snapshot;
    return state;
  }
  auto snapshot = std::make_shared<PolicySnapshot>();
  snapshot->is_absent = state->disk.missing.has_value();
  PolicyReading reading = interpret(PolicyFiles(state->disk), where_.absence, mechanisms_);
  snapshot->summary = reading.summary();
  snapshot->diagnostics = std::move(reading.diagnostics);
  if (reading.policy) {
    snapshot->policy = std::make_shared<const Policy>(*std::move(reading.policy));
  }
  state->snapshot = std::move(snapshot);
  return state;
}

std::shared_ptr<const PolicySnapshot> PolicyStore::current() {
  auto state = state_.load();
  const bool had_none = state->disk.missing.has_value();
  errno = 0;
  const FileStamp root = FileStamp::of(had_none ? state->disk.missing->directory : where_.path);
  const bool leads_nowhere = root == FileStamp{} && errno == ENOENT;
  if (leads_nowhere && !had_none) return state->snapshot;
  const bool is_same = state->has_same_stamps(root);
  if (is_same && state->is_settled) return state->snapshot;
  auto changed = read(state.get());
  // The files were read again only because they are new, and this failed. The server may no longer
  // have the right to read them, for example because it was started by root and has changed its
  // user.
  const bool was_read = state->disk.diagnostics.empty();
  if (is_same && was_read && !changed->disk.diagnostics.empty()) return state->snapshot;
  // The path may have disappeared only now. Then no login may get past the old rules, and the
  // absence must not be stored.
  if (changed->disk.missing && !had_none) return state->snapshot;
  // If two threads read at the same time, the first one stores its result. The other uses its own
  // result for its own login, and the next login checks again.
  state_.replace(&state, changed);
  return changed->snapshot;
}

}  // namespace gssloop::authz
