// Measurements that outlive the daemon: dumpdir and the option -r.
#include <gtest/gtest.h>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

constexpr const char* kDump = "/var/lib/timed/10.0.0.1.dat";
constexpr const char* kConfig =
    "server 10.0.0.1 minpoll 6 maxpoll 6\ndumpdir /var/lib/timed\ndriftfile /var/lib/timed/drift\n";

Node& run_first(Scenario& scenario, const std::string& config = kConfig) {
  scenario.add_server("server", {"10.0.0.1"});
  Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), config);
  node.files().put("/var/lib/timed/.keep", "");
  scenario.start_all();
  scenario.run_for(Duration::seconds(5000));
  node.stop();
  return node;
}

TEST(History, ARestartGoesOnWhereTheLastRunEnded) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    Scenario scenario(seed);
    Node& node = run_first(scenario);
    ASSERT_TRUE(node.files().exists(kDump)) << scenario.report(node);
    scenario.run_for(Duration::seconds(10));
    node.set_options({"-r"});
    ASSERT_TRUE(node.start().ok());
    scenario.run_for(Duration::seconds(1));
    EXPECT_TRUE(node.log().contains("Loaded dump file for 10.0.0.1")) << scenario.report(node);
    EXPECT_FALSE(node.files().exists(kDump)) << "it is of one restart only";
    // Synchronised before the first poll, with all of the history.
    const auto stats = stats_report(node, "10.0.0.1");
    ASSERT_TRUE(stats.has_value());
    EXPECT_GE(stats->samples, 6u) << scenario.report(node);
    const auto tracking = node.ask<control::TrackingReply>(control::TrackingRequest{});
    ASSERT_TRUE(tracking.has_value());
    EXPECT_EQ(tracking->stratum, 2) << scenario.report(node);
    const Performance after = measure(scenario.world(), node, Duration::seconds(600), Duration::zero());
    EXPECT_LE(after.max_error, Duration::millis(1)) << scenario.report(node);
    EXPECT_LE(after.max_frequency_error, Frequency::ppm(50)) << scenario.report(node);
  }
}

// What was saved of a server is measured against the server that comes next: a line through old and new samples.
TEST(History, OldAndNewSamplesAreOnOneLine) {
  Scenario scenario(4);
  Node& node = run_first(scenario);
  node.set_options({"-r"});
  ASSERT_TRUE(node.start().ok());
  scenario.run_for(Duration::seconds(1));
  const auto before = stats_report(node, "10.0.0.1");
  ASSERT_TRUE(before.has_value());
  scenario.run_for(Duration::seconds(400));
  const auto after = stats_report(node, "10.0.0.1");
  ASSERT_TRUE(after.has_value());
  EXPECT_GT(after->samples, before->samples / 2) << "the runs test kept the old ones";
  EXPECT_GT(after->span_seconds, 400u) << scenario.report(node);
  EXPECT_LE(after->std_dev, Duration::millis(1)) << scenario.report(node);
}

// What a daemon that does not steer thinks of the clock is gone with it: its history is of the clock as it reads.
TEST(History, WithoutControlItIsThatOfTheClockItself) {
  for (const std::uint64_t seed : {11u, 12u, 13u}) {
    for (const bool with_drift : {true, false}) {
      Scenario scenario(seed);
      scenario.add_server("server", {"10.0.0.1"});
      const std::string drift = with_drift ? "driftfile /drift\n" : "";
      Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(),
                                "server 10.0.0.1 minpoll 6 maxpoll 6\ndumpdir /var/lib/timed\n" + drift);
      node.set_options({"-x", "-r"});
      node.files().put("/var/lib/timed/.keep", "");
      scenario.start_all();
      scenario.run_for(Duration::seconds(5000));
      node.stop();
      scenario.run_for(Duration::seconds(3600));
      ASSERT_TRUE(node.start().ok());
      scenario.network().set_cut_off("server", true);
      scenario.run_for(Duration::seconds(1));
      const auto tracking = node.ask<control::TrackingReply>(control::TrackingRequest{});
      ASSERT_TRUE(tracking.has_value());
      EXPECT_EQ(tracking->stratum, 2) << scenario.report(node);
      // 100 ppm of an hour are 0.36 s.
      EXPECT_NEAR((node.clock_error() + tracking->correction).to_seconds(), 0.0, 0.01) << scenario.report(node);
    }
  }
}

constexpr const char* kMoved = "the clock was set or steered since, or the machine slept or started";

