// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_MODEL_REPLAY_H_
#define GSSLOOP_TESTS_MODEL_REPLAY_H_

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace gssloop::testing {

// Line is one line of a run: what happened, and the numbers that the model printed with it.
// "decide 0 event 2 ..." is {"decide", {{"decide", 0}, {"event", 2}, ...}}.
struct Line {
  std::string what;
  std::map<std::string, int> numbers;

  int at(const std::string& name) const { return numbers.at(name); }
  bool is(const std::string& name) const { return at(name) != 0; }
};
using ModelRun = std::vector<Line>;

// model_runs reads the file that the environment variable GSSLOOP_MODEL_RUNS names: runs, separated
// by empty lines.
inline std::vector<ModelRun> model_runs() {
  const char* name = std::getenv("GSSLOOP_MODEL_RUNS");
  std::ifstream file(name == nullptr ? "" : name);
  std::vector<ModelRun> runs(1);
  for (std::string text; std::getline(file, text);) {
    if (text.empty()) {
      runs.emplace_back();
      continue;
    }
    std::istringstream words(text);
    Line line;
    int number = 0;
    for (std::string word; words >> word >> number;) {
      if (line.what.empty()) line.what = word;
      line.numbers[word] = number;
    }
    runs.back().push_back(line);
  }
  if (runs.back().empty()) runs.pop_back();
  return runs;
}

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_MODEL_REPLAY_H_
