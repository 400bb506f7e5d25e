// Numbers that nobody can guess.
#ifndef TIMED_SRC_OS_RANDOM_H_
#define TIMED_SRC_OS_RANDOM_H_

#include <cstddef>
#include <span>

namespace timed::os {

// Of any thread.
void random(std::span<std::byte> out);

}  // namespace timed::os

#endif  // TIMED_SRC_OS_RANDOM_H_
