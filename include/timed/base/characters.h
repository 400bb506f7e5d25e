// Kinds of characters, whatever the locale says.
#ifndef TIMED_BASE_CHARACTERS_H_
#define TIMED_BASE_CHARACTERS_H_

#include <string_view>

namespace timed {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
// A line of a file or a command that begins so says nothing, in chrony and here.
constexpr bool marks_comment(char c) {
  return std::string_view("!;#%").find(c) != std::string_view::npos;
}

}  // namespace timed

#endif  // TIMED_BASE_CHARACTERS_H_
