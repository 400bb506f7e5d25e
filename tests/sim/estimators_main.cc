// sim_estimators [--seeds FIRST COUNT] [--only NAME] [FILE]: compares the estimators in all worlds of the table and
// prints it as it grows, or puts it into the file (docs/accuracy.md), between its two marker lines.  A part of the
// table is not put there: it would take the place of the whole.
// sim_estimators [--seeds FIRST COUNT] --oracle NAME: how good an estimator could be in that world at all (oracle.h).
// sim_estimators [--seeds FIRST COUNT] --course NAME: when the clock was how wrong in each of the seeds
// (error_course.h).
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "tests/sim/error_course.h"
#include "tests/sim/estimators.h"
#include "tests/sim/oracle.h"

namespace {

bool replace_between_markers(const char* path, const std::string& table) {
  std::ifstream in(path);
  std::string page((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const std::size_t begin = page.find(timed::sim::kEstimatorsBegin);
  const std::size_t end = page.find(timed::sim::kEstimatorsEnd);
  if (begin == std::string::npos || end == std::string::npos || end < begin) return false;
  const std::size_t from = begin + timed::sim::kEstimatorsBegin.size();
  page.replace(from, end - from, "\n" + table + "\n");
  std::ofstream out(path, std::ios::trunc);
  out << page;
  out.close();
  return bool(out);
}

struct Order {
  int first = timed::sim::kEstimatorSeed, runs = timed::sim::kEstimatorRuns;
  bool own_seeds = false;      // others than the table's
  std::string only;            // name of a row; empty = all
  bool oracle = false;         // of that row, instead of the table,
  bool course = false;         // or the course of its errors
  const char* path = nullptr;  // of the page; none = it is printed alone
};

const timed::sim::EstimatorCase* row_named(const std::string& name) {
  for (const timed::sim::EstimatorCase& c : timed::sim::estimator_cases()) {
    if (c.name == name) return &c;
  }
  return nullptr;
}

std::optional<Order> read_order(int argc, char** argv) {
  Order order;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--seeds" && i + 2 < argc) {
      order.own_seeds = true;
      order.first = std::atoi(argv[++i]);
      order.runs = std::atoi(argv[++i]);
    } else if ((word == "--only" || word == "--oracle" || word == "--course") && i + 1 < argc) {
      order.only = argv[++i];
      order.oracle = word == "--oracle";
      order.course = word == "--course";
    } else if (word.starts_with('-') || order.path != nullptr) {
      return std::nullopt;
    } else {
      order.path = argv[i];
    }
  }
  const bool part = !order.only.empty();
  const bool good = order.first > 0 && order.runs > 0 &&
                    !(part && (order.path != nullptr || row_named(order.only) == nullptr)) &&
                    !(order.oracle && !timed::sim::oracle_knows(order.only));
  return good ? std::optional(order) : std::nullopt;
}

int tell_course(const Order& order) {
  const timed::sim::EstimatorCase& c = *row_named(order.only);
  for (int i = 0; i < order.runs; ++i) std::fputs(timed::sim::error_course(c, order.first + i).c_str(), stdout);
  return 0;
}

int tell_oracle(const Order& order) {
  const timed::sim::OracleComparison all = timed::sim::compare_oracle(*row_named(order.only), order.first, order.runs);
  const auto line = [&](const char* what, double error_s) {
    std::printf("%-40s %.2e s, %.3f of the regression's\n", what, error_s, error_s / all.regression_s);
  };
  line("regression", all.regression_s);
  line("bayes", all.bayes_s);
  line("who knows all but the offset", all.oracle_s);
  line("  as known to itself", all.deviation_s);
  line("  from each server alone, combined", all.combined_s);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::optional<Order> order = read_order(argc, argv);
  if (!order) {
    std::fprintf(stderr, "sim_estimators [--seeds FIRST COUNT] [FILE | --only ROW | --oracle ROW | --course ROW]\n");
    return 2;
  }
  if (order->oracle) return tell_oracle(*order);
  if (order->course) return tell_course(*order);
  std::string table = timed::sim::comparison_head();
  std::fputs(table.c_str(), stdout);
  for (const timed::sim::EstimatorCase& c : timed::sim::estimator_cases()) {
    if (!order->only.empty() && c.name != order->only) continue;
    timed::sim::EstimatorComparison runs = timed::sim::compare_estimators(c, order->first, order->runs);
    if (!order->own_seeds) timed::sim::compare_more(runs, c, timed::sim::kMoreEstimatorSeeds, c.more_runs);
    const std::string row = timed::sim::comparison_row(c, runs);
    std::fputs(row.c_str(), stdout);
    std::fflush(stdout);
    table += row;
  }
  if (order->path == nullptr || replace_between_markers(order->path, table)) return 0;
  std::fprintf(stderr, "sim_estimators: no marker lines in %s\n", order->path);
  return 1;
}
