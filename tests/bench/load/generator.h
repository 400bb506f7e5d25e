// Requests of thousands of clients, more of them than one server answers.
#ifndef TIMED_TESTS_BENCH_LOAD_GENERATOR_H_
#define TIMED_TESTS_BENCH_LOAD_GENERATOR_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace timed::load {

struct OfferOptions {
  std::uint32_t server = 0;  // address, in the order of the host
  std::uint16_t port = 123;
  std::uint32_t first_client = 0;  // address; they are this one and those after it
  std::uint32_t clients = 8192;
  double per_second = 0;      // 0 = as fast as it can
  std::uint64_t limit = 0;    // requests; 0 = none
  double seconds = 1;         // then it ends
  bool interleaved = false;   // as clients in interleaved mode ask
  // Whole requests that are sent in turn instead, all of one length; not interleaved.
  std::vector<std::vector<std::byte>> requests{};
  bool judge_stamps = false;  // transmit fields of answers against their receive stamps
};

// Prints one line of JSON: what was offered, what was seen of answers.
int run_offer(const OfferOptions& options);

}  // namespace timed::load

#endif  // TIMED_TESTS_BENCH_LOAD_GENERATOR_H_
