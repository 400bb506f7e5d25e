// What an administrator sets is obeyed by the estimator too, in a complete daemon: options that say something false
// about the network must hurt, those that thin the samples out or hold the clock back must do just that.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

struct Client {
  Client(std::uint64_t seed, const std::string& options, const std::string& more = "",
         const std::string& estimator = "bayes")
      : scenario(seed) {
    server = &scenario.add_server("server", {"10.0.0.1"});
    node = &scenario.add("client", {"10.0.0.2"}, usual_clock(),
                         "server 10.0.0.1 iburst " + options + "\nestimator " + estimator + "\n" + more);
  }
  void set_ways(const Link& there, const Link& back) {
    scenario.network().set_one_way("client", "server", there);
    scenario.network().set_one_way("server", "client", back);
  }
  Performance measure_for(double span_s, double settle_s) {
    scenario.start_all();
    return measure(scenario.world(), *node, Duration::seconds(span_s), Duration::seconds(settle_s));
  }
  std::string report() { return scenario.report(*node); }
  Scenario scenario;
  Node* server;
  Node* node;
};

Link link_of(double delay_s, double jitter_s) {
  Link link;
  link.delay = Duration::seconds(delay_s);
  link.jitter = Duration::seconds(jitter_s);
  return link;
}

// Root mean square of four seeds.
double rms_s(const std::string& options, const Link& there, const Link& back, const std::string& estimator = "bayes") {
  double sum_s2 = 0.0;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Client client(seed, options, "", estimator);
    client.set_ways(there, back);
    const double error_s = client.measure_for(8000, 2000).rms_error.to_seconds();
    sum_s2 += error_s * error_s / 4.0;
  }
  return std::sqrt(sum_s2);
}

// All queues are on the way back.
TEST(EstimatorOptions, AnAsymmetryThatIsFalseHurts) {
  const Link quiet = link_of(1e-4, 0), busy = link_of(1e-4, 1e-3);
  const std::string polls = "minpoll 4 maxpoll 4";
  const double right_s = rms_s(polls + " asymmetry 0.5", quiet, busy);
  const double found_s = rms_s(polls, quiet, busy);
  const double false_s = rms_s(polls + " asymmetry -0.5", quiet, busy);
  EXPECT_LE(found_s, 2.0 * right_s) << "found out without the option";
  EXPECT_GE(false_s, 5.0 * right_s) << right_s << " " << false_s;
}

// Where it is not given; 0 says that there is none.  Of all samples: the test of delays goes by the regression's
// deviation, which knows the option too, and would leave the estimator less to find.
TEST(EstimatorOptions, AnAsymmetryThatIsNotGivenIsFoundOut) {
  const Link quiet = link_of(1e-4, 1e-5), busy = link_of(1e-4, 1e-3);
  const std::string polls = "minpoll 4 maxpoll 4 maxdelaydevratio 1e6";
  for (const bool there : {false, true}) {
    const Link &way = there ? busy : quiet, &back = there ? quiet : busy;
    const double found_s = rms_s(polls, way, back);
    const double none_s = rms_s(polls + " asymmetry 0", way, back);
    EXPECT_LE(found_s, 0.6 * none_s) << found_s << " " << none_s;
  }
}

// Queues on one side: what lies above the smallest delay is taken off, and a smallest delay that is too small takes off
// too much.
TEST(EstimatorOptions, ALeastDelayThatIsFalseHurts) {
  const Link quiet = link_of(1e-3, 0), busy = link_of(1e-3, 1e-4);
  const std::string polls = "minpoll 4 maxpoll 4 maxdelaydevratio 1e6 asymmetry 0.5";
  const double right_s = rms_s(polls + " mindelay 0.002", quiet, busy);
  const double false_s = rms_s(polls + " mindelay 0.001", quiet, busy);
  EXPECT_GE(false_s, 5.0 * right_s) << right_s << " " << false_s;
}

TEST(EstimatorOptions, FilteredPollsAreOneSampleAndKeepBetterTimeThanTheRegression) {
  const Link usual = usual_link();
  const std::string options = "minpoll 4 maxpoll 4 filter 4";
  const double bayes_s = rms_s(options, usual, usual);
  const double regression_s = rms_s(options, usual, usual, "regression");
  EXPECT_LE(bayes_s, regression_s) << bayes_s << " " << regression_s;
}

