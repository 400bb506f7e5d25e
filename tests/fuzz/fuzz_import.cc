// A configuration of anybody's making is imported: it stays text of whole lines, of bounded length, and no line is in
// force that does not come from a line of the same place: a comment stays one.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "timed/base/check.h"
#include "timed/base/text.h"
#include "timed/client/import.h"

using namespace timed;

namespace {

constexpr std::size_t kMostAdded = 4096;  // of what is said without being asked
constexpr std::size_t kMostTimes = 300;   // a line of one word, with the reason why it has no equal

// Lines that are no comments, and not empty.
std::size_t directives(std::string_view text) {
  std::size_t found = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const auto words = split_words(text.substr(0, end));
    if (!words.empty() && std::string_view("!;#%").find(words[0].text[0]) == std::string_view::npos) ++found;
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  client::guess_dialect(text);
  for (const auto dialect : {client::Dialect::Chrony, client::Dialect::Ntp, client::Dialect::Timesyncd}) {
    const client::Imported imported = client::import_configuration(dialect, text, "x");
    TIMED_ASSERT(imported.text.ends_with('\n'));
    TIMED_ASSERT(imported.text.find('\0') == std::string::npos && imported.text.find('\r') == std::string::npos);
    TIMED_ASSERT(imported.text.size() <= kMostAdded + kMostTimes * size);
    if (dialect == client::Dialect::Chrony) TIMED_ASSERT(directives(imported.text) <= directives(text));
  }
  return 0;
}
