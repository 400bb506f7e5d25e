// The noise of one direction of an exchange: a queue can delay a packet, never hasten it.
//
// The delay above the smallest one is exponential with a mean; now and then, once in fifty packets, with a mean eight
// times as large, which keeps a burst of congestion from being taken for a move of the clock.  The stamps at both ends
// add a Gaussian error.
#ifndef TIMED_SRC_DISCIPLINE_ONE_SIDED_NOISE_H_
#define TIMED_SRC_DISCIPLINE_ONE_SIDED_NOISE_H_

namespace timed::discipline {

inline constexpr double kRareShare = 0.02;  // of the packets meet a burst of congestion,
inline constexpr double kRareFactor = 8.0;  // whose delays are so many times longer (research F.5: insensitive)

struct Normal {
  double mean = 0.0;
  double variance = 0.0;
};

class OneSidedNoise {
 public:
  // Mean of the exponential part and standard deviation of the Gaussian one, both above zero.
  OneSidedNoise(double mean_s, double gaussian_sd_s);

  // What is believed of u after z = u + noise was seen, if N(mean, variance) was believed before: the first two moments
  // (it is no longer Gaussian), and the logarithm of how likely z was.
  struct Seen {
    Normal belief;
    double log_likelihood = 0.0;
  };
  Seen see(const Normal& before, double z) const;

  double mean_s() const { return mean_s_; }

 private:
  Seen see_exponential(const Normal& before, double z, double mean_s, double log_mean) const;

  double mean_s_;
  double gaussian_variance_s2_;
  double log_mean_;
};

// Density over distribution function of the standard normal, the mean by which cutting off what is above `a` moves it
// down; and the logarithm of the distribution function.  Both are good to the far left tail.
struct NormalTail {
  double ratio = 0.0;
  double log_cdf = 0.0;
};
NormalTail normal_tail(double a);

}  // namespace timed::discipline

#endif  // TIMED_SRC_DISCIPLINE_ONE_SIDED_NOISE_H_
