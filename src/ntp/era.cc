#include "timed/ntp/era.h"

namespace timed::ntp {

static_assert(kEraBegin_s > 0);  // 1970

bool is_sane(LocalTime time, Duration offset) {
  if (!(abs(offset) < Duration::seconds(static_cast<double>(kEraLength_s)))) return false;
  // A sum beyond the ends of what a point can be saturates, and these ends are not of the era.
  const std::int64_t seconds = (time + offset).whole_seconds();
  return seconds >= kEraBegin_s && seconds < kEraBegin_s + kEraLength_s;
}

}  // namespace timed::ntp
