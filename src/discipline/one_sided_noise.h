// The noise of the directions of an exchange: a queue can delay a packet, never hasten it.
//
// The delay above the smallest one is exponential with a mean; now and then, once in fifty packets, with a mean eight
// times as large, which keeps a burst of congestion from being taken for a move of the clock.  The stamps at both ends
// add a Gaussian error.
#ifndef TIMED_SRC_DISCIPLINE_ONE_SIDED_NOISE_H_
#define TIMED_SRC_DISCIPLINE_ONE_SIDED_NOISE_H_

#include "double_pair.h"

namespace timed::discipline {

// Of the packets so many meet a burst of congestion, whose delays are so many times longer.  The answer hardly depends
// on them: with 0.01 and 0.04 the rows congestion and route have 0.447 and 0.441, 0.496 and 0.511 instead of 0.446 and
// 0.499 of the regression's error, with 4 and 16 times 0.445 and 0.448, 0.500 and 0.507 (seeds 401 to 440).
inline constexpr double kRareShare = 0.02;
inline constexpr double kRareFactor = 8.0;

struct Normals {
  DoublePair mean{}, variance{};
};

class OneSidedNoise {
 public:
  // Means of the exponential part and standard deviation of the Gaussian one, all above zero.
  OneSidedNoise(DoublePair mean_s, double gaussian_sd_s);

  // What is believed of u after z = u + noise was seen, if N(mean, variance) was believed before: the first two moments
  // (it is no longer Gaussian), and how likely z was: factor · exp(exponent), whose logarithm not everybody needs.
  struct Seen {
    Normals belief;
    DoublePair exponent{}, factor{};
  };
  Seen see(const Normals& before, DoublePair z) const;

 private:
  double gaussian_variance_s2_;
  DoublePair rate_;                    // of the usual packets: one over the mean
  DoublePair usual_peak_, rare_peak_;  // density where it begins, with the share of packets that are of this kind
};

// The standard normal cut off above `a`.  All are good to the far left tail.
struct CutNormal {
  DoublePair excess{};    // how far the mean is below a
  DoublePair variance{};  // that is left
  DoublePair mass{};      // that is left: the distribution function, times exp(a²/2) where a is below zero
};
// `bell`: exp(-a²/2) where a is above zero, anything else.
CutNormal cut_above(DoublePair a, DoublePair bell);

}  // namespace timed::discipline

#endif  // TIMED_SRC_DISCIPLINE_ONE_SIDED_NOISE_H_
