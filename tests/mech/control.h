// SPDX-License-Identifier: BSD-2-Clause

// ScriptedMechanism: the one control object of the module, which a test program and the module
// share. Everything here is inline and nothing virtual: both sides use it in the same process
// without sharing any symbol but the accessor at the end.

#ifndef GSSLOOP_TESTS_MECH_CONTROL_H_
#define GSSLOOP_TESTS_MECH_CONTROL_H_

#include <map>
#include <mutex>
#include <utility>

#include "tests/mech/record.h"
#include "tests/mech/script.h"

namespace gssloop::testing {

class ScriptedMechanism {
 public:
  // play replaces the script and forgets the record. Handles that are alive stay alive.
  void play(Script script) {
    const std::lock_guard lock(mutex_);
    state_.script = std::move(script);
    state_.record = Record{};
    state_.last_initiator_bindings.reset();
  }

  // reset plays the default script.
  void reset() { play(Script{}); }

  // edit changes the running script, keeping the record: mechanism.edit([](Script& s) {...}).
  template <typename Change>
  void edit(Change change) {
    const std::lock_guard lock(mutex_);
    change(state_.script);
  }

  Record record() const {
    const std::lock_guard lock(mutex_);
    return state_.record;
  }

  Live live() const {
    const std::lock_guard lock(mutex_);
    return {state_.contexts.size(), state_.names.size(), state_.credentials.size()};
  }

  // For the module alone.
  struct State {
    Script script;
    Record record;
    // Serial numbers of the objects alive.
    std::map<const void*, unsigned> contexts;
    std::map<const void*, unsigned> names;
    std::map<const void*, unsigned> credentials;
    unsigned last_serial = 0;
    std::optional<Bindings> last_initiator_bindings;
  };
  State& state() { return state_; }
  std::mutex& mutex() { return mutex_; }

 private:
  mutable std::mutex mutex_;
  State state_;
};

}  // namespace gssloop::testing

// What the module exports besides gss_*.
#define GSSLOOP_SCRIPTED_MECH_SYMBOL "gssloop_scripted_mechanism"
extern "C" gssloop::testing::ScriptedMechanism* gssloop_scripted_mechanism();

#endif  // GSSLOOP_TESTS_MECH_CONTROL_H_
