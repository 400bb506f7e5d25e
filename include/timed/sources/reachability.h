#ifndef TIMED_SOURCES_REACHABILITY_H_
#define TIMED_SOURCES_REACHABILITY_H_

#include <cstdint>

namespace timed::sources {

// Shift register of the last eight polls, newest in the lowest bit: answered by a synchronised server or not.
struct Reachability {
  std::uint8_t bits = 0;
  int size = 0;                  // bits ever shifted in, 0 … 8
  unsigned unreachable_run = 0;  // updates in a row that left the register empty
  unsigned long updates = 0;

  void shift(bool answered);
  // Starts anew, with one poll missed.
  void clear();
  bool reachable() const { return bits != 0; }
};

}  // namespace timed::sources

#endif  // TIMED_SOURCES_REACHABILITY_H_
