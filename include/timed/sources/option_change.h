// What an operator may change of a source while it is there (timedc(1)).
#ifndef TIMED_SOURCES_OPTION_CHANGE_H_
#define TIMED_SOURCES_OPTION_CHANGE_H_

#include <cstdint>
#include <string>

#include "timed/sources/options.h"

namespace timed::sources {

enum class SourceOption : std::uint8_t {
  MinPoll,           // log2 seconds; takes the highest poll along
  MaxPoll,           // log2 seconds; takes the lowest poll along
  MinStratum,        // of the source
  PollTarget,        // samples
  MaxDelay,          // seconds
  MaxDelayRatio,     // of the least delay
  MaxDelayDevRatio,  // of the deviation of delays
  Offset,            // seconds, added to what is measured (reference - local)
};

struct OptionChange {
  SourceOption option = SourceOption::MinPoll;
  double value = 0.0;
};

// Puts the value, brought into the option's range, into the line.  False, and nothing changed, for a poll that lies
// outside: chronyd leaves it at that.
bool change_option(SourceLine& line, const OptionChange& change);
// "new minpoll 6": what the operator is told.
std::string describe_option(const SourceLine& line, SourceOption option);

}  // namespace timed::sources

#endif  // TIMED_SOURCES_OPTION_CHANGE_H_
