// States in which the estimator knows little, or what it knew is no longer true: the first minutes, a restart, a sleep,
// a leap second, a server whose clock is coarse.  On the same seeds it must not be worse than the regression there.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>

#include "tests/sim/leap_scenario.h"
#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

constexpr int kSeeds = 8;

struct Errors {
  double time2_s2 = 0.0, frequency2 = 0.0, inside = 0.0;
  int seconds = 0;
  void add(double time_s, Frequency frequency, Duration told) {
    time2_s2 += time_s * time_s;
    frequency2 += frequency.to_ppm() * frequency.to_ppm();
    inside += std::fabs(time_s) <= 1.96 * told.to_seconds() ? 1.0 : 0.0;
    ++seconds;
  }
  double time_s() const { return std::sqrt(time2_s2 / seconds); }
  double frequency_ppm() const { return std::sqrt(frequency2 / seconds); }
  double share_inside() const { return inside / seconds; }
};

struct State {
  std::string config;                                // of the client, beside its estimator
  double from_s = 0.0, to_s = 0.0;                   // errors that count
  std::function<void(Scenario&)> before = {};        // the client is there
  std::function<void(Scenario&, Node&)> after = {};  // it is there, and runs not yet
};

// Of all seeds.
Errors errors_in(const State& state, const std::string& estimator) {
  Errors errors;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Scenario scenario(seed);
    scenario.add_server("server", {"10.0.0.1"});
    if (state.before) state.before(scenario);
    Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), state.config + "estimator " + estimator + "\n");
    node.files().put("/var/lib/timed/.keep", "");
    if (state.after) state.after(scenario, node);
    scenario.start_all();
    const TrueTime begin = scenario.world().now();
    for (double t = state.from_s; t < state.to_s; t += 1.0) {
      scenario.world().run_until(begin + Duration::seconds(t));
      errors.add(node.clock_error().to_seconds(), node.frequency_error(), node.clock().sync_status().estimated_error);
    }
  }
  return errors;
}

// Its time error in those of the regression.
double ratio_in(const State& state) {
  return errors_in(state, "bayes").time_s() / errors_in(state, "regression").time_s();
}

void at(Scenario& scenario, double t_s, std::function<void()> fn) {
  scenario.world().after(Duration::seconds(t_s), std::move(fn));
}

// A burst of a few seconds leaves a millisecond until the first usual poll: that is no accident, and goes soon.
TEST(EstimatorStates, TheFirstMinutes) {
  const std::string config = "server 10.0.0.1 iburst\nmakestep 0.05 3\n";
  EXPECT_LE(ratio_in({.config = config, .from_s = 64, .to_s = 120}), 1.3);
  EXPECT_LE(ratio_in({.config = config, .from_s = 120, .to_s = 300}), 1.4);
  EXPECT_LE(ratio_in({.config = config, .from_s = 500, .to_s = 2000}), 0.9);
}

// The clock was 100 ms off.  Its own source has not answered yet when that is mended, be it by a step or by a slew.
TEST(EstimatorStates, AfterInitstepslew) {
  for (const std::string threshold : {"0.05", "1"}) {
    const std::string config = "initstepslew " + threshold + " 10.0.0.1\nserver 10.0.0.1 iburst\n";
    EXPECT_LE(errors_in({.config = config, .from_s = 10, .to_s = 13}, "bayes").time_s(), 2e-3) << threshold;
    EXPECT_LE(ratio_in({.config = config, .from_s = 64, .to_s = 300}), 1.3) << threshold;
  }
}

// The drift file knows the frequency, so of what three samples say the offset alone is news.
TEST(EstimatorStates, ARestartWithADriftFile) {
  const auto restart = [](Scenario& scenario, Node& node) {
    at(scenario, 3900, [&node] { node.stop(); });
    at(scenario, 3990, [&node] { EXPECT_TRUE(node.start().ok()); });
  };
  const std::string config = "server 10.0.0.1 iburst\ndriftfile /var/lib/timed/drift\n";
  EXPECT_LE(ratio_in({.config = config, .from_s = 4000, .to_s = 4064, .after = restart}), 1.0);
  const State later{.config = config, .from_s = 4064, .to_s = 4600, .after = restart};
  const Errors bayes = errors_in(later, "bayes"), regression = errors_in(later, "regression");
  EXPECT_LE(bayes.time_s(), 0.75 * regression.time_s());
  EXPECT_LE(bayes.frequency_ppm(), 0.75 * regression.frequency_ppm());
}

TEST(EstimatorStates, ASleep) {
  const auto sleep = [](Scenario& scenario, Node& node) {
    at(scenario, 3000, [&node] { node.clock().suspend(Duration::seconds(600), Duration::seconds(-2.5)); });
  };
  const std::string config = "server 10.0.0.1 iburst\nresumestep 0.1\n";
  EXPECT_LE(ratio_in({.config = config, .from_s = 3640, .to_s = 4600, .after = sleep}), 0.9);
}

// In each mode the hour after the leap second is as good as any: it is no news of the frequency.
TEST(EstimatorStates, TheHourAfterALeapSecond) {
  for (const std::string mode : {"system", "step", "slew", "ignore"}) {
    for (const int seconds : {1, -1}) {
      Errors errors[2];
      for (const bool bayes : {false, true}) {
        for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
          const std::string config =
              "leapseclist /etc/leap.list\nleapsecmode " + mode + "\nestimator " + (bayes ? "bayes\n" : "regression\n");
          LeapScenario s(seed, {.seconds = seconds, .config = config, .asked = false});
          // What is ignored is measured a poll later, and slewed away.
          for (double t = mode == "ignore" ? 600.0 : 60.0; t < 3600.0; t += 1.0) {
            s.run_until(Duration::seconds(t));
            errors[bayes].add((s.client().clock_error() - s.right()).to_seconds(), s.client().frequency_error(), {});
          }
        }
      }
      EXPECT_LE(errors[true].time_s(), 0.8 * errors[false].time_s()) << mode << seconds;
      EXPECT_LE(errors[true].frequency_ppm(), 1.4 * errors[false].frequency_ppm()) << mode << seconds;
    }
  }
}

