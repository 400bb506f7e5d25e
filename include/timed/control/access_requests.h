// The requests about who may ask the daemon.  Pure.
#ifndef TIMED_CONTROL_ACCESS_REQUESTS_H_
#define TIMED_CONTROL_ACCESS_REQUESTS_H_

#include <cstdint>
#include <optional>

#include "timed/base/bytes.h"
#include "timed/control/catalogue.h"
#include "timed/control/encodings.h"

namespace timed::control {

enum class AccessTable : std::uint8_t { Ntp, Command };

struct AccessRequest {
  AccessTable table = AccessTable::Ntp;
  bool allow = true;
  bool all = false;       // also drops what was said of networks inside this one
  SourceAddress network;  // unspecified: both families whole
  std::int32_t bits = 0;  // 0 … 32 or 128, 0 for an unspecified network; anything else is answered BadSubnet
  bool operator==(const AccessRequest&) const = default;
};
// Answered AccessAllowed or AccessDenied, never Success.
struct AccheckRequest {
  AccessTable table = AccessTable::Ntp;
  SourceAddress address;
  bool operator==(const AccheckRequest&) const = default;
};

// Used by protocol.h's readers and writers.
RequestCode code_of(const AccessRequest& request);
RequestCode code_of(const AccheckRequest& request);
// Empty for a code of another kind.
std::optional<AccessRequest> read_access(RequestCode code, ByteReader& from);
std::optional<AccheckRequest> read_accheck(RequestCode code, ByteReader& from);
void write_body(ByteWriter& into, const AccessRequest& request);
void write_body(ByteWriter& into, const AccheckRequest& request);

}  // namespace timed::control

#endif  // TIMED_CONTROL_ACCESS_REQUESTS_H_
