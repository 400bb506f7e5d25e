// What the traces do not show of the sample filter (trace_replay_test.cc has its numbers).
#include "timed/discipline/sample_filter.h"

#include <gtest/gtest.h>

namespace timed::discipline {
namespace {

constexpr Duration kPrecision = Duration::nanos(100);

Sample sample_at(double t_s, double offset_s, double dispersion_s = 1e-6) {
  Sample s;
  s.when = FreeTime::from_seconds(1000) + Duration::seconds(t_s);
  s.offset = WideDuration(Duration::seconds(offset_s));
  s.peer_delay = s.root_delay = Duration::millis(1);
  s.peer_dispersion = s.root_dispersion = Duration::seconds(dispersion_s);
  return s;
}

TEST(SampleFilter, HasNothingToSayAtFirst) {
  SampleFilter filter({.capacity = 5}, kPrecision);
  EXPECT_FALSE(filter.output({}));
  EXPECT_FALSE(filter.last());
}

TEST(SampleFilter, TheMedianOfThreeIsTheMiddleOne) {
  SampleFilter filter({.capacity = 3}, kPrecision);
  filter.add(sample_at(0, 5e-3));
  filter.add(sample_at(1, 1e-3));
  filter.add(sample_at(2, 2e-3));
  const auto output = filter.output({});
  ASSERT_TRUE(output);
  EXPECT_NEAR(output->offset.to_duration().to_seconds(), 2e-3, 1e-12);
  EXPECT_EQ(output->when, sample_at(2, 0).when);
}

TEST(SampleFilter, ForgetsWhatItGaveOutButForTheLast) {
  SampleFilter filter({.capacity = 3}, kPrecision);
  filter.add(sample_at(0, 0));
  ASSERT_TRUE(filter.output({}));
  EXPECT_EQ(filter.size(), 0u);
  EXPECT_FALSE(filter.output({}));
  ASSERT_TRUE(filter.last());
  EXPECT_FALSE(filter.add(sample_at(0, 1))) << "not later than the last";
  EXPECT_TRUE(filter.add(sample_at(1, 1)));
}

TEST(SampleFilter, TheOldestMakesRoom) {
  SampleFilter filter({.capacity = 2}, kPrecision);
  for (int i = 0; i < 5; ++i) filter.add(sample_at(i, i));
  EXPECT_EQ(filter.size(), 2u);
  EXPECT_NEAR(filter.output({})->offset.to_duration().to_seconds(), 3.5, 1e-9);
}

TEST(SampleFilter, KeepsSamplesThatDifferTooMuch) {
  SampleFilter filter({.capacity = 4, .max_deviation = Duration::millis(1)}, kPrecision);
  filter.add(sample_at(0, 0));
  filter.add(sample_at(1, 1));
  EXPECT_FALSE(filter.output({}));
  EXPECT_EQ(filter.size(), 2u);
}

TEST(SampleFilter, LeavesOutSamplesOfLargeDispersion) {
  SampleFilter filter({.capacity = 8, .combine_ratio = 0.6}, kPrecision);
  for (int i = 0; i < 6; ++i) filter.add(sample_at(i, 1e-3, 1e-6));
  for (int i = 6; i < 8; ++i) filter.add(sample_at(i, 9, 1e-3));
  EXPECT_NEAR(filter.output({})->offset.to_duration().to_seconds(), 1e-3, 1e-9);
}

TEST(SampleFilter, OrdersSamplesAsTheClockIsSteeredNow) {
  // On the free-running scale the offsets grow; the steered clock follows them but for a few microseconds.
  LocalView view;
  view.start = FreeTime::from_seconds(1000);
  view.rate = Frequency::ppm(100);
  SampleFilter filter({.capacity = 3}, kPrecision);
  const double left_s[] = {3e-6, 1e-6, 2e-6};
  for (int i = 0; i < 3; ++i) filter.add(sample_at(i, 100e-6 * i + left_s[i]));
  const auto output = filter.output(view);
  ASSERT_TRUE(output);
  EXPECT_EQ(output->when, sample_at(2, 0).when);
  EXPECT_NEAR(output->measured.to_seconds(), 2e-6, 1e-12);
}

TEST(SampleFilter, ResetForgetsAll) {
  SampleFilter filter({.capacity = 3}, kPrecision);
  filter.add(sample_at(5, 0));
  filter.reset();
  EXPECT_TRUE(filter.add(sample_at(1, 0)));
}

}  // namespace
}  // namespace timed::discipline
