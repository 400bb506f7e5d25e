// The directives as a part of timed.conf(5), from the table, so that the manual says what the parser does.
#ifndef TIMED_CONFIG_MANUAL_H_
#define TIMED_CONFIG_MANUAL_H_

#include <string>
#include <string_view>

namespace timed::config {

// Lines of the page between which the text belongs.
inline constexpr std::string_view kManualBegin = ".\\\" Directives: from the table, by docs_directives\n";
inline constexpr std::string_view kManualEnd = ".\\\" End of the directives\n";

// One subsection a group, one paragraph a word, in man macros; each line ended.
std::string manual_section();

}  // namespace timed::config

#endif  // TIMED_CONFIG_MANUAL_H_
