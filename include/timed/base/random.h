// Random numbers for two needs: unpredictable bits for the wire (EntropyPool, filled through env::Host) and a
// seeded generator for what need only be spread out or must repeat (jitter of timers, simulations).
#ifndef TIMED_BASE_RANDOM_H_
#define TIMED_BASE_RANDOM_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

namespace timed {

// xoshiro256** seeded by splitmix64: small, fast, the same on every machine.  Not for secrets.
class SeededRandom {
 public:
  explicit SeededRandom(std::uint64_t seed) {
    for (auto& word : state_) {
      seed += 0x9e3779b97f4a7c15u;
      std::uint64_t z = seed;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
      z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
      word = z ^ (z >> 31);
    }
  }
  std::uint64_t next() {
    const auto rotate = [](std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); };
    const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotate(state_[3], 45);
    return result;
  }
  // Uniform in [0, 1).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  // Uniform in 0 … n-1; n > 0.
  std::uint64_t below(std::uint64_t n) { return next() % n; }

 private:
  std::array<std::uint64_t, 4> state_{};
};

// Unpredictable bits in small portions from a source that is dear to ask (the kernel), fetched many at a time.
// One per thread.  What was handed out is overwritten in the pool.
class EntropyPool {
 public:
  using Fill = std::function<void(std::span<std::byte>)>;
  // words: fetched at a time, after the first few; the more, the less each of them costs who needs many.
  explicit EntropyPool(Fill fill, std::size_t words = kFew) : fill_(std::move(fill)), pool_(words) {}

  std::uint64_t u64() {
    if (left_ == 0) refill();
    return std::exchange(pool_[--left_], 0);
  }
  // The lowest n, 1 … 64.  Few bits share a word with others.
  std::uint64_t bits(int n) {
    if (n > 32) return u64() >> (64 - n);
    if (n > few_left_) {
      few_ = u64();
      few_left_ = 64;
    }
    few_left_ -= n;
    const std::uint64_t taken = few_ & ((std::uint64_t{1} << n) - 1);
    few_ >>= n;
    return taken;
  }
  std::uint32_t u32() { return static_cast<std::uint32_t>(u64() >> 32); }
  void bytes(std::span<std::byte> into);
  // Uniform in [0, 1).
  double uniform() { return static_cast<double>(u64() >> 11) * 0x1p-53; }

 private:
  static constexpr std::size_t kFew = 64;
  void refill();

  Fill fill_;
  std::vector<std::uint64_t> pool_;
  std::size_t fetch_ = kFew;  // next time
  std::size_t left_ = 0;
  std::uint64_t few_ = 0;  // of a word that bits() has begun
  int few_left_ = 0;
};

}  // namespace timed

#endif  // TIMED_BASE_RANDOM_H_
