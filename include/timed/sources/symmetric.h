// What differs where the source is a peer, which asks us as we ask it.  Pure.
#ifndef TIMED_SOURCES_SYMMETRIC_H_
#define TIMED_SOURCES_SYMMETRIC_H_

#include "timed/base/units.h"
#include "timed/ntp/types.h"
#include "timed/sources/options.h"

namespace timed::sources {

// The line as a peer takes it: without the options that only make sense for requests which get an answer at once.
SourceLine without_ignored_options(SourceLine line);

// When the next packet goes out, seen from one that was sent.
struct PeerTiming {
  Duration interval;           // of the poll
  Duration since_sent;         // our last packet
  bool after_sending = false;  // asked for just after sending, else after a packet came in
  ntp::Stratum own = 0;        // strata as they go on the wire: 0 = not synchronised
  ntp::Stratum peer = 0;
};

// The interval, stretched by a tenth where the peer should come first: the one of the higher stratum, or of two equal
// ones the one whose packet was answered late, waits for the other, so that answers come soon after what they answer.
Duration peer_interval(const PeerTiming& timing);

}  // namespace timed::sources

#endif  // TIMED_SOURCES_SYMMETRIC_H_
