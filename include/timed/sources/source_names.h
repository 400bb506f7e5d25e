// From names to addresses: which names are to be looked up, for what, and when again.  Pure.
#ifndef TIMED_SOURCES_SOURCE_NAMES_H_
#define TIMED_SOURCES_SOURCE_NAMES_H_

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "timed/base/address.h"
#include "timed/base/units.h"
#include "timed/discipline/sample.h"
#include "timed/sources/options.h"
#include "timed/sources/pools.h"

namespace timed::sources {

// What is written in the place of the host.
struct HostKind {
  std::optional<IpAddress> literal;  // an address; empty for a name
  bool wrong_family = false;         // an address of a family that is not wanted
};
HostKind host_kind(const SourceLine& line, Family wanted);

// Both wishes together: that of the line, else that of the daemon.
Family wanted_family(const SourceLine& line, Family daemon);

// Why a name is looked up.
enum class LookupPurpose : std::uint8_t {
  Fill,     // sources of the line have no address yet
  Replace,  // the source is bad: any other address
  Refresh,  // another address, if the source's is no longer among them
};

struct NameLookup {
  LineId line;
  std::optional<discipline::SourceId> source;  // none: for all of the line that have no address
  LookupPurpose purpose = LookupPurpose::Fill;
  std::string name;
  Family family = Family::Unspecified;

  bool is_for_same(const NameLookup& other) const { return line == other.line && source == other.source; }
};

// The names to be looked up, one after another, a round at a time; rounds that leave some over are repeated after 28 s
// and then at twice the time before, to about an hour.
class NameQueue {
 public:
  static constexpr double kUnit_s = 7.0;
  static constexpr int kFirstDoubling = 2;
  static constexpr int kLastDoubling = 9;

  // Comes in the round that runs.  Nothing where one for the same is waiting.
  void add(NameLookup lookup);
  // The line or the source is gone.
  void remove_line(LineId line);
  void remove_source(discipline::SourceId source);
  // There is nothing more to ask for it.
  void remove(const NameLookup& done);
  bool empty() const { return lookups_.empty(); }
  // The next of this round, or none at its end; the next round then begins with the first.
  std::optional<NameLookup> next();
  // How long to wait after a round that left names over.
  Duration retry_delay();
  // A round begins anew, ahead of its time: the wait that it cuts short is not counted.
  void begin_early();
  // The next round is a first one again.
  void hurry();

 private:
  template <class Condition>
  void remove_where(const Condition& condition);

  std::vector<NameLookup> lookups_;
  std::size_t at_ = 0;
  int doubling_ = kFirstDoubling;
};

}  // namespace timed::sources

#endif  // TIMED_SOURCES_SOURCE_NAMES_H_
