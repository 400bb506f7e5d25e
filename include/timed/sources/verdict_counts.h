// What became of the datagrams of one source, by cause: for the operator who wonders why it is not used.
#ifndef TIMED_SOURCES_VERDICT_COUNTS_H_
#define TIMED_SOURCES_VERDICT_COUNTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "timed/base/units.h"
#include "timed/sources/response_check.h"

namespace timed::sources {

// What became of a datagram; counted, never logged.
enum class ResponseVerdict : std::uint8_t {
  Malformed,       // no NTP packet at all, or of a version that does not exist
  WrongMode,       // not a response of a server, or packet of a peer
  NotExpected,     // failed one of tests 1, 2, 3, 5: spoofed, replayed, late, or a second answer
  Unsynchronised,  // valid, but of a server that has no time to give
  Rejected,        // failed one of tests A to D
  Good,
};
inline constexpr std::size_t kResponseVerdicts = 6;

struct VerdictCounts {
  static constexpr std::size_t kTests = 10;  // 1, 2, 3, 5, 6, 7, A, B, C, D
  struct Bad {
    ResponseVerdict verdict = ResponseVerdict::Malformed;
    std::uint16_t failed = 0;  // bits of PacketTest
    MonoTime when;
  };

  std::array<std::uint32_t, kResponseVerdicts> verdicts{};
  std::array<std::uint32_t, kTests> failed{};  // a packet may fail several
  std::uint32_t late = 0;                      // of those not expected: the request was answered before; no test counts
  std::uint32_t kisses = 0;                    // of death, obeyed
  std::uint32_t unsent = 0;                    // requests that did not leave
  std::optional<Bad> last_bad;

  // checked: null where it did not come to the tests.
  void add(ResponseVerdict verdict, const CheckedResponse* checked, MonoTime when);
};

}  // namespace timed::sources

#endif  // TIMED_SOURCES_VERDICT_COUNTS_H_
