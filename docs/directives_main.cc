// docs_directives FILE: puts the directives of the table into timed.conf(5), between its two marker lines.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "timed/config/manual.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: docs_directives docs/timed.conf.5\n", stderr);
    return 1;
  }
  std::ifstream in(argv[1]);
  std::string page((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const std::size_t begin = page.find(timed::config::kManualBegin);
  const std::size_t end = page.find(timed::config::kManualEnd);
  if (begin == std::string::npos || end == std::string::npos || end < begin) {
    std::fprintf(stderr, "docs_directives: no marker lines in %s\n", argv[1]);
    return 1;
  }
  const std::size_t from = begin + timed::config::kManualBegin.size();
  page.replace(from, end - from, timed::config::manual_section());
  std::ofstream out(argv[1], std::ios::trunc);
  out << page;
  out.close();
  return out ? 0 : 1;
}
