// The leap second that most of those with a vote announce.
#ifndef TIMED_SRC_DISCIPLINE_LEAP_VOTES_H_
#define TIMED_SRC_DISCIPLINE_LEAP_VOTES_H_

#include "timed/ntp/types.h"

namespace timed::discipline {

class LeapVotes {
 public:
  void add(ntp::Leap leap) {
    ++votes_;
    insert_ += leap == ntp::Leap::Insert ? 1 : 0;
    remove_ += leap == ntp::Leap::Delete ? 1 : 0;
  }
  ntp::Leap result() const {
    if (insert_ > votes_ / 2) return ntp::Leap::Insert;
    return remove_ > votes_ / 2 ? ntp::Leap::Delete : ntp::Leap::Normal;
  }

 private:
  int votes_ = 0, insert_ = 0, remove_ = 0;
};

}  // namespace timed::discipline

#endif  // TIMED_SRC_DISCIPLINE_LEAP_VOTES_H_
