#include "tests/lint/documents.h"

#include <algorithm>
#include <cctype>

#include "tests/lint/scanner.h"

namespace timed::lint {
namespace {

// Examples of a form, which nothing is called.
const std::set<std::string_view> kPlaceholders = {"Class::function", "snake_case", "CamelCase", "kCamelCase",
                                                  "trailing_",       "parse_x",    "XRequest",  "slope_s_per_s"};

bool is_word_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// Identifiers, those of a scope with all of it: "Scope::member".
std::vector<std::string_view> find_identifiers(std::string_view text) {
  std::vector<std::string_view> found;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && is_word_character(text[end])) {
      ++end;
      if (text.substr(end).starts_with("::") && end + 2 < text.size() && is_word_character(text[end + 2])) end += 2;
    }
    if (end > i && std::isdigit(static_cast<unsigned char>(text[i])) == 0) found.push_back(text.substr(i, end - i));
    i = std::max(end, i + 1);
  }
  return found;
}

// With an underscore inside, or a small letter before a large one.
bool looks_like_code(std::string_view word) {
  if (word.find('_', 1) < word.size() - 1) return true;
  for (std::size_t i = 1; i < word.size(); ++i) {
    const auto before = static_cast<unsigned char>(word[i - 1]), at = static_cast<unsigned char>(word[i]);
    if (std::islower(before) != 0 && std::isupper(at) != 0) return true;
  }
  return false;
}

bool looks_like_file(std::string_view text) {
  const bool whole = std::all_of(text.begin(), text.end(),
                                 [](char c) { return is_word_character(c) || c == '.' || c == '/' || c == '-'; });
  if (!whole || text.starts_with('/') || text.starts_with('.')) return false;
  constexpr std::string_view kEndings[] = {".cc", ".h", ".py", ".md"};
  return std::any_of(std::begin(kEndings), std::end(kEndings), [&](std::string_view e) { return text.ends_with(e); });
}

std::vector<std::string_view> split_scope(std::string_view name) {
  std::vector<std::string_view> parts;
  for (std::size_t at = name.find("::"); at != std::string_view::npos; at = name.find("::")) {
    parts.push_back(name.substr(0, at));
    name.remove_prefix(at + 2);
  }
  parts.push_back(name);
  return parts;
}

bool is_known(std::string_view name, const Names& names) {
  const std::vector<std::string_view> parts = split_scope(name);
  if (parts[0] == "std") return true;
  if (parts.size() == 1) return !looks_like_code(name) || names.has_word(name);
  return names.has_member(parts[parts.size() - 2], parts.back());
}

std::string find_unknown(std::string_view quoted, const Names& names) {
  if (looks_like_file(quoted)) return names.has_file(quoted) ? "" : std::string(quoted);
  for (const std::string_view name : find_identifiers(quoted)) {
    if (kPlaceholders.count(name) == 0 && !is_known(name, names)) return std::string(name);
  }
  return {};
}

// What stands in `...` in a line.
std::vector<std::string_view> find_quoted(std::string_view line) {
  std::vector<std::string_view> found;
  for (std::size_t open = line.find('`'); open != std::string_view::npos; open = line.find('`')) {
    const std::size_t close = line.find('`', open + 1);
    if (close == std::string_view::npos) break;
    found.push_back(line.substr(open + 1, close - open - 1));
    line.remove_prefix(close + 1);
  }
  return found;
}

// The comment of a line; literals are blank in `code`, so that their // is none.
std::string_view comment_of(std::string_view line, std::string_view code) {
  const std::size_t end = code.find_last_not_of(' ');
  const std::size_t begin = line.find("//", end == std::string_view::npos ? 0 : end + 1);
  return begin == std::string_view::npos ? std::string_view() : line.substr(begin + 2);
}

// What stands between blanks, without the punctuation around it.
std::vector<std::string_view> split_citations(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && text[end] != ' ') ++end;
    std::string_view word = text.substr(i, end - i);
    while (!word.empty() && !is_word_character(word.front()) && word.front() != '/') word.remove_prefix(1);
    while (!word.empty() && !is_word_character(word.back())) word.remove_suffix(1);
    if (!word.empty()) words.push_back(word);
    i = end + 1;
  }
  return words;
}

