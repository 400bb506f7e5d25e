#include "timed/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace timed {

void check_failed(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace timed
