// The machine's real-time clock, as far as one reading of it.
#ifndef TIMED_SRC_OS_RTC_H_
#define TIMED_SRC_OS_RTC_H_

#include <linux/rtc.h>

#include <string>

#include "timed/base/result.h"
#include "timed/base/units.h"

namespace timed::os {

// The second that it tells, in UTC or in the local time of the process.
Result<RawTime> read_rtc(const std::string& device, bool utc);
// The same of a reading.  Invalid where the fields are no time from 1970 to 2199.
Result<RawTime> to_time(const rtc_time& reading, bool utc);

}  // namespace timed::os

#endif  // TIMED_SRC_OS_RTC_H_
