// One source as SourceSet keeps it: what is known of it, and the socket and timers of its association.
#ifndef TIMED_SRC_SOURCES_SOURCE_H_
#define TIMED_SRC_SOURCES_SOURCE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "timed/discipline/sample_filter.h"
#include "timed/sources/source_set.h"

namespace timed::sources {

struct SourceSet::Source {
  Source(const SourceLine& its_line, LineId its_line_id, discipline::SourceId its_id, const SourceSetOptions& options,
         EntropyPool& random)
      : line(its_line),
        line_id(its_line_id),
        id(its_id),
        association(its_line, random, options.auth),
        stats(effective_stats(its_line, options.stats), options.precision) {
    if (line.filter > 0) {
      filter.emplace(discipline::FilterOptions{.capacity = static_cast<std::size_t>(line.filter)}, options.precision);
    }
  }
  void set_address(const IpAddress& its_address);

  SourceLine line;
  LineId line_id;  // of all sources that were made of the same line
  bool literal = IpAddress::parse(line.name).has_value();
  discipline::SourceId id;
  IpAddress address;                // none: not resolved yet
  IpAddress looked_up_address;      // the one of its name; with NTS the server of keys may name another one for NTP
  std::uint16_t port = line.port;   // the same
  ntp::RefId ref_id;                // of the address
  ntp::RefId own_ref_id;            // of our address, as it last answered to it; zero while it never did
  std::uint32_t unresolved_id = 0;  // of a name, until it has an address
  MonoTime looked_up;               // when its name was, last
  bool answered_well = false;       // in the event that runs
  Association association;
  discipline::SourceStats stats;
  std::optional<discipline::SampleFilter> filter;
  int filter_polls = 0;                    // polls since its last output, with a sample or without
  Duration server_moved;                   // since the last sample that the statistics took
  std::unique_ptr<env::UdpSocket> socket;  // of the request that is out
  std::uint32_t stamp_id = 0;              // of its transmit stamp
  std::optional<SpacedTimer> timer;        // of the next request
  std::optional<env::Timer> close_timer;   // of the socket
  std::optional<MonoTime> last_kiss_logged;
  bool told_no_address = false;    // that no address was found, until one is
  bool told_out_of_order = false;  // that a sample was not later than the one before, until one is: a clock may stand
  bool told_send_failure = false;  // that a request could not be sent, until one is
};

// Runs one event of an association and does what it wants.
template <class Event>
void SourceSet::run(Source& source, const Event& event) {
  constexpr int kFullReach = 8;
  const unsigned long updates = source.association.reachability().updates;
  const ntp::Leap leap = source.association.leap();
  carry_out(source, event());
  const Reachability& after = source.association.reachability();
  if (source.association.leap() != leap && callbacks_.on_leap) callbacks_.on_leap(source.id);
  if (after.updates != updates && !after.reachable()) {
    callbacks_.on_reachability(source.id);
    if (after.size == kFullReach) replace_bad(source.id);
  }
  if (std::exchange(source.answered_well, false)) on_good_reply(source);
}

}  // namespace timed::sources

#endif  // TIMED_SRC_SOURCES_SOURCE_H_
