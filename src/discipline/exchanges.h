// What the estimator sees of a source: its last exchanges in plain seconds, and what it concludes from them.
//
// The numbers are taken relative to the newest exchange of the window, so that offsets which have grown for years still
// leave a double all its digits for the microseconds that matter.
#ifndef TIMED_SRC_DISCIPLINE_EXCHANGES_H_
#define TIMED_SRC_DISCIPLINE_EXCHANGES_H_

#include <cstddef>
#include <optional>
#include <span>

namespace timed::discipline {

// So many exchanges back the estimator looks: beyond a few Allan intercepts an exchange tells nothing of the present.
inline constexpr std::size_t kEstimatorWindow = 64;

// Of n sums of two exponential delays the smallest lies sqrt(pi/8)/sqrt(n) of their mean above the base.
inline constexpr double kMinimumBias = 0.63;

struct Exchange {
  double t_s = 0.0;       // middle of it, free-running, relative to the newest exchange: <= 0
  double offset_s = 0.0;  // reference - free, relative to the newest exchange
  double delay_s = 0.0;   // round trip
  double jump = 0.0;      // variance that the frequency gained since the exchange before, beside that of the wander
  double count = 1.0;     // of samples whose mean it is
  double jump_s2 = 0.0;   // variance of a jump of the offset just before it
};

// What an administrator says of the network.
struct RouteTerms {
  std::optional<double> least_delay_s = {};  // "mindelay": round trip without queues
  // "asymmetry": of the delays above it what lies on the way back, less a half, and makes our clock look fast.
  std::optional<double> asymmetry = {};
};

// The clock at the time of the newest exchange, relative to that exchange's offset: means, variances, covariance.
struct ClockPosterior {
  double offset_s = 0.0;
  double frequency = 0.0;  // slope of the offset
  double offset_variance_s2 = 0.0;
  double covariance_s = 0.0;  // of offset and frequency
  double frequency_variance = 0.0;
};

// The range of frequencies that one pair of neighbours at least does not contradict: each offset is off by half its
// delay at most, and by what the stamps are good for.
struct SlopeRange {
  double least = 0.0, largest = 0.0;
};
SlopeRange supported_slopes(std::span<const Exchange> exchanges, double stamp_sd_s);

}  // namespace timed::discipline

#endif  // TIMED_SRC_DISCIPLINE_EXCHANGES_H_
