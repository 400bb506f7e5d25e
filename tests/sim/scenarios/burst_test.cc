// Bursts: the option, which tries again where an answer does not come, and the command.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

struct Bursting {
  Bursting(std::uint64_t seed, const std::string& options)
      : scenario(seed), requests(scenario.network(), *IpAddress::parse("10.0.0.2")) {
    scenario.add_server("server", {"10.0.0.1"});
    node = &scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 " + options + "\n");
    scenario.start_all();
  }
  void lose(double share) {
    Link link = usual_link();
    link.loss = share;
    scenario.network().set_link("client", "server", link);
  }
  bool burst(int good, int total) {
    return node->ask<std::monostate>(control::BurstRequest{.which = {}, .good = good, .total = total}).has_value();
  }
  control::ActivityReply activity() {
    return node->ask<control::ActivityReply>(control::ActivityRequest{}).value_or(control::ActivityReply{});
  }
  std::string report() { return scenario.report(*node); }
  Scenario scenario;
  RequestLog requests;
  Node* node;
};

struct Counted {
  int polls = 0;    // requests a poll interval after the one before
  int repeats = 0;  // two seconds after it
  double answered = 0.0;
};

// How it asks a server at poll 6 once it has got there.
Counted asked_with(std::uint64_t seed, const std::string& options, double loss) {
  Bursting bursting(seed, "minpoll 4 maxpoll 6 " + options);
  bursting.scenario.run_for(Duration::seconds(20000));
  bursting.lose(loss);
  const std::size_t before = bursting.requests.count();
  control::NtpDataRequest request;
  request.address.ip = *IpAddress::parse("10.0.0.1");
  const auto good_before = bursting.node->ask<control::NtpDataReply>(request)->good;
  bursting.scenario.run_for(Duration::seconds(20000));
  Counted counted;
  const auto intervals = bursting.requests.intervals();
  for (std::size_t i = before; i < intervals.size(); ++i) {
    const double s = intervals[i].to_seconds();
    if (s >= 2.0 && s <= 2.05) ++counted.repeats;
    if (s >= 55.0) ++counted.polls;
  }
  counted.answered = (bursting.node->ask<control::NtpDataReply>(request)->good - good_before) / double(counted.polls);
  return counted;
}

TEST(Burst, AsksAgainWhereNoAnswerComes) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    // Three of four exchanges fail; four of them at a poll leave a third of the polls without.
    const Counted plain = asked_with(seed, "", 0.5), burst = asked_with(seed, "burst", 0.5);
    EXPECT_EQ(plain.repeats, 0);
    EXPECT_NEAR(plain.answered, 0.25, 0.1);
    EXPECT_GE(burst.repeats, burst.polls);
    EXPECT_LE(burst.repeats, 3 * burst.polls);
    EXPECT_NEAR(burst.answered, 0.68, 0.12);
    // Where the first one is answered there is no second.
    EXPECT_EQ(asked_with(seed, "burst", 0.0).repeats, 0);
  }
}

TEST(BurstCommand, AsksUntilEnoughAreGood) {
  for (std::uint64_t seed = 4; seed <= 6; ++seed) {
    Bursting bursting(seed, "minpoll 8 maxpoll 8");
    bursting.scenario.run_for(Duration::seconds(3000));
    const std::size_t before = bursting.requests.count();
    ASSERT_TRUE(bursting.burst(4, 8));
    EXPECT_EQ(bursting.activity().burst_online, 1) << bursting.report();
    bursting.scenario.run_for(Duration::seconds(30));
    EXPECT_EQ(bursting.requests.count(), before + 4) << bursting.report();
    const auto intervals = bursting.requests.intervals();
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(intervals[before + i].to_seconds(), 2.0, 0.05) << i;
    EXPECT_EQ(bursting.activity().online, 1) << bursting.report();
    // Then at its poll, as before.
    bursting.scenario.run_for(Duration::seconds(2600));
    EXPECT_NEAR(static_cast<double>(bursting.requests.count() - before - 4), 10.0, 1.0) << bursting.report();
  }
}

TEST(BurstCommand, GivesUpAfterSoManyRequests) {
  for (std::uint64_t seed = 7; seed <= 9; ++seed) {
    Bursting bursting(seed, "minpoll 8 maxpoll 8");
    bursting.scenario.run_for(Duration::seconds(3000));
    bursting.lose(1.0);
    const std::size_t before = bursting.requests.count();
    ASSERT_TRUE(bursting.burst(2, 6));
    bursting.scenario.run_for(Duration::seconds(60));
    EXPECT_EQ(bursting.requests.count(), before + 6) << bursting.report();
    EXPECT_EQ(bursting.activity().online, 1) << bursting.report();
  }
}

TEST(BurstCommand, OfASourceThatIsOfflineLeavesItSo) {
  for (std::uint64_t seed = 10; seed <= 12; ++seed) {
    Bursting bursting(seed, "offline");
    bursting.scenario.run_for(Duration::seconds(100));
    ASSERT_TRUE(bursting.burst(4, 8));
    EXPECT_EQ(bursting.activity().burst_offline, 1) << bursting.report();
    bursting.scenario.run_for(Duration::seconds(3000));
    EXPECT_EQ(bursting.requests.count(), 4u) << bursting.report();
    EXPECT_EQ(bursting.activity().offline, 1) << bursting.report();
    // That is enough to set the clock by.
    EXPECT_TRUE(bursting.node->log().contains("Selected source 10.0.0.1")) << bursting.report();
  }
}

}  // namespace
}  // namespace timed::sim