// Sixteen samples a second: of each block of them the estimator takes one.
TEST(EstimatorOptions, SubsecondPollsKeepBetterTimeThanTheRegression) {
  double sum_s2[2] = {};
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    for (const bool bayes : {false, true}) {
      Client client(seed, "minpoll -4 maxpoll -4", "", bayes ? "bayes" : "regression");
      client.set_ways(usual_link(), usual_link());
      const double error_s = client.measure_for(700, 300).rms_error.to_seconds();
      sum_s2[bayes] += error_s * error_s;
    }
  }
  EXPECT_LE(std::sqrt(sum_s2[true] / sum_s2[false]), 0.9);
}

// A corrtimeratio for which no offset is ever slewed away.  The frequency is steered all the same, and what the daemon
// takes for the time stays right: it is only not where the clock is.
TEST(EstimatorOptions, AnEndlessCorrtimeratioSteersTheFrequencyAlone) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    Client client(seed, "minpoll 6 maxpoll 6", "corrtimeratio 1e10\n");
    const Performance result = client.measure_for(20000, 2000);
    EXPECT_LE(result.rms_frequency_error, Frequency::ppm(0.3)) << client.report();
    EXPECT_LE(result.max_error, Duration::millis(20)) << client.report();
    const auto tracking = client.node->ask<control::TrackingReply>(control::TrackingRequest{});
    ASSERT_TRUE(tracking.has_value());
    EXPECT_LE(abs(client.node->clock_error() + tracking->correction), Duration::micros(100)) << client.report();
    EXPECT_GE(abs(tracking->correction), Duration::micros(10)) << "something was left to slew" << client.report();
  }
}

// Updates beyond maxchange are ignored as often as is said, then the daemon ends; the clock was not touched.
TEST(EstimatorOptions, MaxchangeIgnoresAndThenEnds) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    Client client(seed, "minpoll 4 maxpoll 4", "maxchange 0.1 1 2\n");
    client.scenario.start_all();
    client.scenario.run_for(Duration::seconds(3000));
    ASSERT_TRUE(client.node->running()) << client.report();
    client.server->clock().disturb(Duration::seconds(0.5));
    client.scenario.run_for(Duration::seconds(500));
    EXPECT_EQ(client.node->exit_status(), 1) << client.report();
    EXPECT_LE(abs(client.node->clock_error()), Duration::millis(1)) << client.report();
  }
}

// Frequencies are as uncertain as the estimator says, and it says so honestly: none is below the limit here, where the
// jitter is a millisecond.  What the clock is wrong by is slewed away from poll to poll.
TEST(EstimatorOptions, MaxupdateskewHoldsForTheEstimatorsSkew) {
  for (std::uint64_t seed = 4; seed <= 6; ++seed) {
    for (const bool limited : {false, true}) {
      Client client(seed, "minpoll 4 maxpoll 4", limited ? "maxupdateskew 0.01\n" : "");
      client.set_ways(link_of(1e-4, 1e-3), link_of(1e-4, 1e-3));
      client.measure_for(3000, 1000);
      const auto tracking = client.node->ask<control::TrackingReply>(control::TrackingRequest{});
      ASSERT_TRUE(tracking.has_value());
      EXPECT_NEAR(tracking->frequency_ppm, limited ? 0.0 : -100.0, limited ? 0.0 : 3.0) << client.report();
      EXPECT_LE(abs(client.node->clock_error()), Duration::millis(5)) << client.report();
    }
  }
}

// Half a millisecond that somebody else added is real, and by default gone within a minute; what corrtimeratio says of
// the time that a slew takes holds for it.
TEST(EstimatorOptions, CorrtimeratioScalesTheTimeOfASlew) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    Frequency fastest[2];
    for (const bool hurried : {false, true}) {
      Client client(seed, "minpoll 6 maxpoll 6", hurried ? "corrtimeratio 0.1\n" : "");
      client.measure_for(3000, 2000);
      client.node->clock().disturb(Duration::millis(0.5));
      const Performance after =
          measure(client.scenario.world(), *client.node, Duration::seconds(300), Duration::zero());
      fastest[hurried] = after.max_frequency_error;
      EXPECT_LE(abs(client.node->clock_error()), Duration::micros(250)) << client.report();
    }
    EXPECT_LE(fastest[false], Frequency::ppm(50)) << seed;
    EXPECT_GE(fastest[true], Frequency::ppm(90)) << seed;
  }
}

