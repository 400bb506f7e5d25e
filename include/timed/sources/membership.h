// Which sources there are: what becomes of a line that is added, and which sources a command means.
#ifndef TIMED_SOURCES_MEMBERSHIP_H_
#define TIMED_SOURCES_MEMBERSHIP_H_

#include <cstdint>
#include <optional>

#include "timed/base/address.h"
#include "timed/sources/pools.h"

namespace timed::sources {

// What became of a line.
enum class AddStatus : std::uint8_t { Added, AlreadyInUse, TooManySources, InvalidAddress, InvalidName };
struct AddResult {
  AddStatus status = AddStatus::Added;
  LineId line;  // where it was added
};
// For the operator; empty for Added.
const char* reason_of(AddStatus status);

// Which sources a command means.
struct SourceMask {
  IpAddress mask, address;                     // no address: all of them; a mask of another family is not looked at
  std::optional<std::uint32_t> unresolved_id;  // exactly that one

  // Whether the address of a source is meant; that of none is by a mask for all.
  bool contains(const IpAddress& of_source) const;
};

}  // namespace timed::sources

#endif  // TIMED_SOURCES_MEMBERSHIP_H_
