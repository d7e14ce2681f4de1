// SPDX-License-Identifier: BSD-2-Clause
#include "tools/audit/audit.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tools/audit/audit_filter.h"
#include "tools/audit/audit_line.h"
#include "tools/audit/line_reader.h"

namespace gssloop::tools {
namespace {

constexpr std::string_view kCompressed = "\x1f\x8b";  // of gzip

struct AuditOptions {
  std::vector<std::string> files;
  std::string since, until, user, service, mechanism, rule, count_by;
  bool is_admitted = false, is_refused = false, is_abandoned = false;
  bool json = false;
};

// Counts is what the command found in all files.
struct Counts {
  std::size_t num_records = 0, num_damaged = 0;
  std::map<std::string, std::size_t> by_result;  // of those that match
  std::map<std::string, std::size_t> by_value;   // of the member that --count-by names
};

std::string counted(std::size_t num, const std::string& what) {
  return std::to_string(num) + " " + what;
}

// The member's value in a count: an address without its port, which is another in each login.
std::string value_of(const AuditLine& record, const std::string& member) {
  const std::string_view text = record.text(member);
  return std::string(member == "peer" ? text.substr(0, text.rfind(';')) : text);
}

// The line for a person.
void print(const AuditLine& record, const Output& output) {
  const auto text = [&](const char* member) { return shown(record.text(member), 1024); };
  const std::string result = text("result");
  const bool is_admitted = result == "admitted";
  std::string line = text("time") + "  " +
                     output.styled(is_admitted ? Style::kGood : Style::kBad, result) + "  " +
                     text("service") + "  " + text("mechanism");
  const auto add = [&](const char* before, const std::string& what) {
    if (!what.empty()) line += before + what;
  };
  const std::string authid = text("authid");
  add("  ", authid.empty() ? text("principal") : authid);
  if (text("authzid") != authid) add(authid.empty() ? "  claims to be " : " as ", text("authzid"));
  add("  from ", text("peer"));
  add("  by ", text("rule_key").empty() ? "" : text("rule_key") + " at " + text("rule"));
  add(": ", text("reason"));
  output.line(line);
}

// Audit carries out one command.
class Audit {
 public:
  Audit(const AuditOptions& options, AuditFilter filter, const Output& output)
      : options_(options), filter_(std::move(filter)), output_(output) {}

  Exit run() {
    bool is_whole = true;
    for (const std::string& file : options_.files) is_whole &= read(file);
    print_counts();
    output_.note(summary());
    if (!is_whole) return Exit::kNotTried;
    return counts_.num_damaged == 0 ? Exit::kDone : Exit::kFailed;
  }

 private:
  bool read(const std::string& file) {
    auto source = Source::open(file);
    if (!source) {
      output_.error(shown(source.error().message, 1024));
      return false;
    }
    LineReader reader(*std::move(source));
    for (;;) {
      const auto line = reader.next();
      if (!line) {
        output_.error(shown(line.error().message, 1024));
        return false;
      }
      if (!*line) return true;
      if (reader.number() == 1 && (*line)->starts_with(kCompressed)) {
        output_.error(shown(file) + " is compressed: run zcat " + shown(file) +
                      " | gssloop audit -");
        return false;
      }
      take(**line, file, reader.number());
    }
  }

  void take(const std::string& text, const std::string& file, std::size_t number) {
    const AuditLine line = read_audit_line(text);
    if (line.kind == AuditLine::Kind::kDamaged) {
      ++counts_.num_damaged;
      output_.note(shown(file, 4096) + ":" + std::to_string(number) +
                   ": damaged: this is not a whole line of an audit trail");
    }
    if (line.kind != AuditLine::Kind::kRecord) return;
    ++counts_.num_records;
    if (!filter_.matches(line)) return;
    ++counts_.by_result[std::string(line.text("result"))];
    if (!options_.count_by.empty()) {
      ++counts_.by_value[value_of(line, options_.count_by)];
    } else if (options_.json) {
      output_.line(line.json);
    } else {
      print(line, output_);
    }
  }

