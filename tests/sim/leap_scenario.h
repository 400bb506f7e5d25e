// The last night of 2016 with a leap second inserted, left out, or none: a stratum 1 that keeps UTC through it, a
// client that is told of it or not, and somebody who asks the client each second.
#ifndef TIMED_TESTS_SIM_LEAP_SCENARIO_H_
#define TIMED_TESTS_SIM_LEAP_SCENARIO_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/answer_log.h"
#include "tests/sim/scenario.h"

namespace timed::sim {

// True time of the simulator has no leap seconds: after one inserted a right clock is a second behind it.
class LeapScenario {
 public:
  struct Setup {
    int seconds = 1;                             // 1: inserted, -1: left out, 0: none
    std::string config = {};                     // of the client
    std::vector<std::string_view> options = {};  // of its command line
    ClockModel clock = usual_clock();            // its
    int poll = 6;                                // log2 of the seconds between its requests
    bool list = true;                            // it has /etc/leap.list, which is right
    bool asked = true;                           // somebody asks, from an hour before midnight on
  };

  static constexpr std::int64_t kMidnight_s = 1'483'228'800;
  static constexpr TrueTime kEvening = TrueTime::from_seconds(kMidnight_s - 4 * 3600);
  static TrueTime midnight() { return TrueTime::from_seconds(kMidnight_s); }
  // With an entry more for a leap second of that night.
  static std::string list(int seconds);

  // The world begins in the evening, four hours before midnight.
  LeapScenario(std::uint64_t seed, const Setup& setup);

  void run_until(Duration after_midnight) { scenario_.world().run_until(midnight() + after_midnight); }
  // What a right clock is ahead of true time now.
  Duration right();
  // Largest error of the client's clock over a span after midnight, as looked at each 0.1 s.
  Duration worst_error(Duration from, Duration to);
  // The same of the time that it has served in a span that is over.
  Duration worst_served_error(Duration from, Duration to) const;
  // Leap indicators that it has served in a span that is over; empty where nobody was answered.
  std::vector<ntp::Leap> served_leaps(Duration from, Duration to) const;

  Node& client() { return client_; }
  Node& server() { return server_; }
  Scenario& scenario() { return scenario_; }
  const AnswerLog& answers() const { return answers_; }
  bool logged(std::string_view text) { return client_.log().contains(text); }
  std::string report() { return scenario_.report(client_); }

 private:
  TrueTime leap_at() const { return midnight() - (seconds_ < 0 ? Duration::seconds(1) : Duration::zero()); }
  Duration right_at(TrueTime when) const;

  Scenario scenario_;
  const int seconds_;
  Node& server_;
  Node& client_;
  AnswerLog answers_;
};

}  // namespace timed::sim

#endif  // TIMED_TESTS_SIM_LEAP_SCENARIO_H_
