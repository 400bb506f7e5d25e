// An oscillator that follows the temperature of the room, and a file that shows it.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "tests/sim/scenario.h"
#include "timed/base/text.h"

namespace timed::sim {
namespace {

constexpr const char* kSensor = "/sys/class/hwmon/hwmon0/temp1_input";

// Thousandths of a degree, around 40 °C with half a degree's swing every ten minutes: 1 ppm a degree.
class Room {
 public:
  Room(World& world, Node& node) : world_(world), node_(node) { turn(); }

 private:
  double ppm_at(double t_s) const { return 2.0 * std::sin(2.0 * std::numbers::pi * t_s / 600.0); }
  void turn() {
    const double ppm = ppm_at(world_.elapsed().to_seconds());
    node_.clock().disturb_oscillator(Frequency::ppm(ppm - last_ppm_));
    last_ppm_ = ppm;
    node_.files().put(kSensor, format("%.0f\n", 40000.0 + 1000.0 * ppm));
    world_.after(Duration::seconds(1), [this] { turn(); });
  }

  World& world_;
  Node& node_;
  double last_ppm_ = 0.0;
};

Performance run(std::uint64_t seed, const std::string& directive, const std::string& points = "") {
  Scenario scenario(seed);
  scenario.add_server("server", {"10.0.0.1"});
  Node& node =
      scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 iburst minpoll 6 maxpoll 8\n" + directive);
  if (!points.empty()) node.files().put("/etc/timed/points", points);
  Room room(scenario.world(), node);
  scenario.start_all();
  const Performance performance = measure(scenario.world(), node, Duration::seconds(20000), Duration::seconds(5000));
  EXPECT_FALSE(node.log().contains("emperature")) << scenario.report(node);
  return performance;
}

TEST(TemperatureCompensation, TakesTheTemperatureOutOfTheClock) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const Performance without = run(seed, "");
    const Performance polynomial = run(seed, std::string("tempcomp ") + kSensor + " 1 40000 0 -0.001 0\n");
    const Performance points =
        run(seed, std::string("tempcomp ") + kSensor + " 1 /etc/timed/points\n", "37000 3\n40000 0\n43000 -3\n");
    EXPECT_GT(without.rms_error, Duration::micros(70)) << seed << ": far more than without a room, 20 us";
    EXPECT_LT(polynomial.rms_error, without.rms_error * 0.4) << seed;
    EXPECT_LT(points.rms_error, without.rms_error * 0.4) << seed;
    EXPECT_LT(polynomial.rms_frequency_error, Frequency::ppm(0.5)) << seed;
  }
}

// The frequency that is reported and kept is that of the oscillator without its temperature.
TEST(TemperatureCompensation, IsNoPartOfTheReportedFrequency) {
  Scenario scenario(4);
  scenario.add_server("server", {"10.0.0.1"});
  Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(),
                            std::string("server 10.0.0.1 iburst\ntempcomp ") + kSensor + " 16 40 0 0.5 0\n");
  node.files().put(kSensor, "50\n");  // 5 ppm that the oscillator does not have
  scenario.start_all();
  scenario.run_for(Duration::seconds(4000));
  const auto tracking = node.ask<control::TrackingReply>(control::TrackingRequest{});
  ASSERT_TRUE(tracking.has_value());
  EXPECT_NEAR(tracking->frequency_ppm, -105.0, 0.5) << scenario.report(node);
  EXPECT_LE(abs(node.clock_error()), Duration::millis(1)) << scenario.report(node);
  // A sensor that fails leaves what was.
  node.files().put(kSensor, "n/a\n");
  scenario.run_for(Duration::seconds(100));
  EXPECT_EQ(node.log().count("Could not read temperature from"), 1u) << scenario.report(node);
  EXPECT_LE(abs(node.frequency_error()), Frequency::ppm(1)) << scenario.report(node);
}

TEST(TemperatureCompensation, PointsThatCannotBeReadEndTheStart) {
  Scenario scenario(5);
  Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), "tempcomp /t 1 /p\n");
  node.files().put("/p", "20 1\n30\n");
  EXPECT_FALSE(node.start().ok());
  EXPECT_TRUE(node.log().contains("Could not read tempcomp point from /p")) << scenario.report(node);
}

}  // namespace
}  // namespace timed::sim
