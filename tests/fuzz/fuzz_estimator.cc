// Samples of any values in any order: what the estimator says are numbers, deviations are no less than nothing, and no
// frequency is beyond what some pair of its samples could have shown.  The same samples always give the same answer.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <vector>

#include "timed/discipline/estimator.h"

namespace {

using namespace timed;
using discipline::Estimator;
using discipline::Sample;

constexpr std::size_t kRecord = 11;       // what to do, time since the last, offset, delay
constexpr std::size_t kMostRecords = 24;  // enough for blocks
constexpr std::size_t kMostUpdates = 8;   // what an input costs

void require(bool condition) {
  if (!condition) std::abort();
}

std::uint32_t word(const std::uint8_t* bytes) {
  return static_cast<std::uint32_t>(bytes[0]) | static_cast<std::uint32_t>(bytes[1]) << 8 |
         static_cast<std::uint32_t>(bytes[2]) << 16 | static_cast<std::uint32_t>(bytes[3]) << 24;
}

// Any float at all, or whole nanoseconds.
double number(const std::uint8_t* bytes, bool any) {
  const std::uint32_t bits = word(bytes);
  return any ? static_cast<double>(std::bit_cast<float>(bits)) : static_cast<std::int32_t>(bits) * 1e-9;
}

discipline::EstimatorOptions options_of(std::uint8_t byte) {
  discipline::EstimatorOptions options;
  options.one_sided = (byte & 1) == 0;
  options.window = (byte & 2) != 0 ? 5u : 64u;
  if ((byte & 4) != 0) options.min_delay = Duration::micros(200);
  if ((byte & 8) != 0) options.asymmetry = (byte & 16) != 0 ? 0.5 : 0.0;
  return options;
}

// The largest frequency of any two neighbours that the estimator may have seen, either way.
class Support {
 public:
  void add(const Sample& s) {
    if (!s.peer_delay.is_finite() || !s.offset.to_duration().is_finite()) return;
    for (const Sample& before : seen_) {
      const double dt_s = std::fabs((s.when - before.when).to_seconds());
      if (dt_s == 0.0) continue;
      const double step_s = std::fabs((s.offset - before.offset).to_duration().to_seconds());
      const double slack_s = std::fabs(s.peer_delay.to_seconds()) + std::fabs(before.peer_delay.to_seconds()) + 1e-6;
      largest_ = std::max(largest_, (step_s + slack_s) / dt_s);
    }
    seen_.push_back(s);
  }
  void shift(Duration offset) {
    for (Sample& s : seen_) s.offset = s.offset + WideDuration(offset);
  }
  double largest() const { return largest_ * 1.01; }

 private:
  std::vector<Sample> seen_;
  double largest_ = 0.0;
};

void check(const Estimator& estimator, const Support& support) {
  if (!estimator.posterior()) return;
  const discipline::Posterior& p = *estimator.posterior();
  require(p.offset.to_duration().is_finite() && p.frequency.is_finite());
  require(p.offset_sd.is_finite() && p.offset_sd >= Duration::zero());
  require(p.frequency_sd.is_finite() && p.frequency_sd >= Frequency::zero());
  require(std::isfinite(p.wander) && p.wander > 0.0);
  require(p.offset_sd_after(Duration::seconds(1e5)).is_finite());
  require(std::fabs(p.frequency.to_ratio()) <= support.largest());
  require(!p.jumped || estimator.counts().jumps > 0);
}

// Whatever came before, a few good samples are believed: nothing that is no number is among those that are kept.
void recovers(Estimator& estimator, FreeTime from) {
  Sample good;
  for (int i = 0; i < 8; ++i) {
    good.when = from + Duration::seconds(64.0 * (i + 1));
    good.offset = WideDuration(Duration::millis(1));
    good.peer_delay = Duration::micros(200 + i % 3);
    estimator.add(good);
  }
  estimator.update();
  require(estimator.posterior().has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  Estimator estimator(options_of(data[0])), again(options_of(data[0]));
  const bool twice = (data[0] & 32) != 0;
  Support support;
  std::size_t updates = 0;
  Sample sample;
  sample.when = FreeTime::from_seconds(1000);
  const std::size_t records = std::min((size - 1) / kRecord, kMostRecords);
  for (std::size_t i = 0; i < records; ++i) {
    const std::uint8_t* record = data + 1 + i * kRecord;
    const bool any = (record[0] & 1) != 0;
    const double dt_s = (record[1] + 256 * record[2]) * ((record[0] & 2) != 0 ? -1e-3 : 1.0);
    sample.when = sample.when + Duration::seconds(dt_s);
    sample.offset = WideDuration(Duration::seconds(number(record + 3, any)));
    sample.peer_delay = Duration::seconds(number(record + 7, any));
    if ((record[0] & 0xf0) == 0xf0) estimator.reset(), again.reset();
    if ((record[0] & 0xf0) == 0xe0) {
      const Duration offset = Duration::seconds(number(record + 3, false));
      estimator.shift(offset), again.shift(offset), support.shift(offset);
    }
    support.add(sample);
    estimator.add(sample);
    again.add(sample);
    if ((record[0] & 28) != 0 && i + 1 < records) continue;  // several between updates
    if (++updates > kMostUpdates) break;
    estimator.update();
    if (twice) again.update();
    check(estimator, support);
  }
  if (twice && estimator.posterior() && again.posterior()) {
    require(estimator.posterior()->offset_sd == again.posterior()->offset_sd);
    require(estimator.posterior()->frequency == again.posterior()->frequency);
  }
  require(!twice || estimator.posterior().has_value() == again.posterior().has_value());
  recovers(estimator, sample.when);
  return 0;
}
