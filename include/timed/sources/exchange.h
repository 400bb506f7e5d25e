// The packets that go to and fro between us and one server or peer: what our next one says, and what must be kept of
// them to understand the answer, in basic and in interleaved mode (RFC 5905 section 8, RFC 9769).  Pure.
#ifndef TIMED_SOURCES_EXCHANGE_H_
#define TIMED_SOURCES_EXCHANGE_H_

#include <cstdint>
#include <optional>

#include "timed/base/random.h"
#include "timed/base/units.h"
#include "timed/discipline/own_state.h"
#include "timed/discipline/timeline.h"
#include "timed/ntp/extension.h"
#include "timed/ntp/packet.h"
#include "timed/ntp/types.h"

namespace timed::sources {

// What holds for all packets of an exchange.
struct ExchangeRules {
  bool symmetric = false;   // a peer (mode 1), else a server (mode 3)
  bool interleave = false;  // "xleave"
  bool mono_root = false;   // "extfield F323"
};

// How far the time of the server's clock is from a primary reference.
struct RootValues {
  Duration delay;
  Duration dispersion;
};

// Of the last valid response.
struct LastResponse {
  ntp::NtpTimestamp receive;  // its fields
  ntp::NtpTimestamp transmit;
  std::optional<discipline::PlacedStamp> received;
  bool synchronised = false;
  RootValues root;
  ntp::Stratum stratum = 0;
  int poll = 0;             // its poll field
  int own_poll = 0;         // our poll then
  unsigned unanswered = 0;  // requests that had been sent for it: 1 where it answered the first
};

// Phase corrections of the server's clock, told apart from its frequency by the monotonic receive stamps of the
// extension field ("extfield F323").
class ServerPhase {
 public:
  // Longer ones are no corrections of a running clock.
  static constexpr Duration kMaxCorrection = Duration::seconds(16);

  // How far the server's clock was moved since the last valid response, positive = set forward; zero where the field
  // does not say.
  Duration moved(const std::optional<ntp::MonoRoot>& field, ntp::NtpTimestamp receive,
                 ntp::NtpTimestamp last_receive) const;
  // After each valid response.
  void keep(const std::optional<ntp::MonoRoot>& field, Duration moved);
  // What earlier samples are to be moved by, once.
  Duration take();

 private:
  std::optional<ntp::MonoRoot> last_;
  Duration sum_;
};

struct Exchange {
  ExchangeRules rules;

  // ---- the request that is out ----
  ntp::NtpTimestamp cookie;          // its transmit field; zero = none is out
  ntp::NtpTimestamp receive_cookie;  // its receive field, which an interleaved answer brings back; zero = it had none
  bool answered = false;             // it had its one valid response
  bool presending = false;           // its response is thrown away
  std::optional<discipline::PlacedStamp> transmitted;  // when it, or the one before, left
  // When the request left of which the next interleaved response tells, unless a sample has used that already.
  std::optional<discipline::PlacedStamp> transmitted_before;

  // ---- the response that is looked at ----
  discipline::PlacedStamp received;

  LastResponse last;
  ServerPhase phase;

  // ---- symmetric: the last packet that was no valid response, to begin the exchange with ----
  ntp::NtpTimestamp first_transmit;
  std::optional<discipline::PlacedStamp> first_received;
};

// Interleaved requests end after so many without an answer.
inline constexpr unsigned kMaxInterleavedUnanswered = 4;

struct RequestContext {
  const discipline::LocalView& view;
  discipline::OwnState own;  // what a peer is told of our clock
  discipline::Now now;
};

struct RequestValues {
  std::uint8_t version = 4;
  int poll = 6;             // log2 seconds
  unsigned unanswered = 0;  // requests since the last valid response
};

// Whether the next request is one in interleaved mode.
bool may_interleave(const Exchange& exchange, unsigned unanswered);

// The header of the next request, which the exchange from now on takes for the one that is out.
ntp::Header next_request(Exchange& exchange, const RequestValues& values, const RequestContext& context,
                         EntropyPool& random);

}  // namespace timed::sources

#endif  // TIMED_SOURCES_EXCHANGE_H_
