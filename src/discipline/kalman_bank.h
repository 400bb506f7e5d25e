// A bank of Kalman filters that differ in how fast they let the frequency wander, weighed by how well each predicted
// what came.  Cheap, and there is nothing in it that could fail to converge: it gives the smoother its first idea of
// the wander, answers where the smoother cannot, and is all there is for sources without a meaningful delay.
#ifndef TIMED_SRC_DISCIPLINE_KALMAN_BANK_H_
#define TIMED_SRC_DISCIPLINE_KALMAN_BANK_H_

#include <optional>
#include <span>

#include "exchanges.h"

namespace timed::discipline {

struct BankAnswer {
  ClockPosterior clock;
  double log_wander = 0.0;  // mean of ln q; q: variance that the frequency gains in a second, 1/s
  double noise_sd_s = 0.0;  // of the offset of one sample
  // ln of how likely the offsets were, up to a constant that both banks share.
  double log_evidence = 0.0;
};

// Exchanges whose delay says how far their offset may be off: within half of what the delay is above the smallest,
// uniformly.  `least_sd_s` is what the stamps are good for; of what is not known of the route the smallest delay that
// was seen is taken, and delays that are alike both ways.  Empty below three exchanges, and where all went wrong.
std::optional<BankAnswer> bank_by_delay(std::span<const Exchange> exchanges, double least_sd_s,
                                        const RouteTerms& terms = {});
// Offsets that scatter alike, by as much as they show: reference clocks, medians of several exchanges.  The mean of
// `count` of them scatters by the square root of that less.
std::optional<BankAnswer> bank_by_scatter(std::span<const Exchange> exchanges, double least_sd_s,
                                          const RouteTerms& terms = {});

// Logarithm of the prior density of ln q, up to a constant: wide enough to let 64 exchanges say what it is.
double log_prior_of_wander(double log_wander);

}  // namespace timed::discipline

#endif  // TIMED_SRC_DISCIPLINE_KALMAN_BANK_H_
