// The accuracy table of docs/accuracy.md: a list of small worlds, each run over some seeds.
#ifndef TIMED_TESTS_SIM_ACCURACY_H_
#define TIMED_TESTS_SIM_ACCURACY_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/scenario.h"

namespace timed::sim {

struct AccuracyCase {
  std::string name;
  std::string what;  // what differs from `default`
  // Adds the machines, and the events to come; answers the node that is looked at, not started.
  std::function<Node&(Scenario&)> build;
  Duration span = Duration::seconds(10000);
  Duration settle = Duration::seconds(210);  // errors count after it
  TrueTime world_start = kWorldStart;
};

const std::vector<AccuracyCase>& accuracy_cases();

// Of all runs of a case together.
struct Accuracy {
  int runs = 0;
  int synchronised = 0;  // runs that were right at the end
  Duration earliest_sync, latest_sync;
  Duration rms_error, max_error;
  Frequency rms_frequency_error, max_frequency_error;
  Duration mean_poll;  // between two requests to one server, of the whole runs
};

// With the seeds 1 … runs.
Accuracy measure_accuracy(const AccuracyCase& c, int runs);

inline constexpr int kAccuracyRuns = 20;
// The lines of the page between which the table stands.
inline constexpr std::string_view kAccuracyBegin = "<!-- begin of what sim_accuracy writes -->\n";
inline constexpr std::string_view kAccuracyEnd = "<!-- end of what sim_accuracy writes -->\n";

// The table in Markdown.
std::string accuracy_table(int runs = kAccuracyRuns);
// The names in the first column of such a table, in order.
std::vector<std::string> names_in_table(std::string_view page);

}  // namespace timed::sim

#endif  // TIMED_TESTS_SIM_ACCURACY_H_
