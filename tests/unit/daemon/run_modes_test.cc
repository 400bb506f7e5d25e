#include "timed/daemon/run_modes.h"

#include <gtest/gtest.h>

namespace timed::daemon {
namespace {

SourceProgress source(int polls, std::size_t samples, bool active = true) {
  return {active, polls, samples};
}

TEST(Hopeless, WithoutAnActiveSource) {
  EXPECT_TRUE(is_hopeless({}));
  EXPECT_TRUE(is_hopeless({source(0, 0, false), source(2, 2, false)}));
  EXPECT_FALSE(is_hopeless({source(0, 0, false), source(0, 0)}));
}

TEST(Hopeless, AfterSevenPolls) {
  EXPECT_FALSE(is_hopeless({source(6, 6)}));
  EXPECT_TRUE(is_hopeless({source(7, 7)}));
  EXPECT_TRUE(is_hopeless({source(8, 2), source(7, 0)}));
  EXPECT_FALSE(is_hopeless({source(8, 2), source(1, 0)}));
}

TEST(Hopeless, WhenThreeSamplesAreOutOfReach) {
  EXPECT_FALSE(is_hopeless({source(4, 0)}));
  EXPECT_TRUE(is_hopeless({source(5, 0)}));
  EXPECT_FALSE(is_hopeless({source(5, 1)}));
  EXPECT_TRUE(is_hopeless({source(6, 1)}));
  EXPECT_FALSE(is_hopeless({source(6, 2)}));
}

}  // namespace
}  // namespace timed::daemon
