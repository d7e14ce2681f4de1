// SPDX-License-Identifier: BSD-2-Clause
#include "tests/docs/doc_examples.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>

namespace gssloop::testing {
namespace {

constexpr std::string_view kMark = ".\\\" policy ";
constexpr std::string_view kMarkWarned = ".\\\" policy-warned ";
constexpr std::string_view kFence = "```";
constexpr std::string_view kIndent = "    ";

std::string source_folder() {
  const char* folder = std::getenv("GSSLOOP_SRCDIR");
  return folder != nullptr ? folder : ".";
}

std::vector<std::string> lines_of(const std::string& path) {
  std::istringstream text(doc_text(path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

// The files of a folder whose names end so, as paths below the source folder.
std::vector<std::string> files(const std::string& folder, std::string_view suffixes) {
  std::vector<std::string> paths;
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator(source_folder() + "/" + folder, error)) {
    const std::string extension = entry.path().extension();
    if (extension.empty() || suffixes.find(extension + " ") == suffixes.npos) continue;
    paths.push_back(folder + "/" + entry.path().filename().string());
  }
  std::ranges::sort(paths);
  return paths;
}

std::vector<std::string> pages() { return files("man", ".1 .5 .7 "); }

bool begins_policy(std::string_view line) {
  return line.starts_with("[attributes") || line.starts_with("[[attributes") ||
         line.starts_with("[services") || line.starts_with("[all]") ||
         line.starts_with("raw-attributes");
}

// What roff makes of the escapes that displays need.
std::string unescape(const std::string& line) {
  std::string text;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\\' || i + 1 == line.size()) {
      text += line[i];
      continue;
    }
    ++i;
    if (line[i] == 'e') text += '\\';
    if (line[i] == '-') text += '-';
  }
  return text;
}

// A literal display of a page.
struct Display {
  std::string place;
  std::string before;  // the line in front of it
  std::vector<std::string> lines;
};

std::vector<Display> displays(const std::string& page) {
  std::vector<Display> found;
  const auto lines = lines_of(page);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if (!lines[i].starts_with(".Bd -literal")) continue;
    Display display{page + ":" + std::to_string(i + 1), lines[i - 1], {}};
    while (++i < lines.size() && lines[i] != ".Ed") display.lines.push_back(unescape(lines[i]));
    found.push_back(std::move(display));
  }
  return found;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

void add_page(const std::string& page, std::vector<DocExample>* examples) {
  for (const Display& display : displays(page)) {
    const bool is_warned = display.before.starts_with(kMarkWarned);
    if (!is_warned && !display.before.starts_with(kMark)) continue;
    const std::size_t len = is_warned ? kMarkWarned.size() : kMark.size();
    examples->push_back(
        {display.place, display.before.substr(len), is_warned, joined(display.lines)});
  }
}

// Takes the block that begins at lines[*at], and leaves *at on its last line.
std::vector<std::string> take_block(const std::vector<std::string>& lines, std::size_t* at) {
  std::vector<std::string> block;
  if (lines[*at].starts_with(kFence)) {
    while (++*at < lines.size() && !lines[*at].starts_with(kFence)) block.push_back(lines[*at]);
    return block;
  }
  for (; *at < lines.size() && (lines[*at].empty() || lines[*at].starts_with(kIndent)); ++*at) {
    block.push_back(lines[*at].empty() ? "" : lines[*at].substr(kIndent.size()));
  }
  --*at;
  return block;
}

void add_markdown(const std::string& path, std::vector<DocExample>* examples) {
  const auto lines = lines_of(path);
  int num = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool is_fenced = lines[i].starts_with(kFence);
    if (!is_fenced && !lines[i].starts_with(kIndent)) continue;
    const bool is_toml = lines[i].starts_with("```toml");
    const std::string place = path + ":" + std::to_string(i + 1);
    const auto block = take_block(lines, &i);
    if (!is_toml && (block.empty() || !begins_policy(block.front()))) continue;
    examples->push_back({place, path + " " + std::to_string(++num), false, joined(block)});
  }
}

// The example file, and the same with its lines that begin with "#" and no blank.
void add_example_file(const std::string& path, std::vector<DocExample>* examples) {
  auto lines = lines_of(path);
  examples->push_back({path + ":1", path, false, joined(lines)});
  for (std::string& line : lines) {
    if (line.starts_with('#') && !line.starts_with("# ")) line.erase(0, 1);
  }
  examples->push_back({path + ":1", path + " without #", false, joined(lines)});
}

}  // namespace

std::string doc_text(const std::string& path) {
  std::ifstream file(source_folder() + "/" + path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<DocExample> doc_examples() {
  std::vector<DocExample> examples;
  for (const std::string& page : pages()) add_page(page, &examples);
  for (const char* path : {"README.md", "CHANGELOG.md"}) add_markdown(path, &examples);
  for (const std::string& path : files("docs", ".md ")) add_markdown(path, &examples);
  add_example_file("examples/policy.toml", &examples);
  return examples;
}

std::vector<std::string> unmarked_policies() {
  std::vector<std::string> places;
  for (const std::string& page : pages()) {
    for (const Display& display : displays(page)) {
      const bool is_marked =
          display.before.starts_with(kMark) || display.before.starts_with(kMarkWarned);
      if (!is_marked && std::ranges::any_of(display.lines, begins_policy)) {
        places.push_back(display.place);
      }
    }
  }
  return places;
}

std::vector<std::vector<std::string>> truth_table() {
  std::vector<std::vector<std::string>> table;
  for (const Display& display : displays("man/gssloop-policy.5")) {
    if (display.lines.empty() ||
        display.lines.front().find("a & b    a | b") == std::string::npos) {
      continue;
    }
    for (std::size_t i = 1; i < display.lines.size(); ++i) {
      std::istringstream words(display.lines[i]);
      std::vector<std::string>& line = table.emplace_back();
      for (std::string word; words >> word;) line.push_back(word);
    }
  }
  return table;
}

}  // namespace gssloop::testing
