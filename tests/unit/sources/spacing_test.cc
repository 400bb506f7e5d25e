#include "timed/sources/spacing.h"

#include <gtest/gtest.h>

namespace timed::sources {
namespace {

MonoTime at(double seconds) {
  return MonoTime::from_seconds(1000) + Duration::seconds(seconds);
}
constexpr Duration kSeparation = Duration::seconds(0.2);

TEST(Spacing, FreeTimeStays) {
  EXPECT_EQ(keep_apart(at(1), kSeparation, std::nullopt, {}), at(1));
  EXPECT_EQ(keep_apart(at(1), kSeparation, at(0.5), {at(0.7), at(1.3)}), at(1));
}

TEST(Spacing, KeepsAwayFromTheLastDispatch) {
  EXPECT_EQ(keep_apart(at(1), kSeparation, at(0.9), {}), at(1.1));
}

TEST(Spacing, IsPushedOnByTimersThatAreTooNear) {
  EXPECT_EQ(keep_apart(at(1), kSeparation, std::nullopt, {at(1.05)}), at(1.25));
  EXPECT_EQ(keep_apart(at(1), kSeparation, std::nullopt, {at(1.3), at(1.0), at(0.9)}), at(1.5))
      << "in the order of time, each pushes";
}

TEST(Spacing, ManyAtOnceEndUpInARow) {
  std::vector<MonoTime> queued;
  for (int i = 0; i < 50; ++i) queued.push_back(keep_apart(at(0), kSeparation, std::nullopt, queued));
  for (std::size_t i = 1; i < queued.size(); ++i) EXPECT_GE(queued[i] - queued[i - 1], Duration::seconds(0.1999));
}

}  // namespace
}  // namespace timed::sources
