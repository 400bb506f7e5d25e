#include "timed/sources/symmetric.h"

namespace timed::sources {
namespace {

constexpr double kStretch = 1.1;
constexpr double kLateAnswer = 0.6;  // share of the interval

int rank(ntp::Stratum stratum) {
  return stratum == 0 ? ntp::kUnsynchronisedStratum : stratum;
}

}  // namespace

SourceLine without_ignored_options(SourceLine line) {
  line.poll.iburst = false;
  line.poll.burst = false;
  line.poll.presend = PollOptions{}.presend;
  line.copy = false;
  return line;
}

Duration peer_interval(const PeerTiming& timing) {
  const int below_us = rank(timing.peer) - rank(timing.own);
  const bool peer_is_worse = below_us > 0 && timing.since_sent * kStretch < timing.interval;
  const bool answered_late =
      !timing.after_sending && below_us == 0 && timing.since_sent > timing.interval * kLateAnswer;
  return peer_is_worse || answered_late ? timing.interval * kStretch : timing.interval;
}

}  // namespace timed::sources