// What happened to the clock while nobody looked is in no measurement.
TEST(History, OfAClockThatDidNotGoOnIsNotBelieved) {
  const std::vector<std::pair<const char*, std::function<void(SimClock&)>>> happenings = {
      {"", [](SimClock&) {}},
      {"asleep", [](SimClock& clock) { clock.suspend(Duration::seconds(1500), Duration::zero()); }},
      {"set", [](SimClock& clock) { clock.disturb(Duration::millis(50)); }},
      {"steered", [](SimClock& clock) { clock.disturb_frequency(Frequency::ppm(5)); }}};
  for (const char* options : {"-r", "-r -x"}) {
    for (const auto& [what, happens] : happenings) {
      SCOPED_TRACE(std::string(options) + what);
      const bool controls = std::string_view(options) == "-r";
      // Who does not steer cannot tell who does.
      if (!controls && std::string_view(what) == "steered") continue;
      Scenario scenario(14);
      scenario.add_server("server", {"10.0.0.1"});
      Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), kConfig);
      node.set_options(controls ? std::vector<std::string_view>{"-r"} : std::vector<std::string_view>{"-r", "-x"});
      node.files().put("/var/lib/timed/.keep", "");
      scenario.start_all();
      scenario.run_for(Duration::seconds(1000));
      node.stop();
      happens(node.clock());
      scenario.run_for(Duration::seconds(2000));
      scenario.network().set_cut_off("server", true);
      ASSERT_TRUE(node.start().ok());
      scenario.run_for(Duration::seconds(1));
      const bool goes_on = std::string_view(what).empty();
      EXPECT_EQ(node.log().contains("Loaded dump file for 10.0.0.1"), goes_on) << scenario.report(node);
      EXPECT_EQ(node.log().contains(kMoved), !goes_on) << scenario.report(node);
      const auto tracking = node.ask<control::TrackingReply>(control::TrackingRequest{});
      ASSERT_TRUE(tracking.has_value());
      EXPECT_EQ(tracking->stratum, goes_on ? 2 : 0);
      const Duration claim = tracking->root_delay * 0.5 + tracking->root_dispersion;
      EXPECT_LE(abs(node.clock_error() + tracking->correction), goes_on ? claim : Duration::infinity());
    }
  }
}

// Killed, not stopped: what was written before is of a clock that was corrected further, or is half-way to where it was
// being slewed to.
TEST(History, WrittenOnRequestIsNotThatOfAClockThatWasSteeredOn) {
  for (const Duration later : {Duration::zero(), Duration::seconds(600)}) {
    Scenario scenario(15);
    scenario.add_server("server", {"10.0.0.1"});
    Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), kConfig);
    node.set_options({"-r"});
    node.files().put("/var/lib/timed/.keep", "");
    scenario.start_all();
    scenario.run_for(Duration::seconds(2000));
    ASSERT_TRUE(node.ask<std::monostate>(control::ClockRequest(control::DumpRequest{})).has_value());
    ASSERT_TRUE(node.files().exists(kDump));
    scenario.run_for(later);
    node.crash();
    ASSERT_TRUE(node.start().ok());
    scenario.run_for(Duration::seconds(1));
    EXPECT_FALSE(node.log().contains("Loaded dump file")) << scenario.report(node);
    EXPECT_TRUE(node.log().contains(kMoved)) << scenario.report(node);
  }
}

// Where names are found late, the clock may have been set and steered by then; what was found is still known.
TEST(History, IsOfTheClockAsItWasFoundHoweverLateItIsLoaded) {
  Scenario scenario(16);
  scenario.names().set("ntp.example.net", {*IpAddress::parse("10.0.0.1")});
  Node& node = run_first(scenario, "server ntp.example.net minpoll 6 maxpoll 6\ndumpdir /var/lib/timed\n");
  node.set_options({"-r"});
  scenario.names().set_delay(Duration::seconds(30));
  ASSERT_TRUE(node.start().ok());
  scenario.run_for(Duration::seconds(10));
  ASSERT_TRUE(node.ask<std::monostate>(control::ClockRequest(control::DoffsetRequest{Duration::millis(30)})));
  scenario.run_for(Duration::seconds(20.1));
  ASSERT_TRUE(node.log().contains("Loaded dump file for 10.0.0.1")) << scenario.report(node);
  const auto tracking = node.ask<control::TrackingReply>(control::TrackingRequest{});
  ASSERT_TRUE(tracking.has_value());
  EXPECT_NEAR(abs(tracking->last_offset).to_seconds(), 0.03, 1e-3) << scenario.report(node);
  EXPECT_NEAR((node.clock_error() + tracking->correction).to_seconds(), 0.0, 1e-3) << scenario.report(node);
}

// Somebody sets it before the names are found: what is kept is of no clock that can be found any more.
TEST(History, OfAClockThatWasSetBeforeItCouldBeLoadedIsNotBelieved) {
  Scenario scenario(17);
  scenario.names().set("ntp.example.net", {*IpAddress::parse("10.0.0.1")});
  Node& node = run_first(scenario, "server ntp.example.net minpoll 6 maxpoll 6\ndumpdir /var/lib/timed\n");
  ASSERT_TRUE(node.files().exists(kDump)) << scenario.report(node);
  node.set_options({"-r"});
  scenario.names().set_delay(Duration::seconds(30));
  ASSERT_TRUE(node.start().ok());
  scenario.run_for(Duration::seconds(10));
  ASSERT_TRUE(node.ask<control::TrackingReply>(control::TrackingRequest{})) << "it has had a turn";
  node.clock().disturb(Duration::seconds(100));
  scenario.run_for(Duration::seconds(20.1));
  EXPECT_FALSE(node.log().contains("Loaded dump file")) << scenario.report(node);
  EXPECT_EQ(node.log().count(kMoved), 1u) << scenario.report(node);
  EXPECT_FALSE(node.files().exists(kDump));
}

