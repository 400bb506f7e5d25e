// A server and a client clock made of numbers: builds the packets and stamps of an exchange.
#ifndef TIMED_TESTS_UNIT_SOURCES_EXCHANGE_FIXTURE_H_
#define TIMED_TESTS_UNIT_SOURCES_EXCHANGE_FIXTURE_H_

#include <array>
#include <cstring>
#include <vector>

#include "timed/discipline/source_stats.h"
#include "timed/discipline/timeline.h"
#include "timed/ntp/packet.h"
#include "timed/sources/response_check.h"

namespace timed::sources {

inline constexpr std::int64_t kTestEpoch_s = 1'800'000'000;

inline RawTime test_time(double seconds) {
  return RawTime::from_seconds(kTestEpoch_s) + Duration::seconds(seconds);
}

// Where the scales agree.
inline discipline::PlacedStamp placed(RawTime t, Duration error = Duration::zero(),
                                      env::StampSource source = env::StampSource::Daemon) {
  return {t, FreeTime::from_nanos(t.nanos()), error, source};
}

inline ntp::Header server_header(ntp::NtpTimestamp origin, RawTime received, RawTime sent) {
  ntp::Header h;
  h.version = 4;
  h.mode = ntp::Mode::Server;
  h.stratum = 2;
  h.poll = 6;
  h.precision = -23;
  h.root_delay = ntp::NtpShort::from(Duration::seconds(0.25));
  h.root_dispersion = ntp::NtpShort::from(Duration::seconds(0.125));
  h.ref_id = {0x0a000001};
  h.reference = ntp::NtpTimestamp::from(test_time(-50));
  h.origin = origin;
  h.receive = ntp::NtpTimestamp::from(received);
  h.transmit = ntp::NtpTimestamp::from(sent);
  return h;
}

inline std::vector<std::byte> bytes_of(const ntp::Header& header) {
  std::vector<std::byte> bytes(ntp::kHeaderSize);
  ntp::write_header(header, std::span<std::byte, ntp::kHeaderSize>(bytes.data(), ntp::kHeaderSize));
  return bytes;
}

}  // namespace timed::sources

#endif  // TIMED_TESTS_UNIT_SOURCES_EXCHANGE_FIXTURE_H_
