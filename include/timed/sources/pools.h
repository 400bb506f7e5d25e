// Which sources were made of which line: a `server` line is one source, a `pool` line as many as its name has good
// servers, up to a maximum ("maxsources").  Pure.
#ifndef TIMED_SOURCES_POOLS_H_
#define TIMED_SOURCES_POOLS_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "timed/discipline/sample.h"

namespace timed::sources {

// One line of the configuration, of a file of sources, or of a command.  Never reused.
struct LineId {
  std::uint32_t value = 0;
  constexpr auto operator<=>(const LineId&) const = default;
};

// The sources that a pool begins with, twice as many as it is to have in the end: of those that answer well the first
// ones stay.
constexpr std::size_t kMaxPoolSlots = 16;
std::size_t pool_slots(int max_sources);

class LineMembers {
 public:
  // max_sources: so many are wanted, at least one.
  explicit LineMembers(int max_sources) : max_sources_(max_sources) {}

  // Tentative, until it is confirmed.
  void add(discipline::SourceId id);
  // It is gone for good; a pool never wants more than are left.
  void remove(discipline::SourceId id);
  // It gave a good reply.  Answers who is superfluous now: the tentative ones, once enough are confirmed.
  std::vector<discipline::SourceId> confirm(discipline::SourceId id);
  // Another server took its place: tentative again.
  void doubt(discipline::SourceId id);

  bool empty() const { return members_.empty(); }
  int max_sources() const { return max_sources_; }
  // In the order of their creation.
  std::vector<discipline::SourceId> ids() const;

 private:
  struct Member {
    discipline::SourceId id;
    bool confirmed = false;
  };
  std::vector<Member>::iterator find(discipline::SourceId id);

  std::vector<Member> members_;
  int max_sources_;
};

}  // namespace timed::sources

#endif  // TIMED_SOURCES_POOLS_H_
