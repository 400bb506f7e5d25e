// Exchanges of a clock that is known, for the tests of the estimator: frequency walks, queues delay.
#ifndef TIMED_TESTS_UNIT_DISCIPLINE_SYNTHETIC_EXCHANGES_H_
#define TIMED_TESTS_UNIT_DISCIPLINE_SYNTHETIC_EXCHANGES_H_

#include <cmath>
#include <cstdint>

#include "timed/base/random.h"
#include "timed/discipline/sample.h"

namespace timed::discipline {

struct SyntheticWorld {
  double spacing_s = 64.0;
  double offset_s = 0.1;    // reference - free at the start
  double frequency = 1e-4;  // slope of it
  double wander_sd = 1e-9;  // that the frequency gains in a second
  double base_s = 1e-4;     // one way
  double forward_s = 1e-4;  // means of the queues
  double backward_s = 1e-4;
};

// Gives one sample after the other, and knows the truth.
class SyntheticClock {
 public:
  SyntheticClock(std::uint64_t seed, const SyntheticWorld& world)
      : w(world), offset_s_(world.offset_s), frequency_(world.frequency), random_(seed) {}

  Sample next() {
    advance(w.spacing_s);
    const double forward_s = w.base_s + exponential(w.forward_s), backward_s = w.base_s + exponential(w.backward_s);
    return sample(offset_s_ + 0.5 * (forward_s - backward_s), forward_s + backward_s);
  }
  Sample sample(double offset_s, double delay_s) const {
    Sample s;
    s.when = FreeTime::from_seconds(1000) + Duration::seconds(t_s_);
    s.offset = WideDuration(Duration::seconds(offset_s));
    s.peer_delay = s.root_delay = Duration::seconds(delay_s);
    s.peer_dispersion = s.root_dispersion = Duration::nanos(20);
    return s;
  }
  void advance(double span_s) {
    // Exactly: both increments of an integrated random walk.
    const double sd = w.wander_sd * std::sqrt(span_s);
    const double a = normal() * sd, b = normal() * sd;
    offset_s_ += span_s * (frequency_ + 0.5 * a + b / std::sqrt(12.0));
    frequency_ += a;
    t_s_ += span_s;
  }
  // As if it had begun so much earlier.
  void advance_time(double span_s) { t_s_ += span_s; }
  double offset_s() const { return offset_s_; }
  double frequency() const { return frequency_; }
  double t_s() const { return t_s_; }
  double uniform() { return random_.uniform(); }
  double exponential(double mean) { return -mean * std::log(1.0 - random_.uniform()); }
  double normal() {
    return std::sqrt(-2.0 * std::log(1.0 - random_.uniform())) * std::cos(2.0 * M_PI * random_.uniform());
  }

  SyntheticWorld w;  // may be changed on the way

 private:
  double t_s_ = 0.0;
  double offset_s_;
  double frequency_;
  SeededRandom random_;
};

}  // namespace timed::discipline

#endif  // TIMED_TESTS_UNIT_DISCIPLINE_SYNTHETIC_EXCHANGES_H_
