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
  if (draws()) {
    // It takes three samples until there is something to go by, and of the longest polls five make one in 40 minutes.
    const std::uint64_t length = 2 + random.below(several ? 2 : 4);
    text += " filter " + std::to_string(must_deliver ? std::min<std::uint64_t>(length, 3) : length);
  }
  // These wait long where the way has become longer, or the estimate begins too low: it climbs by fractions of the
  // precision.
  if (!must_deliver && draws()) text += several ? " maxdelayratio 4" : " maxdelayratio 3";
  if (!must_deliver && draws()) text += " maxdelayquant 0." + std::to_string(3 + random.below(7));
  if (draws()) text += several ? " maxdelaydevratio 5" : " maxdelaydevratio 2";
  if (draws()) text += " presend 9";
  return text;
}

// Not of the one that must deliver: it stays selectable, and where another is required that one must be there.
std::string random_marks(SeededRandom& random, const SourceNeeds& needs, bool slow) {
  std::string text;
  if (one_in(random, 8)) text += " prefer";
  if (needs.is_server && one_in(random, 10)) text += " trust";
  // Where another is trusted, one that is not counts only within its narrow limits.
  if (needs.must_deliver && !slow && one_in(random, 10)) text += needs.is_server ? " require trust" : " require";
  if (!needs.must_deliver && one_in(random, 8)) text += " noselect";
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

std::string random_source_options(SeededRandom& random, const SourceNeeds& needs) {
  const int min_poll = needs.min_poll;
  std::string text = " minpoll " + std::to_string(min_poll) + " maxpoll " +
                     std::to_string(min_poll + static_cast<int>(random.below(4)));
  if (one_in(random, 2)) text += " iburst";
  if (one_in(random, 4)) text += " xleave";
  if (one_in(random, 4)) text += " polltarget " + std::to_string(6 + random.below(30));
  if (one_in(random, 6)) text += " maxsamples " + std::to_string(4 + random.below(20));
  if (one_in(random, 6)) text += " minsamples 10";
  if (one_in(random, 6)) text += " extfield F323";
  if (one_in(random, 6)) text += " burst";
  if (one_in(random, 8)) text += " auto_offline";
  if (one_in(random, 8)) text += " maxdelay 0.2";
  if (one_in(random, 8)) text += " ipv4";
  if (!needs.must_deliver && one_in(random, 6)) text += " maxunreach " + std::to_string(1 + random.below(10));
  const bool plain = text.find("xleave") == std::string::npos && text.find("extfield") == std::string::npos;
  if (plain && one_in(random, 6)) text += " version " + std::to_string(1 + random.below(4));
  if (needs.asymmetry != 0.0) text += " asymmetry " + std::to_string(needs.asymmetry);
  if (needs.asymmetry == 0.0 && one_in(random, 6)) text += " asymmetry 0.0";
  // Shorter delays, as those of a way that has become shorter, count as longer: no asymmetry is known of such ones.
  if (!needs.must_deliver && needs.asymmetry == 0.0 && one_in(random, 8)) {
    text += " mindelay " + std::to_string(needs.delay.to_seconds() * random.uniform(0.5, 1.0));
  }
  if (needs.strata_lie && one_in(random, 3)) text += one_in(random, 2) ? " copy" : " minstratum 5";
  text += thinning(random, needs.must_deliver);
  // What must be there needs three samples, which a filter makes of many polls.
  const bool slow = text.find(" filter") != std::string::npos;
  return text + random_marks(random, needs, slow);
}

ClientDraw random_client_options(SeededRandom& random, bool leap_night) {
  ClientDraw draw;
  std::string& text = draw.config;
  if (one_in(random, 8)) {
    draw.fallback = true;
    text += "fallbackdrift 12 14\n";
  }
  if (one_in(random, 8)) {
    draw.temperature = true;
    text += std::string("tempcomp ") + kSensor + " 1 20 0 -" + std::to_string(kPpmByDegree) + " 0\n";
  }
  if (one_in(random, 6)) {
    draw.may_exit = true;
    text += one_in(random, 2) ? "maxchange 5 1 0\n" : "maxchange 5 1 2\n";
  }
  if (one_in(random, 4)) {
    draw.resume_steps = 2;
    text += "resumestep 0.5 2\n";
  }
  // What happens to the oscillator while it does not run no history knows of, nor of a leap second.
  if (!leap_night && !draw.temperature && one_in(random, 3)) {
    draw.keeps_history = true;
    text += "dumpdir /dump\n";
  }
  if (!leap_night && one_in(random, 10)) {
    draw.smooths = true;
    text += "smoothtime 400 0.01\n";
  }
  // Who leads, and who is combined with it: whoever it is, the bounds of the time hold.
  if (one_in(random, 6)) text += "reselectdist " + std::to_string(random.uniform(0.0, 0.01)) + "\n";
  if (one_in(random, 6)) text += "stratumweight " + std::to_string(random.uniform(0.0, 0.1)) + "\n";
  if (one_in(random, 6)) text += "combinelimit " + std::to_string(random.below(6)) + "\n";
  if (one_in(random, 8)) {
    draw.broadcasts = true;
    text += "broadcast 30 10.0.3.255\n";
  }
  return draw;
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
