// Looks at the stored samples of a daemon after each of its turns: they live on the free-running scale, so whatever
// happens to the clock between two events, none of their times moves, and their offsets only where a server says that
// it was moved itself (extension field F323).
#ifndef TIMED_TESTS_SIM_HISTORY_WATCH_H_
#define TIMED_TESTS_SIM_HISTORY_WATCH_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/sim/node.h"
#include "timed/discipline/sample.h"
#include "timed/discipline/sample_history.h"

namespace timed::sim {

class HistoryWatch {
 public:
  using Samples = std::vector<discipline::Sample>;

  // Takes the turns of the node's loop until its end.  `servers_tell`: of what they were moved by.
  HistoryWatch(Node& node, bool servers_tell);
  ~HistoryWatch();
  HistoryWatch(const HistoryWatch&) = delete;
  HistoryWatch& operator=(const HistoryWatch&) = delete;

  // What has changed in between, of samples by their time, that must not; empty: nothing.
  static std::string change(const Samples& before, const Samples& now, bool servers_tell);

  // The first thing that was not as it must be; empty: nothing.
  const std::string& fault() const { return fault_; }
  // Samples that were there in two turns one after the other.
  std::uint64_t compared() const { return compared_; }

 private:
  void look();

  Node& node_;
  const bool servers_tell_;
  unsigned start_ = 0;
  std::map<std::uint32_t, Samples> seen_;
  Samples now_;
  std::string fault_;
  std::uint64_t compared_ = 0;
};

}  // namespace timed::sim

#endif  // TIMED_TESTS_SIM_HISTORY_WATCH_H_
