// What a daemon tells its own clients of a leap second: nothing before it is synchronised, then what is due on the
// last day, "not synchronised" while it is there, and nothing the day after.
#include <gtest/gtest.h>

#include "tests/sim/leap_scenario.h"

namespace timed::sim {
namespace {

using Leaps = std::vector<ntp::Leap>;

constexpr Duration kHour = Duration::seconds(3600);

TEST(LeapBits, OfTheLastDay) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    for (const std::string mode : {"system", "step", "slew", "ignore"}) {
      const int seconds = seed % 2 == 1 ? 1 : -1;
      LeapScenario s(seed, {.seconds = seconds, .config = "leapseclist /etc/leap.list\nleapsecmode " + mode + "\n"});
      s.run_until(kHour);
      const ntp::Leap due = seconds > 0 ? ntp::Leap::Insert : ntp::Leap::Delete;
      EXPECT_EQ(s.served_leaps(kHour * -1, Duration::seconds(-2.1)), Leaps{due}) << mode << s.report();
      // From the timer, half a second earlier in system mode, for two seconds.
      const Duration begin = Duration::seconds((seconds < 0 ? -1.0 : 0.0) - (mode == "system" ? 0.5 : 0.0));
      EXPECT_EQ(s.served_leaps(begin + Duration::millis(10), begin + Duration::seconds(1.9)),
                Leaps{ntp::Leap::Unsynchronised})
          << mode << s.report();
      EXPECT_EQ(s.served_leaps(begin + Duration::seconds(2.1), kHour), Leaps{ntp::Leap::Normal}) << mode << s.report();
    }
  }
}

TEST(LeapBits, NobodyIsSynchronisedBeforeTheFirstUpdate) {
  Scenario scenario(7);
  scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1\nallow\n");
  scenario.add("asker", {"10.0.0.9"}, {}, "server 10.0.0.2 minpoll 0 maxpoll 0 noselect\n");
  const AnswerLog answers(scenario.network(), addresses({"10.0.0.2"}).front());
  scenario.start_all();
  scenario.run_for(Duration::seconds(300));
  EXPECT_GT(answers.all().size(), 100u);
  for (const Answer& a : answers.all()) {
    ASSERT_EQ(a.header.leap, ntp::Leap::Unsynchronised);
    ASSERT_EQ(a.header.stratum, 0);
  }
}

TEST(LeapBits, NothingIsAnnouncedWithoutALeapSecond) {
  LeapScenario s(4, {.seconds = 0, .config = "leapseclist /etc/leap.list\n"});
  s.run_until(kHour);
  EXPECT_EQ(s.served_leaps(kHour * -1, kHour), Leaps{ntp::Leap::Normal}) << s.report();
}

// The list knows of it all day long; the day before nothing is said.
TEST(LeapBits, NotTheDayBefore) {
  Scenario scenario(5, LeapScenario::kEvening - kHour * 24);
  scenario.add_server("server", {"10.0.0.1"});
  Node& client = scenario.add("client", {"10.0.0.2"}, usual_clock(),
                              "server 10.0.0.1 iburst minpoll 6 maxpoll 6\nallow\nleapseclist /etc/leap.list\n");
  client.files().put("/etc/leap.list", LeapScenario::list(1));
  scenario.add("asker", {"10.0.0.9"}, {}, "server 10.0.0.2 minpoll 4 maxpoll 4 noselect\n");
  const AnswerLog answers(scenario.network(), addresses({"10.0.0.2"}).front());
  scenario.start_all();
  scenario.run_for(kHour * 5);
  const TrueTime midnight = LeapScenario::midnight() - kHour * 24;
  for (const Answer& a : answers.between(midnight - kHour, midnight)) ASSERT_EQ(a.header.leap, ntp::Leap::Normal);
  // With the first update of the last day.
  for (const Answer& a : answers.between(midnight + Duration::seconds(70), midnight + kHour)) {
    ASSERT_EQ(a.header.leap, ntp::Leap::Insert) << scenario.report(client);
  }
  EXPECT_GT(answers.between(midnight + Duration::seconds(70), midnight + kHour).size(), 200u);
}

// The local reference announces nothing, and is not out of order while the second is there.
TEST(LeapBits, TheLocalReferenceSaysNothing) {
  LeapScenario s(6, {.seconds = 1, .config = "leapseclist /etc/leap.list\nlocal stratum 5 distance 0\n"});
  s.run_until(kHour);
  EXPECT_EQ(s.served_leaps(kHour * -1, kHour), Leaps{ntp::Leap::Normal}) << s.report();
}

}  // namespace
}  // namespace timed::sim
