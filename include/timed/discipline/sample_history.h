// The immutable samples of one source, oldest first, and older ones kept only for the runs test.
#ifndef TIMED_DISCIPLINE_SAMPLE_HISTORY_H_
#define TIMED_DISCIPLINE_SAMPLE_HISTORY_H_

#include <cstddef>
#include <deque>

#include "timed/discipline/sample.h"

namespace timed::discipline {

class SampleHistory {
 public:
  static constexpr std::size_t kMaxSamples = 64;

  // capacity is 1 … kMaxSamples.
  explicit SampleHistory(std::size_t capacity = kMaxSamples);

  // The sample must be later than the last one.  The oldest becomes a runs sample where there is no room.
  void add(const Sample& sample);
  // The n oldest become runs samples, of which there are never more than current ones.
  void retire(std::size_t n);
  void clear();
  // The reference was moved: all offsets grow by so much.
  void shift(Duration offset);

  std::size_t size() const { return samples_.size() - runs_; }  // current samples
  std::size_t runs_size() const { return runs_; }
  bool empty() const { return size() == 0; }
  // 0 … size()-1 are the current ones; -1, -2 … the runs samples, going back in time.
  const Sample& at(std::ptrdiff_t i) const {
    return samples_[static_cast<std::size_t>(static_cast<std::ptrdiff_t>(runs_) + i)];
  }
  const Sample& last() const { return samples_.back(); }

 private:
  std::size_t capacity_;
  std::size_t runs_ = 0;  // the first so many of samples_
  std::deque<Sample> samples_;
};

}  // namespace timed::discipline

#endif  // TIMED_DISCIPLINE_SAMPLE_HISTORY_H_
