// Requests of NTS that a server with a given file of keys finds authentic.
#ifndef TIMED_TESTS_BENCH_LOAD_NTS_REQUESTS_H_
#define TIMED_TESTS_BENCH_LOAD_NTS_REQUESTS_H_

#include <cstddef>
#include <string>
#include <vector>

namespace timed::load {

// All have the same length: they are of clients with keys for AES-SIV-CMAC-256.  Their cookies are made here, so nobody
// has to establish keys.  Empty where the file cannot be used.
std::vector<std::vector<std::byte>> make_nts_requests(const std::string& key_file, std::size_t count);

}  // namespace timed::load

#endif  // TIMED_TESTS_BENCH_LOAD_NTS_REQUESTS_H_
