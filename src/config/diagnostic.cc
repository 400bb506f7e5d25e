#include "timed/config/diagnostic.h"

#include <algorithm>

namespace timed::config {
namespace {

// Wide enough for nearly all lines, narrow enough for a terminal.
constexpr std::size_t kExcerptWidth = 100;
constexpr std::size_t kBeforeColumn = 60;

bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;  // UTF-8
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
}

// A control character of ISO 6429 beyond ASCII: U+0080 to U+009F.  Some terminals obey it as they do an escape.
bool is_high_control(std::string_view text, std::size_t at) {
  return text[at] == '\xc2' && at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xa0 &&
         continues_character(text[at + 1]);
}

// A configuration may be any bytes, and messages go to terminals.
std::string printable(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool high = is_high_control(text, i);
    result += is_space(text[i]) ? ' ' : high || is_control(text[i]) ? '?' : text[i];
    if (high) ++i;
  }
  return result;
}

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !continues_character(c); }));
}

std::string place_text(const LinePlace& place) {
  std::string text = format("at line %zu", place.line);
  if (!place.file.empty()) text += " in file " + place.file;
  return text;
}

// The excerpt begins and ends between characters.
void add_excerpt(Diagnostic& diagnostic, std::string_view line, std::size_t column, std::size_t length) {
  std::size_t begin = column > kBeforeColumn && line.size() > kExcerptWidth ? column - kBeforeColumn : 0;
  while (begin > 0 && continues_character(line[begin])) --begin;
  std::size_t end = std::min(line.size(), begin + kExcerptWidth);
  while (end < line.size() && continues_character(line[end])) ++end;
  const std::string_view shown = line.substr(begin, end - begin);
  diagnostic.excerpt = printable(shown);
  diagnostic.marker = std::string(count_characters(line.substr(begin, column - begin)), ' ');
  if (column > line.size()) diagnostic.marker.append(column - line.size(), ' ');
  const std::string_view marked = column < end ? line.substr(column, std::min(length, end - column)) : " ";
  diagnostic.marker += '^';
  diagnostic.marker.append(std::max<std::size_t>(count_characters(marked), 1) - 1, '~');
}

}  // namespace

Diagnostic make_diagnostic(const std::string& summary) {
  Diagnostic diagnostic;
  diagnostic.summary = printable(summary);
  return diagnostic;
}

Diagnostic make_diagnostic(const LinePlace& place, const Finding& finding) {
  std::string summary = finding.summary;
  const std::string where = place_text(place);
  if (finding.place == Finding::Place::Suffix) summary.append(" ").append(where);
  if (finding.place == Finding::Place::Parenthesis) summary.append(" (").append(where).append(")");
  Diagnostic diagnostic = make_diagnostic(summary);
  const std::string_view before = place.text.substr(0, finding.column);
  const std::size_t behind = finding.column > place.text.size() ? finding.column - place.text.size() : 0;
  diagnostic.position = format("column %zu", count_characters(before) + behind + 1);
  if (finding.place == Finding::Place::None) {
    diagnostic.position = printable(where).append(", ").append(diagnostic.position);
  }
  add_excerpt(diagnostic, place.text, finding.column, finding.length);
  diagnostic.expected = printable(finding.expected);
  diagnostic.suggestion = printable(finding.suggestion);
  return diagnostic;
}

bool is_full(const std::vector<Diagnostic>& list) {
  return list.size() > kMaxDiagnostics;
}

void add_bounded(std::vector<Diagnostic>& list, Diagnostic diagnostic) {
  if (is_full(list)) return;
  if (list.size() == kMaxDiagnostics) diagnostic = make_diagnostic("There is more of it than is worth showing");
  list.push_back(std::move(diagnostic));
}

std::vector<std::string> to_lines(const Diagnostic& diagnostic) {
  std::vector<std::string> lines = {diagnostic.summary};
  if (!diagnostic.position.empty()) lines.push_back("  " + diagnostic.position + ':');
  if (!diagnostic.marker.empty()) {
    lines.push_back("    " + diagnostic.excerpt);
    lines.push_back("    " + diagnostic.marker);
  }
  if (!diagnostic.expected.empty()) lines.push_back("  expected: " + diagnostic.expected);
  if (!diagnostic.suggestion.empty()) lines.push_back("  did you mean `" + diagnostic.suggestion + "`?");
  return lines;
}

}  // namespace timed::config
