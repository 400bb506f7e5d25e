// What is asked and told of the daemon as a server, and of the real-time clock.  Pure.
#ifndef TIMED_CONTROL_SERVER_REPORTS_H_
#define TIMED_CONTROL_SERVER_REPORTS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "timed/base/address.h"
#include "timed/base/bytes.h"
#include "timed/base/units.h"
#include "timed/control/catalogue.h"
#include "timed/control/encodings.h"

namespace timed::control {

// Which report of server statistics a client knows: each pads its request for the one it knows.
enum class StatsGeneration : std::uint8_t {
  Second,  // chrony 4.0 and 4.1, the first eight counters in 32 bits
  Third,   // 4.2 and 4.3, eleven counters in 32 bits
  Fourth,  // since 4.4, all in 64 bits
};

struct ServerStatsRequest {
  StatsGeneration generation = StatsGeneration::Fourth;  // as a client it is always asked for the newest
  bool operator==(const ServerStatsRequest&) const = default;
};

// Counters since the start.  "Hits" are what came and was allowed, "drops" what the rate limit or a full table took.
struct ServerStatsReply {
  StatsGeneration generation = StatsGeneration::Fourth;
  std::uint64_t ntp_hits = 0, nke_hits = 0, cmd_hits = 0;
  std::uint64_t ntp_drops = 0, nke_drops = 0, cmd_drops = 0, log_drops = 0;
  std::uint64_t ntp_auth_hits = 0;
  std::uint64_t ntp_interleaved_hits = 0, ntp_timestamps = 0, ntp_span_seconds = 0;  // not in the second
  // Only in the fourth.
  std::uint64_t ntp_daemon_rx = 0, ntp_daemon_tx = 0;
  std::uint64_t ntp_kernel_rx = 0, ntp_kernel_tx = 0;
  std::uint64_t ntp_hw_rx = 0, ntp_hw_tx = 0;
  bool operator==(const ServerStatsReply&) const = default;
};

struct ClientAccessesRequest {
  std::uint32_t first = 0;     // index in the daemon's table
  std::uint32_t count = 8;     // entries wanted; the daemon gives 8 at most
  std::uint32_t min_hits = 0;  // only entries with a counter of hits of at least this
  bool reset = false;          // zero the counters of every record that was looked at
  bool operator==(const ClientAccessesRequest&) const = default;
};

struct ClientAccessesReply {
  static constexpr std::size_t kMaxClients = 8;
  static constexpr std::int8_t kNoInterval = 127;
  struct Client {
    IpAddress address;  // not set: an entry to pass over
    std::uint32_t ntp_hits = 0, nke_hits = 0, cmd_hits = 0;
    std::uint32_t ntp_drops = 0, nke_drops = 0, cmd_drops = 0;
    // log2 of seconds between requests; the last is that of a client while it is held back.
    std::int8_t ntp_interval = kNoInterval, nke_interval = kNoInterval, cmd_interval = kNoInterval;
    std::int8_t limited_interval = kNoInterval;
    std::uint32_t since_ntp = kNever, since_nke = kNever, since_cmd = kNever;  // seconds
    bool operator==(const Client&) const = default;
  };
  std::uint32_t table_size = 0;  // empty slots too
  std::uint32_t next = 0;        // index with which to go on
  std::vector<Client> clients;   // at most kMaxClients
  bool operator==(const ClientAccessesReply&) const = default;
};

struct RtcreportRequest {
  bool operator==(const RtcreportRequest&) const = default;
};
struct WritertcRequest {
  bool operator==(const WritertcRequest&) const = default;
};
struct TrimrtcRequest {
  bool operator==(const TrimrtcRequest&) const = default;
};

// Signs as on the wire, since it is not our clock that is told of.
struct RtcReply {
  WireTime ref_time;
  std::uint16_t samples = 0, runs = 0;
  std::uint32_t span_seconds = 0;
  Duration fast;          // RTC - reference
  double gain_ppm = 0.0;  // positive = the RTC gains
  bool operator==(const RtcReply&) const = default;
};

// Used by protocol.h's readers and writers.
// What a request of this length has room for.
StatsGeneration stats_generation(std::size_t request_length);
ReplyCode code_of(const ServerStatsReply& reply);
ClientAccessesRequest read_client_accesses_request(ByteReader& from);
void write_body(ByteWriter& into, const ClientAccessesRequest& request);
void write_body(ByteWriter& into, const ServerStatsReply& reply);
void write_body(ByteWriter& into, const ClientAccessesReply& reply);
void write_body(ByteWriter& into, const RtcReply& reply);
ServerStatsReply read_server_stats(ByteReader& from, StatsGeneration generation);
// Empty where it says that it has more than it can hold.
std::optional<ClientAccessesReply> read_client_accesses(ByteReader& from);
RtcReply read_rtc(ByteReader& from);

}  // namespace timed::control

#endif  // TIMED_CONTROL_SERVER_REPORTS_H_
