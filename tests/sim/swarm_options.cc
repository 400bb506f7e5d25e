#include "tests/sim/swarm_options.h"

#include <algorithm>

#include "tests/sim/leap_scenario.h"
#include "timed/ntp/packet.h"

namespace timed::sim {
namespace {

bool one_in(SeededRandom& random, std::uint64_t n) {
  return random.below(n) == 0;
}

// Options that make few samples of many answers.  Of several, each is milder, or the first sample may take hours.
std::string thinning(SeededRandom& random, bool must_deliver) {
  const bool several = one_in(random, 4);
  std::string text;
  int drawn = 0;
  const auto draws = [&] { return (several || drawn == 0) && one_in(random, 5) && ++drawn > 0; };
  if (draws()) text += " filter " + std::to_string(2 + random.below(several ? 2 : 4));
  // These wait long where the way has become longer, or the estimate begins too low: it climbs by fractions of the
  // precision.
  if (!must_deliver && draws()) text += several ? " maxdelayratio 4" : " maxdelayratio 3";
  if (!must_deliver && draws()) text += " maxdelayquant 0." + std::to_string(3 + random.below(7));
  if (draws()) text += several ? " maxdelaydevratio 5" : " maxdelaydevratio 2";
  if (draws()) text += " presend 9";
  return text;
}

}  // namespace

ClockModel random_clock(SeededRandom& random) {
  ClockModel clock;
  clock.start_error = Duration::seconds(random.uniform(-2.0, 2.0));
  clock.frequency_error = Frequency::ppm(random.uniform(-200.0, 200.0));
  clock.wander = random.uniform(0.0, 3e-9);
  clock.read_noise = Duration::nanos(random.uniform(0.0, 500.0));
  clock.resolution = Duration::nanos(one_in(random, 4) ? 1000.0 : 20.0);
  clock.may_steer = !one_in(random, 8);
  return clock;
}

Link random_link(SeededRandom& random) {
  Link link;
  link.delay = Duration::micros(random.uniform(20.0, 20000.0));
  link.jitter = link.delay * random.uniform(0.0, 0.5);
  if (one_in(random, 3)) link.loss = random.uniform(0.0, 0.3);
  if (one_in(random, 3)) link.duplication = random.uniform(0.0, 0.3);
  if (one_in(random, 3)) link.reordering = random.uniform(0.0, 0.2);
  return link;
}

std::string random_source_options(SeededRandom& random, int min_poll, bool must_deliver) {
  std::string text = " minpoll " + std::to_string(min_poll) + " maxpoll " +
                     std::to_string(min_poll + static_cast<int>(random.below(4)));
  if (one_in(random, 2)) text += " iburst";
  if (one_in(random, 4)) text += " xleave";
  if (one_in(random, 4)) text += " polltarget " + std::to_string(6 + random.below(30));
  if (one_in(random, 6)) text += " maxsamples " + std::to_string(4 + random.below(20));
  if (one_in(random, 6)) text += " minsamples 10";
  if (one_in(random, 6)) text += " extfield F323";
  if (one_in(random, 6)) text += " asymmetry 0.0";
  return text + thinning(random, must_deliver);
}

std::string random_leap_options(SeededRandom& random) {
  const char* const modes[] = {"system", "step", "slew", "ignore"};
  std::string text = std::string("leapsecmode ") + modes[random.below(4)] + "\n";
  if (!one_in(random, 3)) text += "leapseclist /etc/leap.list\n";
  return text;
}

std::vector<std::byte> random_datagram(SeededRandom& random) {
  std::vector<std::byte> data(one_in(random, 2) ? ntp::kHeaderSize + 4 * random.below(20) : random.below(400));
  for (std::byte& b : data) b = static_cast<std::byte>(random.below(256));
  if (data.size() >= ntp::kHeaderSize && !one_in(random, 4)) {
    data[0] = static_cast<std::byte>(4u << 3 | random.below(8));  // a version and leap that can be believed
    data[1] = static_cast<std::byte>(1 + random.below(4));
    std::fill(data.begin() + 4, data.begin() + 12, std::byte{0});
  }
  return data;
}

std::optional<LeapNight> LeapNight::draw(std::uint64_t seed) {
  SeededRandom random(seed + 0x1ea9);
  if (!one_in(random, 5)) return std::nullopt;
  LeapNight night;
  night.seconds = one_in(random, 2) ? 1 : -1;
  night.at = LeapScenario::midnight() - (night.seconds < 0 ? Duration::seconds(1) : Duration::zero());
  night.begin = night.at - Duration::seconds(random.uniform(1500.0, 5000.0));
  return night;
}

std::string LeapNight::list() const {
  return LeapScenario::list(seconds);
}

}  // namespace timed::sim
