#include "timed/discipline/fallback_drift.h"

#include <algorithm>
#include <cmath>

#include "timed/base/check.h"

namespace timed::discipline {
namespace {

// 2^30 s is 34 years: no daemon fills a longer average.
constexpr int kLongest = 30;
constexpr Duration kShortestInterval = Duration::seconds(1);

}  // namespace

FallbackDrift::FallbackDrift(const FallbackDriftOptions& options) {
  if (options.min <= 0) return;
  for (int k = options.min; k <= std::min(options.max, kLongest); ++k) {
    averages_.push_back({k, Duration::seconds(std::ldexp(1.0, k)), {}, {}});
  }
}

void FallbackDrift::note_update(Duration interval, Frequency absolute) {
  next_ = 0;
  if (interval < kShortestInterval) return;
  for (Average& a : averages_) {
    if (a.covered < a.span) {
      const Duration half = interval * 0.5;
      a.frequency = (a.frequency * a.covered.to_seconds() + absolute * half.to_seconds()) *
                    (1.0 / (a.covered + half).to_seconds());
      a.covered += half;
    } else {
      a.frequency = a.frequency + (absolute - a.frequency) * (1.0 - std::exp(-(interval / a.span)));
    }
  }
}

FallbackDrift::Plan FallbackDrift::plan(Duration since_update) {
  Plan plan;
  const Average* passed = nullptr;
  const Average* waits = nullptr;
  for (const Average& a : averages_) {
    if (a.covered < a.span) continue;
    if (a.log2_seconds > next_ && since_update < a.span) {
      waits = &a;
      break;
    }
    passed = &a;
  }
  if (passed != nullptr && passed->log2_seconds > next_) {
    plan.frequency = passed->frequency;
    next_ = passed->log2_seconds;
  }
  if (waits != nullptr) {
    plan.wait = waits->span - since_update;
    next_ = waits->log2_seconds;
  }
  return plan;
}

Frequency FallbackDrift::due() const {
  const auto found =
      std::find_if(averages_.begin(), averages_.end(), [this](const Average& a) { return a.log2_seconds == next_; });
  TIMED_ASSERT(found != averages_.end());
  return found->frequency;
}

}  // namespace timed::discipline
