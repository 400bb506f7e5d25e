// What an operator is told about a file of sources ("sourcedir").  A running daemon passes over the lines that are not
// right; here is why.
#ifndef TIMED_CONFIG_SOURCE_FILE_CHECK_H_
#define TIMED_CONFIG_SOURCE_FILE_CHECK_H_

#include <string>
#include <string_view>
#include <vector>

#include "timed/config/diagnostic.h"

namespace timed::config {

// Adds a warning for each line that sources::read_source_lines() passes over, and for what is odd in the others, with
// the place and what was expected.
void check_source_lines(std::string_view text, const std::string& file, std::vector<Diagnostic>& warnings);

}  // namespace timed::config

#endif  // TIMED_CONFIG_SOURCE_FILE_CHECK_H_
