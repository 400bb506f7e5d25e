// How often this program has allocated, on its own and in libcrypto; server_test.cc counts.
#ifndef TIMED_TESTS_UNIT_SERVER_ALLOCATIONS_H_
#define TIMED_TESTS_UNIT_SERVER_ALLOCATIONS_H_

#include <cstddef>

namespace timed::server {

// False where libcrypto's are not counted.
bool counts_all_allocations();
std::size_t allocations_so_far();

}  // namespace timed::server

#endif  // TIMED_TESTS_UNIT_SERVER_ALLOCATIONS_H_
