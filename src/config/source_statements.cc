// The options of a source are the business of the sources room, which reads them.
#include "source_statements.h"

#include <algorithm>
#include <string>
#include <vector>

#include "findings.h"
#include "timed/config/parser.h"

namespace timed::config {
namespace {

Finding refused_source(const Statement& statement, const sources::LineError& error) {
  const std::size_t word = error.word + 1;
  switch (error.kind) {
    case sources::LineError::Kind::MissingHost:
      return finding_at(statement, statement.words.size(), invalid_syntax(statement), error.expected);
    case sources::LineError::Kind::UnknownOption: {
      Finding finding = finding_at(statement, word, invalid_option(statement), "an option of a source, as iburst");
      finding.suggestion = nearest_word(statement.words[word].text, sources::source_option_words());
      return finding;
    }
    case sources::LineError::Kind::BadValue:
      return finding_at(statement, word, invalid_value(statement), error.expected);
  }
  return finding_at(statement, word, invalid_syntax(statement), error.expected);
}

// As with chrony it is known and never asked: what was to be authenticated must not be without.
void warn_of_peer_with_nts(const Statement& statement, Findings& findings) {
  const auto words = statement.arguments();
  const auto is_nts = [](const Word& word) { return equals_ignoring_case(word.text, "nts"); };
  const auto at = std::find_if(words.begin(), words.end(), is_nts) - words.begin();
  findings.warnings.push_back(finding_at(statement, static_cast<std::size_t>(at) + 1, "NTS not supported with peers"));
  findings.warnings.back().place = Finding::Place::Parenthesis;
}

void parse_source(const Statement& statement, sources::SourceKind kind, Config& config, Findings& findings) {
  auto parsed = sources::parse_source_line(statement.arguments(), kind);
  if (const auto* errors = std::get_if<sources::LineErrors>(&parsed)) {
    for (const sources::LineError& error : *errors) findings.errors.push_back(refused_source(statement, error));
    return;
  }
  auto& line = std::get<sources::ParsedLine>(parsed);
  for (const std::string_view value : line.unusual) warn_of_unusual(statement, value, findings);
  for (const std::size_t option : line.not_available) {
    std::string summary(statement.arguments()[option].text);
    summary += " option in ";
    summary += statement.directive();
    summary += " directive is not available yet";
    findings.warnings.push_back(finding_at(statement, option + 1, std::move(summary)));
    findings.warnings.back().place = Finding::Place::Parenthesis;
  }
  if (kind == sources::SourceKind::Peer && line.line.nts) warn_of_peer_with_nts(statement, findings);
  config.sources.push_back(std::move(line.line));
}

}  // namespace

void parse_server(const Statement& statement, Config& config, Findings& findings) {
  parse_source(statement, sources::SourceKind::Server, config, findings);
}

void parse_pool(const Statement& statement, Config& config, Findings& findings) {
  parse_source(statement, sources::SourceKind::Pool, config, findings);
}

void parse_sourcedir(const Statement& statement, Config& config, Findings& findings) {
  const std::size_t given = statement.arguments().size();
  if (given < 1 || given > kMaxDirectories) {
    // chrony takes such a line and does nothing with it.
    findings.warnings.push_back(finding_at(statement, given == 0 ? 1 : kMaxDirectories + 1,
                                           "Ignored sourcedir directive",
                                           format("one to %zu directories", kMaxDirectories)));
    return;
  }
  sources::SourceDirectories directories;
  for (const Word& word : statement.arguments()) directories.emplace_back(word.text);
  config.source_directories.push_back(std::move(directories));
}

void parse_peer(const Statement& statement, Config& config, Findings& findings) {
  parse_source(statement, sources::SourceKind::Peer, config, findings);
}

}  // namespace timed::config
