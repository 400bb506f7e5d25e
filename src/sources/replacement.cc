#include "timed/sources/replacement.h"

#include <algorithm>

namespace timed::sources {

bool ReplacementLimit::allow(MonoTime now, double random) {
  if (next_ && now < *next_) return false;
  next_ = now + kLongestPause * random;
  return true;
}

bool RefreshPlan::begin(MonoTime now, std::optional<MonoTime> oldest) {
  next_ = now + interval_;
  if (!oldest) return false;
  const bool repeat = now - *oldest >= interval_;
  if (!repeat) next_ = *oldest + interval_;
  return repeat;
}

std::vector<IpAddress> from_random_one(std::span<const IpAddress> addresses, double random) {
  std::vector<IpAddress> turned(addresses.begin(), addresses.end());
  const auto first = static_cast<std::ptrdiff_t>(random * static_cast<double>(turned.size()));
  std::rotate(turned.begin(), turned.begin() + first, turned.end());
  return turned;
}

}  // namespace timed::sources
