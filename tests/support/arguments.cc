// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/arguments.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <exception>

namespace gssloop::testing {
namespace {

bool is_named(const Option& option) { return option.name.rfind("--", 0) == 0; }

bool takes_the_rest(const Option& option) {
  return option.name.size() > 3 && option.name.substr(option.name.size() - 3) == "...";
}

// "--len" of "--len N".
std::string word_of(const Option& option) { return option.name.substr(0, option.name.find(' ')); }

std::string help_of(const Option& option) {
  constexpr std::size_t kColumn = 24;
  std::string text = "  " + option.name;
  text.resize(std::max(text.size() + 1, kColumn), ' ');
  for (const char c : option.help) {
    text += c;
    if (c == '\n') text.append(kColumn, ' ');
  }
  return text + "\n";
}

class Parser {
 public:
  Parser(int argc, char** argv, const CommandLine& command_line)
      : program_(argv[0]), words_(argv + 1, argv + argc), command_line_(command_line) {}

  void parse() {
    auto unnamed = next_unnamed(options().begin());
    while (index_ < words_.size()) {
      const std::string& word = words_[index_];
      if (word == "--help") help();
      if (word.rfind("--", 0) == 0 && word != "--") {
        ++index_;
        store(find(word), word);
      } else if (unnamed != options().end()) {
        store_unnamed(*unnamed);
        unnamed = next_unnamed(unnamed + 1);
      } else {
        fail("there is no use for the argument '" + word + "'");
      }
    }
    if (unnamed != options().end()) fail(unnamed->name + " is missing");
  }

 private:
  using Iterator = std::vector<Option>::const_iterator;

  const std::vector<Option>& options() const { return command_line_.options; }

  Iterator next_unnamed(Iterator from) const {
    while (from != options().end() && is_named(*from)) ++from;
    return from;
  }

  const Option& find(const std::string& word) const {
    for (const Option& option : options()) {
      if (word_of(option) == word) return option;
    }
    fail("there is no option " + word);
  }

  void store_unnamed(const Option& option) {
    if (words_[index_] == "--") ++index_;
    if (index_ == words_.size()) fail(option.name + " is missing");
    do {
      store(option, option.name);
    } while (takes_the_rest(option) && index_ < words_.size());
  }

  void store(const Option& option, const std::string& word) {
    if (bool* const* const flag = std::get_if<bool*>(&option.target)) {
      **flag = true;
      return;
    }
    if (index_ == words_.size()) fail(word + " needs a value");
    const std::string& value = words_[index_++];
    if (unsigned* const* const number = std::get_if<unsigned*>(&option.target)) {
      **number = number_in(value, word);
    } else if (std::string* const* const text = std::get_if<std::string*>(&option.target)) {
      **text = value;
    } else if (auto* const* const all = std::get_if<std::vector<std::string>*>(&option.target)) {
      (*all)->push_back(value);
    } else {
      const std::size_t equals = value.find('=');
      if (equals == 0 || equals == std::string::npos) fail(word + " takes NAME=VALUE");
      (*std::get<NamesAndValues*>(option.target))[value.substr(0, equals)] =
          value.substr(equals + 1);
    }
  }

  unsigned number_in(const std::string& value, const std::string& word) const {
    unsigned number = 0;
    const char* const end = value.data() + value.size();
    const auto result = std::from_chars(value.data(), end, number);
    if (result.ec != std::errc() || result.ptr != end) fail(word + " takes a number from 0 up");
    return number;
  }

  [[noreturn]] void fail(const std::string& why) const {
    std::fprintf(stderr, "%s: %s; --help shows the options\n", program_, why.c_str());
    std::exit(command_line_.mistake_status);
  }

  [[noreturn]] void help() const {
    std::string text = command_line_.usage;
    for (const Option& option : options()) {
      if (!option.help.empty()) text += help_of(option);
    }
    std::fputs((text + command_line_.notes).c_str(), stdout);
    std::exit(0);
  }

  const char* const program_;
  const std::vector<std::string> words_;
  const CommandLine& command_line_;
  std::size_t index_ = 0;
};

}  // namespace

std::vector<Option> operator+(std::vector<Option> rows, const std::vector<Option>& more) {
  rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

void parse_arguments(int argc, char** argv, const CommandLine& command_line) {
  Parser(argc, argv, command_line).parse();
}

int run_program(int argc, char** argv, const CommandLine& command_line,
                const std::function<int()>& run) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  parse_arguments(argc, argv, command_line);
  try {
    return run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 2;
  }
}

}  // namespace gssloop::testing
