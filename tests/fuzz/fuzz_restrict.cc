// Lines of restrict among those of allow and its like: whatever stands in them, a line with a mistake changes nothing,
// and one without says something of both lists.
#include <cstddef>
#include <cstdint>
#include <string>

#include "../unit/config/memory_files.h"
#include "timed/base/check.h"
#include "timed/config/parser.h"
#include "timed/server/acl.h"

using namespace timed;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = text.find('\n');
  const std::string line = "restrict " + text.substr(0, end);
  config::MemoryFiles files;
  const auto one = config::parse_text(files, line, "/one");
  const std::size_t rules = one.config.access.size();
  constexpr std::size_t kMost = 2;  // "default": of each family one
  TIMED_ASSERT(rules <= kMost && one.config.command_access.size() == rules && one.config.limited.size() == rules);
  if (!one.ok()) {
    TIMED_ASSERT(rules == 0);
    return 0;
  }
  for (const auto& rule : one.config.access) TIMED_ASSERT(rule.is_known() || !rule.host.empty());
  const std::string rest = end == std::string::npos ? std::string() : text.substr(end + 1);
  const auto all = config::parse_text(files, "allow 10/8\n" + line + "\n" + rest, "/all");
  const server::AccessList list(all.config.access);
  const server::AccessTable table = list.compile();
  for (const std::uint32_t address : {0x00000000u, 0x0a010203u, 0x7f000001u, 0xc0000201u, 0xffffffffu}) {
    TIMED_ASSERT(list.allows(IpAddress::v4(address)) == table.allows(IpAddress::v4(address)));
  }
  return 0;
}
