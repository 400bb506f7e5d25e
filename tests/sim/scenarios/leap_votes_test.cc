// A leap second is believed when more than half of the sources that agree on the time announce it.
#include <gtest/gtest.h>

#include "tests/sim/leap_scenario.h"
#include "timed/base/text.h"

namespace timed::sim {
namespace {

// A stratum 1, three servers below it of which so many know of a leap second, and a client of those three that knows
// nothing of its own.
class Votes {
 public:
  Votes(std::uint64_t seed, int knowing, int seconds)
      : scenario_(seed, LeapScenario::kEvening), seconds_(seconds), top_(scenario_.add_server("top", {"10.0.0.1"})) {
    std::string lines;
    for (int i = 0; i < 3; ++i) {
      const std::string address = format("10.0.0.%d", 11 + i);
      Node& middle = scenario_.add(
          format("middle%d", i), {address}, {},
          "server 10.0.0.1 iburst minpoll 5 maxpoll 5\nallow\nleapseclist /etc/leap.list\nmakestep 0.5 -1\n");
      middle.files().put("/etc/leap.list", LeapScenario::list(i < knowing ? seconds : 0));
      lines += "server " + address + " iburst minpoll 5 maxpoll 5\n";
    }
    client_ = &scenario_.add("client", {"10.0.0.2"}, usual_clock(), lines + "leapsecmode step\n");
    scenario_.start_all();
  }
  // The stratum 1 keeps UTC with its leap second.
  void leap_for_real() {
    const TrueTime when = LeapScenario::midnight() - (seconds_ < 0 ? Duration::seconds(1) : Duration::zero());
    scenario_.world().at(when, [this] { top_.clock().disturb(Duration::seconds(-seconds_)); });
  }
  void run_until(Duration after_midnight) { scenario_.world().run_until(LeapScenario::midnight() + after_midnight); }
  control::TrackingReply tracking() {
    return client_->ask<control::TrackingReply>(control::TrackingRequest{}).value_or(control::TrackingReply{});
  }
  Node& client() { return *client_; }
  std::string report() { return scenario_.report(*client_); }

 private:
  Scenario scenario_;
  const int seconds_;
  Node& top_;
  Node* client_ = nullptr;
};

TEST(LeapVotes, AMajorityIsBelieved) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    for (const int seconds : {1, -1}) {
      Votes votes(seed, 2, seconds);
      votes.leap_for_real();
      votes.run_until(Duration::seconds(-60));
      EXPECT_EQ(votes.tracking().leap, seconds > 0 ? 1 : 2) << votes.report();
      votes.run_until(Duration::seconds(2));
      ASSERT_EQ(votes.client().clock().steps().size(), 1u) << votes.report();
      EXPECT_EQ(votes.client().clock().steps()[0], Duration::seconds(-seconds));
      // The one that knew nothing is wrong for a while and outvoted.
      votes.run_until(Duration::seconds(3600));
      EXPECT_LE(abs(votes.client().clock_error() + Duration::seconds(seconds)), Duration::millis(1)) << votes.report();
      EXPECT_EQ(votes.client().clock().steps().size(), 1u) << votes.report();
      EXPECT_EQ(votes.tracking().leap, 0);
    }
  }
}

TEST(LeapVotes, AMinorityIsNot) {
  for (const std::uint64_t seed : {4u, 5u, 6u}) {
    for (const int seconds : {1, -1}) {
      Votes votes(seed, 1, seconds);
      votes.run_until(Duration::seconds(-60));
      EXPECT_EQ(votes.tracking().leap, 0) << votes.report();
      votes.run_until(Duration::seconds(3600));
      EXPECT_TRUE(votes.client().clock().steps().empty()) << votes.report();
      EXPECT_LE(abs(votes.client().clock_error()), Duration::millis(1)) << votes.report();
      EXPECT_FALSE(votes.client().log().contains("for leap second")) << votes.report();
    }
  }
}

// What the sources do not say the list may: a normal vote leaves it to it.
TEST(LeapVotes, TheListIsAskedWhereNobodyAnnouncesIt) {
  Votes votes(7, 0, 1);
  votes.client().stop();
  votes.client().set_config("server 10.0.0.11 iburst\nserver 10.0.0.12 iburst\nleapseclist /etc/leap.list\n");
  votes.client().files().put("/etc/leap.list", LeapScenario::list(-1));
  ASSERT_TRUE(votes.client().start().ok());
  votes.run_until(Duration::seconds(-3600));
  EXPECT_EQ(votes.tracking().leap, 2) << votes.report();
}

}  // namespace
}  // namespace timed::sim
