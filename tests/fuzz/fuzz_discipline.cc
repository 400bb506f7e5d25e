// Sequences of samples of up to three sources, of any values, with outages and steps of any clock between them, through
// all of the discipline by either estimator: every rule of whole_discipline.h holds.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/unit/discipline/whole_discipline.h"
#include "timed/daemon/jumps.h"

namespace {

using namespace timed;
using discipline::Shown;
using discipline::WholeDiscipline;
using discipline::WholeOptions;

constexpr std::size_t kOptions = 2;
constexpr std::size_t kRecord = 13;       // whose, what, seconds since the last, offset, delay, the rest
constexpr std::size_t kMostRecords = 40;  // what an input costs
constexpr Duration kFarthestStep = Duration::seconds(1e8);  // so many of them stay within what points of time can be

class Bytes {
 public:
  explicit Bytes(const std::uint8_t* at) : at_(at) {}
  std::uint32_t next(int count) {
    std::uint32_t value = 0;
    for (int i = 0; i < count; ++i) value |= static_cast<std::uint32_t>(*at_++) << (8 * i);
    return value;
  }
  // Any float at all, or whole nanoseconds.
  Duration duration(bool any) {
    const std::uint32_t bits = next(4);
    return any ? Duration::seconds(static_cast<double>(std::bit_cast<float>(bits)))
               : Duration::nanos(static_cast<std::int32_t>(bits));
  }

 private:
  const std::uint8_t* at_;
};

WholeOptions options_of(std::uint8_t a, std::uint8_t b) {
  WholeOptions options;
  options.sources = 1 + (a & 3) % 3;
  if ((a & 4) != 0) options.stats.estimator = discipline::EstimatorKind::Regression;
  options.stats.averaged = (a & 8) != 0;
  if ((a & 16) != 0) options.stats.max_samples = 1 + (a >> 5);
  if ((b & 1) != 0) options.reference.make_step = {Duration::millis(100), (b & 2) != 0 ? -1 : 3};
  if ((b & 4) != 0) options.clock.max_slew_rate = options.clock.max_drift = Frequency::ppm(500);
  if ((b & 8) != 0) options.stats.min_delay = Duration::micros(200);
  if ((b & 16) != 0) options.stats.asymmetry = (b & 32) != 0 ? 0.5 : 0.0;
  if ((b & 64) != 0) options.reference.max_change = {Duration::seconds(1), 1, -1};
  if ((b & 128) != 0) options.selection.max_distance = options.selection.max_jitter = Duration::seconds(1e9);
  return options;
}

void require_rules(const WholeDiscipline& whole) {
  if (whole.broken().empty()) return;
  std::fprintf(stderr, "not so: %s\n", whole.broken().c_str());
  std::abort();
}

Duration within(Duration d, Duration limit) {
  return d.is_finite() ? std::clamp(d, -limit, limit) : Duration::zero();
}

void take_record(WholeDiscipline& whole, std::size_t sources, Bytes bytes) {
  const std::uint32_t what = bytes.next(1), span = bytes.next(2);
  whole.run(Duration::seconds((what & 4) != 0 ? span * 1e-3 : span));
  const bool any = (what & 8) != 0;
  Shown shown;
  shown.offset = bytes.duration(any);
  shown.delay = bytes.duration(any);
  const std::uint32_t rest = bytes.next(2);
  const Duration other = Duration::seconds(static_cast<double>(std::bit_cast<float>(rest << 16)));
  const std::size_t index = (what & 3) % sources;
  switch (what >> 4) {
    case 1:
      return whole.step_clock(within(shown.offset, kFarthestStep));
    case 2:
      return whole.step_clock_unseen(within(shown.offset, daemon::Jumps::kThreshold));
    case 3:
      return whole.shift(index, shown.offset);
    case 4:
      shown.late = Duration::seconds(rest);
      break;
    case 5:
      shown.dispersion = other;
      break;
    case 6:
      shown.root_delay = other;
      break;
    case 7:
      shown.root_dispersion = other;
      break;
    default:
      break;
  }
  whole.take(index, shown);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < kOptions) return 0;
  const WholeOptions options = options_of(data[0], data[1]);
  WholeDiscipline whole(options);
  const std::size_t records = std::min((size - kOptions) / kRecord, kMostRecords);
  for (std::size_t i = 0; i < records; ++i) {
    take_record(whole, options.sources, Bytes(data + kOptions + i * kRecord));
    require_rules(whole);
  }
  return 0;
}
