// The words of the configuration: one row each, in the order of the manual page.  The rows give the parser its types
// and limits, the manual its text, an error its "expected" and "did you mean", and the fuzzer its dictionary.
#ifndef TIMED_CONFIG_DIRECTIVES_H_
#define TIMED_CONFIG_DIRECTIVES_H_

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "timed/base/text.h"
#include "timed/config/config.h"

namespace timed::config {

// One line that is not blank, split into words; the first is the directive as it was typed.
struct Statement {
  std::span<const Word> words;

  std::string_view directive() const { return words[0].text; }
  std::span<const Word> arguments() const { return words.subspan(1); }
};

// What is wrong (or only odd) with one statement.  Columns count bytes from 0.
struct Finding {
  enum class Place : std::uint8_t { Suffix, Parenthesis, None };

  std::string summary;          // chrony's words, without the place
  Place place = Place::Suffix;  // " at line N in file F", " (at line N in file F)" or nothing follows
  std::size_t column = 0;       // of the offending text; past the last word where something is missing
  std::size_t length = 1;
  std::string expected;    // what would have been right
  std::string suggestion;  // a word that may have been meant
};
struct Findings {
  std::vector<Finding> errors, warnings;
};

// How a word takes effect.
struct Retired {};     // known, accepted, without effect in chrony too: a warning
struct Ignored {};     // the same, without a warning
struct Include {};     // reads files
struct IncludeAll {};  // reads directories
using RealSetter = void (*)(Config&, double);
using StatementParser = void (*)(const Statement&, Config&, Findings&);
using Field =
    std::variant<Retired, Ignored, Include, IncludeAll, bool& (*)(Config&), int& (*)(Config&),
                 std::uint16_t& (*)(Config&), double& (*)(Config&), Duration& (*)(Config&), Frequency& (*)(Config&),
                 std::string& (*)(Config&), std::vector<std::string>& (*)(Config&), RealSetter, StatementParser>;

struct Directive {
  std::string_view name = {};
  std::string_view argument = {};  // for the manual; empty: takes none
  // Integers outside are refused.  Reals outside are taken, as in chrony, with a warning.
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  // Integers above are taken with a warning.
  double usual_max = std::numeric_limits<double>::infinity();
  Field field = {};
  bool not_yet = false;     // the value is stored, but nothing uses it yet: a warning
  bool repeatable = false;  // lines add up; otherwise the last one holds
  std::string_view help = {};
};

struct DirectiveGroup {
  std::string_view title;
  std::span<const Directive> rows;
};

std::span<const DirectiveGroup> directive_groups();
// Without regard to case; nullptr for an unknown word.
const Directive* find_directive(std::string_view word);
// All words in the order of the groups.
std::span<const std::string_view> directive_words();

// Whether what a line says has an effect; otherwise it is answered with a warning.
bool is_available(const Directive& row);

// What the operator may write for a row: "minsources COUNT, a whole number of at least 1".
std::string describe(const Directive& row);
// The value that holds without a line, in the unit of the argument; empty where the row's help says it.
std::string default_text(const Directive& row);

// Applies one statement of a row that reads no files.  After an error config is as before.
void apply(const Directive& row, const Statement& statement, Config& config, Findings& findings);

}  // namespace timed::config

#endif  // TIMED_CONFIG_DIRECTIVES_H_