// From the marker to the next one, or to the end.
std::string_view part_between(std::string_view text, std::string_view from, std::string_view to) {
  const std::size_t begin = text.find(from);
  if (begin == std::string_view::npos) return {};
  text.remove_prefix(begin + from.size());
  return text.substr(0, text.find(to));
}

}  // namespace

void Names::add(const SourceFile& file) {
  paths_.insert(file.path);
  const std::string_view name = std::string_view(file.path).substr(file.path.rfind('/') + 1);
  words_.insert(std::string(name.substr(0, name.rfind('.'))));
  std::set<std::string, std::less<>> words;
  std::vector<std::string> classes;
  std::string_view before;
  for (const std::string_view identifier : find_identifiers(file.text)) {
    const std::vector<std::string_view> parts = split_scope(identifier);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      words.insert(std::string(parts[i]));
      if (i > 0) members_.insert(std::string(parts[i - 1]) + "::" + std::string(parts[i]));
    }
    if (before == "class" || before == "struct" || before == "namespace") classes.emplace_back(parts.back());
    before = identifier;
  }
  for (const std::string& scope : classes) beside_[scope].insert(words.begin(), words.end());
  words_.merge(words);
}

bool Names::has_file(std::string_view path) const {
  return std::any_of(paths_.begin(), paths_.end(), [&](std::string_view known) {
    return known == path || (known.ends_with(path) && known[known.size() - path.size() - 1] == '/');
  });
}

bool Names::has_word(std::string_view word) const {
  // A test is called by its label and its file.
  for (const std::string_view label : {"unit_", "system_", "interop_", "sim_"}) {
    if (word.starts_with(label) && words_.contains(word.substr(label.size()))) return true;
  }
  return words_.contains(word);
}

bool Names::has_member(std::string_view scope, std::string_view member) const {
  if (members_.contains(std::string(scope) + "::" + std::string(member))) return true;
  const auto beside = beside_.find(scope);
  return beside != beside_.end() && beside->second.contains(member);
}

Findings check_names_in_document(const SourceFile& document, const Names& names) {
  Findings findings;
  bool in_block = false;
  std::size_t number = 0;
  for (const std::string_view line : split_lines(document.text)) {
    ++number;
    if (line.starts_with("```")) in_block = !in_block;
    if (in_block || line.starts_with("```")) continue;
    for (const std::string_view quoted : find_quoted(line)) {
      const std::string unknown = find_unknown(quoted, names);
      if (!unknown.empty()) findings.push_back({document.path, number, "names what there is not: " + unknown});
    }
  }
  return findings;
}

Findings check_citations(const SourceFile& file, const Names& names) {
  Findings findings;
  const std::string code = blank_comments_and_literals(file.text);
  const auto lines = split_lines(file.text), code_lines = split_lines(code);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (const std::string_view word : split_citations(comment_of(lines[i], code_lines[i]))) {
      const bool absent = looks_like_file(word) && !names.has_file(word);
      if (!absent && word != "spec" && word != "Spec") continue;
      findings.push_back({file.path, i + 1, "cites what no reader has: " + std::string(word)});
    }
  }
  return findings;
}

std::vector<std::string> find_untold_differences(std::string_view decisions, std::string_view manual_page,
                                                 const std::set<std::string, std::less<>>& directives) {
  std::set<std::string_view> told;
  const std::string_view list = part_between(manual_page, "\n.SH DIFFERENCES FROM CHRONY\n", "\n.SH ");
  for (const std::string_view word : find_identifiers(list)) told.insert(word);
  std::vector<std::string> untold;
  for (std::size_t at = decisions.find("\n### "); at != std::string_view::npos; at = decisions.find("\n### ")) {
    decisions.remove_prefix(at + 5);
    const std::string_view decision = decisions.substr(0, decisions.find("\n#"));
    if (part_between(decision, "**Instead of**", "**Because**").find("chrony") == std::string_view::npos) continue;
    std::set<std::string_view> named;
    for (const std::string_view line : split_lines(decision)) {
      for (const std::string_view quoted : find_quoted(line)) {
        const std::vector<std::string_view> words = find_identifiers(quoted);
        if (!words.empty() && directives.contains(words[0])) named.insert(words[0]);
      }
    }
    const bool is_told = std::any_of(named.begin(), named.end(), [&](std::string_view w) { return told.contains(w); });
    if (!named.empty() && !is_told) untold.emplace_back(decision.substr(0, decision.find('\n')));
  }
  return untold;
}

}  // namespace timed::lint