// At no second, whatever there is to slew: a jump of the offset, or what a jump of the frequency has left.
TEST(EstimatorOptions, MaxslewrateBoundsEachSecond) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    Client client(seed, "minpoll 4 maxpoll 4", "maxslewrate 50\nmakestep 0.05 1\n");
    client.measure_for(3000, 2000);
    client.node->clock().disturb(Duration::millis(10));
    Performance after = measure(client.scenario.world(), *client.node, Duration::seconds(1000), Duration::zero());
    EXPECT_LE(after.max_frequency_error, Frequency::ppm(52)) << client.report();
    EXPECT_GE(after.max_frequency_error, Frequency::ppm(45)) << "as fast as it may" << client.report();
    EXPECT_LE(abs(client.node->clock_error()), Duration::millis(1)) << client.report();
    client.node->clock().disturb_oscillator(Frequency::ppm(20));
    after = measure(client.scenario.world(), *client.node, Duration::seconds(1000), Duration::zero());
    EXPECT_LE(after.max_frequency_error, Frequency::ppm(72)) << client.report();
    EXPECT_LE(abs(client.node->clock_error()), Duration::millis(1)) << client.report();
  }
}

// The estimator knows what a step has done: neither the offset nor the frequency shows it afterwards.
TEST(EstimatorOptions, AStepLeavesNoKink) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    Client client(seed, "minpoll 4 maxpoll 4", "makestep 0.5 -1\n");
    client.measure_for(3000, 2000);
    client.node->clock().disturb(Duration::seconds(seed == 2 ? -1000.0 : 1.0));
    client.scenario.run_for(Duration::seconds(60));
    ASSERT_EQ(client.node->clock().steps().size(), 1u) << client.report();
    const Performance after = measure(client.scenario.world(), *client.node, Duration::seconds(2000), Duration::zero());
    EXPECT_LE(after.max_error, Duration::micros(300)) << client.report();
    EXPECT_LE(after.max_frequency_error, Frequency::ppm(20)) << client.report();
    EXPECT_EQ(client.node->clock().steps().size(), 1u) << client.report();
  }
}

// Both are far enough away to be right together; what is preferred is followed alone.
TEST(EstimatorOptions, WhatIsPreferredIsFollowed) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    for (const int preferred : {0, 1, 2}) {
      Client client(seed, preferred == 1 ? "prefer" : "",
                    std::string("server 10.0.0.3 iburst offset 0.005") + (preferred == 2 ? " prefer\n" : "\n"));
      client.scenario.add_server("other", {"10.0.0.3"});
      client.scenario.network().set_default_link(link_of(1e-2, 1e-4));
      client.measure_for(6000, 0);
      const double error_s = client.node->clock_error().to_seconds();
      if (preferred == 0) {
        EXPECT_GT(error_s, 1e-3) << client.report();
        EXPECT_LT(error_s, 4e-3) << client.report();
      } else {
        EXPECT_NEAR(error_s, preferred == 1 ? 0.0 : 5e-3, 3e-4) << client.report();
      }
    }
  }
}

// The manual says so.  The regression that the reports are of keeps what did not fit.
TEST(EstimatorOptions, MinsamplesIsOfTheReportsAlone) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Client usual(seed, "minpoll 6 maxpoll 6"), all(seed, "minpoll 6 maxpoll 6 minsamples 60");
    for (Client* const client : {&usual, &all}) {
      client->measure_for(5000, 0);
      client->node->clock().disturb_oscillator(Frequency::ppm(2));
      client->scenario.run_for(Duration::seconds(3000));
    }
    EXPECT_EQ(usual.node->clock_error(), all.node->clock_error()) << seed;
    EXPECT_LT(stats_report(*usual.node, "10.0.0.1")->samples, 60u) << usual.report();
    EXPECT_GE(stats_report(*all.node, "10.0.0.1")->samples, 60u) << all.report();
  }
}

// With few samples kept the estimate rests on few: it follows sooner, and is worse where nothing changes.
TEST(EstimatorOptions, MaxsamplesIsTheEstimatorsWindowToo) {
  const Link usual = usual_link();
  const double all_s = rms_s("minpoll 4 maxpoll 4", usual, usual);
  const double few_s = rms_s("minpoll 4 maxpoll 4 maxsamples 6", usual, usual);
  EXPECT_GE(few_s, 1.5 * all_s) << all_s << " " << few_s;
}

}  // namespace
}  // namespace timed::sim
