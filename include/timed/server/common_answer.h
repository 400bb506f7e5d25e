// What is said of our clock, made once for requests that are answered together: what of an answer the single request
// does not decide.
#ifndef TIMED_SERVER_COMMON_ANSWER_H_
#define TIMED_SERVER_COMMON_ANSWER_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "timed/base/units.h"
#include "timed/discipline/own_state.h"
#include "timed/ntp/packet.h"
#include "timed/ntp/types.h"

namespace timed::server {

class CommonAnswer {
 public:
  // Octets of a header before the stamps of the exchange.
  static constexpr std::size_t kHeadSize = 24;

  // about: when one of the requests came.  The root dispersion of that moment is told to all of them.
  // The state outlives this.
  CommonAnswer(const discipline::OwnState& state, RawTime about);

  const discipline::OwnState& state() const { return state_; }
  // As the state has it, to a nanosecond.
  LocalTime to_local(RawTime raw) const {
    const auto since =
        static_cast<std::int64_t>(static_cast<std::uint64_t>(raw.nanos()) - static_cast<std::uint64_t>(about_.nanos()));
    if (since > near_ns_ || since < -near_ns_) return state_.to_local(raw);
    return LocalTime::from_nanos(local_ns_ + since + ((since * rate_) >> kRateBits));
  }
  // Whether clients are told local time: head() is theirs then.
  bool is_plain() const { return plain_; }
  // Of an answer to a client, with version and poll zero.
  const std::array<std::byte, kHeadSize>& head() const { return head_; }

 private:
  static constexpr int kRateBits = 32;

  const discipline::OwnState& state_;
  RawTime about_;
  std::int64_t local_ns_ = 0;  // at `about`
  std::int64_t rate_ = 0;      // local time gained, in 2^-32
  std::int64_t near_ns_ = 0;   // how far from `about` the two hold
  bool plain_ = false;
  std::array<std::byte, kHeadSize> head_{};
};

// When answers leave that leave together.
struct Leaving {
  Leaving(ntp::NtpTimestamp as_served, ntp::NtpTimestamp as_local) : served(as_served), local(as_local) {}
  Leaving(const discipline::OwnState& state, RawTime now)
      : served(ntp::NtpTimestamp::from(state.to_served(now))), local(ntp::NtpTimestamp::from(state.to_local(now))) {}
  ntp::NtpTimestamp of(ntp::Mode mode) const { return mode == ntp::Mode::Server ? served : local; }
  // So many nanoseconds later, at most a few milliseconds.
  Leaving after(std::int64_t ns) const {
    constexpr std::int64_t kUnitsPerNano = 18'446'744'073;  // 2^32 / 10^9, times 2^32
    const auto units = static_cast<std::uint64_t>((ns * kUnitsPerNano) >> 32);
    return {{served.bits + units}, {local.bits + units}};
  }

  ntp::NtpTimestamp served;  // as clients are told
  ntp::NtpTimestamp local;   // as peers are
};

}  // namespace timed::server

#endif  // TIMED_SERVER_COMMON_ANSWER_H_