TEST(History, WithoutTheOptionItIsThrownAway) {
  Scenario scenario(5);
  Node& node = run_first(scenario);
  ASSERT_TRUE(node.start().ok());
  scenario.run_for(Duration::seconds(1));
  EXPECT_FALSE(node.log().contains("dump file")) << scenario.report(node);
  EXPECT_FALSE(node.files().exists(kDump));
  const auto stats = stats_report(node, "10.0.0.1");
  ASSERT_TRUE(stats.has_value());
  EXPECT_LE(stats->samples, 1u) << scenario.report(node);
}

TEST(History, OfASourceByNameWaitsForItsAddress) {
  Scenario scenario(6);
  scenario.names().set("ntp.example.net", {*IpAddress::parse("10.0.0.1")});
  Node& node = run_first(scenario, "server ntp.example.net minpoll 6 maxpoll 6\ndumpdir /var/lib/timed\n");
  node.set_options({"-r"});
  ASSERT_TRUE(node.start().ok());
  scenario.run_for(Duration::seconds(5));
  EXPECT_TRUE(node.log().contains("Loaded dump file for 10.0.0.1 (ntp.example.net)")) << scenario.report(node);
  EXPECT_FALSE(node.files().exists(kDump));
}

// One that is measured already waits for no further answer: with what was loaded of the other it sets the clock
// again at once.  With the regression: the estimator's belief is the same as before, and no update.
TEST(History, AllSourcesCountAsNewOnceItIsLoaded) {
  for (const std::uint64_t seed : {8u, 9u, 10u}) {
    Scenario scenario(seed);
    scenario.add_server("other", {"10.0.0.3"});
    scenario.names().set("other.example.net", {*IpAddress::parse("10.0.0.3")});
    Node& node = run_first(
        scenario,
        "server 10.0.0.1 iburst minpoll 6 maxpoll 6\nserver other.example.net minpoll 6 maxpoll 6 minstratum 9\n"
        "dumpdir /var/lib/timed\nestimator regression\n");
    node.set_options({"-r"});
    scenario.names().set_delay(Duration::seconds(30));
    ASSERT_TRUE(node.start().ok());
    scenario.run_for(Duration::seconds(29));
    const auto tracking = [&] { return *node.ask<control::TrackingReply>(control::TrackingRequest{}); };
    EXPECT_EQ(tracking().address.ip, *IpAddress::parse("10.0.0.1")) << scenario.report(node);
    EXPECT_LE(tracking().update_interval, Duration::seconds(5)) << "those of the burst";
    scenario.run_for(Duration::seconds(1.05));  // it is asked 0.2 s after it has its address
    ASSERT_TRUE(node.log().contains("Loaded dump file for 10.0.0.3")) << scenario.report(node);
    EXPECT_EQ(tracking().address.ip, *IpAddress::parse("10.0.0.1")) << scenario.report(node);
    EXPECT_GE(tracking().update_interval, Duration::seconds(15)) << scenario.report(node);
  }
}

// A corrupt file, one of another source, one of the future: each is a warning and nothing else.
TEST(History, WhatCannotBeBelievedIsAWarning) {
  Scenario scenario(7);
  Node& node = run_first(scenario);
  const std::string good = *node.files().read(kDump, 65536);
  std::string other = good, future = good;
  other.replace(other.find("10.0.0.1"), 8, "10.0.0.9");
  const std::size_t last = future.rfind("\n17", future.size() - 2) + 1;
  future[last] = '2';
  std::size_t warnings = 0;
  for (const std::string& text : {std::string(), std::string("SRC0\n"), good.substr(0, good.size() - 30), other, future,
                                  std::string(100000, 'x')}) {
    node.files().put(kDump, text);
    node.set_options({"-r"});
    ASSERT_TRUE(node.start().ok());
    scenario.run_for(Duration::seconds(1));
    ++warnings;
    EXPECT_EQ(node.log().count("Could not load dump file for 10.0.0.1"), warnings) << scenario.report(node);
    EXPECT_FALSE(node.files().exists(kDump));
    node.crash();
  }
}

TEST(History, IsWrittenOnRequest) {
  Scenario scenario(8);
  scenario.add_server("server", {"10.0.0.1"});
  Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), kConfig);
  node.files().put("/var/lib/timed/.keep", "");
  scenario.start_all();
  scenario.run_for(Duration::seconds(500));
  ASSERT_TRUE(node.ask<std::monostate>(control::ClockRequest(control::DumpRequest{})).has_value());
  EXPECT_TRUE(node.files().exists(kDump)) << scenario.report(node);
}

}  // namespace
}  // namespace timed::sim
