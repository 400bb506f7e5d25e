// The requests that change an option of a source that is there.  Pure.
#ifndef TIMED_CONTROL_SOURCE_CHANGES_H_
#define TIMED_CONTROL_SOURCE_CHANGES_H_

#include <cstdint>
#include <optional>

#include "timed/base/bytes.h"
#include "timed/base/units.h"
#include "timed/control/catalogue.h"
#include "timed/control/encodings.h"
#include "timed/ntp/types.h"

namespace timed::control {

struct ModifySourceRequest {
  enum class Field : std::uint8_t {
    MinPoll,           // whole number, log2 of seconds
    MaxPoll,           // whole number, log2 of seconds
    MinStratum,        // whole number
    PollTarget,        // whole number of measurements
    MaxDelay,          // seconds
    MaxDelayRatio,     // of the least delay
    MaxDelayDevRatio,  // of the deviation of delays
  };
  Field field = Field::MinPoll;
  SourceAddress address;
  double value = 0.0;  // whole numbers lie within 32 bits
  bool operator==(const ModifySourceRequest&) const = default;
};

// The mark of a source that stay or go: (old & ~mask) | options.  Both in the numbering of SelectDataReply, though the
// wire has another one for the options.
struct ModifySelectoptsRequest {
  static constexpr std::uint32_t kNoselect = 1, kPrefer = 2, kTrust = 4, kRequire = 8;
  SourceAddress address;  // unspecified: the reference clock of ref_id
  ntp::RefId ref_id;
  std::uint32_t mask = 0, options = 0;
  bool operator==(const ModifySelectoptsRequest&) const = default;
};

struct ModifyOffsetRequest {
  SourceAddress address;  // as above
  ntp::RefId ref_id;
  Duration offset;  // the source's option `offset`, added to what is measured; the same sign on the wire
  bool operator==(const ModifyOffsetRequest&) const = default;
};

// Used by protocol.h's readers and writers.
RequestCode code_of(const ModifySourceRequest& request);
// Empty for a code of another kind.
std::optional<ModifySourceRequest> read_modify_source(RequestCode code, ByteReader& from);
ModifySelectoptsRequest read_modify_selectopts(ByteReader& from);
ModifyOffsetRequest read_modify_offset(ByteReader& from);
void write_body(ByteWriter& into, const ModifySourceRequest& request);
void write_body(ByteWriter& into, const ModifySelectoptsRequest& request);
void write_body(ByteWriter& into, const ModifyOffsetRequest& request);

}  // namespace timed::control

#endif  // TIMED_CONTROL_SOURCE_CHANGES_H_
