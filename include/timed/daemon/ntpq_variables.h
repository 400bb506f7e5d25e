// What ntpq is told of the daemon and its sources: the answers to the questions of mode 6 (RFC 9327).  Times are in
// milliseconds, an offset is that of the other clock against ours, a frequency positive where ours is slow.
#ifndef TIMED_DAEMON_NTPQ_VARIABLES_H_
#define TIMED_DAEMON_NTPQ_VARIABLES_H_

#include <cstdint>
#include <vector>

#include "timed/control/mode6.h"
#include "timed/daemon/command_gate.h"
#include "timed/discipline/local_clock.h"
#include "timed/discipline/reference.h"
#include "timed/discipline/selection.h"
#include "timed/env/network.h"
#include "timed/sources/source_set.h"

namespace timed::daemon {

class NtpqVariables {
 public:
  struct Parts {
    const sources::SourceSet& sources;
    const discipline::Selector& selector;
    discipline::Reference& reference;
    discipline::LocalClock& clock;
    int tai_offset = 0;  // TAI - UTC, s; 0 = unknown
  };
  explicit NtpqVariables(const Parts& parts) : parts_(parts), now_(parts.clock.read()) {}

  control::Mode6Answer answer(const control::Mode6Question& question) const;
  // That goes into the first octet of every answer.
  ntp::Leap leap() const { return parts_.reference.own_state(now_).leap; }

 private:
  control::Mode6Answer read_status() const;
  control::Mode6Answer read_system(const control::Mode6Question& question) const;
  control::Mode6Answer read_source(const control::Mode6Question& question) const;
  std::uint16_t system_status() const;
  std::uint16_t status_of(const sources::SourceReport& source) const;
  std::vector<control::Mode6Variable> variables_of(const sources::SourceReport& source) const;

  Parts parts_;
  discipline::Now now_;
};

// What goes back for a datagram of mode 6: nothing for whoever the command rules do not let in, an answer no longer
// than the question for whoever is not this machine.
std::vector<std::vector<std::byte>> answer_ntpq(const env::Datagram& datagram, CommandGate& gate,
                                                const NtpqVariables::Parts& parts);

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_NTPQ_VARIABLES_H_
