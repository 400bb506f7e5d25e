// How well a clock can be known at all: the exact posterior of one whose wander, ways and queues are no secret, on the
// packets that a daemon had.  No estimator has a smaller RMS error, as the mean of the posterior makes it smallest.
#ifndef TIMED_TESTS_SIM_ORACLE_H_
#define TIMED_TESTS_SIM_ORACLE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "tests/sim/estimators.h"
#include "timed/base/random.h"

namespace timed::sim {

// What an exchange says of the offset of a free clock to whoever knows the delays without queues: queues there lower
// what could be seen of it, those back raise it, and both are exponential.
struct OffsetBounds {
  double t_s = 0.0;
  double low_s = 0.0, high_s = 0.0;
  double there_mean_s = 0.0, back_mean_s = 0.0;  // of the queues
};

// By sequential Monte Carlo.  A particle is a course that the offset may have taken from one exchange to the next; what
// the frequency is then is Gaussian, of the same variance for all.  Each exchange weighs them by how likely it was
// before it, and carries on those that were chosen by these weights to an offset between its bounds (Pitt and Shephard
// 1999), so that no particle is lost to what it could not know.
class ClockOracle {
 public:
  // A clock whose frequency walks by so much, s/s per sqrt(s), and of which at first all is known: offset and
  // frequency (slope of the offset) at time zero.
  ClockOracle(double wander, double offset_s, double frequency, std::size_t particles, SeededRandom random);

  void see(const OffsetBounds& bounds);
  // Mean and standard deviation of the offset at a time not before the last exchange.
  double offset_s(double t_s) const { return mean_.offset_s + (t_s - t_s_) * mean_.frequency; }
  double deviation_s(double t_s) const;

 private:
  struct Particle {
    double offset_s = 0.0;
    double frequency = 0.0;  // the mean of it
  };
  void choose(const std::vector<double>& weights, double total);
  void take_moments();

  double q_;  // variance that the frequency gains in a second
  double t_s_ = 0.0;
  double frequency_variance_ = 0.0;  // beside the offset of a particle
  std::vector<Particle> particles_;
  SeededRandom random_;
  Particle mean_;
  double offset_variance_s2_ = 0.0, covariance_s_ = 0.0, whole_frequency_variance_ = 0.0;
};

// Time errors of a row of docs/accuracy.md, over all seeds.
struct OracleComparison {
  double regression_s = 0.0, bayes_s = 0.0;
  double oracle_s = 0.0;     // of who knows it all, on the packets that bayes had, and sets the clock at once
  double deviation_s = 0.0;  // that it gave to itself
  // Of several servers: what each of them alone tells the same one, combined by inverse variance.
  double combined_s = 0.0;
};

// Whether all that the oracle must know of a row does not change.
bool oracle_knows(const std::string& row);
OracleComparison compare_oracle(const EstimatorCase& c, int first_seed, int runs);

}  // namespace timed::sim

#endif  // TIMED_TESTS_SIM_ORACLE_H_