  // The most frequent value first.
  void print_counts() const {
    std::vector<std::pair<std::string, std::size_t>> rows(counts_.by_value.begin(),
                                                          counts_.by_value.end());
    std::ranges::stable_sort(rows, std::greater<>(), [](const auto& row) { return row.second; });
    for (const auto& [value, num] : rows) {
      std::string text = std::to_string(num);
      if (text.size() < 8) text.insert(0, 8 - text.size(), ' ');
      output_.line(text + "  " + (value.empty() ? "(none)" : shown(value, 1024)));
    }
  }

  std::string summary() const {
    std::string text = counted(counts_.num_records, counts_.num_records == 1 ? "line" : "lines");
    std::size_t num_matches = 0;
    for (const auto& [result, num] : counts_.by_result) num_matches += num;
    text += ", " + counted(num_matches, num_matches == 1 ? "match" : "matches");
    const char* separator = ": ";
    for (const auto& [result, num] : counts_.by_result) {
      text += separator + counted(num, shown(result));
      separator = ", ";
    }
    if (counts_.num_damaged > 0) text += "; " + counted(counts_.num_damaged, "damaged");
    return text;
  }

  const AuditOptions& options_;
  const AuditFilter filter_;
  const Output& output_;
  Counts counts_;
};

Result<AuditFilter, Error> filter_of(const AuditOptions& options) {
  AuditFilter filter{{},
                     {},
                     options.is_admitted    ? "admitted"
                     : options.is_refused   ? "refused"
                     : options.is_abandoned ? "abandoned"
                                            : "",
                     options.user,
                     options.service,
                     options.mechanism,
                     options.rule};
  const auto now = std::chrono::system_clock::now();
  for (const auto& [text, point] :
       {std::pair(&options.since, &filter.since), std::pair(&options.until, &filter.until)}) {
    if (text->empty()) continue;
    const auto read = point_in_time(*text, now);
    if (!read) {
      return Error{"'" + *text + "' is no time: write a date, a date and a time in UTC " +
                   "(2026-11-30T03:25:36Z), or how long ago (90s, 15m, 12h, 7d)"};
    }
    *point = *read;
  }
  return filter;
}

std::vector<Option> rows(AuditOptions* options) {
  return {
      {"FILE",
       "",
       "Files with an audit trail; - is standard input",
       &options->files,
       {.is_required = true}},
      {"--since", "TIME", "Only from this time on: UTC, or how long ago (12h)", &options->since},
      {"--until", "TIME", "Only before this time", &options->until},
      {"--admitted", "", "Only admitted logins", &options->is_admitted},
      {"--refused", "", "Only refused logins", &options->is_refused},
      {"--abandoned", "", "Only logins that the client abandoned", &options->is_abandoned},
      {"--user", "NAME", "Only this authid, authzid or principal", &options->user},
      {"--service", "NAME", "Only this service", &options->service},
      {"--mechanism", "SASL", "Only this SASL mechanism", &options->mechanism},
      {"--rule", "PLACE", "Only decisions by this rule: FILE, FILE:LINE or FILE:LINE:COLUMN",
       &options->rule},
      {"--count-by",
       "MEMBER",
       "Print how often each value of this member occurs",
       &options->count_by,
       {.allowed = {"authid", "authzid", "error", "host", "mechanism", "peer", "principal", "realm",
                    "result", "rule", "service"}}},
      {"--json", "", "Print the lines as JSON", &options->json, {.excludes = "--count-by"}}};
}

}  // namespace

Subcommand audit_subcommand() {
  const auto options = std::make_shared<AuditOptions>();
  const auto choose = [=]() -> Result<Command, Error> {
    if (options->is_admitted + options->is_refused + options->is_abandoned > 1) {
      return Error{"--admitted, --refused and --abandoned exclude each other"};
    }
    auto filter = filter_of(*options);
    if (!filter) return filter.error();
    return Command([=](Output& output) { return Audit(*options, *filter, output).run(); });
  };
  return {"audit", "Show, filter and count the lines of an audit trail", rows(options.get()),
          choose};
}

}  // namespace gssloop::tools
