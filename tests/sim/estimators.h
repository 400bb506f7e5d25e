// The table of docs/accuracy.md that compares both estimators: small worlds, each run with both over the same seeds.
#ifndef TIMED_TESTS_SIM_ESTIMATORS_H_
#define TIMED_TESTS_SIM_ESTIMATORS_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/scenario.h"

namespace timed::sim {

// A clock that one of the estimators steers, running.
struct SteeredClock {
  SimClock* clock = nullptr;
  std::function<double()> samples;  // that were asked for so far
  std::shared_ptr<void> owner;      // of what is not the scenario's
};

struct EstimatorCase {
  std::string name;
  std::string what;
  std::function<SteeredClock(Scenario&, const std::string& estimator)> start;
  Duration span;
  Duration settle;    // errors count after it
  int more_runs = 0;  // in the table, beside those of each row: where they differ much
};

// What one estimator made of one seed.
struct EstimatorRun {
  Duration rms_error;
  Frequency rms_frequency_error;
  double requests = 0.0;
  double inside = 0.0;        // share of the seconds in which the error was within 1.96 times the one that was told
  double beyond_bound = 0.0;  // and beyond the largest that was told
};

struct EstimatorComparison {
  std::vector<EstimatorRun> regression, bayes;  // by seed
};

// Who else looks at a run: once when all is started, and then each second, which counts or does not.
struct EstimatorWatch {
  std::function<void(Scenario&, SimClock&)> begin = {};
  std::function<void(SimClock&, bool counts)> second = {};
};

const std::vector<EstimatorCase>& estimator_cases();
EstimatorRun run_estimator(const EstimatorCase& c, const std::string& estimator, int seed,
                           const EstimatorWatch& watch = {});
EstimatorComparison compare_estimators(const EstimatorCase& c, int first_seed, int runs);
void compare_more(EstimatorComparison& comparison, const EstimatorCase& c, int first_seed, int runs);

// The seeds of the table; no constant was chosen by looking at them.
inline constexpr int kEstimatorSeed = 101;
inline constexpr int kEstimatorRuns = 100;
inline constexpr int kMoreEstimatorSeeds = 2001;
inline constexpr std::string_view kEstimatorsBegin = "<!-- begin of what sim_estimators writes -->\n";
inline constexpr std::string_view kEstimatorsEnd = "<!-- end of what sim_estimators writes -->\n";

std::string comparison_head();
std::string comparison_row(const EstimatorCase& c, const EstimatorComparison& comparison);

}  // namespace timed::sim

#endif  // TIMED_TESTS_SIM_ESTIMATORS_H_
