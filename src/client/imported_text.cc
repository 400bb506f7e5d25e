#include "imported_text.h"

namespace timed::client {
namespace {

// What would end a line for others, or hide the rest of it, must not come out of a comment.
std::string harmless(std::string_view text) {
  std::string result;
  for (const char c : text) result += c == '\n' || c == '\r' || c == '\0' ? ' ' : c;
  return result;
}

}  // namespace

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

void ImportedText::line(std::string_view text) {
  imported_.text.append(harmless(text)).append("\n");
}

void ImportedText::remark(std::string_view why) {
  imported_.text.append("# import: ").append(harmless(why)).append("\n");
}

void ImportedText::without_equal(std::string_view text, std::string_view why) {
  remark(why);
  imported_.text.append("#").append(harmless(text)).append("\n");
  ++imported_.without_equal;
}

void ImportedText::changed(std::string_view before, std::string_view after, std::string_view why) {
  std::string text = "was ";
  text.append(before);
  if (!why.empty()) text.append("; ").append(why);
  remark(text);
  line(after);
}

}  // namespace timed::client
