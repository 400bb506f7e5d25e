// The noise of one direction of an exchange: a queue can delay a packet, never hasten it.
//
// The delay above the smallest one is exponential with a mean; now and then, once in fifty packets, with a mean eight
// times as large, which keeps a burst of congestion from being taken for a move of the clock.  The stamps at both ends
// add a Gaussian error.
#ifndef TIMED_SRC_DISCIPLINE_ONE_SIDED_NOISE_H_
#define TIMED_SRC_DISCIPLINE_ONE_SIDED_NOISE_H_

namespace timed::discipline {

inline constexpr double kRareShare = 0.02;  // of the packets meet a burst of congestion,
inline constexpr double kRareFactor = 8.0;  // whose delays are so many times longer (the answer hardly depends on it)

struct Normal {
  double mean = 0.0;
  double variance = 0.0;
};

class OneSidedNoise {
 public:
  // Mean of the exponential part and standard deviation of the Gaussian one, both above zero.
  OneSidedNoise(double mean_s, double gaussian_sd_s);

  // What is believed of u after z = u + noise was seen, if N(mean, variance) was believed before: the first two moments
  // (it is no longer Gaussian), and how likely z was: factor · exp(exponent), whose logarithm not everybody needs.
  struct Seen {
    Normal belief;
    double exponent = 0.0, factor = 1.0;
    double log_likelihood() const;
  };
  Seen see(const Normal& before, double z) const;

  double mean_s() const { return mean_s_; }

 private:
  struct Exponential {
    double inverse_mean = 0.0;
    double peak = 0.0;  // density where it begins, with the share of packets that are of this kind
  };
  struct Part {
    Normal belief;
    double exponent = 0.0, factor = 0.0;
  };
  static Part see_part(const Normal& before, double z, double sd_s, double share, const Exponential& kind);

  double mean_s_;
  double gaussian_variance_s2_;
  Exponential usual_, rare_;
};

// Density over distribution function of the standard normal, the mean by which cutting off what is above `a` moves it
// down; and the distribution function, factor · exp(exponent).  All are good to the far left tail.
struct NormalTail {
  double ratio = 0.0;
  double exponent = 0.0, factor = 1.0;
  double log_cdf() const;
};
NormalTail normal_tail(double a);

}  // namespace timed::discipline

#endif  // TIMED_SRC_DISCIPLINE_ONE_SIDED_NOISE_H_
