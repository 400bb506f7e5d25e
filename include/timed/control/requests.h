// Every request of the protocol as a value, and how it stands in a datagram.  Signs and units as in protocol.h, which
// has the replies.  Pure.
#ifndef TIMED_CONTROL_REQUESTS_H_
#define TIMED_CONTROL_REQUESTS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>

#include "timed/control/access_requests.h"
#include "timed/control/catalogue.h"
#include "timed/control/clock_requests.h"
#include "timed/control/own_reports.h"
#include "timed/control/server_reports.h"
#include "timed/control/source_changes.h"
#include "timed/control/source_reports.h"
#include "timed/control/source_requests.h"

namespace timed::control {

struct NSourcesRequest {
  bool operator==(const NSourcesRequest&) const = default;
};
struct TrackingRequest {
  bool operator==(const TrackingRequest&) const = default;
};
struct ActivityRequest {
  bool operator==(const ActivityRequest&) const = default;
};
struct CyclelogsRequest {
  bool operator==(const CyclelogsRequest&) const = default;
};
struct RekeyRequest {
  bool operator==(const RekeyRequest&) const = default;
};
struct SmoothingRequest {
  bool operator==(const SmoothingRequest&) const = default;
};
// Answered before the daemon ends.
struct ShutdownRequest {
  bool operator==(const ShutdownRequest&) const = default;
};
using Request = std::variant<NSourcesRequest, SourceDataRequest, TrackingRequest, SourcestatsRequest, ActivityRequest,
                             NtpSourceNameRequest, ClockRequest, CyclelogsRequest, RekeyRequest, OnlineRequest,
                             OfflineRequest, BurstRequest, OnofflineRequest, RefreshRequest, ReloadSourcesRequest,
                             DelSourceRequest, AddSourceRequest, SmoothingRequest, AuthDataRequest, SelectDataRequest,
                             NtpDataRequest, ModifySourceRequest, ModifySelectoptsRequest, ModifyOffsetRequest,
                             AccessRequest, AccheckRequest, ServerStatsRequest, ClientAccessesRequest, RtcreportRequest,
                             WritertcRequest, TrimrtcRequest, ShutdownRequest, DaemonStatusRequest, ReloadChangeRequest,
                             ServerVerdictsRequest, SourceVerdictsRequest, NtsServerRequest, SourceEstimatorRequest>;
RequestCode code_of(const Request& request);

struct RequestHeader {
  std::uint8_t version = kVersion;
  std::uint16_t command = 0;
  std::uint16_t attempt = 0;   // 0 for the first transmission; not looked at by a daemon
  std::uint32_t sequence = 0;  // copied to the reply
};
// Empty for what is no request: too short, another packet type, reserved bytes that are not zero.
std::optional<RequestHeader> read_request_header(std::span<const std::byte> datagram);
// The body of a request whose length was checked against least_request_length(); empty for a retired or unknown code.
std::optional<Request> read_request(RequestCode code, std::span<const std::byte> datagram);
// Writes the request with its padding (none in version 5); returns the length, 0 where it does not fit.
std::size_t write_request(std::span<std::byte> into, const RequestHeader& header, const Request& request);

}  // namespace timed::control

#endif  // TIMED_CONTROL_REQUESTS_H_
