// Colours, for who reads at a terminal.
#ifndef TIMED_TIMEDC_COLOUR_H_
#define TIMED_TIMEDC_COLOUR_H_

#include <string>

#include "timed/control/protocol.h"

namespace timed::timedc {

enum class Colour { None, Bold, Green, Yellow, Red };

// Whether standard output is a terminal that has them, and the user has not set NO_COLOR (https://no-color.org).
bool output_has_colours();
// The lines in that colour, their line breaks not.
std::string painted(const std::string& lines, Colour colour);
// Of the row of a source.
Colour colour_of(control::SourceStatus status);

}  // namespace timed::timedc

#endif  // TIMED_TIMEDC_COLOUR_H_
