#include "timed/server/interleave.h"

#include <algorithm>
#include <bit>

namespace timed::server {
namespace {

constexpr std::uint64_t kSecond = std::uint64_t{1} << 32;
constexpr std::int64_t kMostApart = 2 * static_cast<std::int64_t>(kSecond);
// Entries that are moved to make room in between.
constexpr std::size_t kMostMoved = 64;
constexpr std::int64_t kNanos = 1'000'000'000;
// Below this many a search goes on by halves.
constexpr std::size_t kFewEntries = 8;

// Stamps of any era compare by their signed difference.
std::int64_t after(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::int64_t>(a - b);
}

// In whole nanoseconds; kNone where that says nothing.
std::optional<std::int32_t> apart_ns(std::uint64_t transmit, std::uint64_t receive) {
  const std::int64_t apart = after(transmit, receive);
  if (apart < -kMostApart || apart >= kMostApart) return std::nullopt;
  __extension__ using Wide = __int128;
  return static_cast<std::int32_t>((static_cast<Wide>(apart) * kNanos) >> 32);
}

}  // namespace

InterleaveMap::InterleaveMap(std::size_t capacity) : ring_(std::bit_floor(std::max(capacity, std::size_t{1}))) {}

// Requests come in evenly, so the place can be guessed; halving in turn bounds what the guess can cost.
std::size_t InterleaveMap::lower_bound(std::uint64_t receive) const {
  std::size_t low = 0, high = size_;
  bool guess = true;
  while (low < high) {
    std::size_t middle = low + (high - low) / 2;
    const std::int64_t span = high - low > kFewEntries ? after(at(high - 1).receive, at(low).receive) : 0;
    const std::int64_t ahead = after(receive, at(low).receive);
    if (guess && span > 0 && ahead >= 0 && ahead <= span) {
      const double part = static_cast<double>(ahead) / static_cast<double>(span);
      middle = low + static_cast<std::size_t>(part * static_cast<double>(high - 1 - low));
    }
    guess = !guess;
    if (after(at(middle).receive, receive) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

InterleaveMap::Entry* InterleaveMap::find(std::uint64_t receive) {
  const std::size_t i = lower_bound(receive);
  return i < size_ && at(i).receive == receive ? &at(i) : nullptr;
}

InterleaveMap::Entry* InterleaveMap::make_room(std::uint64_t receive) {
  std::size_t place = lower_bound(receive);
  if (place < size_ && at(place).receive == receive) {
    at(place).taken = true;
    return nullptr;
  }
  if (size_ - place > kMostMoved) return &at(place > 0 ? place - 1 : 0);
  if (size_ == ring_.size()) {
    if (place == 0) return &at(0);
    first_ = (first_ + 1) & (ring_.size() - 1);
    --size_;
    --place;
  }
  ++size_;
  for (std::size_t i = size_ - 1; i > place; --i) at(i) = at(i - 1);
  return &at(place);
}

void InterleaveMap::save(ntp::NtpTimestamp receive, ntp::NtpTimestamp transmit) {
  if (receive.is_zero()) return;
  // What is much later than now was noted before a step back of the clock.
  while (size_ > 0 && after(at(size_ - 1).receive, receive.bits) > static_cast<std::int64_t>(kSecond)) --size_;
  Entry* place = nullptr;
  if (size_ == 0 || after(receive.bits, at(size_ - 1).receive) > 0) {
    if (size_ == ring_.size()) {
      first_ = (first_ + 1) & (ring_.size() - 1);
      --size_;
    }
    place = &at(size_++);
  } else {
    place = make_room(receive.bits);
  }
  if (place == nullptr) return;
  *place = {receive.bits, apart_ns(transmit.bits, receive.bits).value_or(kNone)};
}

void InterleaveMap::correct(ntp::NtpTimestamp receive, const Sent& sent) {
  const std::int64_t apart = after(sent.transmit.bits, receive.bits);
  if (receive.is_zero() || apart < 0 || apart > static_cast<std::int64_t>(kSecond)) return;
  Entry* const entry = find(receive.bits);
  if (entry == nullptr) return;
  entry->after_ns = apart_ns(sent.transmit.bits, receive.bits).value_or(kNone);
  entry->source = sent.source;
}

std::optional<InterleaveMap::Sent> InterleaveMap::take(ntp::NtpTimestamp receive) {
  Entry* const entry = receive.is_zero() ? nullptr : find(receive.bits);
  if (entry == nullptr || entry->taken) return std::nullopt;
  entry->taken = true;
  if (entry->after_ns == kNone) return std::nullopt;
  // Rounded up, so that it reads as the same nanosecond.
  const std::int64_t fraction =
      (static_cast<std::int64_t>(entry->after_ns) * static_cast<std::int64_t>(kSecond)) / kNanos;
  return Sent{{receive.bits + static_cast<std::uint64_t>(fraction + (entry->after_ns > 0 ? 1 : 0))}, entry->source};
}

Duration InterleaveMap::span() const {
  if (size_ == 0) return Duration::zero();
  return ntp::NtpTimestamp{at(size_ - 1).receive}.minus(ntp::NtpTimestamp{at(0).receive});
}

}  // namespace timed::server
