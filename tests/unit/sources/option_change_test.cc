#include "timed/sources/option_change.h"

#include <gtest/gtest.h>

#include <cmath>

namespace timed::sources {
namespace {

SourceLine changed(SourceOption option, double value) {
  SourceLine line;
  EXPECT_TRUE(change_option(line, {option, value}));
  return line;
}

TEST(OptionChange, PollsTakeEachOtherAlong) {
  EXPECT_EQ(changed(SourceOption::MinPoll, 4).poll.min_poll, 4);
  EXPECT_EQ(changed(SourceOption::MinPoll, 4).poll.max_poll, 10);
  EXPECT_EQ(changed(SourceOption::MinPoll, 12).poll.max_poll, 12);
  EXPECT_EQ(changed(SourceOption::MaxPoll, 8).poll.max_poll, 8);
  EXPECT_EQ(changed(SourceOption::MaxPoll, 3).poll.min_poll, 3);
}

TEST(OptionChange, APollOutsideIsLeftAsItWas) {
  for (const SourceOption option : {SourceOption::MinPoll, SourceOption::MaxPoll}) {
    for (const double value : {-8.0, 25.0, 1e9}) {
      SourceLine line;
      EXPECT_FALSE(change_option(line, {option, value}));
      EXPECT_EQ(line, SourceLine());
    }
    EXPECT_TRUE(changed(option, -7).poll.min_poll == -7 || changed(option, -7).poll.max_poll == -7);
    EXPECT_EQ(changed(option, 24).poll.max_poll, 24);
  }
}

TEST(OptionChange, ValuesAreBroughtIntoTheirRange) {
  EXPECT_EQ(changed(SourceOption::PollTarget, 0).poll.poll_target, 1);
  EXPECT_EQ(changed(SourceOption::PollTarget, 60).poll.poll_target, 60);
  EXPECT_EQ(changed(SourceOption::MinStratum, 5).check.min_stratum, 5);
  EXPECT_EQ(changed(SourceOption::MinStratum, -1).check.min_stratum, 0);
  EXPECT_EQ(changed(SourceOption::MinStratum, 99).check.min_stratum, 16);
  EXPECT_EQ(changed(SourceOption::MaxDelay, 0.5).check.max_delay, Duration::seconds(0.5));
  EXPECT_EQ(changed(SourceOption::MaxDelay, -1).check.max_delay, Duration::zero());
  EXPECT_EQ(changed(SourceOption::MaxDelay, 1e18).check.max_delay, Duration::seconds(1000));
  EXPECT_EQ(changed(SourceOption::MaxDelayRatio, 1e7).check.max_delay_ratio, 1e6);
  EXPECT_EQ(changed(SourceOption::MaxDelayDevRatio, -3).check.max_delay_dev_ratio, 0.0);
  EXPECT_EQ(changed(SourceOption::Offset, -0.25).check.offset, Duration::seconds(-0.25));
  EXPECT_EQ(changed(SourceOption::MaxDelay, std::nan("")).check.max_delay, Duration::zero());
}

TEST(OptionChange, IsToldWithItsNewValue) {
  SourceLine line;
  line.poll.min_poll = 4;
  line.check.max_delay_ratio = 2.5;
  EXPECT_EQ(describe_option(line, SourceOption::MinPoll), "new minpoll 4");
  EXPECT_EQ(describe_option(line, SourceOption::MaxPoll), "new maxpoll 10");
  EXPECT_EQ(describe_option(line, SourceOption::MinStratum), "new minstratum 0");
  EXPECT_EQ(describe_option(line, SourceOption::PollTarget), "new polltarget 8");
  EXPECT_EQ(describe_option(line, SourceOption::MaxDelay), "new maxdelay 3.000000");
  EXPECT_EQ(describe_option(line, SourceOption::MaxDelayRatio), "new maxdelayratio 2.500000");
  EXPECT_EQ(describe_option(line, SourceOption::MaxDelayDevRatio), "new maxdelaydevratio 10.000000");
  EXPECT_EQ(describe_option(line, SourceOption::Offset), "new offset 0.000000");
}

}  // namespace
}  // namespace timed::sources
