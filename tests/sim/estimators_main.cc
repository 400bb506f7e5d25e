// sim_estimators [--seeds FIRST COUNT] [--only NAME] [FILE]: compares the estimators in all worlds of the table and
// prints it as it grows, or puts it into the file (docs/accuracy.md), between its two marker lines.  A part of the
// table is not put there: it would take the place of the whole.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/sim/estimators.h"

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

}  // namespace

int main(int argc, char** argv) {
  int first = timed::sim::kEstimatorSeed, runs = timed::sim::kEstimatorRuns;
  std::string only;
  const char* path = nullptr;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--seeds" && i + 2 < argc) {
      first = std::atoi(argv[++i]);
      runs = std::atoi(argv[++i]);
    } else if (word == "--only" && i + 1 < argc) {
      only = argv[++i];
    } else {
      path = argv[i];
    }
  }
  if (path != nullptr && !only.empty()) {
    std::fprintf(stderr, "sim_estimators: with --only the table is printed, not put into a file\n");
    return 2;
  }
  std::string table = timed::sim::comparison_head();
  std::fputs(table.c_str(), stdout);
  for (const timed::sim::EstimatorCase& c : timed::sim::estimator_cases()) {
    if (!only.empty() && c.name != only) continue;
    const std::string row = timed::sim::comparison_row(c, timed::sim::compare_estimators(c, first, runs));
    std::fputs(row.c_str(), stdout);
    std::fflush(stdout);
    table += row;
  }
  if (path == nullptr || replace_between_markers(path, table)) return 0;
  std::fprintf(stderr, "sim_estimators: no marker lines in %s\n", path);
  return 1;
}
