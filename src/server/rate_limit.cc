#include "timed/server/rate_limit.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace timed::server {
namespace {

constexpr int kMostTokens = 1 << 16;
constexpr int kFastest = -20, kSlowest = 56;  // -rate

}  // namespace

TokenBucket::TokenBucket(const RateLimitOptions& options) {
  const int ticks_log2 = std::clamp(options.interval, -19, 12) + kTicksLog2;
  const int burst = std::clamp(options.burst, 1, 255);
  if (ticks_log2 < 0) {
    // Several answers a tick: the clock of the table is too coarse for them one by one.
    shift_ = ticks_log2;
    capacity_ = static_cast<std::uint16_t>(std::clamp(1 << std::min(-ticks_log2, 15), burst, kMostTokens - 1));
    return;
  }
  while ((static_cast<std::int64_t>(burst) << std::max(ticks_log2 - shift_, 0)) >= kMostTokens) ++shift_;
  cost_ = static_cast<std::uint16_t>(1 << (ticks_log2 - shift_));
  capacity_ = static_cast<std::uint16_t>(burst * cost_);
}

std::int8_t updated_rate(std::int8_t rate, std::int32_t ticks_between) {
  int slowness = kFastest;
  if (ticks_between > 0) {
    const auto scaled = static_cast<std::uint64_t>(std::int64_t{ticks_between} + ticks_between / 2);
    slowness = std::min(kFastest + 4 * static_cast<int>(std::bit_width(scaled)), kSlowest);
  }
  const int seen = -slowness;
  if (rate == kUnknownRate) return static_cast<std::int8_t>(seen);
  if (rate < seen) return static_cast<std::int8_t>(rate + 1);
  // A client that was fast and is slow now is believed soon.
  if (rate > seen) return static_cast<std::int8_t>(rate > 10 + seen ? 10 + seen : (rate + seen - 1) / 2);
  return rate;
}

std::int8_t interval_of(std::int8_t rate) {
  return rate == kUnknownRate ? std::int8_t{127} : static_cast<std::int8_t>(std::lround(-rate / 4.0));
}

}  // namespace timed::server
