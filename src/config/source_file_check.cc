#include "timed/config/source_file_check.h"

#include <array>

#include "findings.h"
#include "source_statements.h"
#include "timed/base/statement_words.h"
#include "timed/config/parser.h"
#include "timed/sources/options.h"

namespace timed::config {
namespace {

// As sources::SourceKind counts them.
constexpr std::array<StatementParser, 3> kParsers = {parse_server, parse_pool, parse_peer};

void check_statement(const Statement& statement, Config& unused, Findings& findings) {
  if (const auto kind = sources::source_kind_of(statement.directive())) {
    return kParsers[static_cast<std::size_t>(*kind)](statement, unused, findings);
  }
  findings.errors.push_back(finding_at(statement, 0, "Invalid directive " + std::string(statement.directive()),
                                       "a line that begins with " + one_of(sources::kSourceKindWords)));
  findings.errors.back().suggestion = nearest_word(statement.directive(), sources::kSourceKindWords);
}

Finding refused_line(std::string summary, std::size_t column, std::string expected) {
  Finding finding;
  finding.summary = std::move(summary);
  finding.column = column;
  finding.expected = std::move(expected);
  return finding;
}

void check_line(std::string_view line, bool ends, Config& unused, Findings& findings) {
  const std::vector<Word> words = statement_words(line);
  if (words.empty()) return;
  if (!ends) {
    findings.errors.push_back(refused_line("Unfinished last line", line.size(),
                                           "a newline at the end, by which its writer says it is whole"));
  } else if (line.size() >= kMaxStatementLine) {
    findings.errors.push_back(refused_line("String too long", kMaxStatementLine - 1,
                                           format("at most %zu bytes in a line", kMaxStatementLine)));
  } else {
    check_statement(Statement{words}, unused, findings);
  }
}

void warn_of_lacks(std::string_view line, std::vector<SourceLack> lacks, Findings& findings) {
  const std::vector<Word> words = statement_words(line);
  for (SourceLack& lack : lacks) {
    const std::size_t word = index_of_word(words, lack.word);
    findings.warnings.push_back(finding_at(Statement{words}, word, std::move(lack.summary), std::move(lack.expected)));
  }
}

}  // namespace

void check_source_lines(std::string_view text, const std::string& file, const LacksOf& lacks_of,
                        std::vector<Diagnostic>& warnings) {
  LinePlace place;
  place.file = file;
  Config unused;
  while (!text.empty() && !is_full(warnings)) {
    const std::size_t newline = text.find('\n');
    const bool ends = newline != std::string_view::npos;
    const std::string_view line = text.substr(0, newline);
    text.remove_prefix(ends ? newline + 1 : text.size());
    ++place.line;
    Findings findings;
    check_line(line, ends, unused, findings);
    place.text = line.substr(0, line.find('\0'));
    for (const sources::SourceLine& source : unused.sources) warn_of_lacks(place.text, lacks_of(source), findings);
    unused.sources.clear();
    for (Finding& error : findings.errors) {
      error.summary.insert(0, "Passed over : ");
      add_bounded(warnings, make_diagnostic(place, error));
    }
    for (const Finding& warning : findings.warnings) add_bounded(warnings, make_diagnostic(place, warning));
  }
}

}  // namespace timed::config
