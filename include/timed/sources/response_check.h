// One response of a server: is it an answer to what we asked, does it speak of a synchronised clock, and is it worth a
// sample?  Pure.
#ifndef TIMED_SOURCES_RESPONSE_CHECK_H_
#define TIMED_SOURCES_RESPONSE_CHECK_H_

#include <cstdint>
#include <optional>

#include "timed/base/units.h"
#include "timed/discipline/sample.h"
#include "timed/discipline/source_stats.h"
#include "timed/discipline/timeline.h"
#include "timed/ntp/packet.h"
#include "timed/ntp/types.h"
#include "timed/sources/exchange.h"
#include "timed/sources/options.h"

namespace timed::sources {

// Results of the tests as the `ntpdata` report has them: bit 9 is test 1 … bit 0 is test D; 1 = passed.
enum class PacketTest : std::uint16_t {
  NotDuplicate = 1 << 9,    // 1: not the stamps of the last valid response
  OriginMatches = 1 << 8,   // 2: answers the request that is out
  TimesKnown = 1 << 7,      // 3: origin, receive and transmit stamps are not zero
  Authentic = 1 << 6,       // 5
  Synchronised = 1 << 5,    // 6: leap and stratum of a synchronised server
  RootDistance = 1 << 4,    // 7: half the root delay + root dispersion below 16 s
  DelayLimit = 1 << 3,      // A: delay, precision, response time, sane times, not a throw-away request
  DelayRatio = 1 << 2,      // B: maxdelayratio
  DelayDeviation = 1 << 1,  // C: maxdelaydevratio
  NoLoop = 1 << 0,          // D: not synchronised to us
};

class PacketTests {
 public:
  static constexpr std::uint16_t kValid = 0x3c0;         // 1 2 3 5
  static constexpr std::uint16_t kSynchronised = 0x3f0;  // and 6 7
  static constexpr std::uint16_t kGood = 0x3ff;          // and A B C D

  void set(PacketTest test, bool passed) {
    const auto bit = static_cast<std::uint16_t>(test);
    bits_ = static_cast<std::uint16_t>(passed ? bits_ | bit : bits_ & ~bit);
  }
  bool passed(PacketTest test) const { return (bits_ & static_cast<std::uint16_t>(test)) != 0; }
  std::uint16_t bits() const { return bits_; }
  bool valid() const { return (bits_ & kValid) == kValid; }
  bool synchronised() const { return (bits_ & kSynchronised) == kSynchronised; }
  bool good() const { return (bits_ & kGood) == kGood; }

 private:
  std::uint16_t bits_ = 0;
};

// What the daemon says of itself at this moment, for recognising it in its sources.
struct OwnView {
  bool serving = false;  // a server socket is open in normal operation; else loops do not matter
  ntp::Stratum stratum = 0;
  ntp::RefId ref_id;
  ntp::NtpShort root_delay;
  ntp::NtpTimestamp reference;
  std::optional<discipline::SourceId> system_peer;
};

// What the daemon knows when a response comes in.
struct ResponseContext {
  const discipline::LocalView& view;
  const discipline::SourceStats& stats;  // of the source, before this response
  OwnView own;
  ntp::RefId local_ref_id;    // of the local address that the response was sent to; zero = unknown
  Duration precision;         // of the local clock
  Frequency max_clock_error;  // "maxclockerror"
  // "maxdelayquant": the longest delay accepted; empty while none was seen, or off.
  std::optional<Duration> quantile_limit = {};
  bool near_leap_second = false;  // what is announced now may be of before or after it
  bool authentic = true;          // the response has exactly what it must have
};

struct CheckedResponse {
  PacketTests tests;
  bool interleaved = false;  // brings back the receive field of the request
  // Would be valid but for the valid response that came before: a peer's later packet to the same request.
  bool late = false;
  bool is_second = false;                  // the request was answered before
  bool stamps_used = false;                // in a good sample of basic mode
  bool rate_kiss = false;                  // a kiss of death of code RATE, to be obeyed
  std::optional<ntp::MonoRoot> mono_root;  // where it was asked for
  Duration server_moved;                   // its phase since the last valid response, positive = set forward
  RootValues root;
  // Of the exchange that the sample is made of.
  env::StampSource transmit_source = env::StampSource::Daemon;
  env::StampSource receive_source = env::StampSource::Daemon;
  // Computed for each response that passes as synchronised and whose stamps are of synchronised ones; to be used only
  // where tests.good().
  std::optional<discipline::Sample> sample;
  Duration response_time;  // the server's, between its two stamps
};

// Longest time that a server may take to answer.
inline constexpr Duration kMaxResponseTime = Duration::seconds(4);

// A peer's delay and the spacing of its packets, in units of the shorter poll, where it interleaves.
inline constexpr double kMaxPeerDelayPolls = 0.5;
inline constexpr double kMaxPeerSpacingPolls = 1.5;

// The packet is well formed and of a mode that answers ours.
CheckedResponse check_response(const ntp::PacketView& packet, const Exchange& exchange, const CheckOptions& options,
                               const ResponseContext& context);

}  // namespace timed::sources

#endif  // TIMED_SOURCES_RESPONSE_CHECK_H_