// Its clock counts in steps of a sixty-fourth of a second, as some do, and it says so.
void add_coarse_server(Scenario& scenario) {
  MachineModel model{.name = "coarse"};
  model.sockets.addresses = addresses({"10.0.0.5"});
  model.clock.resolution = Duration::seconds(0x1p-6);
  scenario.add(std::move(model), "local stratum 1\nallow\nclockprecision 0.015625\n");
}

// What it says of its precision is believed from the first sample on: three that are alike say little.
TEST(EstimatorStates, AServerWithACoarseClock) {
  const std::string config = "server 10.0.0.5 iburst\n";
  const State first{.config = config, .from_s = 10, .to_s = 210, .before = add_coarse_server};
  const Errors bayes = errors_in(first, "bayes"), regression = errors_in(first, "regression");
  // It rounds down, so that half a step is what nobody can see.
  EXPECT_LE(bayes.time_s(), 1.5 * regression.time_s());
  EXPECT_LE(bayes.frequency_ppm(), regression.frequency_ppm());
  EXPECT_GE(bayes.share_inside(), 0.9);
  const State later{.config = config, .from_s = 1000, .to_s = 8000, .before = add_coarse_server};
  EXPECT_LE(ratio_in(later), 0.9);
}

// Even where it is combined, whatever its distance: it has little weight, as it says that it is coarse.
TEST(EstimatorStates, ACoarseServerBesideAFineOneDoesNoHarm) {
  const std::string fine = "combinelimit 1e6\nmakestep 0.05 3\nserver 10.0.0.1 iburst\n";
  const State alone{.config = fine, .from_s = 20, .to_s = 2000};
  const State beside{
      .config = fine + "server 10.0.0.5 iburst\n", .from_s = 20, .to_s = 2000, .before = add_coarse_server};
  EXPECT_LE(errors_in(beside, "bayes").time_s(), 1.5 * errors_in(alone, "bayes").time_s());
}

using Told = control::SourceEstimatorReply;

Told told_by(Node& node) {
  const auto told = node.ask<Told>(control::SourceEstimatorRequest{0});
  EXPECT_TRUE(told);
  return told.value_or(Told());
}

// Of one server the clock is set every five seconds, by an error that no delay shows.
TEST(EstimatorStates, TheReportSaysWhyTheBankAnswers) {
  Scenario scenario(18);
  Node& noisy = scenario.add_server("noisy", {"10.0.0.1"});
  scenario.add_server("good", {"10.0.0.2"});
  const std::string polls = " minpoll 5 maxpoll 5\n";
  Node& misled = scenario.add("misled", {"10.0.0.3"}, usual_clock(), "server 10.0.0.1" + polls);
  Node& usual = scenario.add("usual", {"10.0.0.4"}, usual_clock(), "server 10.0.0.2" + polls);
  Node& filtering = scenario.add("filtering", {"10.0.0.5"}, usual_clock(), "server 10.0.0.2 filter 2" + polls);
  SeededRandom random = scenario.world().fork_random();
  double off_s = 0.0;
  for (double t = 1.0; t < 4000.0; t += 5.0) {
    const double next_s = 3e-3 * (random.uniform() - 0.5), change_s = next_s - off_s;
    at(scenario, t, [&noisy, change_s] { noisy.clock().disturb(Duration::seconds(change_s)); });
    off_s = next_s;
  }
  scenario.start_all();
  scenario.run_for(Duration::seconds(4000));
  EXPECT_EQ(told_by(misled).basis, Told::Basis::KalmanBank);
  EXPECT_EQ(told_by(misled).bank_use, Told::BankUse::HiddenNoise);
  EXPECT_EQ(told_by(usual).basis, Told::Basis::Smoother);
  EXPECT_EQ(told_by(usual).bank_use, Told::BankUse::None);
  EXPECT_EQ(told_by(filtering).basis, Told::Basis::KalmanBank);
  EXPECT_EQ(told_by(filtering).bank_use, Told::BankUse::TwoSided);
  for (Node* node : {&misled, &usual, &filtering}) EXPECT_EQ(told_by(*node).begun_anew, 0u);
}

// The server's clock is 0.2 s off in the second, third and fourth sample, before there is a belief that this
// contradicts.
TEST(EstimatorStates, TheReportSaysThatTheEstimatorWasLost) {
  for (const std::uint64_t seed : {1u, 2u, 3u, 4u, 5u, 6u}) {
    Scenario scenario(seed);
    Node& server = scenario.add_server("server", {"10.0.0.1"});
    Node& node =
        scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 minpoll 6 maxpoll 6\nmaxdistance 10\n");
    Link link = usual_link();
    link.delay = Duration::millis(15);
    link.jitter = Duration::millis(3);
    scenario.network().set_default_link(link);
    at(scenario, 30.0, [&server] { server.clock().disturb(Duration::millis(200)); });
    at(scenario, 222.0, [&server] { server.clock().disturb(Duration::millis(-200)); });
    scenario.start_all();
    scenario.run_for(Duration::seconds(1000));
    EXPECT_EQ(told_by(node).begun_anew, 0u);
    scenario.run_for(Duration::seconds(3000));
    EXPECT_GE(told_by(node).begun_anew, 1u) << seed << scenario.report(node);
  }
}

}  // namespace
}  // namespace timed::sim
