// Requests and replies about the clock itself: its steps, its frequency, times that are typed in, the local reference.
// Signs and units as in protocol.h.
#ifndef TIMED_CONTROL_CLOCK_REQUESTS_H_
#define TIMED_CONTROL_CLOCK_REQUESTS_H_

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "timed/base/bytes.h"
#include "timed/base/units.h"
#include "timed/control/catalogue.h"
#include "timed/control/encodings.h"

namespace timed::control {

struct MakestepRequest {
  bool operator==(const MakestepRequest&) const = default;
};
struct ModifyMakestepRequest {
  std::int32_t limit = 0;  // further updates in which stepping is allowed; negative = no limit
  Duration threshold;
  bool operator==(const ModifyMakestepRequest&) const = default;
};
struct ModifyMaxupdateskewRequest {
  double ppm = 0.0;
  bool operator==(const ModifyMaxupdateskewRequest&) const = default;
};
struct DfreqRequest {
  double ppm = 0.0;  // positive = speeds the clock up; the opposite on the wire
  bool operator==(const DfreqRequest&) const = default;
};
struct DoffsetRequest {
  Duration offset;  // added to the clock; the opposite on the wire
  bool operator==(const DoffsetRequest&) const = default;
};
struct SettimeRequest {
  WireTime time;  // that the operator says it is now
  bool operator==(const SettimeRequest&) const = default;
};
struct ManualRequest {
  enum Option : std::int32_t { kOff = 0, kOn = 1, kReset = 2 };
  std::int32_t option = kOff;  // anything else is answered Invalid
  bool operator==(const ManualRequest&) const = default;
};
struct ManualListRequest {
  bool operator==(const ManualListRequest&) const = default;
};
struct ManualDeleteRequest {
  std::int32_t index = 0;  // from 0; out of range gives BadSample
  bool operator==(const ManualDeleteRequest&) const = default;
};
struct SmoothtimeRequest {
  enum Option : std::int32_t { kReset = 0, kActivate = 1 };
  std::int32_t option = kReset;  // anything else is answered Invalid
  bool operator==(const SmoothtimeRequest&) const = default;
};
struct LocalRequest {
  bool on = false;
  std::int32_t stratum = 10;  // clamped to 1 … 15
  Duration distance;
  bool orphan = false;
  Duration activate, wait_synced, wait_unsynced;
  bool old = false;  // as clients before 4.6 send it, without the last three
  bool operator==(const LocalRequest&) const = default;
};
struct ReselectRequest {
  bool operator==(const ReselectRequest&) const = default;
};
struct ReselectDistanceRequest {
  Duration distance;
  bool operator==(const ReselectDistanceRequest&) const = default;
};
struct ResetSourcesRequest {
  bool operator==(const ResetSourcesRequest&) const = default;
};
struct DumpRequest {
  bool operator==(const DumpRequest&) const = default;
};
using ClockRequest =
    std::variant<MakestepRequest, ModifyMakestepRequest, ModifyMaxupdateskewRequest, DfreqRequest, DoffsetRequest,
                 SettimeRequest, ManualRequest, ManualListRequest, ManualDeleteRequest, LocalRequest, ReselectRequest,
                 ReselectDistanceRequest, ResetSourcesRequest, DumpRequest, SmoothtimeRequest>;

// What was made of a time that was typed in.
struct ManualTimestampReply {
  Duration offset;             // reference - local
  double frequency_ppm = 0.0;  // change, positive = the clock was slow
  double absolute_ppm = 0.0;   // frequency afterwards, positive = the clock runs slow
  bool operator==(const ManualTimestampReply&) const = default;
};

struct ManualListReply {
  static constexpr std::size_t kMaxEntries = 16;
  struct Entry {
    WireTime when;
    Duration slewed;    // reference - local with what the clock was slewed since
    Duration original;  // reference - local as it was typed in
    Duration residual;  // of slewed, against the line through all entries
    bool operator==(const Entry&) const = default;
  };
  std::vector<Entry> entries;  // at most kMaxEntries
  bool operator==(const ManualListReply&) const = default;
};

// What is served beside the clock's own time.  Unlike elsewhere the signs are the same on the wire.
struct SmoothingReply {
  bool active = false;
  bool leap_only = false;
  Duration offset;             // served - local time
  double frequency_ppm = 0.0;  // positive = served time runs faster than local time
  double wander_ppm = 0.0;     // change of that a second
  Duration since_update;       // of the plan
  Duration remaining;          // until served time is local time again
  bool operator==(const SmoothingReply&) const = default;
};

// Used by protocol.h's readers and writers.
RequestCode code_of(const ClockRequest& request);
// Empty for a code of another kind.
std::optional<ClockRequest> read_clock_request(RequestCode code, ByteReader& from);
void write_clock_request(ByteWriter& into, const ClockRequest& request);
void write_body(ByteWriter& into, const ManualTimestampReply& reply);
void write_body(ByteWriter& into, const ManualListReply& reply);
void write_body(ByteWriter& into, const SmoothingReply& reply);
ManualTimestampReply read_manual_timestamp(ByteReader& from);
// Empty where it says that it has more than it can hold.
std::optional<ManualListReply> read_manual_list(ByteReader& from);
SmoothingReply read_smoothing(ByteReader& from);

}  // namespace timed::control

#endif  // TIMED_CONTROL_CLOCK_REQUESTS_H_
