#include "timed/daemon/nts_bootstrap.h"

#include <gtest/gtest.h>

namespace timed::daemon {
namespace {

using Stage = NtsBootstrap::Stage;
using Verdict = NtsBootstrap::Verdict;

constexpr LocalTime kEarliest = LocalTime::from_seconds(1'700'000'000);
constexpr LocalTime kNow = LocalTime::from_seconds(1000);
constexpr MonoTime kMono = MonoTime::from_seconds(50);
const Duration kRight = Duration::seconds(1.8e9);

class Bootstrap : public testing::Test {
 protected:
  Bootstrap() { bootstrap.begin(kNow, kEarliest); }
  Verdict judge(std::size_t agreeing, std::size_t of, Duration offset = kRight, MonoTime mono = kMono) {
    return bootstrap.judge({of, agreeing, offset}, kNow, mono);
  }

  NtsBootstrap bootstrap;
};

TEST_F(Bootstrap, a_clock_that_can_be_right_is_believed) {
  for (const LocalTime now : {kEarliest, kEarliest + Duration::seconds(1)}) {
    NtsBootstrap other;
    other.begin(now, kEarliest);
    EXPECT_FALSE(other.active());
    EXPECT_EQ(other.judge({3, 0, kRight}, now, kMono), Verdict::Update);
    EXPECT_EQ(other.times(now).when, now);
    EXPECT_FALSE(other.times(now).not_over_before.has_value());
  }
  EXPECT_FALSE(NtsBootstrap().active());
}

TEST_F(Bootstrap, the_clock_is_updated_when_two_rounds_agree) {
  EXPECT_EQ(bootstrap.stage(), Stage::Provisional);
  EXPECT_FALSE(bootstrap.times(kNow).when.has_value());
  EXPECT_EQ(bootstrap.times(kNow).not_over_before, kEarliest);
  EXPECT_EQ(judge(2, 3), Verdict::Recheck);
  EXPECT_EQ(bootstrap.stage(), Stage::Checking);
  EXPECT_EQ(bootstrap.times(kNow).when, kNow + kRight);
  EXPECT_EQ(judge(2, 3, kRight + Duration::seconds(9)), Verdict::Confirm);
  EXPECT_FALSE(bootstrap.active());
  EXPECT_EQ(judge(1, 3), Verdict::Update);
}

TEST_F(Bootstrap, half_of_the_sources_are_no_majority) {
  EXPECT_EQ(judge(0, 0), Verdict::Wait);
  EXPECT_EQ(judge(1, 2), Verdict::Wait);
  EXPECT_EQ(judge(2, 4), Verdict::Wait);
  EXPECT_EQ(bootstrap.stage(), Stage::Provisional);
  judge(3, 4);
  EXPECT_EQ(judge(2, 4), Verdict::Wait);
  EXPECT_EQ(bootstrap.stage(), Stage::Checking);
}

TEST_F(Bootstrap, nobody_is_believed_who_says_what_cannot_be) {
  EXPECT_EQ(judge(3, 3, kEarliest - kNow - Duration::seconds(1)), Verdict::Wait);
  EXPECT_EQ(judge(3, 3, kEarliest - kNow), Verdict::Recheck);
}

TEST_F(Bootstrap, another_time_than_before_begins_anew) {
  judge(3, 3);
  EXPECT_EQ(judge(3, 3, kRight - Duration::seconds(11)), Verdict::Refuse);
  EXPECT_EQ(bootstrap.stage(), Stage::Provisional);
  EXPECT_FALSE(bootstrap.times(kNow).when.has_value());
}

TEST_F(Bootstrap, what_is_not_confirmed_in_time_begins_anew) {
  EXPECT_FALSE(bootstrap.give_up(kMono + Duration::seconds(1e6))) << "there is nothing to give up";
  judge(3, 3);
  EXPECT_FALSE(bootstrap.give_up(kMono + Duration::seconds(599)));
  EXPECT_TRUE(bootstrap.give_up(kMono + Duration::seconds(600)));
  EXPECT_FALSE(bootstrap.give_up(kMono + Duration::seconds(601)));
  EXPECT_EQ(bootstrap.stage(), Stage::Provisional);
}

TEST_F(Bootstrap, a_clock_that_somebody_sets_is_judged_as_at_the_start) {
  judge(3, 3);
  bootstrap.on_clock_set(kNow);
  EXPECT_EQ(bootstrap.stage(), Stage::Provisional);
  bootstrap.on_clock_set(kEarliest);
  EXPECT_FALSE(bootstrap.active());
  bootstrap.on_clock_set(kNow);
  EXPECT_FALSE(bootstrap.active()) << "it was believed";
}

}  // namespace
}  // namespace timed::daemon
