// What the exchanges with one source say of our clock, by Bayes' rule: offset, frequency and how well both are known,
// from one-sided delays and a wandering oscillator, on the free-running scale.
#ifndef TIMED_DISCIPLINE_ESTIMATOR_H_
#define TIMED_DISCIPLINE_ESTIMATOR_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "timed/base/units.h"
#include "timed/discipline/sample.h"

namespace timed::discipline {

struct Contradiction;

// A sample so many deviations away from all that its delay excuses says that the clock, or the route, has changed.
inline constexpr double kContradiction = 4.0;
// And makes the next one come in 2^-4 of the interval, where minpoll lets it.
inline constexpr int kSoonerAfterContradiction = 4;

// How a sample was, beside what had been believed of the clock.
enum class Expectation : std::uint8_t {
  Met,           // or nothing was believed
  Doubtful,      // not likely: one more sample would tell whether something has happened
  Contradicted,  // the clock, or the route, is another one
};

struct EstimatorOptions {
  std::size_t window = 64;                  // samples that are looked at, 1 to 64
  Duration min_delay = Duration::zero();    // "mindelay": the smallest round trip; 0 = found out
  double asymmetry = 1.0;                   // "asymmetry": |x| <= 0.5 fixed, else found out
  bool one_sided = true;                    // false: offsets scatter both ways, whatever the delay (medians, devices)
  Duration precision = Duration::nanos(1);  // deviation of our own stamps; below 2 ns it counts as that
};

// What is believed of the clock at the time of the newest sample: means and standard deviations, as far as the
// exchanges show.  That the ways there and back may differ for good is in none of them (combine.h).
struct Posterior {
  FreeTime when;
  WideDuration offset;  // reference - free
  Duration offset_sd;
  Frequency frequency;  // slope of the offset in free-running seconds; positive = the oscillator is slow
  Frequency frequency_sd;
  double covariance_s = 0.0;  // of offset and frequency
  double wander = 0.0;        // variance that the frequency gains in a second, 1/s
  Duration noise_sd;          // of the offset of one sample
  Duration base_delay;        // one way, without queues; zero where the Kalman bank alone has answered
  double asymmetry = 0.0;     // share of extra delay that lies on the way back, less a half; zero there too
  bool jumped = false;        // the frequency, or so it seems, just before the newest sample
  std::size_t recent = 0;     // samples that the span which still tells of the present holds, at the present interval

  // Standard deviation of the offset a while after `when`.
  Duration offset_sd_after(Duration elapsed) const;
};

// For reports: how the machine runs.
struct EstimatorCounts {
  std::uint64_t updates = 0;
  std::uint64_t runs = 0;         // of the smoother
  std::uint64_t rounds = 0;       // in those
  std::uint64_t rejected = 0;     // runs that had not settled, or said what cannot be
  std::uint64_t fallbacks = 0;    // updates for which only the Kalman bank was left
  std::uint64_t route_moves = 0;  // times the base delay was taken to have grown
  std::uint64_t jumps = 0;        // times the frequency was taken to have jumped
  std::uint64_t held_back = 0;  // samples that waited for what the next one says, as they would be jumps of the offset
  std::uint64_t refused = 0;    // samples that are no measurements; SourceStats lets none come so far
};

// Why the posterior is the Kalman bank's, and not the smoother's.
enum class BankUse : std::uint8_t {
  None,         // it is the smoother's, or there is none
  TwoSided,     // EstimatorOptions::one_sided
  HiddenNoise,  // offsets scatter far more than delays can make them, which was found out
  NoRun,        // no run of the smoother could be trusted
};

// Pure.  It owns its window of samples; nothing is allocated after construction.
class Estimator {
 public:
  // A window of other than 1 to 64 samples ends the program.
  explicit Estimator(const EstimatorOptions& options);
  ~Estimator();
  Estimator(Estimator&&) noexcept;
  Estimator& operator=(Estimator&&) noexcept;

  // A sample, later than the last one; one that is not begins anew.  What is no number, or none that a clock could
  // show, is counted and forgotten.  Nothing is concluded until update().
  void add(const Sample& sample);
  // Concludes from the samples of the window; cheap where none of them is new.
  void update();
  // Forgets all samples, not the counts.
  void reset();
  // The reference was moved by so much, positive = set forward: what is known moves with it.
  void shift(Duration offset);

  // Of the last update.  Empty below three samples, and where what came out is no number.
  const std::optional<Posterior>& posterior() const { return posterior_; }
  const EstimatorCounts& counts() const { return counts_; }
  // Samples in the window, and whether the posterior is the smoother's; else it is the Kalman bank's.
  std::size_t samples() const;
  bool smoothed() const;
  BankUse bank_use() const;
  // Of the last sample added.
  Expectation expectation() const { return expectation_; }

 private:
  struct Workspace;

  double watch_frequency(const Sample& sample, const std::optional<Contradiction>& against);
  bool by_delay() const;  // whether delays say how far offsets may be off

  EstimatorOptions options_;
  std::unique_ptr<Workspace> work_;
  std::optional<Posterior> posterior_;
  Expectation expectation_ = Expectation::Met;
  EstimatorCounts counts_;
};

}  // namespace timed::discipline

#endif  // TIMED_DISCIPLINE_ESTIMATOR_H_
