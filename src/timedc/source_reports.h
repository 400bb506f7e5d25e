// The reports about sources.
// Each is given the whole line as words and says whether it has succeeded.
#ifndef TIMED_TIMEDC_SOURCE_REPORTS_H_
#define TIMED_TIMEDC_SOURCE_REPORTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "context.h"
#include "rows.h"

namespace timed::timedc {

// What stands behind the word of a table.
struct ListOptions {
  bool all = false;      // -a
  bool verbose = false;  // -v
};
ListOptions list_options(const Words& words);
// How many sources there are, with caption and header printed if there is an answer; empty after a failure.
std::optional<std::int32_t> begin_table(Context& context, Rows& rows, const ListOptions& options,
                                        std::string (*caption)(bool), std::string (*header)(bool));

bool sources(Context& context, const Words& words);
bool sourcestats(Context& context, const Words& words);
bool selectdata(Context& context, const Words& words);
bool authdata(Context& context, const Words& words);
bool ntpdata(Context& context, const Words& words);
bool sourcename(Context& context, const Words& words);
// The addresses of all sources, for who is typing one: as many as the daemon tells without delay.
std::vector<std::string> source_addresses(Context& context);
bool activity(Context& context, const Words& words);

}  // namespace timed::timedc

#endif  // TIMED_TIMEDC_SOURCE_REPORTS_H_
