// Which transmit stamp belongs to which receive stamp of ours: what a client in interleaved mode asks for with its next
// request, and what an answer could not say of itself (RFC 9769 section 2).  A ring of fixed size in the order of the
// receive stamps.  Pure, and owned by one thread.
#ifndef TIMED_SERVER_INTERLEAVE_H_
#define TIMED_SERVER_INTERLEAVE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "timed/base/units.h"
#include "timed/env/clock.h"
#include "timed/ntp/types.h"

namespace timed::server {

class InterleaveMap {
 public:
  // capacity is rounded down to a power of two, at least 1.
  explicit InterleaveMap(std::size_t capacity);

  struct Sent {
    ntp::NtpTimestamp transmit;
    env::StampSource source = env::StampSource::Daemon;
  };

  // An answer with this receive stamp leaves, or has left, at about this time.  Zero is no stamp; one that is there
  // already belongs to two answers from now on, and so to none.
  void save(ntp::NtpTimestamp receive, ntp::NtpTimestamp transmit);
  // The kernel says when it left.  Taken within a second after the receive stamp, and only where there is an entry.
  void correct(ntp::NtpTimestamp receive, const Sent& sent);
  // The transmit stamp of the answer with this receive stamp, once: whoever asks again may be somebody who has seen the
  // answer.  None where it is not known.
  std::optional<Sent> take(ntp::NtpTimestamp receive);
  // After a step of the clock nothing holds.
  void clear() { size_ = 0; }

  std::size_t size() const { return size_; }
  std::size_t capacity() const { return ring_.size(); }
  // From the first receive stamp to the last.
  Duration span() const;

 private:
  static constexpr std::int32_t kNone = INT32_MIN;

  struct Entry {
    std::uint64_t receive = 0;
    std::int32_t after_ns = kNone;  // transmit - receive
    bool taken = false;
    env::StampSource source = env::StampSource::Daemon;
  };
  static_assert(sizeof(Entry) == 16);

  Entry& at(std::size_t i) { return ring_[(first_ + i) & (ring_.size() - 1)]; }
  const Entry& at(std::size_t i) const { return ring_[(first_ + i) & (ring_.size() - 1)]; }
  // Of the stamps from the first on how many are before this one.
  std::size_t lower_bound(std::uint64_t receive) const;
  Entry* find(std::uint64_t receive);
  // The place for a stamp that is not later than all; nothing where it is there already.
  Entry* make_room(std::uint64_t receive);

  std::vector<Entry> ring_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace timed::server

#endif  // TIMED_SERVER_INTERLEAVE_H_
