#include "timed/discipline/sample_history.h"

#include <algorithm>

#include "timed/base/check.h"

namespace timed::discipline {

SampleHistory::SampleHistory(std::size_t capacity) : capacity_(capacity) {
  TIMED_ASSERT(capacity >= 1 && capacity <= kMaxSamples);
}

void SampleHistory::add(const Sample& sample) {
  TIMED_ASSERT(samples_.empty() || sample.when > samples_.back().when);
  if (size() == capacity_) retire(1);
  samples_.push_back(sample);
}

void SampleHistory::retire(std::size_t n) {
  TIMED_ASSERT(n <= size());
  runs_ += n;
  const std::size_t keep = std::min(size(), kMaxSamples);
  while (runs_ > keep) {
    samples_.pop_front();
    --runs_;
  }
}

void SampleHistory::shift(Duration offset) {
  for (Sample& sample : samples_) sample.offset = sample.offset + WideDuration(offset);
}

void SampleHistory::clear() {
  samples_.clear();
  runs_ = 0;
}

}  // namespace timed::discipline
