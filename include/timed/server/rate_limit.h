// How often one address is answered: a bucket of tokens for each client and service, which fills with time and is
// emptied by answers.  Pure.
#ifndef TIMED_SERVER_RATE_LIMIT_H_
#define TIMED_SERVER_RATE_LIMIT_H_

#include <algorithm>
#include <cstdint>

#include "timed/server/options.h"

namespace timed::server {

// Time of clients: 1/16 s since a random moment, modulo 2^32.  Differences are signed.
using Ticks = std::uint32_t;
inline constexpr int kTicksLog2 = 4;  // in a second
constexpr std::int32_t elapsed(Ticks now, Ticks before) {
  return static_cast<std::int32_t>(now - before);
}

// What the options come to, in tokens.
class TokenBucket {
 public:
  explicit TokenBucket(const RateLimitOptions& options);

  std::uint16_t full() const { return capacity_; }
  std::uint16_t cost() const { return cost_; }  // of one answer
  // Tokens after the time from `before` to `now`; a clock that went back earns none.
  std::uint16_t filled(std::uint16_t tokens, Ticks now, Ticks before) const {
    if (elapsed(now, before) <= 0) return tokens;
    std::uint64_t more = 0;
    if (shift_ >= 0) {
      // Of whole units, so that a client that asks often loses nothing by it.
      more = ((now >> shift_) - (before >> shift_)) & (~Ticks{0} >> shift_);
    } else {
      more = static_cast<std::uint64_t>(now - before) << -shift_;
    }
    return static_cast<std::uint16_t>(std::min<std::uint64_t>(tokens + more, capacity_));
  }

 private:
  int shift_ = 0;  // of ticks to tokens; negative: several tokens a tick
  std::uint16_t cost_ = 1;
  std::uint16_t capacity_ = 1;
};

// The mean rate of requests as an exponent: 4 log2 of requests a second, -128 = unknown.
inline constexpr std::int8_t kUnknownRate = -128;
std::int8_t updated_rate(std::int8_t rate, std::int32_t ticks_between);
// As reports have it: log2 of the mean interval in seconds, 127 = unknown.
std::int8_t interval_of(std::int8_t rate);

}  // namespace timed::server

#endif  // TIMED_SERVER_RATE_LIMIT_H_
