// Lines into statements, statements to the table, include and confdir into more lines.
//
// An error does not end the reading: what follows is read as if the line were not there, so that an operator sees
// everything that is wrong at once.  Only includes that nest too deep, as those of a file that includes itself do, end
// all further including, as they would otherwise multiply.
#include "timed/config/parser.h"

#include <algorithm>
#include <map>
#include <set>

#include "findings.h"
#include "relations.h"
#include "timed/base/statement_words.h"
#include "timed/base/text.h"

namespace timed::config {
namespace {

std::string joined(std::span<const Word> words) {
  std::string text;
  for (const Word& word : words) {
    if (!text.empty()) text += ' ';
    text += word.text;
  }
  return text;
}

// Of many lines of one directive the last stays: its place is used again.
void keep_line(const LinePlace& place, StatedLine& line) {
  line.file = place.file;
  line.text = place.text;
  line.number = place.line;
}

// What comes and goes while the machine runs, as what a DHCP client has been told.
bool may_come_later(std::string_view directory) {
  return directory.starts_with("/run/") || directory.starts_with("/var/run/");
}

bool is_configuration_name(std::string_view name) {
  return !name.empty() && name[0] != '.' && name.ends_with(".conf");
}

class Reading {
 public:
  Reading(env::Files& files, Config begin) : files_(files) { outcome_.config = std::move(begin); }

  // After the last line.
  ParseOutcome take();

  // from: the line that named the file, if any.
  void read_file(const std::string& path, std::size_t level, const LinePlace* from, const Finding& at);
  void read_text(std::string_view text, const std::string& name, std::size_t level);
  void read_directives(std::span<const std::string> directives);

 private:
  // limit: bytes that the line may have.
  void read_line(std::string_view line, std::size_t limit, LinePlace place, std::size_t level);
  void read_statement(const Statement& statement, const LinePlace& place, std::size_t level);
  void read_include(const Statement& statement, const LinePlace& place, std::size_t level);
  void read_directories(const Statement& statement, const LinePlace& place, std::size_t level);
  void note_absent_directories(const Statement& statement, const LinePlace& place);
  void report(const LinePlace& place, const Findings& findings);
  void add_error(Diagnostic diagnostic) { add_bounded(outcome_.errors, std::move(diagnostic)); }
  void add_warning(Diagnostic diagnostic) { add_bounded(outcome_.warnings, std::move(diagnostic)); }

