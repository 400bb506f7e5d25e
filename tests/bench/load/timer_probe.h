// How late the timers of a loop are: of one that serves, and of one that does nothing else.
#ifndef TIMED_TESTS_BENCH_LOAD_TIMER_PROBE_H_
#define TIMED_TESTS_BENCH_LOAD_TIMER_PROBE_H_

#include <cstdint>

namespace timed::load {

// timed's loop with a timer every two milliseconds until SIGTERM, which prints one line of JSON; with a port timed's
// server runs on it too, and answers everybody.
int run_timer_probe(std::uint16_t port);

}  // namespace timed::load

#endif  // TIMED_TESTS_BENCH_LOAD_TIMER_PROBE_H_
