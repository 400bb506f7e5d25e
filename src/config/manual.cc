#include "timed/config/manual.h"

#include <cmath>
#include <limits>

#include "directive_examples.h"
#include "timed/base/characters.h"
#include "timed/config/directives.h"

namespace timed::config {
namespace {

// A minus before a number is not a hyphen, and no line may begin like a request.
std::string troff(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') result += "\\e";
    if (text[i] == '\\') continue;
    if (text[i] == '-' && i + 1 < text.size() && is_digit(text[i + 1])) result += '\\';
    result += text[i];
  }
  if (!result.empty() && (result[0] == '.' || result[0] == '\'')) result = std::string("\\&").append(result);
  return result;
}

// One sentence a line, as troff likes it.
std::string sentences(std::string_view text) {
  std::string result = troff(text);
  for (std::size_t at = result.find(". "); at != std::string::npos; at = result.find(". ", at)) result[at + 1] = '\n';
  return result + "\n";
}

// What a number may be.  Reals outside are taken, with a warning.
std::string range(const Directive& row) {
  const bool is_integer = std::holds_alternative<int& (*)(Config&)>(row.field) ||
                          std::holds_alternative<std::uint16_t& (*)(Config&)>(row.field);
  const bool has_max = row.max < std::numeric_limits<int>::max();
  if (!std::isfinite(row.min)) return {};
  if (is_integer && has_max) return format("From %.0f to %.0f.\n", row.min, row.max);
  if (is_integer) return format("At least %.0f.\n", row.min);
  if (has_max) return format("What makes sense is from %g to %g.\n", row.min, row.max);
  return format("What makes sense is %g and more.\n", row.min);
}

std::string facts(const Directive& row) {
  if (!is_available(row)) return "Not available yet: checked, and accepted with a warning, without effect.\n";
  std::string text = range(row);
  const std::string standard = default_text(row);
  if (!standard.empty()) text.append("Default: ").append(troff(standard)).append(".\n");
  if (row.repeatable) text += "May be given more than once.\n";
  return text;
}

std::string example(const Directive& row) {
  const DirectiveExample* found = find_example(row.name);
  if (found == nullptr) return {};
  std::string text;
  const bool is_said = is_available(row) && !default_text(row).empty();
  if (!found->without.empty() && !is_said) text.append(troff(found->without)).append("\n");
  return text.append("Example: \\fB").append(troff(found->line)).append("\\fR\n");
}

}  // namespace

std::string manual_section() {
  std::string text;
  for (const DirectiveGroup& group : directive_groups()) {
    text.append(".SS ").append(troff(group.title)).append("\n");
    for (const Directive& row : group.rows) {
      text.append(".TP\n\\fB").append(row.name).append("\\fR");
      if (!row.argument.empty()) text.append(" \\fI").append(troff(row.argument)).append("\\fR");
      text.append("\n").append(sentences(row.help)).append(facts(row)).append(example(row));
    }
  }
  return text;
}

}  // namespace timed::config
