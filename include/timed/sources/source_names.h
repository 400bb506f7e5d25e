// From names to addresses: which names still need one, when to ask again, and which address a source may take
// (spec discipline.md A.9, config.md 2.1.1).  Pure.
#ifndef TIMED_SOURCES_SOURCE_NAMES_H_
#define TIMED_SOURCES_SOURCE_NAMES_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "timed/base/address.h"
#include "timed/base/units.h"
#include "timed/discipline/sample.h"
#include "timed/sources/options.h"

namespace timed::sources {

// What is written in the place of the host.
struct HostKind {
  std::optional<IpAddress> literal;  // an address; empty for a name
  bool wrong_family = false;         // an address of a family that is not wanted
};
HostKind host_kind(const SourceLine& line, Family wanted);

// Both wishes together: that of the line, else that of the daemon.
Family wanted_family(const SourceLine& line, Family daemon);

// The names without an address.  They are looked up one after another, a round at a time; rounds that leave some
// over are repeated after 28 s and then at twice the time before, to about an hour.
class NameQueue {
 public:
  static constexpr double kUnit_s = 7.0;
  static constexpr int kFirstDoubling = 2;
  static constexpr int kLastDoubling = 9;

  struct Lookup {
    discipline::SourceId id;
    std::string name;
    Family family = Family::Unspecified;
  };

  void add(Lookup lookup) { lookups_.push_back(std::move(lookup)); }
  // It has an address now, or never will.
  void remove(discipline::SourceId id);
  bool empty() const { return lookups_.empty(); }
  // The next of this round, or none at its end; the next round then begins with the first.
  std::optional<Lookup> next();
  // How long to wait after a round that left names over.
  Duration retry_delay();
  // The next round is a first one again.
  void hurry();

 private:
  std::vector<Lookup> lookups_;
  std::size_t at_ = 0;
  int doubling_ = kFirstDoubling;
};

}  // namespace timed::sources

#endif  // TIMED_SOURCES_SOURCE_NAMES_H_
