#include "colour.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace timed::timedc {
namespace {

const char* code_of(Colour colour) {
  switch (colour) {
    case Colour::None:
      break;
    case Colour::Bold:
      return "\x1b[1m";
    case Colour::Green:
      return "\x1b[32m";
    case Colour::Yellow:
      return "\x1b[33m";
    case Colour::Red:
      return "\x1b[31m";
  }
  return "";
}

bool is_set(const char* name) {
  const char* value = ::getenv(name);
  return value != nullptr && *value != '\0';
}

}  // namespace

bool output_has_colours() {
  const char* terminal = ::getenv("TERM");
  const bool is_plain = terminal == nullptr || std::string_view(terminal) == "dumb";
  return ::isatty(STDOUT_FILENO) == 1 && !is_plain && !is_set("NO_COLOR");
}

std::string painted(const std::string& lines, Colour colour) {
  if (colour == Colour::None) return lines;
  std::string text;
  for (std::size_t begin = 0; begin < lines.size();) {
    const std::size_t end = std::min(lines.find('\n', begin), lines.size());
    text.append(code_of(colour)).append(lines, begin, end - begin).append("\x1b[0m");
    if (end < lines.size()) text += '\n';
    begin = end + 1;
  }
  return text;
}

Colour colour_of(control::SourceStatus status) {
  switch (status) {
    case control::SourceStatus::Selected:
    case control::SourceStatus::Combined:
      return Colour::Green;
    case control::SourceStatus::Falseticker:
      return Colour::Red;
    case control::SourceStatus::Jittery:
    case control::SourceStatus::NotSelectable:
      return Colour::Yellow;
    case control::SourceStatus::Selectable:
      break;
  }
  return Colour::None;
}

}  // namespace timed::timedc