  env::Files& files_;
  ParseOutcome outcome_;
  std::vector<std::string> open_;  // the files under way, the main file first
  Relations relations_;
  std::size_t files_read_ = 0;
  bool including_ended_ = false;
  std::set<std::string> told_;
};

ParseOutcome Reading::take() {
  for (Diagnostic& error : relations_.errors()) add_error(std::move(error));
  return std::move(outcome_);
}

void Reading::report(const LinePlace& place, const Findings& findings) {
  for (const Finding& finding : findings.errors) {
    if (!is_full(outcome_.errors)) add_error(make_diagnostic(place, finding));
  }
  for (const Finding& finding : findings.warnings) {
    // That a word has no function yet is told once, whatever the number of its lines.
    const bool again = finding.summary.ends_with(kNotAvailable) && !told_.insert(finding.summary).second;
    if (!again && !is_full(outcome_.warnings)) add_warning(make_diagnostic(place, finding));
  }
}

void Reading::read_file(const std::string& path, std::size_t level, const LinePlace* from, const Finding& at) {
  if (including_ended_) return;
  Finding finding = at;
  finding.place = Finding::Place::None;
  const auto refuse = [&](std::string summary) {
    finding.summary = std::move(summary);
    add_error(from != nullptr ? make_diagnostic(*from, finding) : make_diagnostic(finding.summary));
  };
  // A circle would get there too, and would have all errors in it reported ten times.
  const bool circle = std::find(open_.begin(), open_.end(), path) != open_.end();
  if (level > kMaxIncludeLevel || circle) {
    if (circle) finding.expected = "a file that does not include itself";
    refuse("Maximum include level reached");
    including_ended_ = true;
    return;
  }
  if (++files_read_ > kMaxFiles) {
    refuse(format("Too many files (more than %zu)", kMaxFiles));
    including_ended_ = true;
    return;
  }
  // chrony reads nothing from it and says nothing.
  const auto info = files_.info(path);
  if (from != nullptr && info && info->is_directory) {
    finding.summary = "Ignored directory " + path;
    add_warning(make_diagnostic(*from, finding));
    return;
  }
  const Result<std::string> text = files_.read(path);
  if (!text) {
    refuse(text.error().message);
    return;
  }
  open_.push_back(path);
  read_text(*text, path, level);
  open_.pop_back();
}

void Reading::read_text(std::string_view text, const std::string& name, std::size_t level) {
  LinePlace place;
  place.file = name;
  while (!text.empty()) {
    const std::size_t newline = text.find('\n');
    const bool ends = newline == std::string_view::npos;
    const std::string_view line = text.substr(0, newline);
    text.remove_prefix(ends ? text.size() : newline + 1);
    ++place.line;
    read_line(line, ends ? kMaxStatementLine : kMaxStatementLine - 1, place, level);
  }
}

void Reading::read_directives(std::span<const std::string> directives) {
  LinePlace place;
  for (const std::string& directive : directives) {
    ++place.line;
    read_line(directive, kMaxStatementLine, place, 1);
  }
}

void Reading::read_line(std::string_view line, std::size_t limit, LinePlace place, std::size_t level) {
  place.text = line;
  if (line.size() > limit) {
    Finding finding;
    finding.summary = "String too long";
    finding.column = limit;
    finding.expected = format("at most %zu bytes in a line", kMaxStatementLine);
    report(place, {{finding}, {}});
    return;
  }
  place.text = line.substr(0, line.find('\0'));
  const std::vector<Word> words = statement_words(place.text);
  if (!words.empty()) read_statement(Statement{words}, place, level);
}

void Reading::read_statement(const Statement& statement, const LinePlace& place, std::size_t level) {
  const Directive* row = find_directive(statement.directive());
  if (row != nullptr && std::holds_alternative<Include>(row->field)) {
    read_include(statement, place, level);
    return;
  }
  if (row != nullptr && std::holds_alternative<IncludeAll>(row->field)) {
    read_directories(statement, place, level);
    return;
  }
  outcome_.effective_lines.push_back(joined(statement.words));
  Findings findings;
  if (row != nullptr) {
    apply(*row, statement, outcome_.config, findings);
    relations_.note(*row, statement, place, findings.errors.empty());
    if (findings.errors.empty()) keep_line(place, outcome_.stated[row->name]);
    while (outcome_.source_lines.size() < outcome_.config.sources.size()) {
      keep_line(place, outcome_.source_lines.emplace_back());
    }
    if (row->name == "sourcedir" && findings.errors.empty()) note_absent_directories(statement, place);
  } else if (!is_full(outcome_.errors)) {
    findings.errors.push_back(finding_at(statement, 0, "Invalid directive " + std::string(statement.directive())));
    findings.errors.back().suggestion = nearest_word(statement.directive(), directive_words());
    if (findings.errors.back().suggestion.empty()) {
      findings.errors.back().expected = "a directive, as the manual page timed.conf(5) lists them";
    }
  }
  report(place, findings);
}

void Reading::read_include(const Statement& statement, const LinePlace& place, std::size_t level) {
  Findings findings;
  if (!has_arguments(statement, 1, findings)) {
    findings.errors.back().expected = "one name or pattern of files";
    report(place, findings);
    return;
  }
  const std::string pattern(statement.arguments()[0].text);
  const Result<std::vector<std::string>> paths = files_.glob(pattern);
  if (!paths) {
    Finding finding = finding_at(statement, 1, "Could not search for files matching " + pattern);
    finding.place = Finding::Place::None;
    finding.expected = paths.error().message;
    report(place, {{finding}, {}});
    return;
  }
  const Finding at = finding_at(statement, 1, "");
  for (const std::string& path : *paths) read_file(path, level + 1, &place, at);
}

void Reading::note_absent_directories(const Statement& statement, const LinePlace& place) {
  for (std::size_t word = 1; word < statement.words.size(); ++word) {
    const std::string directory(statement.words[word].text);
    const auto names = files_.list(directory);
    if (names || names.error().kind != ErrorKind::NotFound || may_come_later(directory)) continue;
    Finding finding = finding_at(statement, word, names.error().message, "a directory that is there");
    finding.place = Finding::Place::None;
    add_bounded(outcome_.absent_directories, make_diagnostic(place, finding));
  }
}

void Reading::read_directories(const Statement& statement, const LinePlace& place, std::size_t level) {
  const auto directories = statement.arguments();
  if (directories.empty() || directories.size() > kMaxDirectories) {
    const std::size_t word = directories.empty() ? 1 : kMaxDirectories + 1;
    report(
        place,
        {{finding_at(statement, word, could_not_parse(statement), format("one to %zu directories", kMaxDirectories))},
         {}});
    return;
  }
  note_absent_directories(statement, place);
  struct Found {
    std::string path;
    std::size_t word;
  };
  std::map<std::string, Found> found;  // by name; of equal names that of the first directory
  for (std::size_t word = 1; word < statement.words.size(); ++word) {
    const std::string directory(statement.words[word].text);
    const Result<std::vector<std::string>> names = files_.list(directory);
    if (!names) {
      if (names.error().kind == ErrorKind::NotFound) continue;
      Finding finding = finding_at(statement, word, names.error().message);
      finding.place = Finding::Place::None;
      report(place, {{}, {finding}});
      continue;
    }
    const std::string prefix = directory.ends_with('/') ? directory : directory + "/";
    for (const std::string& name : *names) {
      if (!is_configuration_name(name)) continue;
      found.try_emplace(name, Found{prefix + name, word});
    }
  }
  for (const auto& [name, file] : found) read_file(file.path, level + 1, &place, finding_at(statement, file.word, ""));
}

// A message about a word of a line.
Diagnostic at_word(const StatedLine& line, std::size_t index, std::string summary, std::string expected) {
  Finding finding;
  finding.summary = std::move(summary);
  finding.expected = std::move(expected);
  finding.place = Finding::Place::None;
  const std::vector<Word> words = split_words(line.text);
  if (index < words.size()) {
    finding.column = words[index].column;
    finding.length = words[index].text.size();
  }
  return make_diagnostic(LinePlace{line.file, line.number, line.text}, finding);
}

std::string counted(std::size_t count, const char* thing) {
  return format("%zu %s%s", count, thing, count == 1 ? "" : "s");
}

}  // namespace

Diagnostic ParseOutcome::about(std::string_view directive, std::size_t argument, std::string summary,
                               std::string expected) const {
  const auto found = stated.find(directive);
  if (found != stated.end()) return at_word(found->second, argument, std::move(summary), std::move(expected));
  Diagnostic diagnostic = make_diagnostic(summary);
  diagnostic.expected = std::move(expected);
  return diagnostic;
}

Diagnostic ParseOutcome::about_source(std::size_t index, std::string_view option, std::string summary,
                                      std::string expected) const {
  const StatedLine& line = source_lines[index];
  const std::vector<Word> words = split_words(line.text);
  return at_word(line, index_of_word(words, option), std::move(summary), std::move(expected));
}

ParseOutcome parse_file(env::Files& files, const std::string& path, Config begin) {
  Reading reading(files, std::move(begin));
  reading.read_file(path, 1, nullptr, {});
  return reading.take();
}

ParseOutcome parse_text(env::Files& files, std::string_view text, const std::string& name, Config begin) {
  Reading reading(files, std::move(begin));
  reading.read_text(text, name, 1);
  return reading.take();
}

ParseOutcome parse_directives(env::Files& files, std::span<const std::string> directives, Config begin) {
  Reading reading(files, std::move(begin));
  reading.read_directives(directives);
  return reading.take();
}

std::vector<std::string> check_report(const ParseOutcome& outcome, const std::string& name) {
  std::vector<std::string> lines;
  for (const auto* list : {&outcome.errors, &outcome.warnings}) {
    for (const Diagnostic& diagnostic : *list) {
      for (std::string& line : to_lines(diagnostic)) lines.push_back(std::move(line));
    }
  }
  const std::string what = name.empty() ? "the directives of the command line" : name;
  std::string last;
  if (!outcome.ok()) last = counted(outcome.errors.size(), "error");
  if (!outcome.warnings.empty()) last += (last.empty() ? "" : ", ") + counted(outcome.warnings.size(), "warning");
  lines.push_back(outcome.ok() ? "Configuration ok: " + what + (last.empty() ? "" : " (" + last + ")")
                               : last + " in " + what);
  return lines;
}

}  // namespace timed::config
