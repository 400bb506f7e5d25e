#include "tests/sim/leap_scenario.h"

#include <algorithm>

#include "tests/leap_files.h"
#include "timed/base/text.h"

namespace timed::sim {
std::string LeapScenario::list(int seconds) {
  if (seconds == 0) return leap_files::list();
  return leap_files::list({{kMidnight_s, 36 + seconds}});
}

LeapScenario::LeapScenario(std::uint64_t seed, const Setup& setup)
    : scenario_(seed, kEvening),
      seconds_(setup.seconds),
      server_(scenario_.add_server("server", {"10.0.0.1"})),
      client_(scenario_.add(
          "client", {"10.0.0.2"}, setup.clock,
          format("server 10.0.0.1 minpoll %d maxpoll %d iburst\nallow\n", setup.poll, setup.poll) + setup.config)),
      answers_(scenario_.network(), addresses({"10.0.0.2"}).front()) {
  if (setup.list) client_.files().put("/etc/leap.list", list(seconds_));
  client_.set_options(setup.options);
  scenario_.start_all();
  if (setup.asked) {
    Node& asker = scenario_.add("asker", {"10.0.0.9"}, {}, "server 10.0.0.2 minpoll 0 maxpoll 0 noselect\n");
    scenario_.world().at(midnight() - Duration::seconds(3610), [&asker] { static_cast<void>(asker.start()); });
  }
  if (seconds_ == 0) return;
  scenario_.world().at(leap_at(), [this] { server_.clock().disturb(Duration::seconds(-seconds_)); });
}

Duration LeapScenario::right_at(TrueTime when) const {
  return when < leap_at() ? Duration::zero() : Duration::seconds(-seconds_);
}

Duration LeapScenario::right() {
  return right_at(scenario_.world().now());
}

Duration LeapScenario::worst_error(Duration from, Duration to) {
  Duration worst;
  for (double t = from.to_seconds(); t <= to.to_seconds(); t += 0.1) {
    run_until(Duration::seconds(t));
    worst = std::max(worst, abs(client_.clock_error() - right()));
  }
  return worst;
}

Duration LeapScenario::worst_served_error(Duration from, Duration to) const {
  Duration worst;
  for (const Answer& answer : answers_.between(midnight() + from, midnight() + to)) {
    worst = std::max(worst, abs(answer.error - right_at(answer.when)));
  }
  return worst;
}

std::vector<ntp::Leap> LeapScenario::served_leaps(Duration from, Duration to) const {
  std::vector<ntp::Leap> seen;
  for (const Answer& answer : answers_.between(midnight() + from, midnight() + to)) {
    if (std::find(seen.begin(), seen.end(), answer.header.leap) == seen.end()) seen.push_back(answer.header.leap);
  }
  return seen;
}

}  // namespace timed::sim
