// The time zone of the process, for tests of what reads or shows local time.
#ifndef TIMED_TESTS_UNIT_TIME_ZONE_H_
#define TIMED_TESTS_UNIT_TIME_ZONE_H_

#include <cstdlib>
#include <ctime>

namespace timed {

// For as long as this lives.
class Zone {
 public:
  explicit Zone(const char* name) {
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  ~Zone() {
    ::unsetenv("TZ");
    ::tzset();
  }
  Zone(const Zone&) = delete;
  Zone& operator=(const Zone&) = delete;
};

}  // namespace timed

#endif  // TIMED_TESTS_UNIT_TIME_ZONE_H_
