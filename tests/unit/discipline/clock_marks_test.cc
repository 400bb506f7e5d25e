#include "timed/discipline/clock_marks.h"

#include <gtest/gtest.h>

namespace timed::discipline {
namespace {

TEST(ClockMarks, AClockThatHasGoneOnIsKnownAgain) {
  const ClockMarks left{RawTime::from_seconds(1'700'000'000, 5), Frequency::ppm(12.5)};
  const auto found = [&](Duration moved, std::optional<Frequency> kernel) {
    return ClockMarks::moved_between(left, {left.mono_zero + moved, kernel});
  };
  EXPECT_EQ(found({}, Frequency::ppm(12.5)), Duration::zero());
  EXPECT_EQ(found(Duration::micros(-3), Frequency::ppm(12.500'01)), Duration::micros(3));
  EXPECT_EQ(found({}, {}), Duration::zero()) << "we do not steer";
  EXPECT_FALSE(found(Duration::seconds(100), Frequency::ppm(12.5))) << "slept, or set";
  EXPECT_FALSE(found(Duration::millis(-2), Frequency::ppm(12.5)));
  EXPECT_FALSE(found({}, Frequency::ppm(12.6))) << "somebody else has steered";
}

}  // namespace
}  // namespace timed::discipline
