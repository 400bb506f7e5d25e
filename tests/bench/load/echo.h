// The least that a server on sockets can do: what everybody else is compared with.
#ifndef TIMED_TESTS_BENCH_LOAD_ECHO_H_
#define TIMED_TESTS_BENCH_LOAD_ECHO_H_

#include <cstdint>

namespace timed::load {

struct EchoOptions {
  std::uint16_t port = 123;
  int threads = 1;               // each with a socket of its own
  bool transmit_stamps = false;  // asked for with each answer, and read
};

// Until SIGTERM.
int run_echo(const EchoOptions& options);

}  // namespace timed::load

#endif  // TIMED_TESTS_BENCH_LOAD_ECHO_H_
