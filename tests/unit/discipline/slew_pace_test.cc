#include "timed/discipline/slew_pace.h"

#include <gtest/gtest.h>

namespace timed::discipline {
namespace {

class SlewPaceTest : public ::testing::Test {
 protected:
  // Seconds that an offset of a millisecond, which is beyond doubt, is slewed in after so long an interval: a quarter
  // of the interval that is expected.
  double slew_s(double interval_s) {
    now_ += Duration::seconds(interval_s);
    pace_.note_update(now_);
    LocalEstimate e;
    e.offset_sd = Duration::micros(1);
    e.growth = Growth{0.0, 1e-18, {}, {}};
    return pace_.correction_rate(e, Duration::millis(1)) / 1e-3;
  }

  SlewPace pace_{3.0};
  MonoTime now_ = MonoTime::from_seconds(1000);
};

// Several sources answer in turns, some soon after another and some long after.
TEST_F(SlewPaceTest, AShortIntervalDoesNotMakeTheNextLongOneAnOutage) {
  for (int i = 0; i < 10; ++i) slew_s(1000);
  EXPECT_NEAR(slew_s(1000), 250.0, 1e-6);
  slew_s(400);
  EXPECT_NEAR(slew_s(1000), 250.0, 1e-6);
}

TEST_F(SlewPaceTest, AfterAnOutageTheNextAnswerIsNear) {
  for (int i = 0; i < 10; ++i) slew_s(1000);
  EXPECT_NEAR(slew_s(20'000), 500.0, 1e-6);
}

// As where a sample in doubt is looked at again.
TEST_F(SlewPaceTest, OneAnswerOutOfTurnDoesNotMakeTheNextOneNear) {
  for (int i = 0; i < 10; ++i) slew_s(1000);
  EXPECT_NEAR(slew_s(125), 175.0, 1e-6) << "0.7 of the longest of late";
  EXPECT_NEAR(slew_s(1000), 250.0, 1e-6);
}

TEST_F(SlewPaceTest, FollowsPollsThatHaveBecomeShort) {
  for (int i = 0; i < 10; ++i) slew_s(10'000);
  for (int i = 0; i < 60; ++i) slew_s(400);
  EXPECT_NEAR(slew_s(400), 100.0, 1e-6);
  EXPECT_LT(slew_s(10'000), 500.0) << "the long ones are forgotten";
}

}  // namespace
}  // namespace timed::discipline
