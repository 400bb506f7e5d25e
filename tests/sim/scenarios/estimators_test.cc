// The estimator, in complete daemons, on the packets that the regression has; and the page that shows both.
#include "tests/sim/estimators.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "tests/sim/device_clock.h"
#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

const EstimatorCase& case_named(const std::string& name) {
  const auto& all = estimator_cases();
  return *std::find_if(all.begin(), all.end(), [&](const EstimatorCase& c) { return c.name == name; });
}

double rms2(const std::vector<EstimatorRun>& runs) {
  double sum = 0.0;
  for (const EstimatorRun& run : runs) sum += run.rms_error.to_seconds() * run.rms_error.to_seconds();
  return sum;
}

void expect_better(const std::string& name, double ratio) {
  const EstimatorComparison c = compare_estimators(case_named(name), 1, 4);
  EXPECT_LT(rms2(c.bayes), ratio * ratio * rms2(c.regression)) << name;
  double inside = 0.0;
  for (const EstimatorRun& run : c.bayes) {
    EXPECT_GT(run.inside, 0.7) << name;
    inside += run.inside / static_cast<double>(c.bayes.size());
    EXPECT_EQ(run.beyond_bound, 0.0) << name;
  }
  // What is said to be 95 of 100 is neither much less nor much more.
  EXPECT_GT(inside, 0.85) << name;
  EXPECT_LT(inside, 0.995) << name;
}

TEST(Estimators, BayesKeepsBetterTimeAtTheSamePoll) {
  expect_better("poll 6", 0.8);
  expect_better("wander 1e-7", 0.8);
}

TEST(Estimators, BayesSeesOnWhichSideTheQueuesAre) {
  expect_better("congestion", 0.7);
}

// The server's clock scatters by three times as much as the queues do: that is not our clock's wander, to be followed.
TEST(Estimators, BayesDoesNotFollowTheNoiseOfAServer) {
  const EstimatorComparison c = compare_estimators(case_named("noisy server"), 1, 4);
  EXPECT_LT(rms2(c.bayes), 0.8 * 0.8 * rms2(c.regression));
  double regression_requests = 0.0, bayes_requests = 0.0, inside = 0.0;
  for (std::size_t i = 0; i < c.bayes.size(); ++i) {
    EXPECT_LT(c.bayes[i].rms_frequency_error.to_ppm(), 1.5) << "the regression's is 0.3";
    EXPECT_EQ(c.bayes[i].beyond_bound, 0.0);
    inside += c.bayes[i].inside / static_cast<double>(c.bayes.size());
    bayes_requests += c.bayes[i].requests;
    regression_requests += c.regression[i].requests;
  }
  // What was predicted misses by more than the distance now and then, and polls that grow slowly are soon short again.
  EXPECT_LT(bayes_requests, 2.5 * regression_requests);
  EXPECT_GT(inside, 0.85);
}

// What three servers know together would make the polls of each shorter, if they did not share the asking: it would be
// 1.18 times as many packets to each as to one alone.
TEST(Estimators, SeveralServersShareTheAsking) {
  double alone = 0.0, each_of_three = 0.0;
  for (const int servers : {1, 3}) {
    Scenario scenario(7);
    std::string lines;
    for (int i = 1; i <= servers; ++i) {
      const std::string address = "10.0.0." + std::to_string(i);
      scenario.add_server("server" + std::to_string(i), {address});
      lines += "server " + address + " iburst\n";
    }
    Node& client = scenario.add("client", {"10.0.1.1"}, usual_clock(), lines);
    RequestLog requests(scenario.network(), *IpAddress::parse("10.0.1.1"));
    scenario.start_all();
    scenario.run_for(Duration::seconds(40000));
    EXPECT_LE(abs(client.clock_error()), Duration::millis(1)) << scenario.report(client);
    (servers == 1 ? alone : each_of_three) = static_cast<double>(requests.count()) / servers;
  }
  EXPECT_LT(each_of_three, 1.1 * alone);
}

// Offsets that scatter, whatever the delay is.
TEST(Estimators, BayesKeepsBetterTimeByADevice) {
  expect_better("pulse", 0.9);
}

// Servers that are far beside the device are not listened to; where it is no better than they are, all are.
TEST(Estimators, BayesCombinesADeviceWithServersThatAreAsNear) {
  expect_better("pulse and servers", 0.9);
  expect_better("serial line and servers", 0.6);
  for (const Duration noise : {Duration::micros(1), Duration::millis(2)}) {
    Scenario scenario(3);
    for (const char* address : {"10.0.0.1", "10.0.0.2"}) scenario.add_server(address, {address});
    scenario.start_all();
    DeviceClock device(scenario.shared(), usual_clock(), {.noise = noise, .servers = {"10.0.0.1", "10.0.0.2"}},
                       discipline::EstimatorKind::Bayes);
    device.start();
    scenario.run_for(Duration::seconds(2000));
    int alone = 0, all_three = 0;
    constexpr int kLooks = 100;
    for (int i = 0; i < kLooks; ++i) {
      scenario.run_for(Duration::seconds(100));
      if (device.combined_sources() == 1) ++alone;
      if (device.combined_sources() == 3) ++all_three;
    }
    EXPECT_EQ(alone == kLooks, noise == Duration::micros(1)) << alone;
    EXPECT_EQ(all_three > kLooks / 2, noise == Duration::millis(2)) << all_three;
  }
}

TEST(Estimators, ThePageShowsTheWorldsOfTheProgram) {
  std::ifstream in(TIMED_SOURCE_DIR "/docs/accuracy.md");
  const std::string page((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const std::size_t begin = page.find(kEstimatorsBegin), end = page.find(kEstimatorsEnd);
  ASSERT_NE(begin, std::string::npos);
  ASSERT_NE(end, std::string::npos);
  std::size_t rows = 0;
  for (std::size_t at = page.find("\n| ", begin); at < end; at = page.find("\n| ", at + 1)) ++rows;
  EXPECT_EQ(rows, estimator_cases().size() + 1) << "run sim_estimators docs/accuracy.md";
  for (const EstimatorCase& c : estimator_cases()) {
    const std::size_t row = page.find("| " + c.name + " | " + c.what + " |", begin);
    EXPECT_LT(row, end) << c.name;
  }
}

}  // namespace
}  // namespace timed::sim
