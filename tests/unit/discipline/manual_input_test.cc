#include "timed/discipline/manual_input.h"

#include <gtest/gtest.h>

namespace timed::discipline {
namespace {

const RawTime kStart = RawTime::from_seconds(1'767'225'600);

struct Fixture {
  Timeline timeline{kStart};
  ManualInput input{true};

  Now at(double t_s) { return timeline.now(kStart + Duration::seconds(t_s), MonoTime::from_seconds(0)); }
  std::optional<ManualInput::Estimate> type(double t_s, double offset_s) {
    return input.add(at(t_s), at(t_s).local + Duration::seconds(offset_s), timeline.view());
  }
};

TEST(ManualInput, TheFirstEntryIsAnOffset) {
  Fixture f;
  const auto estimate = f.type(0, 1.5);
  ASSERT_TRUE(estimate);
  EXPECT_NEAR(estimate->offset.to_seconds(), 1.5, 1e-9);
  EXPECT_EQ(estimate->frequency, Frequency::zero());
  EXPECT_FALSE(estimate->has_frequency);
}

TEST(ManualInput, TheSecondGivesAFrequency) {
  Fixture f;
  f.type(0, 1.0);
  const auto estimate = f.type(10000, 2.0);
  ASSERT_TRUE(estimate);
  EXPECT_NEAR(estimate->offset.to_seconds(), 2.0, 1e-9);
  EXPECT_TRUE(estimate->has_frequency);
  EXPECT_NEAR(estimate->frequency.to_ppm(), 100.0, 1e-6);
}

// What the clock was corrected by since an entry is no longer wrong with it.
TEST(ManualInput, EntriesAreSeenFromTheClockAsItIsNow) {
  Fixture f;
  f.type(0, 1.0);
  f.timeline.shift_local(kStart + Duration::seconds(1), Duration::seconds(1));
  f.timeline.set_frequencies(kStart + Duration::seconds(1), {{}, Frequency::ppm(100), {}}, {}, {});
  const auto estimate = f.type(10001, 0.0);
  ASSERT_TRUE(estimate);
  EXPECT_NEAR(estimate->frequency.to_ppm(), 0.0, 0.02);
  const auto list = f.input.entries(f.timeline.view());
  ASSERT_EQ(list.size(), 2u);
  EXPECT_NEAR(list[0].original.to_seconds(), 1.0, 1e-9);
  EXPECT_NEAR(list[0].slewed.to_seconds(), 0.0, 2e-4);
  EXPECT_NEAR(list[0].residual.to_seconds(), 0.0, 1e-3);
}

TEST(ManualInput, RefusesWhatComesTooSoonOrLeadsNowhere) {
  Fixture f;
  ASSERT_TRUE(f.type(0, 1.0));
  EXPECT_FALSE(f.type(0.9, 1.0));
  EXPECT_TRUE(f.type(1.1, 1.0));
  EXPECT_FALSE(f.type(10, 3.1e9)) << "2124";
  EXPECT_FALSE(f.type(10, -1.7e9)) << "1972";
  EXPECT_EQ(f.input.entries(f.timeline.view()).size(), 2u);
}

TEST(ManualInput, KeepsTheLastSixteen) {
  Fixture f;
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(f.type(10 * i, i));
  const auto list = f.input.entries(f.timeline.view());
  ASSERT_EQ(list.size(), 16u);
  EXPECT_NEAR(list[0].original.to_seconds(), 4.0, 1e-6);
  EXPECT_NEAR(list[15].original.to_seconds(), 19.0, 1e-6);
}

TEST(ManualInput, AnEntryTakenOutNoLongerCounts) {
  Fixture f;
  f.type(0, 0.0);
  f.type(1000, 0.1);
  f.type(2000, 7.0);  // a slip of the finger
  f.type(3000, 0.3);
  EXPECT_FALSE(f.input.remove(4, f.timeline.view()));
  const auto estimate = f.input.remove(2, f.timeline.view());
  ASSERT_TRUE(estimate);
  EXPECT_NEAR(estimate->offset.to_seconds(), 0.3, 1e-4);
  EXPECT_NEAR(estimate->frequency.to_ppm(), 100.0, 0.1);
  f.input.remove(0, f.timeline.view());
  const auto left = f.input.remove(0, f.timeline.view());
  ASSERT_TRUE(left);
  EXPECT_EQ(left->offset, Duration::zero());
  EXPECT_FALSE(left->has_frequency);
  f.input.clear();
  EXPECT_FALSE(f.input.remove(0, f.timeline.view()));
}

}  // namespace
}  // namespace timed::discipline
