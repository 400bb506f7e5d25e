// sim_accuracy [FILE]: measures all scenarios of the accuracy table and prints it, or puts it into the file
// (docs/accuracy.md), between its two marker lines.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/sim/accuracy.h"

int main(int argc, char** argv) {
  if (argc > 2) {
    std::fputs("usage: sim_accuracy [docs/accuracy.md]\n", stderr);
    return 1;
  }
  const std::string table = timed::sim::accuracy_table();
  if (argc == 1) {
    std::fputs(table.c_str(), stdout);
    return 0;
  }
  std::ifstream in(argv[1]);
  std::string page((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const std::size_t begin = page.find(timed::sim::kAccuracyBegin);
  const std::size_t end = page.find(timed::sim::kAccuracyEnd);
  if (begin == std::string::npos || end == std::string::npos || end < begin) {
    std::fprintf(stderr, "sim_accuracy: no marker lines in %s\n", argv[1]);
    return 1;
  }
  const std::size_t from = begin + timed::sim::kAccuracyBegin.size();
  page.replace(from, end - from, "\n" + table + "\n");
  std::ofstream out(argv[1], std::ios::trunc);
  out << page;
  out.close();
  return out ? 0 : 1;
}
