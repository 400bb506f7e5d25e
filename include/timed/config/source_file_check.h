// What an operator is told about a file of sources ("sourcedir").  A running daemon passes over the lines that are not
// right; here is why.
#ifndef TIMED_CONFIG_SOURCE_FILE_CHECK_H_
#define TIMED_CONFIG_SOURCE_FILE_CHECK_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "timed/config/diagnostic.h"
#include "timed/sources/options.h"

namespace timed::config {

// What a line needs and has not, at one of its words; at the directive where it has no such word.
struct SourceLack {
  std::string word;
  std::string summary;
  std::string expected;
};
using LacksOf = std::function<std::vector<SourceLack>(const sources::SourceLine&)>;

// Adds a warning for each line that sources::read_source_lines() passes over, for what is odd in the others and for
// what they lack, with the place and what was expected.
void check_source_lines(std::string_view text, const std::string& file, const LacksOf& lacks_of,
                        std::vector<Diagnostic>& warnings);

}  // namespace timed::config

#endif  // TIMED_CONFIG_SOURCE_FILE_CHECK_H_
