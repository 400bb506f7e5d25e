// Numbers that say how the clock is believed and corrected: maxclockerror, maxupdateskew, corrtimeratio,
// clockprecision, and how often the drift file is written.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/sim/answer_log.h"
#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

struct Steered {
  Steered(std::uint64_t seed, const std::string& config) : scenario(seed) {
    scenario.add_server("server", {"10.0.0.1"});
    node = &scenario.add("client", {"10.0.0.2"}, usual_clock(),
                         "server 10.0.0.1 iburst minpoll 4 maxpoll 4\n" + config + "\n");
    scenario.start_all();
  }
  control::TrackingReply tracking() {
    const auto reply = node->ask<control::TrackingReply>(control::TrackingRequest{});
    EXPECT_TRUE(reply.has_value());
    return reply.value_or(control::TrackingReply{});
  }
  std::string report() { return scenario.report(*node); }
  Scenario scenario;
  Node* node;
};

// By how much a second in ppm, once nothing more is heard.
double growth_of_dispersion(Steered& steered) {
  steered.scenario.run_for(Duration::seconds(2000));
  steered.scenario.network().set_cut_off("server", true);
  steered.scenario.run_for(Duration::seconds(100));
  const auto before = steered.tracking();
  steered.scenario.run_for(Duration::seconds(1000));
  return (steered.tracking().root_dispersion - before.root_dispersion).to_seconds() / 1000 * 1e6;
}

TEST(Maxclockerror, IsWhatTheDispersionGrowsByBesidesTheSkew) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    for (const double ppm : {0.0, 1.0, 50.0}) {
      Steered steered(seed, "estimator regression\nmaxclockerror " + std::to_string(ppm));
      const double grown_ppm = growth_of_dispersion(steered);
      const auto after = steered.tracking();
      const double own_ppm = after.skew_ppm + std::fabs(after.residual_frequency_ppm);
      EXPECT_NEAR(grown_ppm, own_ppm + ppm, 0.01 + ppm * 0.001) << steered.report();
    }
  }
}

// What the frequency may have wandered is a part of it, which grows faster and faster; maxclockerror comes on top.
TEST(Maxclockerror, IsWhatTheDispersionGrowsByBesidesTheWander) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    double without_ppm = 0.0;
    for (const double ppm : {0.0, 1.0, 50.0}) {
      Steered steered(seed, "estimator bayes\nmaxclockerror " + std::to_string(ppm));
      const double grown_ppm = growth_of_dispersion(steered);
      const auto after = steered.tracking();
      const double own_ppm = after.skew_ppm + std::fabs(after.residual_frequency_ppm);
      if (ppm == 0.0) without_ppm = grown_ppm;
      EXPECT_GT(without_ppm, own_ppm) << steered.report();
      EXPECT_NEAR(grown_ppm, without_ppm + ppm, 0.01 + ppm * 0.001) << steered.report();
    }
  }
}

TEST(Maxupdateskew, AFrequencyThatIsLessCertainIsNotBelieved) {
  for (std::uint64_t seed = 4; seed <= 6; ++seed) {
    Steered believing(seed, ""), doubting(seed, "maxupdateskew 0.0001");
    believing.scenario.run_for(Duration::seconds(3000));
    EXPECT_NEAR(believing.tracking().frequency_ppm, -100.0, 1.0) << believing.report();
    doubting.scenario.run_for(Duration::seconds(3000));
    EXPECT_EQ(doubting.tracking().frequency_ppm, 0.0) << doubting.report();
    // What it is off by comes again from poll to poll, and is slewed away.
    EXPECT_LE(abs(doubting.node->clock_error()), Duration::millis(5)) << doubting.report();
    EXPECT_GE(doubting.node->clock().frequency_changes(), 100u) << doubting.report();
  }
}

TEST(Corrtimeratio, ALargerOneSteersLess) {
  double rates[3] = {};
  int i = 0;
  for (const char* ratio : {"0.3", "3", "100"}) {
    for (std::uint64_t seed = 7; seed <= 9; ++seed) {
      Steered steered(seed, std::string("corrtimeratio ") + ratio);
      const auto result =
          measure(steered.scenario.world(), *steered.node, Duration::seconds(6000), Duration::seconds(2000));
      rates[i] += result.rms_frequency_error.to_ppm();
      EXPECT_LE(result.rms_error, Duration::micros(200)) << ratio << steered.report();
    }
    ++i;
  }
  EXPECT_LE(rates[1], rates[0] * 0.8);
  EXPECT_LE(rates[2], rates[1] * 0.5);
}

TEST(Clockprecision, IsWhatIsServedAndWhatADelayIsAtLeast) {
  const std::tuple<const char*, int, double> cases[] = {{"", -26, 0.0}, {"clockprecision 0.001", -10, 0.001}};
  for (const auto& [line, log2_s, least_delay_s] : cases) {
    for (std::uint64_t seed = 10; seed <= 12; ++seed) {
      Steered steered(seed, std::string("allow\n") + line);
      AnswerLog answers(steered.scenario.network(), *IpAddress::parse("10.0.0.2"));
      steered.scenario.add("third", {"10.0.0.3"}, usual_clock(), "server 10.0.0.2 iburst\n");
      steered.scenario.start_all();
      steered.scenario.run_for(Duration::seconds(500));
      ASSERT_FALSE(answers.all().empty()) << steered.report();
      EXPECT_EQ(answers.all().back().header.precision, log2_s) << steered.report();
      control::NtpDataRequest request;
      request.address.ip = *IpAddress::parse("10.0.0.1");
      const auto data = steered.node->ask<control::NtpDataReply>(request);
      ASSERT_TRUE(data.has_value());
      EXPECT_GE(data->peer_delay.to_seconds(), least_delay_s) << steered.report();
      EXPECT_EQ(data->peer_delay.to_seconds() < 0.001, least_delay_s == 0.0) << steered.report();
    }
  }
}

// When the file was written, as looked at each second.
std::vector<Duration> times_of_writing(Steered& steered, const std::string& path, Duration span) {
  std::vector<Duration> times;
  std::optional<RawTime> last;
  for (Duration t; t < span; t += Duration::seconds(1)) {
    steered.scenario.run_for(Duration::seconds(1));
    const auto info = steered.node->files().info(path);
    if (!info.ok() || (last && *last == info.value().modified)) continue;
    last = info.value().modified;
    times.push_back(t);
  }
  return times;
}

TEST(DriftFile, IsWrittenAtTheIntervalThatIsAskedFor) {
  const std::pair<const char*, double> cases[] = {{"driftfile /drift interval 600", 600}, {"driftfile /drift", 3600}};
  for (const auto& [line, interval] : cases) {
    for (std::uint64_t seed = 13; seed <= 15; ++seed) {
      Steered steered(seed, line);
      const auto times = times_of_writing(steered, "/drift", Duration::seconds(8000));
      ASSERT_EQ(times.size(), static_cast<std::size_t>(8000 / interval)) << line << steered.report();
      for (std::size_t i = 1; i < times.size(); ++i) {
        EXPECT_NEAR((times[i] - times[i - 1]).to_seconds(), interval, 20.0) << line << steered.report();
      }
    }
  }
}

}  // namespace
}  // namespace timed::sim
