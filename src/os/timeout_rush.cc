#include "timeout_rush.h"

#include <algorithm>

namespace timed::os {

bool TimeoutRush::note(const Turn& turn) {
  if (ran_ == 0) {
    begin_ = turn.begin;
    waited_ = turn.waited;
  }
  ran_ += turn.ran;
  const bool many = ran_ > kFewTimeouts && ran_ > kRoundsOfTheQueue * std::max(waited_, turn.waiting);
  const bool fast = turn.end - begin_ < kLeastSpacing * static_cast<double>(ran_);
  if (!turn.more_due) ran_ = 0;
  return many && fast;
}

}  // namespace timed::os
