// A leap second in each of the four modes, inserted and left out.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "tests/sim/scenario.h"
#include "timed/base/text.h"

namespace timed::sim {
namespace {

// 2016-12-31 12:00:00 and the midnight of the last leap second so far.
constexpr TrueTime kNoon = TrueTime::from_seconds(1'483'185'600);
constexpr std::int64_t kMidnight = 1'483'228'800;
constexpr std::int64_t kNtpEpoch = 2'208'988'800;

// A list that passes the check, with one more leap second at the end of 2016.
std::string leap_list(int seconds, std::int64_t expires = 1'600'000'000) {
  std::string text = format("#$ %lld\n#@ %lld\n", 3'676'924'800LL, static_cast<long long>(expires + kNtpEpoch));
  text += "2272060800 10\n3439756800 34\n3550089600 35\n3644697600 36\n";
  if (seconds != 0) text += format("%lld %d\n", static_cast<long long>(kMidnight + kNtpEpoch), 36 + seconds);
  return text;
}

// True time of the simulator has no leap seconds: after one, a right clock differs from it by so much.
struct Leap {
  int seconds;  // 1: inserted
  Duration right_after() const { return Duration::seconds(-seconds); }
};

class LeapScenario {
 public:
  LeapScenario(std::uint64_t seed, int seconds, const std::string& config)
      : scenario_(seed, kNoon),
        leap_{seconds},
        server_(scenario_.add_server("server", {"10.0.0.1"})),
        client_(scenario_.add("client", {"10.0.0.2"}, clock_model(),
                              "server 10.0.0.1 minpoll 6 maxpoll 6 iburst\n" + config)) {
    client_.files().put("/etc/leap.list", leap_list(seconds));
    scenario_.start_all();
    // The clock of a stratum 1 that is right.
    scenario_.world().at(midnight() - (seconds < 0 ? Duration::seconds(1) : Duration::zero()),
                         [this] { server_.clock().disturb(leap_.right_after()); });
  }

  static TrueTime midnight() { return TrueTime::from_seconds(kMidnight); }
  static ClockModel clock_model() {
    ClockModel clock = usual_clock();
    clock.tai_offset = 36;
    return clock;
  }
  void run_until(Duration after_midnight) { scenario_.world().run_until(midnight() + after_midnight); }
  // Largest error of the client over the span, looked at each 0.1 s; the leap is the one at midnight.
  Duration worst_error(Duration from, Duration to, bool leapt) {
    Duration worst;
    run_until(from);
    for (double t = from.to_seconds(); t <= to.to_seconds(); t += 0.1) {
      run_until(Duration::seconds(t));
      worst = std::max(worst, abs(client_.clock_error() - (leapt ? leap_.right_after() : Duration::zero())));
    }
    return worst;
  }
  Node& client() { return client_; }
  Node& server() { return server_; }
  Scenario& scenario() { return scenario_; }
  std::string report() { return scenario_.report(client_); }
  bool logged(const char* text) { return client_.log().contains(text); }

 private:
  Scenario scenario_;
  Leap leap_;
  Node& server_;
  Node& client_;
};

constexpr Duration kUsual = Duration::millis(1);

TEST(LeapSecond, TheKernelStepsInSystemMode) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    for (const int seconds : {1, -1}) {
      LeapScenario s(seed, seconds, "leapseclist /etc/leap.list\nmakestep 0.1 -1\n");
      EXPECT_LE(s.worst_error(Duration::seconds(-3600), Duration::seconds(-1.5), false), kUsual) << s.report();
      EXPECT_TRUE(s.logged("Using leap second list /etc/leap.list")) << s.report();
      const char* set = seconds > 0 ? "System clock status set to insert leap second"
                                    : "System clock status set to delete leap second";
      EXPECT_TRUE(s.logged(set)) << s.report();
      EXPECT_LE(s.worst_error(Duration::seconds(0.1), Duration::seconds(3600), true), kUsual) << s.report();
      EXPECT_EQ(s.client().clock().kernel_leaps(), -seconds);
      EXPECT_TRUE(s.client().clock().steps().size() <= 1) << s.report();
      EXPECT_TRUE(s.logged("System clock status reset after leap second")) << s.report();
      EXPECT_EQ(s.client().clock().tai_offset(), 36 + seconds) << s.report();
      EXPECT_EQ(s.client().clock().leap(), env::LeapAction::None);
      EXPECT_FALSE(s.logged("time jump detected")) << s.report();
    }
  }
}

}  // namespace
}  // namespace timed::sim
