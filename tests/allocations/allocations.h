// How often a program has allocated, on its own and in libcrypto, so that a test can prove that a stretch of code
// makes none.  Whoever links it has every allocation counted.
#ifndef TIMED_TESTS_ALLOCATIONS_ALLOCATIONS_H_
#define TIMED_TESTS_ALLOCATIONS_ALLOCATIONS_H_

#include <cstddef>

namespace timed::test {

// False where libcrypto's are not counted: it had allocated before.
bool counts_all_allocations();
std::size_t allocations_so_far();

}  // namespace timed::test

#endif  // TIMED_TESTS_ALLOCATIONS_ALLOCATIONS_H_
