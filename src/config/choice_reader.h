// The argument of a directive that is one of a few words.
#ifndef TIMED_SRC_CONFIG_CHOICE_READER_H_
#define TIMED_SRC_CONFIG_CHOICE_READER_H_

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "findings.h"

namespace timed::config {

// The index among the choices of the first argument, without regard to case; refused where it is none of them.
std::optional<std::size_t> read_choice(const Statement& statement, std::span<const std::string_view> choices,
                                       Findings& findings);

}  // namespace timed::config

#endif  // TIMED_SRC_CONFIG_CHOICE_READER_H_
