// What is the main loop's and came to a serving thread: packets of sources and of ntpq, and answers that Samba is to
// sign, on their way over there.  Few and bounded: whoever sends more than the main loop takes loses the rest, and only
// theirs, since anybody may send what is not from a source, and that has a part of the room alone.
#ifndef TIMED_SERVER_HANDOVER_H_
#define TIMED_SERVER_HANDOVER_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "timed/env/network.h"

namespace timed::server {

class Handover {
 public:
  static constexpr std::size_t kRoom = 64;
  enum class Kind : std::uint8_t { OfSource, OfNtpq, ToBeSigned };
  // At most so many of a kind wait at a time: those of sources find a quarter of the room even where the others are
  // full.
  static constexpr std::array<std::size_t, 3> kMost = {kRoom, kRoom / 4, kRoom / 2};
  using Deliver = std::function<void(Kind kind, std::size_t place, const env::Datagram& datagram)>;

  // `deliver` is called on the main loop alone.
  explicit Handover(Deliver deliver);

  // From any thread.  True: the queue was empty before, and the main loop is to be told to take from it.
  bool put(Kind kind, std::size_t place, const env::Datagram& datagram);
  // On the main loop: delivers what is there.
  void take();
  // Packets that found no room.
  std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

 private:
  struct Item {
    Kind kind = Kind::OfSource;
    std::size_t place = 0;
    env::Datagram datagram;
  };

  std::mutex mutex_;
  std::vector<Item> items_;  // kRoom of them, the first count_ in use
  std::size_t count_ = 0;
  std::array<std::size_t, kMost.size()> of_kind_{};  // how many of them are of each
  std::vector<Item> taken_;                          // the other half of the exchange
  std::atomic<std::uint64_t> lost_{0};
  Deliver deliver_;
};

}  // namespace timed::server

#endif  // TIMED_SERVER_HANDOVER_H_
