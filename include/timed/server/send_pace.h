// When answers leave that are sent with one call.  They get their transmit stamps before it; the last of sixteen would
// leave some 40 us after the first.  Pure.
#ifndef TIMED_SERVER_SEND_PACE_H_
#define TIMED_SERVER_SEND_PACE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace timed::server {

class SendPace {
 public:
  // Nanoseconds from the reading of the clock to the leaving of the first of the answers that go with one call, and
  // from each to the next.
  struct Leads {
    std::int64_t first_ns = 0;
    std::int64_t each_ns = 0;
  };
  // Each leaves in the middle of its part of the time, and the call itself takes some before.
  Leads leads(std::size_t answers) const {
    if (answers == 1) return {one_ns_ / 2, 0};
    const auto n = static_cast<std::int64_t>(answers);
    const std::int64_t call = std::clamp<std::int64_t>((one_ns_ - each_ns_) * n / (n - 1), 0, one_ns_ / 2);
    const std::int64_t each = each_ns_ - call / n;
    return {call + each / 2, each};
  }
  // A call with so many answers has taken so long.
  void note(std::size_t answers, std::int64_t taken_ns) {
    if (answers != 0) follow(answers == 1 ? one_ns_ : each_ns_, taken_ns / static_cast<std::int64_t>(answers));
  }

 private:
  static constexpr std::int64_t kMost_ns = 50'000;
  static constexpr std::int64_t kSteps = 32;

  // The median, by small steps: a call in which another process had the processor says nothing of the next one.
  static void follow(std::int64_t& ns, std::int64_t seen) {
    seen = std::clamp<std::int64_t>(seen, 0, kMost_ns);
    const std::int64_t step = ns / kSteps + 1;
    ns = ns == 0 ? seen : ns + std::clamp(seen - ns, -step, step);
  }

  std::int64_t one_ns_ = 0;   // a call with one answer
  std::int64_t each_ns_ = 0;  // a call with several, for each
};

}  // namespace timed::server

#endif  // TIMED_SERVER_SEND_PACE_H_
