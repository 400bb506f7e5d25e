// What is read here goes nowhere yet, but a mistake in it is refused as chrony refuses it, and what chrony would
// silently bend to its limits is a warning.
#include "checks.h"

#include <algorithm>

#include "findings.h"
#include "number_reader.h"
#include "statements.h"
#include "timed/config/parser.h"

namespace timed::config {

void check_broadcast(const Statement& statement, Findings& findings) {
  const std::size_t given = statement.arguments().size();
  if (given < 2 || given > 3) {
    refuse(statement, std::min<std::size_t>(statement.words.size(), 4), findings);
    return;
  }
  constexpr double kLongestInterval = 1 << 24;
  if (!read_loose_integer(statement, 1, 1, kLongestInterval, findings)) return;
  if (!read_address(statement, 2, findings)) return;
  if (given == 3) read_loose_integer(statement, 3, 0, 65535, findings);
}

}  // namespace timed::config
