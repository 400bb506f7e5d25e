#include "tests/sim/machine.h"

namespace timed::sim {

std::vector<IpAddress> addresses(const std::vector<std::string>& texts) {
  std::vector<IpAddress> all;
  for (const std::string& text : texts) {
    const auto address = IpAddress::parse(text);
    TIMED_ASSERT(address.has_value());
    all.push_back(*address);
  }
  return all;
}

}  // namespace timed::sim
