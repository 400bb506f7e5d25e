#include "rtc.h"

#include <fcntl.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <ctime>

#include "system_error.h"
#include "timed/os/descriptor.h"

namespace timed::os {
namespace {

// An RTC that was never set, or whose battery is empty, may tell anything.
constexpr int kFirstYear = 1970 - 1900;
constexpr int kLastYear = 2199 - 1900;

}  // namespace

Result<RawTime> to_time(const rtc_time& reading, bool utc) {
  std::tm fields{};
  fields.tm_sec = reading.tm_sec;
  fields.tm_min = reading.tm_min;
  fields.tm_hour = reading.tm_hour;
  fields.tm_mday = reading.tm_mday;
  fields.tm_mon = reading.tm_mon;
  fields.tm_year = reading.tm_year;
  fields.tm_isdst = -1;
  const bool is_date = reading.tm_year >= kFirstYear && reading.tm_year <= kLastYear && reading.tm_mon >= 0 &&
                       reading.tm_mon < 12 && reading.tm_mday >= 1 && reading.tm_mday <= 31;
  const bool is_time = reading.tm_hour >= 0 && reading.tm_hour < 24 && reading.tm_min >= 0 && reading.tm_min < 60 &&
                       reading.tm_sec >= 0 && reading.tm_sec <= 60;
  if (!is_date || !is_time) return Error{"the RTC tells no time", ErrorKind::Invalid};
  return RawTime::from_seconds(utc ? ::timegm(&fields) : ::mktime(&fields));
}

Result<RawTime> read_rtc(const std::string& device, bool utc) {
  const Descriptor descriptor(::open(device.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!descriptor.is_open()) return system_error("Could not open RTC device " + device, errno);
  rtc_time reading{};
  if (::ioctl(descriptor.get(), RTC_RD_TIME, &reading) != 0) {
    return system_error("Could not read RTC device " + device, errno);
  }
  auto time = to_time(reading, utc);
  if (!time) return Error{"Could not read RTC device " + device + " : " + time.error().message, ErrorKind::Invalid};
  return time;
}

}  // namespace timed::os
